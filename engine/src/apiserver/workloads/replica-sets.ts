// ReplicaSet: as many pods as it asks for. Decisions and status follow kube-controller-manager (pkg/controller/replicaset,
// 1.36).

import { WorkQueue } from "#controller";
import { equalJson, formatTime, type Json } from "#kernel";
import { claim, controllerReference } from "./claiming.ts";
import { conditionOf, withoutCondition } from "./conditions.ts";
import { burst, retryBackOff } from "./limits.ts";
import { compareForDeletion, isActive, isAvailable, isReady, isTerminating, nextAvailableInMs } from "./pod-facts.ts";
import type { Condition, Pod, ReplicaSet, Template } from "./types.ts";
import { keyOf } from "./watched-kind.ts";
import { controllerManager, type World } from "./world.ts";

const component = "replicaset-controller";

export class ReplicaSets {
  readonly queue: WorkQueue;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.queue = new WorkQueue({ clock: world.clock, backOff: retryBackOff });
  }

  start(): void {
    const { pods, replicaSets } = this.#world;
    replicaSets.subscribe((current, previous) => {
      const object = current ?? previous;
      if (object !== undefined) this.queue.add(keyOf(object), "spec");
    });
    pods.subscribe((current, previous) => {
      for (const pod of [current, previous]) if (pod !== undefined) this.#podSeen(pod);
    });
  }

  #podSeen(pod: Pod): void {
    const { replicaSets } = this.#world;
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
    const namespace = pod.metadata.namespace ?? "";
    if (owner?.kind === "ReplicaSet") this.queue.add(`${namespace}/${owner.name}`, "drift");
    // An orphan may be somebody's; who, its selector says.
    if (owner === undefined && pod.metadata.labels !== undefined)
      for (const set of replicaSets.inNamespace(namespace)) this.queue.add(keyOf(set), "drift");
  }

  async reconcile(key: string): Promise<{ requeueAfterMs: number } | undefined> {
    const { replicaSets, pods, clock } = this.#world;
    const set = replicaSets.byKey(key);
    if (set === undefined) return undefined;
    const owned = await claim({ owner: set, selector: set.spec.selector, kind: pods });
    const active = owned.filter(isActive);
    const failure = set.metadata.deletionTimestamp === undefined ? await this.#scale(set, active) : undefined;
    const now = clock.now();
    const present = pods.ownedBy(set);
    await this.#report(set, present, failure, now);
    if (failure !== undefined) throw failure;
    const afterMs = nextAvailableInMs(present.filter(isActive), set.spec.minReadySeconds ?? 0, now);
    return afterMs === undefined ? undefined : { requeueAfterMs: afterMs };
  }

  /** The first refusal, if there was one; the status tells of it. */
  async #scale(set: ReplicaSet, active: Pod[]): Promise<Error | undefined> {
    const missing = (set.spec.replicas ?? 1) - active.length;
    try {
      if (missing > 0) await Promise.all(Array.from({ length: Math.min(missing, burst) }, () => this.#createPod(set)));
      if (missing < 0) {
        const going = active.sort(compareForDeletion).slice(0, Math.min(-missing, burst));
        await Promise.all(going.map((pod) => this.#deletePod(set, pod)));
      }
      return undefined;
    } catch (thrown) {
      if (thrown instanceof Error) return thrown;
      throw thrown;
    }
  }

  async #createPod(set: ReplicaSet): Promise<void> {
    const { pods, events } = this.#world;
    const pod = await pods.create(podFromTemplate(set, set.spec.template), controllerManager);
    if (pod === undefined) return;
    events.tell(set, {
      type: "Normal",
      reason: "SuccessfulCreate",
      message: `Created pod: ${pod.metadata.name}`,
      component,
    });
  }

  async #deletePod(set: ReplicaSet, pod: Pod): Promise<void> {
    const { pods, events } = this.#world;
    await pods.delete(pod);
    events.tell(set, {
      type: "Normal",
      reason: "SuccessfulDelete",
      message: `Deleted pod: ${pod.metadata.name}`,
      component,
    });
  }

  async #report(set: ReplicaSet, pods: readonly Pod[], failure: Error | undefined, now: number): Promise<void> {
    const status = replicaSetStatus(set, pods, failure, now);
    const fresh = this.#world.replicaSets.byKey(keyOf(set));
    if (fresh === undefined || equalJson(plain(status), plain(fresh.status ?? {}))) return;
    await this.#world.replicaSets.updateStatus(fresh, status, controllerManager);
  }
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

export function replicaSetStatus(
  set: ReplicaSet,
  pods: readonly Pod[],
  failure: Error | undefined,
  now: number,
): NonNullable<ReplicaSet["status"]> {
  const active = pods.filter(isActive);
  const templateLabels = Object.entries(set.spec.template.metadata?.labels ?? {});
  const isLabelled = (pod: Pod): boolean =>
    templateLabels.every(([key, value]) => pod.metadata.labels?.[key] === value);
  const ready = active.filter(isReady);
  const conditions = failureConditions(set, active.length, failure, now);
  return {
    replicas: active.length,
    ...positive("fullyLabeledReplicas", active.filter(isLabelled).length),
    ...positive("readyReplicas", ready.length),
    ...positive(
      "availableReplicas",
      ready.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, now)).length,
    ),
    terminatingReplicas: pods.filter((pod) => isTerminating(pod)).length,
    ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

/** Go leaves out numbers that are zero. */
function positive(name: string, count: number): { [name: string]: number } {
  return count === 0 ? {} : { [name]: count };
}

function failureConditions(set: ReplicaSet, active: number, failure: Error | undefined, now: number): Condition[] {
  const before = set.status?.conditions ?? [];
  if (failure === undefined) return withoutCondition(before, "ReplicaFailure");
  if (conditionOf(before, "ReplicaFailure") !== undefined) return before;
  const reason = active < (set.spec.replicas ?? 1) ? "FailedCreate" : "FailedDelete";
  const cause = failure.cause instanceof Error ? `${failure.message}: ${failure.cause.message}` : failure.message;
  return [
    ...before,
    { type: "ReplicaFailure", status: "True", reason, message: cause, lastTransitionTime: formatTime(now) },
  ];
}

/** A pod as the template says, owned by `owner`; the server completes its name. */
export function podFromTemplate(owner: ReplicaSet | { metadata: ReplicaSet["metadata"] }, template: Template): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "",
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace ?? "",
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(owner as ReplicaSet)],
    },
    spec: template.spec,
  };
}
