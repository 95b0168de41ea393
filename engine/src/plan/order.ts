// In which order objects are applied, and which of them must be there before others are even looked at.
// Stages as in Flux (kustomize-controller 1.9, fluxcd/pkg/ssa): definitions, then classes, then chosen kinds, then the rest.

import type { ObjectRef } from "#kernel";

const first = [
  "CustomResourceDefinition",
  "Namespace",
  "ClusterRole",
  "ClusterClass",
  "RuntimeClass",
  "PriorityClass",
  "StorageClass",
  "VolumeSnapshotClass",
  "IngressClass",
  "GatewayClass",
  "ClusterRoleBinding",
  "ResourceQuota",
  "ServiceAccount",
  "Role",
  "RoleBinding",
  "ConfigMap",
  "Secret",
  "Service",
  "LimitRange",
  "Deployment",
  "StatefulSet",
  "CronJob",
  "PodDisruptionBudget",
];
const last = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

const rankOf: ReadonlyMap<string, number> = new Map([
  ...first.map((kind, index) => [kind, index] as const),
  ...last.map((kind, index) => [kind, first.length + 1 + index] as const),
]);

/** The kinds that others need before they can be read at all. */
const definitions: ReadonlySet<string> = new Set(["CustomResourceDefinition", "Namespace", "ClusterRole"]);

export const stagesCount = 4;

/** 0: definitions, 1: classes, 2: the kinds in `customKinds` (`group/Kind` or `Kind`), 3: the rest. */
export function stageOf(ref: ObjectRef, customKinds: ReadonlySet<string> = new Set()): number {
  if (definitions.has(ref.kind)) return 0;
  if (ref.kind.endsWith("Class")) return 1;
  if (customKinds.has(ref.kind) || customKinds.has(`${ref.group}/${ref.kind}`)) return 2;
  return stagesCount - 1;
}

/** Order of application within a stage, total over distinct references. */
export function compareForApply(a: ObjectRef, b: ObjectRef): number {
  const rank = (rankOf.get(a.kind) ?? first.length) - (rankOf.get(b.kind) ?? first.length);
  if (rank !== 0) return rank;
  return (
    compareText(a.group, b.group) ||
    compareText(a.kind, b.kind) ||
    compareText(a.namespace, b.namespace) ||
    compareText(a.name, b.name)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
