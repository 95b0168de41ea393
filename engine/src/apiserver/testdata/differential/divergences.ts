// Scripts whose answers are known to differ, each with its reason. One that begins to agree fails, so the list only shrinks.

export const divergences: Readonly<Record<string, string>> = {
  names: "the bound on a name is told in bytes, as for labels",
  annotations: "a key with two slashes is described as a qualified name, as for labels",
  finalizers: "core kinds take only qualified names and the standard ones",
  "label selector": "other words for a selector that cannot be read; the code is the same",
};
