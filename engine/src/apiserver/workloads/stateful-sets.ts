// StatefulSet: pods with names and claims of their own, made in order, removed and updated in the opposite order. Follows
// kube-controller-manager (pkg/controller/statefulset, 1.36); parallel updates (maxUnavailable) are made one at a time.

import { WorkQueue } from "#controller";
import { equalJson, type Json } from "#kernel";
import { claim } from "./claiming.ts";
import { retryBackOff } from "./limits.ts";
import { isAvailable, isReady, isTerminating, nextAvailableInMs } from "./pod-facts.ts";
import { revisionHashLabel, revisionsOf, syncRevision, trimRevisions } from "./revisions.ts";
import { claimsFor, ordinalOf, statefulPod } from "./stateful-pod.ts";
import type { ControllerRevision, Pod, StatefulSet, StatefulSetStatus } from "./types.ts";
import { keyOf } from "./watched-kind.ts";
import { controllerManager, type World } from "./world.ts";

const component = "statefulset-controller";

/** The revisions a pass works between. */
type Revisions = { current: ControllerRevision; update: ControllerRevision };

export class StatefulSets {
  readonly queue: WorkQueue;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.queue = new WorkQueue({ clock: world.clock, backOff: retryBackOff });
  }

  start(): void {
    const { pods, statefulSets } = this.#world;
    statefulSets.subscribe((current, previous) => {
      const object = current ?? previous;
      if (object !== undefined) this.queue.add(keyOf(object), "spec");
    });
    pods.subscribe((current, previous) => {
      const pod = current ?? previous;
      const owner = pod?.metadata.ownerReferences?.find(({ controller }) => controller === true);
      if (pod !== undefined && owner?.kind === "StatefulSet")
        this.queue.add(`${pod.metadata.namespace ?? ""}/${owner.name}`, "drift");
    });
  }

  async reconcile(key: string): Promise<{ requeueAfterMs: number } | undefined> {
    const { statefulSets, pods, clock } = this.#world;
    const set = statefulSets.byKey(key);
    if (set === undefined) return undefined;
    await claim({ owner: set, selector: set.spec.selector, kind: pods });
    const update = await syncRevision(this.#world, set);
    if (update === undefined) return undefined;
    const known = revisionsOf(this.#world, set);
    const current = known.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
    if (set.metadata.deletionTimestamp === undefined) await this.#step(set, { current, update });
    const present = pods.ownedBy(set);
    await this.#report(set, present, { current, update });
    await trimRevisions(this.#world, set, liveRevisions(present, { current, update }));
    const afterMs = nextAvailableInMs(present, set.spec.minReadySeconds ?? 0, clock.now());
    return afterMs === undefined ? undefined : { requeueAfterMs: afterMs };
  }

  /** Makes what is missing, removes what is too much, then updates: each only when the one before has nothing left to do. */
  async #step(set: StatefulSet, revisions: Revisions): Promise<void> {
    const pods = this.#world.pods.ownedBy(set);
    if (!(await this.#fill(set, pods, revisions))) return;
    if (!(await this.#shrink(set, pods))) return;
    await this.#update(set, pods, revisions);
  }

  /** True when every replica exists and, in order, is available. */
  async #fill(set: StatefulSet, pods: readonly Pod[], revisions: Revisions): Promise<boolean> {
    const isOrdered = set.spec.podManagementPolicy !== "Parallel";
    let isWhole = true;
    for (const ordinal of ordinals(set)) {
      const pod = pods.find((one) => ordinalOf(one) === ordinal);
      if (pod === undefined) {
        await this.#create(set, ordinal, revisionFor(set, ordinal, revisions));
        isWhole = false;
      } else if (isOver(pod)) {
        // An ended pod makes room for its successor; its event causes the next pass.
        if (!isTerminating(pod)) await this.#world.pods.delete(pod);
        isWhole = false;
      } else if (isTerminating(pod) || !isAvailable(pod, set.spec.minReadySeconds ?? 0, this.#world.clock.now())) {
        if (isOrdered) return false;
      }
      if (!isWhole && isOrdered) return false;
    }
    return isWhole;
  }

  /** True when no pod beyond the replicas is left. */
  async #shrink(set: StatefulSet, pods: readonly Pod[]): Promise<boolean> {
    const wanted = new Set(ordinals(set));
    const surplus = pods.filter((pod) => !wanted.has(ordinalOf(pod))).sort((a, b) => ordinalOf(b) - ordinalOf(a));
    const isOrdered = set.spec.podManagementPolicy !== "Parallel";
    for (const pod of surplus) {
      if (!isTerminating(pod)) await this.#delete(set, pod);
      if (set.spec.persistentVolumeClaimRetentionPolicy?.whenScaled === "Delete") await this.#deleteClaims(set, pod);
      if (isOrdered) return false;
    }
    return surplus.length === 0;
  }

  /** The highest outdated pod goes, once all above it are well. */
  async #update(set: StatefulSet, pods: readonly Pod[], { update }: Revisions): Promise<void> {
    if (set.spec.updateStrategy?.type === "OnDelete") return;
    const least = (set.spec.ordinals?.start ?? 0) + (set.spec.updateStrategy?.rollingUpdate?.partition ?? 0);
    const now = this.#world.clock.now();
    for (const ordinal of ordinals(set)
      .filter((one) => one >= least)
      .reverse()) {
      const pod = pods.find((one) => ordinalOf(one) === ordinal);
      if (pod === undefined || isTerminating(pod)) return;
      if (revisionOf(pod) !== update.metadata.name) return this.#delete(set, pod);
      if (!isAvailable(pod, set.spec.minReadySeconds ?? 0, now)) return;
    }
  }

  async #create(set: StatefulSet, ordinal: number, revision: ControllerRevision): Promise<void> {
    const { claims, pods, events } = this.#world;
    for (const wanted of claimsFor(set, ordinal))
      if (claims.get(wanted.metadata.namespace ?? "", wanted.metadata.name) === undefined)
        await claims.create(wanted, controllerManager);
    const pod = await pods.create(statefulPod(set, ordinal, revision), controllerManager);
    if (pod === undefined) return;
    const message = `create Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`;
    events.tell(set, { type: "Normal", reason: "SuccessfulCreate", message, component });
  }

  async #delete(set: StatefulSet, pod: Pod): Promise<void> {
    await this.#world.pods.delete(pod);
    const message = `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`;
    this.#world.events.tell(set, { type: "Normal", reason: "SuccessfulDelete", message, component });
  }

  async #deleteClaims(set: StatefulSet, pod: Pod): Promise<void> {
    for (const { metadata } of claimsFor(set, ordinalOf(pod))) {
      const held = this.#world.claims.get(metadata.namespace ?? "", metadata.name);
      if (held !== undefined && held.metadata.deletionTimestamp === undefined) await this.#world.claims.delete(held);
    }
  }

  async #report(set: StatefulSet, pods: readonly Pod[], revisions: Revisions): Promise<void> {
    const { statefulSets, clock } = this.#world;
    const fresh = statefulSets.byKey(keyOf(set));
    if (fresh === undefined) return;
    const status = statefulSetStatus(fresh, pods, revisions, clock.now());
    if (equalJson(plain(status), plain(fresh.status ?? {}))) return;
    await statefulSets.updateStatus(fresh, status, controllerManager);
  }
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

function ordinals(set: StatefulSet): number[] {
  const start = set.spec.ordinals?.start ?? 0;
  return Array.from({ length: set.spec.replicas ?? 1 }, (_, index) => start + index);
}

function isOver(pod: Pod): boolean {
  return pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded";
}

function revisionOf(pod: Pod): string {
  return pod.metadata.labels?.[revisionHashLabel] ?? "";
}

/** A lost pod below the update's reach comes back as it was. */
function revisionFor(set: StatefulSet, ordinal: number, { current, update }: Revisions): ControllerRevision {
  if (set.spec.updateStrategy?.type === "OnDelete") return update;
  const start = set.spec.ordinals?.start ?? 0;
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  const kept = partition > 0 ? partition : (set.status?.currentReplicas ?? 0);
  return ordinal < start + kept ? current : update;
}

function liveRevisions(pods: readonly Pod[], { current, update }: Revisions): Set<string> {
  return new Set([...pods.map(revisionOf), current.metadata.name, update.metadata.name]);
}

export function statefulSetStatus(
  set: StatefulSet,
  pods: readonly Pod[],
  { current, update }: Revisions,
  now: number,
): StatefulSetStatus {
  const created = pods.filter((pod) => !isOver(pod));
  const staying = created.filter((pod) => !isTerminating(pod));
  const countOf = (revision: ControllerRevision): number =>
    staying.filter((pod) => revisionOf(pod) === revision.metadata.name).length;
  const ready = created.filter(isReady);
  const updated = countOf(update);
  const isDone =
    set.spec.updateStrategy?.type !== "OnDelete" &&
    updated === created.length &&
    ready.length === created.length &&
    updated === (set.spec.replicas ?? 1);
  const counts = {
    readyReplicas: ready.length,
    currentReplicas: isDone ? updated : countOf(current),
    updatedReplicas: updated,
  };
  return {
    ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
    replicas: created.length,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    availableReplicas: ready.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, now)).length,
    currentRevision: isDone ? update.metadata.name : current.metadata.name,
    updateRevision: update.metadata.name,
    collisionCount: set.status?.collisionCount ?? 0,
  };
}
