// The kinds that are deliveries and sources, and which resource serves each.

import { helmGroup, kustomizeGroup, sourceGroup } from "#api/flux";
import type { Wish } from "./rights.ts";

export type ShownKind = { group: string; kind: string; plural: string; role: "delivery" | "source" };

export const shownKinds: readonly ShownKind[] = [
  { group: kustomizeGroup, kind: "Kustomization", plural: "kustomizations", role: "delivery" },
  { group: helmGroup, kind: "HelmRelease", plural: "helmreleases", role: "delivery" },
  { group: sourceGroup, kind: "GitRepository", plural: "gitrepositories", role: "source" },
  { group: sourceGroup, kind: "OCIRepository", plural: "ocirepositories", role: "source" },
  { group: sourceGroup, kind: "HelmRepository", plural: "helmrepositories", role: "source" },
  { group: sourceGroup, kind: "HelmChart", plural: "helmcharts", role: "source" },
  { group: sourceGroup, kind: "Bucket", plural: "buckets", role: "source" },
  { group: sourceGroup, kind: "ExternalArtifact", plural: "externalartifacts", role: "source" },
];

const byKind: ReadonlyMap<string, ShownKind> = new Map(shownKinds.map((each) => [each.kind, each]));

export function shownKind(kind: string): ShownKind | undefined {
  return byKind.get(kind);
}

/** The right to do something with a delivery or a source. */
export function wishFor(link: { kind: string; namespace: string }, verb = "get"): Wish {
  const { group = "", plural = "" } = byKind.get(link.kind) ?? {};
  return { verb, group, plural, namespace: link.namespace };
}
