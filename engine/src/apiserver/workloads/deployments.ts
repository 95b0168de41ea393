// Deployment → ReplicaSets, through rolling updates, recreation, scaling, pause and rollback. The arithmetic stands in
// rollout.ts; here it is carried out, one pass at a time.

import { WorkQueue } from "#controller";
import { equalJson, type Json } from "#kernel";
import { claim, controllerReference } from "./claiming.ts";
import { conditionOf, withCondition } from "./conditions.ts";
import { contentHash } from "./hash.ts";
import { retryBackOff, timerMaxMs } from "./limits.ts";
import { isTerminating } from "./pod-facts.ts";
import * as rollout from "./rollout.ts";
import type { Deployment, DeploymentStatus, ReplicaSet } from "./types.ts";
import { keyOf } from "./watched-kind.ts";
import { controllerManager, type World } from "./world.ts";

const component = "deployment-controller";

/** Annotations of a Deployment that say something about it, not about its ReplicaSets. */
const ownAnnotations: readonly string[] = [
  "kubectl.kubernetes.io/last-applied-configuration",
  rollout.revisionAnnotation,
  rollout.revisionHistoryAnnotation,
  rollout.desiredAnnotation,
  rollout.maxAnnotation,
  "deprecated.deployment.rollback.to",
];

type Sets = { newSet: ReplicaSet | undefined; olds: ReplicaSet[] };

export class Deployments {
  readonly queue: WorkQueue;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.queue = new WorkQueue({ clock: world.clock, backOff: retryBackOff });
  }

  start(): void {
    const { deployments, replicaSets, pods } = this.#world;
    deployments.subscribe((current, previous) => {
      const object = current ?? previous;
      if (object !== undefined) this.queue.add(keyOf(object), "spec");
    });
    replicaSets.subscribe((current, previous) => {
      for (const set of [current, previous]) if (set !== undefined) this.#setSeen(set);
    });
    // A Recreate waits for the last old pod, which its ReplicaSet no longer counts.
    pods.subscribe((current, previous) => {
      if (current !== undefined || previous === undefined) return;
      const owner = previous.metadata.ownerReferences?.find(({ controller }) => controller === true);
      const set =
        owner?.kind === "ReplicaSet" ? replicaSets.get(previous.metadata.namespace ?? "", owner.name) : undefined;
      if (set !== undefined) this.#setSeen(set);
    });
  }

  #setSeen(set: ReplicaSet): void {
    const owner = set.metadata.ownerReferences?.find(({ controller }) => controller === true);
    const namespace = set.metadata.namespace ?? "";
    if (owner?.kind === "Deployment") this.queue.add(`${namespace}/${owner.name}`, "drift");
    if (owner === undefined)
      for (const deployment of this.#world.deployments.inNamespace(namespace))
        this.queue.add(keyOf(deployment), "drift");
  }

  async reconcile(key: string): Promise<{ requeueAfterMs: number } | undefined> {
    const { deployments, replicaSets, clock } = this.#world;
    let deployment = deployments.byKey(key);
    if (deployment === undefined) return undefined;
    const sets = await claim({ owner: deployment, selector: deployment.spec.selector, kind: replicaSets });
    if (deployment.metadata.deletionTimestamp === undefined) {
      deployment = await this.#markPause(deployment);
      const isFrozen = deployment.spec.paused === true || rollout.isScaling(deployment, sets);
      if (isFrozen) await this.#scaleOnly(deployment, sets);
      else await this.#roll(deployment, sets);
    }
    const status = await this.#report(key);
    const fresh = deployments.byKey(key);
    const afterMs =
      fresh === undefined || status === undefined ? undefined : rollout.deadlineInMs(fresh, status, clock.now());
    return afterMs === undefined ? undefined : { requeueAfterMs: Math.min(afterMs, timerMaxMs) };
  }

  /** Pausing stops the deadline's clock, resuming starts it anew. */
  async #markPause(deployment: Deployment): Promise<Deployment> {
    if (!rollout.hasDeadline(deployment)) return deployment;
    const progressing = conditionOf(deployment.status?.conditions, "Progressing");
    if (progressing?.reason === "ProgressDeadlineExceeded") return deployment;
    const isMarked = progressing?.reason === "DeploymentPaused";
    if (isMarked === (deployment.spec.paused === true)) return deployment;
    const [reason, message] = isMarked
      ? ["DeploymentResumed", "Deployment is resumed"]
      : ["DeploymentPaused", "Deployment is paused"];
    return this.#setProgressing(deployment, "Unknown", reason, message);
  }

  #setProgressing(deployment: Deployment, status: string, reason: string, message: string): Promise<Deployment> {
    const next = { type: "Progressing", status, reason, message };
    const conditions = withCondition(deployment.status?.conditions ?? [], next, this.#world.clock.now(), true);
    const all = { ...deployment.status, conditions };
    return this.#world.deployments.updateStatus(deployment, all, controllerManager);
  }

  /** Paused, or scaled: sizes only, no new ReplicaSet. */
  async #scaleOnly(deployment: Deployment, sets: readonly ReplicaSet[]): Promise<void> {
    const { newSet, olds } = await this.#sync(deployment, sets, false);
    const sizes = rollout.scaledSizes(deployment, newSet, olds);
    const active = [...olds, ...(newSet === undefined ? [] : [newSet])].filter((set) => rollout.sizeOf(set) > 0);
    for (const set of new Set([...sizes.keys(), ...active]))
      await this.#resize(deployment, set, sizes.get(set) ?? rollout.sizeOf(set), true);
    if (deployment.spec.paused === true) await this.#cleanUp(deployment, olds);
  }

  async #roll(deployment: Deployment, sets: readonly ReplicaSet[]): Promise<void> {
    const isRecreate = !rollout.isRollingUpdate(deployment);
    const { newSet, olds } = await this.#sync(deployment, sets, !isRecreate || this.#areGone(deployment, sets));
    if (isRecreate) for (const old of olds) await this.#resize(deployment, old, 0);
    if (newSet === undefined) return;
    const size =
      rollout.sizeOf(newSet) > rollout.wanted(deployment)
        ? rollout.wanted(deployment)
        : rollout.newSize(deployment, [...olds, newSet], newSet);
    // One move a pass, as kube-controller-manager: what follows is judged by the status that this one causes.
    if (!isRecreate && size === rollout.sizeOf(newSet))
      for (const [old, next] of rollout.oldSizes(deployment, olds, newSet)) await this.#resize(deployment, old, next);
    else await this.#resize(deployment, newSet, size);
    if (deployment.status !== undefined && rollout.isComplete(deployment, deployment.status))
      await this.#cleanUp(deployment, olds);
  }

  /** Recreate: no pod of an older template is left, not even one that is still ending. */
  #areGone(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
    const newSet = rollout.findNew(deployment, sets);
    const olds = sets.filter((set) => set !== newSet);
    return olds.every((set) =>
      this.#world.pods.ownedBy(set).every((pod) => pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed"),
    );
  }

  /** Finds or makes the new ReplicaSet and gives it its revision; the old ones keep theirs. */
  async #sync(deployment: Deployment, sets: readonly ReplicaSet[], mayCreate: boolean): Promise<Sets> {
    const found = rollout.findNew(deployment, sets);
    const olds = sets.filter((set) => set !== found);
    const revision = Math.max(0, ...olds.map(rollout.revisionOf)) + 1;
    if (found !== undefined) {
      const newSet = await this.#annotate(deployment, found, Math.max(revision, rollout.revisionOf(found)));
      await this.#setRevision(
        deployment,
        rollout.revisionOf(newSet),
        `Found new replica set "${newSet.metadata.name}"`,
      );
      return { newSet, olds };
    }
    return { newSet: mayCreate ? await this.#create(deployment, olds, revision) : undefined, olds };
  }

  async #create(
    deployment: Deployment,
    olds: readonly ReplicaSet[],
    revision: number,
  ): Promise<ReplicaSet | undefined> {
    const { replicaSets, deployments, events } = this.#world;
    const draft = newReplicaSet(deployment, revision);
    draft.spec.replicas = rollout.newSize(deployment, [...olds, draft], draft);
    const created = await replicaSets.create(draft, controllerManager);
    if (created === undefined) {
      const standing = replicaSets.get(deployment.metadata.namespace ?? "", draft.metadata.name);
      // Another's name for other content: the next pass hashes anew.
      if (
        standing === undefined ||
        standing.metadata.ownerReferences?.some(({ uid }) => uid === deployment.metadata.uid) === true
      )
        return undefined;
      const status = { ...deployment.status, collisionCount: (deployment.status?.collisionCount ?? 0) + 1 };
      await deployments.updateStatus(deployment, status, controllerManager);
      return undefined;
    }
    const { name } = created.metadata;
    if (draft.spec.replicas > 0)
      events.tell(deployment, {
        type: "Normal",
        reason: "ScalingReplicaSet",
        component,
        message: `Scaled up replica set ${name} from 0 to ${draft.spec.replicas}`,
      });
    await this.#setRevision(deployment, revision, `Created new replica set "${name}"`, true);
    return created;
  }

  /** The Deployment shows its revision, and that its rollout has begun. */
  async #setRevision(deployment: Deployment, revision: number, message: string, isNew = false): Promise<void> {
    const { deployments, clock } = this.#world;
    const fresh = deployments.byKey(keyOf(deployment));
    if (fresh === undefined) return;
    const hasProgress = conditionOf(fresh.status?.conditions, "Progressing") !== undefined;
    const isDue = rollout.hasDeadline(fresh) && (isNew || !hasProgress);
    const annotations = { ...fresh.metadata.annotations, [rollout.revisionAnnotation]: String(revision) };
    const isMarked = equalJson(annotations, fresh.metadata.annotations ?? {});
    if (isMarked && !isDue) return;
    const reason = isNew ? "NewReplicaSetCreated" : "FoundNewReplicaSet";
    const next = { type: "Progressing", status: "True", reason, message };
    const before = fresh.status?.conditions ?? [];
    const conditions = isDue ? withCondition(before, next, clock.now(), true) : before;
    // Through the status, as the real controller does it: an update of the annotations would count as a new generation.
    const marked = { ...fresh, metadata: { ...fresh.metadata, annotations } };
    const written = await deployments.updateStatus(marked, { ...fresh.status, conditions }, controllerManager);
    if (written.metadata.annotations?.[rollout.revisionAnnotation] === String(revision)) return;
    const { uid } = written.metadata;
    const metadata = { uid, annotations: { [rollout.revisionAnnotation]: String(revision) } };
    await deployments.mergePatch(written, { metadata }, controllerManager);
  }

  async #annotate(deployment: Deployment, set: ReplicaSet, revision: number): Promise<ReplicaSet> {
    const annotations = annotationsFor(deployment, set, revision);
    const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
    const isSame =
      equalJson(annotations, set.metadata.annotations ?? {}) && (set.spec.minReadySeconds ?? 0) === minReadySeconds;
    if (isSame) return set;
    const next = { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, minReadySeconds } };
    return this.#world.replicaSets.update(next, controllerManager);
  }

  async #resize(deployment: Deployment, set: ReplicaSet, size: number, isNoted = false): Promise<void> {
    const before = rollout.sizeOf(set);
    const annotations = { ...set.metadata.annotations, ...sizeAnnotations(deployment) };
    const isNoteDue = isNoted && !equalJson(annotations, set.metadata.annotations ?? {});
    if (size === before && !isNoteDue) return;
    const next = { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas: size } };
    await this.#world.replicaSets.update(next, controllerManager);
    if (size === before) return;
    const message = `Scaled ${size > before ? "up" : "down"} replica set ${set.metadata.name} from ${before} to ${size}`;
    this.#world.events.tell(deployment, { type: "Normal", reason: "ScalingReplicaSet", message, component });
  }

  /** Old ReplicaSets beyond the history's limit, oldest first, when nothing of theirs is left. */
  async #cleanUp(deployment: Deployment, olds: readonly ReplicaSet[]): Promise<void> {
    const limit = deployment.spec.revisionHistoryLimit ?? 10;
    const idle = olds.filter((set) => set.metadata.deletionTimestamp === undefined);
    const surplus = idle
      .sort((a, b) => rollout.revisionOf(a) - rollout.revisionOf(b))
      .slice(0, Math.max(0, idle.length - limit));
    for (const set of surplus)
      if (rollout.sizeOf(set) === 0 && (set.status?.replicas ?? 0) === 0) await this.#world.replicaSets.delete(set);
  }

  async #report(key: string): Promise<DeploymentStatus | undefined> {
    const { deployments, replicaSets, clock } = this.#world;
    const deployment = deployments.byKey(key);
    if (deployment === undefined) return undefined;
    const sets = replicaSets
      .ownedBy(deployment)
      .filter((set) => !isTerminating(set as never) || rollout.sizeOf(set) > 0);
    const newSet = rollout.findNew(deployment, sets);
    const now = clock.now();
    const counted = rollout.countedStatus(deployment, sets, newSet, now);
    const isFrozen = deployment.spec.paused === true || rollout.isScaling(deployment, sets);
    const progressed = isFrozen ? counted : rollout.progressedStatus(deployment, counted, newSet, now);
    const status = rollout.withFailures(progressed, sets, newSet);
    if (!equalJson(plain(status), plain(deployment.status ?? {})))
      await deployments.updateStatus(deployment, status, controllerManager);
    return status;
  }
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

function newReplicaSet(deployment: Deployment, revision: number): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = contentHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [rollout.hashLabel]: hash };
  const set: ReplicaSet = {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${deployment.metadata.name.slice(0, 253 - hash.length - 1)}-${hash}`,
      namespace: deployment.metadata.namespace ?? "",
      labels,
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: 0,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [rollout.hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
  set.metadata.annotations = annotationsFor(deployment, set, revision);
  return set;
}

/** The Deployment's annotations, its sizes, and the revision with those it had before. */
function annotationsFor(deployment: Deployment, set: ReplicaSet, revision: number): { [key: string]: string } {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !ownAnnotations.includes(key));
  const before = set.metadata.annotations ?? {};
  const annotations: { [key: string]: string } = {
    ...before,
    ...Object.fromEntries(copied),
    ...sizeAnnotations(deployment),
  };
  const old = before[rollout.revisionAnnotation];
  annotations[rollout.revisionAnnotation] = String(revision);
  if (old !== undefined && old !== String(revision)) {
    const history = before[rollout.revisionHistoryAnnotation];
    annotations[rollout.revisionHistoryAnnotation] = history === undefined ? old : `${history},${old}`;
  }
  return annotations;
}

function sizeAnnotations(deployment: Deployment): { [key: string]: string } {
  const count = rollout.wanted(deployment);
  return {
    [rollout.desiredAnnotation]: String(count),
    [rollout.maxAnnotation]: String(count + rollout.maxSurge(deployment)),
  };
}
