// Selectors by regular expression, in Go's syntax (RE2), anchored at both ends. RE2 runs in linear time, so a hostile
// pattern costs no more than its length.

import { RE2JS } from "re2js";
import { invalid } from "./faults.ts";
import type { Gvk } from "./ids.ts";
import type { Selector } from "./kustomization.ts";

export type TextMatcher = (text: string) => boolean;

/** A pattern of letters, digits and dashes means itself; most do. */
const literal = /^[A-Za-z0-9_/-]*$/;

export function compilePattern(pattern: string): TextMatcher {
  if (pattern === "") return () => true;
  if (literal.test(pattern)) return (text) => text === pattern;
  return compileUnanchored(`^(?:${pattern})$`);
}

/** As written, without anchors. */
export function compileUnanchored(pattern: string): TextMatcher {
  try {
    const compiled = RE2JS.compile(pattern);
    return (text) => compiled.matcher(text).find();
  } catch (thrown) {
    throw invalid(`'${pattern}' is no regular expression`, { cause: thrown });
  }
}

export type SelectorMatcher = {
  gvk: (gvk: Gvk) => boolean;
  name: TextMatcher;
  namespace: TextMatcher;
};

export function compileSelector(selector: Selector): SelectorMatcher {
  const group = compilePattern(selector.group ?? "");
  const version = compilePattern(selector.version ?? "");
  const kind = compilePattern(selector.kind ?? "");
  return {
    gvk: (gvk) => group(gvk.group) && version(gvk.version) && kind(gvk.kind),
    name: compilePattern(selector.name ?? ""),
    namespace: compilePattern(selector.namespace ?? ""),
  };
}
