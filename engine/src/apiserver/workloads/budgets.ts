// PodDisruptionBudget status: how many pods may be evicted now.

import { matchesSelector } from "#apiserver/life";
import { WorkQueue } from "#controller";
import { equalJson, formatTime, type Json, type JsonObject, type Manifest } from "#kernel";
import { conditionOf } from "./conditions.ts";
import { batchMs, disruptedForMs, retryBackOff } from "./limits.ts";
import { scaled } from "./numbers.ts";
import { isReady, isTerminating } from "./pod-facts.ts";
import type { Condition, DisruptionBudget, Pod } from "./types.ts";
import { keyOf } from "./watched-kind.ts";
import { controllerManager, type World } from "./world.ts";

export class Budgets {
  readonly queue: WorkQueue;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.queue = new WorkQueue({ clock: world.clock, backOff: retryBackOff });
  }

  start(): void {
    const { budgets, pods } = this.#world;
    budgets.subscribe((current) => {
      if (current !== undefined) this.queue.add(keyOf(current), "spec");
    });
    pods.subscribe((current, previous) => {
      for (const pod of [current, previous])
        for (const budget of budgets.inNamespace(pod?.metadata.namespace ?? ""))
          if (matchesSelector(budget.spec.selector, pod?.metadata.labels))
            this.queue.addAfter(keyOf(budget), "drift", batchMs);
    });
  }

  async reconcile(key: string): Promise<void> {
    const { budgets, pods, clock } = this.#world;
    const budget = budgets.byKey(key);
    if (budget === undefined || budget.metadata.deletionTimestamp !== undefined) return;
    const chosen = pods
      .inNamespace(budget.metadata.namespace ?? "")
      .filter((pod) => matchesSelector(budget.spec.selector, pod.metadata.labels) && isCounted(pod));
    const status = budgetStatus(budget, chosen, this.#expected(chosen), clock.now());
    if (equalJson(status, (budget.status ?? {}) as Json)) return;
    await budgets.updateStatus(budget, status, controllerManager);
  }

  /** What the pods' workloads ask for, since pods may be missing; bare pods count themselves. */
  #expected(pods: readonly Pod[]): number {
    const { replicaSets, deployments, statefulSets } = this.#world;
    const scales = new Map<string, number>();
    let bare = 0;
    for (const pod of pods) {
      const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
      const namespace = pod.metadata.namespace ?? "";
      const set: Manifest | undefined =
        owner?.kind === "ReplicaSet"
          ? replicaSets.get(namespace, owner.name)
          : owner?.kind === "StatefulSet"
            ? statefulSets.get(namespace, owner.name)
            : undefined;
      const above = set?.metadata.ownerReferences?.find(
        ({ kind, controller }) => controller === true && kind === "Deployment",
      );
      const scaledObject = above === undefined ? set : (deployments.get(namespace, above.name) ?? set);
      if (scaledObject === undefined) bare += 1;
      else scales.set(scaledObject.metadata.uid ?? "", (scaledObject["spec"] as { replicas?: number }).replicas ?? 1);
    }
    return [...scales.values()].reduce((sum, replicas) => sum + replicas, bare);
  }
}

function isCounted(pod: Pod): boolean {
  return pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed";
}

function budgetStatus(budget: DisruptionBudget, pods: readonly Pod[], expected: number, now: number): JsonObject {
  const { minAvailable, maxUnavailable } = budget.spec;
  const desired =
    maxUnavailable === undefined
      ? scaled(minAvailable ?? 1, expected, true)
      : Math.max(0, expected - scaled(maxUnavailable, expected, true));
  const disrupted = stillDisrupted(budget, pods, now);
  const healthy = pods.filter(
    (pod) => isReady(pod) && !isTerminating(pod) && !Object.hasOwn(disrupted, pod.metadata.name),
  ).length;
  const allowed = expected === 0 ? 0 : Math.max(0, healthy - desired);
  const generation = budget.metadata.generation ?? 0;
  const before = conditionOf((budget.status?.["conditions"] ?? []) as Condition[], "DisruptionAllowed");
  const state = allowed > 0 ? "True" : "False";
  const lastTransitionTime = before?.status === state ? (before.lastTransitionTime ?? null) : formatTime(now);
  const reason = allowed > 0 ? "SufficientPods" : "InsufficientPods";
  return {
    ...(Object.keys(disrupted).length === 0 ? {} : { disruptedPods: disrupted }),
    conditions: [
      {
        type: "DisruptionAllowed",
        status: state,
        observedGeneration: generation,
        lastTransitionTime,
        reason,
        message: "",
      },
    ],
    currentHealthy: healthy,
    desiredHealthy: desired,
    disruptionsAllowed: allowed,
    expectedPods: expected,
    observedGeneration: generation,
  };
}

/** Evictions on their way: those of pods that are gone, or that were not deleted in time, are forgotten. */
function stillDisrupted(budget: DisruptionBudget, pods: readonly Pod[], now: number): { [name: string]: string } {
  const told = (budget.status?.["disruptedPods"] ?? {}) as { [name: string]: string };
  const standing = new Set(pods.filter((pod) => !isTerminating(pod)).map((pod) => pod.metadata.name));
  return Object.fromEntries(
    Object.entries(told).filter(([name, at]) => standing.has(name) && Date.parse(at) + disruptedForMs > now),
  );
}
