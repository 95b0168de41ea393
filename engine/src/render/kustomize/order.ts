// The order of the output: as loaded, or kinds that others need first (`legacy`, the command's default).

import { invalid } from "./faults.ts";
import { equalGvk, type Gvk, type ResourceId } from "./ids.ts";
import type { SortOptions } from "./kustomization.ts";
import type { ResourceList } from "./resource-list.ts";

const defaultFirst = [
  "Namespace",
  "ResourceQuota",
  "StorageClass",
  "CustomResourceDefinition",
  "ServiceAccount",
  "PodSecurityPolicy",
  "Role",
  "ClusterRole",
  "RoleBinding",
  "ClusterRoleBinding",
  "ConfigMap",
  "Secret",
  "Endpoints",
  "Service",
  "LimitRange",
  "PriorityClass",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "Deployment",
  "StatefulSet",
  "CronJob",
  "PodDisruptionBudget",
];

const defaultLast = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

export function sortResources(list: ResourceList, options: SortOptions): void {
  const { order = "", legacySortOptions: legacy } = options;
  if (order !== "fifo" && order !== "legacy")
    throw invalid("the field 'sortOptions.order' must be one of [fifo, legacy]", { at: "sortOptions.order" });
  if (order === "fifo") {
    if (legacy !== undefined)
      throw invalid("the field 'sortOptions.legacySortOptions' is set but the order is 'fifo'", { at: "sortOptions" });
    return;
  }
  const first = legacy === undefined ? defaultFirst : (legacy.orderFirst ?? []);
  const last = legacy === undefined ? defaultLast : (legacy.orderLast ?? []);
  const ranks = ranksOf(first, last);
  const entries = list.items.map((resource) => ({ resource, id: resource.id }));
  entries.sort((a, b) => compareIds(a.id, b.id, ranks));
  list.reset(entries.map((one) => one.resource));
}

function ranksOf(first: readonly string[], last: readonly string[]): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  first.forEach((kind, i) => ranks.set(kind, i - first.length));
  last.forEach((kind, i) => ranks.set(kind, i + 1));
  return ranks;
}

const defaultRanks = ranksOf(defaultFirst, defaultLast);

/** The order of kinds in which kustomize keeps field specifications. */
export function compareGvk(a: Gvk, b: Gvk): number {
  return (defaultRanks.get(a.kind) ?? 0) - (defaultRanks.get(b.kind) ?? 0) || compareText(gvkText(a), gvkText(b));
}

function compareIds(a: ResourceId, b: ResourceId, ranks: ReadonlyMap<string, number>): number {
  if (equalGvk(a, b)) return compareText(idText(a), idText(b));
  const byRank = (ranks.get(a.kind) ?? 0) - (ranks.get(b.kind) ?? 0);
  if (byRank !== 0) return byRank;
  const byText = compareText(gvkText(a), gvkText(b));
  // Of two kinds called Namespace, the core one comes first.
  const isNamespace = a.kind === "Namespace" && b.kind === "Namespace" && (a.group === "" || b.group === "");
  return isNamespace ? -byText : byText;
}

/** Parts that are absent sort behind all that are there. */
function gvkText(id: Gvk): string {
  return `${id.group || "~G"}_${id.version || "~V"}_${id.kind || "~K"}`;
}

function idText(id: ResourceId): string {
  const gvk = `${id.kind || "[noKind]"}.${id.version || "[noVer]"}.${id.group || "[noGrp]"}`;
  return `${gvk}|${id.namespace || "~X"}|${id.name || "~N"}`;
}

/** By UTF-16 units; names of Kubernetes objects are ASCII. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
