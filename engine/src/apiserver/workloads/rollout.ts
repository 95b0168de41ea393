// The arithmetic of a Deployment's rollout: which ReplicaSet is new, how far each may be scaled, what the status says.
// Pure; follows kube-controller-manager (pkg/controller/deployment, 1.36) decision by decision.

import { equalJson, formatTime, type Json } from "#kernel";
import { conditionOf, isTrue, withCondition, withoutCondition } from "./conditions.ts";
import { scaled } from "./numbers.ts";
import { compareText } from "./pod-facts.ts";
import type { Condition, Deployment, DeploymentStatus, ReplicaSet, Template } from "./types.ts";

export const hashLabel = "pod-template-hash";
export const revisionAnnotation = "deployment.kubernetes.io/revision";
export const revisionHistoryAnnotation = "deployment.kubernetes.io/revision-history";
export const desiredAnnotation = "deployment.kubernetes.io/desired-replicas";
export const maxAnnotation = "deployment.kubernetes.io/max-replicas";

/** Kubernetes' own mark for "no deadline" (math.MaxInt32). */
const noDeadline = 2_147_483_647;

/** The API's default, for a server that does not write defaults into objects. */
const defaultDeadlineSeconds = 600;

export function wanted(deployment: Deployment): number {
  return deployment.spec.replicas ?? 1;
}

export function sizeOf(set: ReplicaSet | undefined): number {
  return set === undefined ? 0 : (set.spec.replicas ?? 1);
}

export function isRollingUpdate(deployment: Deployment): boolean {
  return (deployment.spec.strategy?.type ?? "RollingUpdate") === "RollingUpdate";
}

export function maxSurge(deployment: Deployment): number {
  if (!isRollingUpdate(deployment)) return 0;
  return scaled(deployment.spec.strategy?.rollingUpdate?.maxSurge ?? "25%", wanted(deployment), true);
}

/** Never both zero with the surge: a rollout must be able to move. */
export function maxUnavailable(deployment: Deployment): number {
  if (!isRollingUpdate(deployment) || wanted(deployment) === 0) return 0;
  const value = deployment.spec.strategy?.rollingUpdate?.maxUnavailable ?? "25%";
  const count = scaled(value, wanted(deployment), false);
  return Math.min(count === 0 && maxSurge(deployment) === 0 ? 1 : count, wanted(deployment));
}

export function hasDeadline(deployment: Deployment): boolean {
  return deployment.spec.progressDeadlineSeconds !== noDeadline;
}

/** The ReplicaSet whose template is the Deployment's, the oldest if there are several. */
export function findNew(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const template = withoutHash(deployment.spec.template);
  return [...sets].sort(compareAge).find((set) => equalJson(withoutHash(set.spec.template), template));
}

function withoutHash(template: Template): Json {
  const { [hashLabel]: _, ...labels } = template.metadata?.labels ?? {};
  const { creationTimestamp: _2, ...metadata } = template.metadata ?? {};
  return JSON.parse(JSON.stringify({ ...template, metadata: { ...metadata, labels } })) as Json;
}

/** Oldest first. */
export function compareAge(a: ReplicaSet, b: ReplicaSet): number {
  return (
    compareText(a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? "") ||
    revisionOf(a) - revisionOf(b) ||
    compareText(a.metadata.name, b.metadata.name)
  );
}

export function revisionOf(object: { metadata: ReplicaSet["metadata"] }): number {
  return Number.parseInt(object.metadata.annotations?.[revisionAnnotation] ?? "0", 10) || 0;
}

export function total(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + sizeOf(set), 0);
}

function sum(
  sets: readonly ReplicaSet[],
  count: (status: NonNullable<ReplicaSet["status"]>) => number | undefined,
): number {
  return sets.reduce((all, set) => all + (count(set.status ?? {}) ?? 0), 0);
}

/** How large the new ReplicaSet may be now. */
export function newSize(deployment: Deployment, all: readonly ReplicaSet[], newSet: ReplicaSet): number {
  if (!isRollingUpdate(deployment)) return wanted(deployment);
  const room = wanted(deployment) + maxSurge(deployment) - total(all);
  if (room <= 0) return sizeOf(newSet);
  return sizeOf(newSet) + Math.min(room, wanted(deployment) - sizeOf(newSet));
}

/** Sizes of the old ReplicaSets in the next step of a rolling update: unhealthy replicas go first, then what is spare. */
export function oldSizes(
  deployment: Deployment,
  olds: readonly ReplicaSet[],
  newSet: ReplicaSet,
): Map<ReplicaSet, number> {
  const sizes = new Map(olds.map((set) => [set, sizeOf(set)]));
  const leastAvailable = wanted(deployment) - maxUnavailable(deployment);
  const newUnavailable = sizeOf(newSet) - (newSet.status?.availableReplicas ?? 0);
  const spare = total([...olds, newSet]) - leastAvailable - newUnavailable;
  if (total(olds) === 0 || spare <= 0) return sizes;
  const ordered = [...olds].sort(compareAge);
  let unhealthyLeft = spare;
  for (const set of ordered) {
    const unhealthy = Math.min(unhealthyLeft, sizeOf(set) - (set.status?.availableReplicas ?? 0));
    if (unhealthy <= 0) continue;
    sizes.set(set, sizeOf(set) - unhealthy);
    unhealthyLeft -= unhealthy;
  }
  let availableLeft = sum([...olds, newSet], ({ availableReplicas }) => availableReplicas) - leastAvailable;
  for (const set of ordered) {
    const size = sizes.get(set) ?? 0;
    const going = Math.min(size, availableLeft);
    if (going <= 0) continue;
    sizes.set(set, size - going);
    availableLeft -= going;
  }
  return sizes;
}

/** Sizes after the Deployment itself was scaled, or while it is paused: in proportion to what each has. */
export function scaledSizes(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  olds: readonly ReplicaSet[],
): Map<ReplicaSet, number> {
  const all = [...olds, ...(newSet === undefined ? [] : [newSet])];
  const active = all.filter((set) => sizeOf(set) > 0);
  const only =
    active.length === 0 ? (newSet ?? [...olds].sort(compareAge).at(-1)) : active.length === 1 ? active[0] : undefined;
  if (only !== undefined) return new Map([[only, wanted(deployment)]]);
  if (newSet !== undefined && isSaturated(deployment, newSet))
    return new Map(active.filter((set) => set !== newSet).map((set) => [set, 0]));
  return isRollingUpdate(deployment) ? proportionalSizes(deployment, active) : new Map();
}

function isSaturated(deployment: Deployment, set: ReplicaSet): boolean {
  const count = wanted(deployment);
  return (
    sizeOf(set) === count &&
    Number(set.metadata.annotations?.[desiredAnnotation]) === count &&
    (set.status?.availableReplicas ?? 0) === count
  );
}

function proportionalSizes(deployment: Deployment, active: readonly ReplicaSet[]): Map<ReplicaSet, number> {
  const allowed = wanted(deployment) === 0 ? 0 : wanted(deployment) + maxSurge(deployment);
  const toAdd = allowed - total(active);
  const isGrowing = toAdd > 0;
  const ordered = [...active].sort(
    (a, b) => sizeOf(b) - sizeOf(a) || (isGrowing ? compareAge(b, a) : compareAge(a, b)),
  );
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const set of ordered) {
    const fraction = toAdd === 0 || toAdd === added ? 0 : fractionOf(deployment, set);
    const part = isGrowing ? Math.min(fraction, toAdd - added) : Math.max(fraction, toAdd - added);
    sizes.set(set, sizeOf(set) + (toAdd === 0 ? 0 : part));
    added += toAdd === 0 ? 0 : part;
  }
  const largest = ordered[0];
  if (largest !== undefined) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added));
  return sizes;
}

function fractionOf(deployment: Deployment, set: ReplicaSet): number {
  if (wanted(deployment) === 0) return -sizeOf(set);
  const before = Number(set.metadata.annotations?.[maxAnnotation]) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  return Math.round((sizeOf(set) * (wanted(deployment) + maxSurge(deployment))) / before) - sizeOf(set);
}

/** True when the Deployment was scaled since its ReplicaSets last were. */
export function isScaling(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return sets
    .filter((set) => sizeOf(set) > 0)
    .some((set) => {
      const desired = set.metadata.annotations?.[desiredAnnotation];
      return desired !== undefined && Number(desired) !== wanted(deployment);
    });
}

/** Counts and availability, without a word on progress. */
export function countedStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: number,
): DeploymentStatus {
  const available = sum(all, ({ availableReplicas }) => availableReplicas);
  const unavailable = Math.max(0, total(all) - available);
  const isEnough = available >= wanted(deployment) - maxUnavailable(deployment);
  const availability: Condition = isEnough
    ? {
        type: "Available",
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
      }
    : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      };
  const counts = {
    replicas: sum(all, ({ replicas }) => replicas),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sum(all, ({ readyReplicas }) => readyReplicas),
    availableReplicas: available,
    unavailableReplicas: unavailable,
  };
  return {
    ...(deployment.metadata.generation === undefined ? {} : { observedGeneration: deployment.metadata.generation }),
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    terminatingReplicas: sum(all, ({ terminatingReplicas }) => terminatingReplicas),
    ...(deployment.status?.collisionCount === undefined ? {} : { collisionCount: deployment.status.collisionCount }),
    conditions: withCondition(deployment.status?.conditions ?? [], availability, now, true),
  };
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  return [status.updatedReplicas, status.replicas, status.availableReplicas].every(
    (count) => (count ?? 0) === wanted(deployment),
  );
}

/** The status during a rollout: complete, moving, or past its deadline. */
export function progressedStatus(
  deployment: Deployment,
  status: DeploymentStatus,
  newSet: ReplicaSet | undefined,
  now: number,
): DeploymentStatus {
  const conditions = status.conditions ?? [];
  if (!hasDeadline(deployment)) return { ...status, conditions: withoutCondition(conditions, "Progressing") };
  const before = conditionOf(deployment.status?.conditions, "Progressing");
  const isSettled =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && before?.reason === "NewReplicaSetAvailable";
  if (isSettled) return status;
  const name =
    newSet === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newSet.metadata.name}"`;
  if (isComplete(deployment, status)) {
    const message = `${name} has successfully progressed.`;
    const next: Condition = { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable", message };
    return { ...status, conditions: withCondition(conditions, next, now, true) };
  }
  if (hasMoved(deployment.status ?? {}, status))
    return { ...status, conditions: moved(conditions, `${name} is progressing.`, now) };
  if (!isTimedOut(deployment, conditions, now)) return status;
  const message = `${name} has timed out progressing.`;
  const next: Condition = { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message };
  return { ...status, conditions: withCondition(conditions, next, now, true) };
}

function hasMoved(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const oldsOf = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldsOf(after) < oldsOf(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

/** Progress moves the time of update even where nothing else changes: the deadline counts from it. */
function moved(conditions: readonly Condition[], message: string, now: number): Condition[] {
  const before = conditionOf(conditions, "Progressing");
  const time = formatTime(now);
  const lastTransitionTime = before?.status === "True" ? (before.lastTransitionTime ?? time) : time;
  const next = { type: "Progressing", status: "True", reason: "ReplicaSetUpdated", message };
  return [...withoutCondition(conditions, "Progressing"), { ...next, lastUpdateTime: time, lastTransitionTime }];
}

function isTimedOut(deployment: Deployment, conditions: readonly Condition[], now: number): boolean {
  const progressing = conditionOf(conditions, "Progressing");
  if (progressing === undefined || progressing.reason === "NewReplicaSetAvailable") return false;
  if (progressing.reason === "ProgressDeadlineExceeded") return true;
  return Date.parse(progressing.lastUpdateTime ?? "") + deadlineMs(deployment) < now;
}

function deadlineMs(deployment: Deployment): number {
  return (deployment.spec.progressDeadlineSeconds ?? defaultDeadlineSeconds) * 1000;
}

/** When to look whether the deadline has passed; undefined when there is nothing to wait for. */
export function deadlineInMs(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const progressing = conditionOf(status.conditions, "Progressing");
  if (!hasDeadline(deployment) || progressing === undefined || deployment.spec.paused === true) return undefined;
  if (isComplete(deployment, status) || progressing.reason === "ProgressDeadlineExceeded") return undefined;
  // A second more, since times in a status have whole seconds.
  return Math.max(1000, Date.parse(progressing.lastUpdateTime ?? "") + deadlineMs(deployment) + 1000 - now);
}

/** A ReplicaSet that cannot make its pods makes its Deployment say so. */
export function withFailures(
  status: DeploymentStatus,
  all: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
): DeploymentStatus {
  const failing = [newSet, ...all].find((set) => isTrue(set?.status?.conditions, "ReplicaFailure"));
  const failure = conditionOf(failing?.status?.conditions, "ReplicaFailure");
  const rest = withoutCondition(status.conditions ?? [], "ReplicaFailure");
  if (failure === undefined) return { ...status, conditions: rest };
  return { ...status, conditions: [...rest, { ...failure, lastUpdateTime: failure.lastTransitionTime ?? null }] };
}
