// Which objects a kustomize-style selector means: regular expressions anchored at both ends, and label selectors.

import type { PatchSelector } from "#api/flux";
import { matchesLabels } from "#cluster";
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
