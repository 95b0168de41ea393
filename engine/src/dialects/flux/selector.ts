// Which objects a kustomize-style selector means: regular expressions anchored at both ends, and label selectors.

import type { PatchSelector } from "#api/flux";
import { type Manifest, refOf } from "#kernel";

/** True when every part of the selector that is given matches; an absent selector matches all. */
export function selects(selector: PatchSelector | undefined, manifest: Manifest): boolean {
  if (selector === undefined) return true;
  const ref = refOf(manifest);
  return (
    matchesText(selector.group, ref.group) &&
    matchesText(selector.version, ref.version) &&
    matchesText(selector.kind, ref.kind) &&
    matchesText(selector.name, ref.name) &&
    matchesText(selector.namespace, ref.namespace) &&
    matchesLabels(selector.labelSelector, manifest.metadata.labels ?? {}) &&
    matchesLabels(selector.annotationSelector, manifest.metadata.annotations ?? {})
  );
}

function matchesText(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined || pattern === "") return true;
  try {
    return new RegExp(`^(?:${pattern})$`).test(text);
  } catch {
    return pattern === text;
  }
}

/** `a=b,c!=d,e,!f,g in (h,i),j notin (k)`: all must hold. */
export function matchesLabels(selector: string | undefined, labels: { readonly [key: string]: string }): boolean {
  if (selector === undefined || selector.trim() === "") return true;
  return splitTerms(selector).every((term) => matchesTerm(term, labels));
}

function splitTerms(selector: string): string[] {
  return selector.split(/,(?![^(]*\))/).map((term) => term.trim());
}

function matchesTerm(term: string, labels: { readonly [key: string]: string }): boolean {
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const isIn = labels[key] !== undefined && list.split(",").some((value) => value.trim() === labels[key]);
    return operator === "in" ? isIn : !isIn;
  }
  const unequal = /^([^=!\s]+)\s*!=\s*(\S*)$/.exec(term);
  if (unequal !== null) return labels[unequal[1] ?? ""] !== unequal[2];
  const equal = /^([^=!\s]+)\s*==?\s*(\S*)$/.exec(term);
  if (equal !== null) return labels[equal[1] ?? ""] === equal[2];
  return term.startsWith("!") ? labels[term.slice(1)] === undefined : labels[term] !== undefined;
}
