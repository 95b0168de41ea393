// Marks that kubectl and old versions of Flux leave on objects. They are removed at the first apply, and are no drift by
// themselves. The same list as kustomize-controller's.

import type { JsonObject, Manifest } from "#kernel";

const annotations = [
  "kubectl.kubernetes.io/last-applied-configuration",
  "kustomize.toolkit.fluxcd.io/checksum",
  "fluxcd.io/sync-checksum",
];
const labels = ["fluxcd.io/sync-gc-mark"];

/** True when the object carries one of them. */
export function hasLeftovers(live: Manifest): boolean {
  return leftoversPatch(live).length > 0;
}

/** JSON patch operations that remove them. */
export function leftoversPatch({ metadata }: Manifest): JsonObject[] {
  const remove = (kind: "annotations" | "labels", keys: readonly string[]): JsonObject[] =>
    keys
      .filter((key) => metadata[kind]?.[key] !== undefined)
      .map((key) => ({ op: "remove", path: `/metadata/${kind}/${key.replaceAll("/", "~1")}` }));
  return [...remove("annotations", annotations), ...remove("labels", labels)];
}
