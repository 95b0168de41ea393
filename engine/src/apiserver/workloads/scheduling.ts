// Which node takes a pod. Readiness, cordons and taints are respected, so `kubectl cordon` and `drain` can be rehearsed.
// Labels of production's node pools do not exist here: a selector that no node satisfies is set aside, and said so.

import { matchesRequirement } from "#apiserver/life";
import { isTrue } from "./conditions.ts";
import type { Condition, Node, NodeSelector, Pod, PodSpec, Toleration } from "./types.ts";

export type Choice = { node: Node; isSelectorSetAside: boolean } | { refusal: string };

/** The least loaded node that may take the pod; `load` counts pods by node name. */
export function chooseNode(pod: Pod, nodes: readonly Node[], load: ReadonlyMap<string, number>): Choice {
  const open = nodes.filter((node) => canTake(node, pod.spec));
  if (open.length === 0) return { refusal: describeRefusal(nodes, pod.spec) };
  const fitting = open.filter((node) => matchesNode(pod.spec, node));
  const candidates = fitting.length > 0 ? fitting : open;
  const weight = (node: Node): number => load.get(node.metadata.name) ?? 0;
  const node = candidates.reduce((best, other) => (weight(other) < weight(best) ? other : best));
  return { node, isSelectorSetAside: fitting.length === 0 };
}

/** Node selector and required node affinity. */
export function matchesNode(spec: PodSpec, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  if (!Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || matchesTerms(required, node);
}

function matchesTerms(selector: NodeSelector, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const fields = { "metadata.name": node.metadata.name };
  return (selector.nodeSelectorTerms ?? []).some(
    ({ matchExpressions = [], matchFields = [] }) =>
      matchExpressions.length + matchFields.length > 0 &&
      matchExpressions.every((term) => matchesRequirement(term, labels)) &&
      matchFields.every((term) => matchesRequirement(term, fields)),
  );
}

/** The node is ready, not cordoned, and its taints are tolerated. */
export function canTake(node: Node, spec: PodSpec, effects: readonly string[] = ["NoSchedule", "NoExecute"]): boolean {
  if (!isReady(node)) return false;
  const taints = taintsOf(node).filter(({ effect }) => effects.includes(effect));
  return taints.every((taint) => (spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint)));
}

function isReady(node: Node): boolean {
  return isTrue(node.status?.["conditions"] as Condition[] | undefined, "Ready");
}

function taintsOf(node: Node): { key: string; value?: string; effect: string }[] {
  const cordon = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
  const taints = (node.spec?.taints ?? []).filter(({ key }) => key !== cordon.key);
  return node.spec?.unschedulable === true ? [...taints, cordon] : taints;
}

function tolerates(toleration: Toleration, taint: { key: string; value?: string; effect: string }): boolean {
  if ((toleration.effect ?? "") !== "" && toleration.effect !== taint.effect) return false;
  if ((toleration.key ?? "") === "") return toleration.operator === "Exists";
  if (toleration.key !== taint.key) return false;
  return toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "");
}

function describeRefusal(nodes: readonly Node[], spec: PodSpec): string {
  const cordoned = nodes.filter((node) => isReady(node) && !canTake(node, spec) && node.spec?.unschedulable === true);
  const reasons = cordoned.length === 0 ? "" : `: ${cordoned.length} node(s) were unschedulable`;
  return `0/${nodes.length} nodes are available${reasons}. (simulated)`;
}
