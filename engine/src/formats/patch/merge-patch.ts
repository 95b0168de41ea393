// JSON merge patch, RFC 7386: null removes, objects merge, all else replaces. Inputs are shared, never changed. Objects in a list that
// replaces what is no object lose their nulls, as those of kube-apiserver do (evanphx/json-patch merge.go, v4.13).

import { equalJson, isObject, type Json, type JsonObject, setOwn } from "#kernel";

/** The document with `patch` merged into it. */
export function applyMergePatch(document: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: JsonObject = isObject(document) ? { ...document } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else if (!isObject(value)) setOwn(merged, key, isObject(merged[key]) ? value : withoutNulls(value));
    else setOwn(merged, key, applyMergePatch(Object.hasOwn(merged, key) ? (merged[key] as Json) : null, value));
  }
  return merged;
}

/** A list whose objects, at any depth, have no nulls; nulls that stand in lists stay. */
function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => (item === null ? null : withoutNulls(item)));
  if (!isObject(value)) return value;
  const kept: JsonObject = {};
  for (const [key, member] of Object.entries(value)) if (member !== null) setOwn(kept, key, withoutNulls(member));
  return kept;
}

/** A merge patch that turns `before` into `after`, undefined when they are equal. Nulls that `after` holds cannot be told. */
export function createMergePatch(before: JsonObject, after: JsonObject): JsonObject | undefined {
  const patch: JsonObject = {};
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) setOwn(patch, key, null);
  for (const [key, value] of Object.entries(after)) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    if (equalJson(old, value)) continue;
    const change = isObject(old) && isObject(value) ? createMergePatch(old, value) : value;
    if (change !== undefined) setOwn(patch, key, change);
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}
