// Scheduler and kubelet in one: gives pods a node, takes them through their phases, ends them when they are deleted.

import { WorkQueue } from "#controller";
import { equalJson, type Json, type Manifest } from "#kernel";
import { retryBackOff, slowStopMs, stopMs, timerMaxMs } from "./limits.ts";
import { Addresses } from "./addresses.ts";
import { completes, nextStep, type Step } from "./pod-script.ts";
import { unschedulableStatus } from "./pod-status.ts";
import { chooseNode } from "./scheduling.ts";
import { askedOf, type Behaviour } from "./simulation.ts";
import type { Node, Pod } from "./types.ts";
import { keyOf } from "./watched-kind.ts";
import { kubelet, type World } from "./world.ts";

type Requeue = { requeueAfterMs: number } | undefined;

export class Pods {
  readonly queue: WorkQueue;
  readonly #world: World;
  readonly #addresses: Addresses;
  /** Pods on each node, for spreading; and which node each pod counts for, from the moment it is bound. */
  readonly #load = new Map<string, number>();
  readonly #nodeOf = new Map<string, string>();
  /** When a pod was first seen in its present state, by uid: finer than the whole seconds in its status. */
  readonly #since = new Map<string, { resourceVersion: string; sinceMs: number }>();

  constructor(world: World) {
    this.#world = world;
    this.#addresses = new Addresses(world);
    this.queue = new WorkQueue({ clock: world.clock, backOff: retryBackOff });
  }

  start(): void {
    const { pods, nodes, claims, deployments, statefulSets, daemonSets, jobs, cronJobs } = this.#world;
    pods.subscribe((current, previous) => this.#podSeen(current, previous));
    nodes.subscribe((current, previous) => {
      if (!equalJson((current?.spec ?? null) as Json, (previous?.spec ?? null) as Json)) this.#lookAtUnscheduled();
    });
    claims.subscribe((current) => {
      if (current?.status?.phase === "Bound") this.#lookAtUnscheduled();
    });
    for (const kind of [deployments, statefulSets, daemonSets, jobs, cronJobs])
      kind.subscribe((current, previous) => {
        if (current !== undefined && previous !== undefined && askedOf(current) !== askedOf(previous))
          for (const pod of this.#podsOf(current)) this.queue.add(keyOf(pod), "spec");
      });
  }

  async reconcile(key: string): Promise<Requeue> {
    const pod = this.#world.pods.byKey(key);
    if (pod === undefined) return undefined;
    if (pod.metadata.deletionTimestamp !== undefined) return this.#end(pod);
    const behaviour = this.behaviourOf(pod);
    if ((pod.spec.nodeName ?? "") === "") {
      await this.#schedule(pod, behaviour);
      return undefined;
    }
    const node = this.#world.nodes.get("", pod.spec.nodeName ?? "");
    const now = this.#world.clock.now();
    const hostIP = hostAddressOf(node);
    const podIP = this.#addresses.of(pod, node, hostIP);
    const step = nextStep(pod, { behaviour, hostIP, podIP, now, sinceMs: this.#sinceMs(pod) });
    if (step === undefined) return undefined;
    if (step.atMs > now) return { requeueAfterMs: Math.min(step.atMs - now, timerMaxMs) };
    await this.#take(pod, step);
    return undefined;
  }

  /** The pod's own word first, then that of the workload it belongs to. */
  behaviourOf(pod: Pod): Behaviour {
    for (let object: Manifest | undefined = pod, depth = 0; object !== undefined && depth < 3; depth++) {
      const asked = askedOf(object);
      // A ReplicaSet carries a copy of its Deployment's annotations, which may be older than the Deployment's own.
      if (asked !== undefined && (object.kind !== "ReplicaSet" || this.#ownerOf(object) === undefined)) return asked;
      object = this.#ownerOf(object);
    }
    return "normal";
  }

  #ownerOf(object: Manifest): Manifest | undefined {
    const reference = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (reference === undefined) return undefined;
    const { replicaSets, deployments, statefulSets, daemonSets, jobs, cronJobs } = this.#world;
    const kinds = {
      ReplicaSet: replicaSets,
      Deployment: deployments,
      StatefulSet: statefulSets,
      DaemonSet: daemonSets,
      Job: jobs,
      CronJob: cronJobs,
    };
    const kind = Object.hasOwn(kinds, reference.kind) ? kinds[reference.kind as keyof typeof kinds] : undefined;
    return kind?.get(object.metadata.namespace ?? "", reference.name);
  }

  #podsOf(workload: Manifest): Pod[] {
    const { pods, replicaSets, jobs } = this.#world;
    const between: Manifest[] = [workload, ...replicaSets.ownedBy(workload), ...jobs.ownedBy(workload)];
    return between.flatMap((owner) => pods.ownedBy(owner));
  }

  #podSeen(current: Pod | undefined, previous: Pod | undefined): void {
    const { uid = "" } = (current ?? previous)?.metadata ?? {};
    this.#count(uid, current?.spec.nodeName ?? "");
    if (current !== undefined) return this.queue.add(keyOf(current), "spec");
    if (previous === undefined) return;
    this.#since.delete(previous.metadata.uid ?? "");
    this.#addresses.release(previous);
    this.queue.remove(keyOf(previous));
  }

  #count(uid: string, nodeName: string): void {
    const before = this.#nodeOf.get(uid);
    if (before === nodeName) return;
    if (before !== undefined) this.#load.set(before, (this.#load.get(before) ?? 1) - 1);
    if (nodeName === "") this.#nodeOf.delete(uid);
    else {
      this.#nodeOf.set(uid, nodeName);
      this.#load.set(nodeName, (this.#load.get(nodeName) ?? 0) + 1);
    }
  }

  #lookAtUnscheduled(): void {
    for (const pod of this.#world.pods.values())
      if ((pod.spec.nodeName ?? "") === "") this.queue.add(keyOf(pod), "spec");
  }

  #sinceMs(pod: Pod): number {
    const { uid = "", resourceVersion = "" } = pod.metadata;
    const known = this.#since.get(uid);
    if (known?.resourceVersion === resourceVersion) return known.sinceMs;
    const sinceMs = this.#world.clock.now();
    this.#since.set(uid, { resourceVersion, sinceMs });
    return sinceMs;
  }

  async #schedule(pod: Pod, behaviour: Behaviour): Promise<void> {
    const { nodes, pods, events, clock } = this.#world;
    const choice =
      behaviour === "fail" && !completes(pod)
        ? { refusal: `0/${[...nodes.values()].length} nodes are available. (simulated: fail)` }
        : (this.#claimRefusal(pod) ?? chooseNode(pod, [...nodes.values()], this.#load));
    if ("refusal" in choice) {
      const before = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
      if (before?.status === "False" && before.message === choice.refusal) return;
      await pods.updateStatus(pod, unschedulableStatus(pod, choice.refusal, clock.now()), "kube-scheduler");
      events.tell(pod, {
        type: "Warning",
        reason: "FailedScheduling",
        message: choice.refusal,
        component: "default-scheduler",
      });
      return;
    }
    const nodeName = choice.node.metadata.name;
    this.#count(pod.metadata.uid ?? "", nodeName);
    await this.#bind(pod, nodeName);
    const aside = choice.isSelectorSetAside ? "; its node selector matches no simulated node and is set aside" : "";
    const message = `Successfully assigned ${keyOf(pod)} to ${nodeName}${aside}`;
    events.tell(pod, { type: "Normal", reason: "Scheduled", message, component: "default-scheduler" });
  }

  /** A pod waits for its claims: absent, or waiting for somebody to make a volume. */
  #claimRefusal(pod: Pod): { refusal: string } | undefined {
    const names = (pod.spec.volumes ?? []).flatMap(
      ({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [],
    );
    for (const name of names) {
      const claim = this.#world.claims.get(pod.metadata.namespace ?? "", name);
      if (claim === undefined) return { refusal: `persistentvolumeclaim "${name}" not found` };
      if (claim.status?.phase !== "Bound") return { refusal: "pod has unbound immediate PersistentVolumeClaims" };
    }
    return undefined;
  }

  async #bind(pod: Pod, nodeName: string): Promise<void> {
    const { cluster, pods } = this.#world;
    const { name, namespace = "", uid = "" } = pod.metadata;
    const binding: Manifest = {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name, namespace, uid },
      target: { apiVersion: "v1", kind: "Node", name: nodeName },
    };
    const target = { resource: pods.resource, namespace, name, subresource: "binding" };
    const answer = await cluster.create(target, binding, { fieldManager: "kube-scheduler" });
    if (answer.ok || answer.status.code === 409) return;
    // A pod whose namespace is going may be gone by now; the next event says so.
    if (answer.status.code === 404 && pods.get(namespace, name) === undefined) return;
    await pods.mergePatch(pod, { metadata: { uid }, spec: { nodeName } }, "kube-scheduler");
  }

  async #take(pod: Pod, step: Step): Promise<void> {
    const { pods, events } = this.#world;
    await pods.updateStatus(pod, step.status, kubelet);
    if (step.event !== undefined) events.tell(pod, { ...step.event, component: kubelet });
  }

  async #end(pod: Pod): Promise<Requeue> {
    if ((pod.metadata.finalizers ?? []).length > 0 && pod.metadata.deletionGracePeriodSeconds === 0) return undefined;
    const now = this.#world.clock.now();
    const atMs = this.#sinceMs(pod) + (this.behaviourOf(pod) === "slow" ? slowStopMs : stopMs);
    if (atMs > now) return { requeueAfterMs: atMs - now };
    await this.#world.pods.delete(pod, { gracePeriodSeconds: 0 });
    return undefined;
  }
}

function hostAddressOf(node: Node | undefined): string {
  return node?.status?.addresses?.find(({ type }) => type === "InternalIP")?.address ?? "192.0.2.1";
}
