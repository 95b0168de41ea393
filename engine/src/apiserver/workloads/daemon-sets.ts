// DaemonSet: one pod on each node that its selector and tolerations fit. Follows kube-controller-manager
// (pkg/controller/daemon, 1.36), but for the surge: an updated pod always takes the place of the old one.

import { WorkQueue } from "#controller";
import { equalJson, type Json } from "#kernel";
import { claim } from "./claiming.ts";
import { retryBackOff } from "./limits.ts";
import { scaled } from "./numbers.ts";
import { isAvailable, isReady, isTerminating, nextAvailableInMs } from "./pod-facts.ts";
import { podFromTemplate } from "./replica-sets.ts";
import { hashOf, revisionHashLabel, syncRevision, trimRevisions } from "./revisions.ts";
import { canTake, matchesNode } from "./scheduling.ts";
import type { ControllerRevision, DaemonSet, Node, Pod, PodSpec, Toleration } from "./types.ts";
import { keyOf } from "./watched-kind.ts";
import { controllerManager, type World } from "./world.ts";

const component = "daemonset-controller";

/** Every DaemonSet's pods bear these, so that draining a node does not remove what the node needs. */
const ownTolerations: readonly Toleration[] = [
  { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/disk-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/pid-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/unschedulable", operator: "Exists", effect: "NoSchedule" },
];

export class DaemonSets {
  readonly queue: WorkQueue;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.queue = new WorkQueue({ clock: world.clock, backOff: retryBackOff });
  }

  start(): void {
    const { pods, daemonSets, nodes } = this.#world;
    daemonSets.subscribe((current, previous) => {
      const object = current ?? previous;
      if (object !== undefined) this.queue.add(keyOf(object), "spec");
    });
    nodes.subscribe(() => {
      for (const set of daemonSets.values()) this.queue.add(keyOf(set), "drift");
    });
    pods.subscribe((current, previous) => {
      const pod = current ?? previous;
      const owner = pod?.metadata.ownerReferences?.find(({ controller }) => controller === true);
      if (pod !== undefined && owner?.kind === "DaemonSet")
        this.queue.add(`${pod.metadata.namespace ?? ""}/${owner.name}`, "drift");
    });
  }

  async reconcile(key: string): Promise<{ requeueAfterMs: number } | undefined> {
    const { daemonSets, pods, clock, nodes } = this.#world;
    const set = daemonSets.byKey(key);
    if (set === undefined) return undefined;
    await claim({ owner: set, selector: set.spec.selector, kind: pods });
    const revision = await syncRevision(this.#world, set);
    if (revision === undefined) return undefined;
    const wanted = [...nodes.values()].filter((node) => shouldRun(set, node));
    if (set.metadata.deletionTimestamp === undefined) {
      await this.#place(set, wanted, revision);
      await this.#update(set, wanted, revision);
    }
    const present = pods.ownedBy(set);
    await this.#report(set, wanted, present, hashOf(revision));
    const live = new Set([revision.metadata.name, ...present.map((pod) => `${set.metadata.name}-${hashIn(pod)}`)]);
    await trimRevisions(this.#world, set, live);
    const afterMs = nextAvailableInMs(present, set.spec.minReadySeconds ?? 0, clock.now());
    return afterMs === undefined ? undefined : { requeueAfterMs: afterMs };
  }

  /** One pod on each wanted node; none elsewhere; ended ones make room. */
  async #place(set: DaemonSet, wanted: readonly Node[], revision: ControllerRevision): Promise<void> {
    const byNode = groupByNode(this.#world.pods.ownedBy(set));
    for (const { metadata } of wanted) {
      const pods = byNode.get(metadata.name) ?? [];
      byNode.delete(metadata.name);
      const [first, ...surplus] = pods.filter((pod) => !isTerminating(pod) && pod.status?.phase !== "Failed");
      for (const pod of [...surplus, ...pods.filter((one) => one.status?.phase === "Failed" && !isTerminating(one))])
        await this.#delete(set, pod);
      if (first === undefined && !pods.some(isTerminating)) await this.#create(set, metadata.name, revision);
    }
    for (const pods of byNode.values()) for (const pod of pods) if (!isTerminating(pod)) await this.#delete(set, pod);
  }

  /** Outdated pods go: those that are not available at once, the others as many as may be missing. */
  async #update(set: DaemonSet, wanted: readonly Node[], revision: ControllerRevision): Promise<void> {
    if (set.spec.updateStrategy?.type === "OnDelete") return;
    const now = this.#world.clock.now();
    const names = new Set(wanted.map(({ metadata }) => metadata.name));
    const pods = this.#world.pods.ownedBy(set).filter((pod) => names.has(nodeOf(pod)));
    const isFine = (pod: Pod): boolean => !isTerminating(pod) && isAvailable(pod, set.spec.minReadySeconds ?? 0, now);
    const outdated = pods.filter((pod) => !isTerminating(pod) && hashIn(pod) !== hashOf(revision));
    let room = maxUnavailable(set, wanted.length) - (wanted.length - new Set(pods.filter(isFine).map(nodeOf)).size);
    for (const pod of outdated) {
      if (isFine(pod) && room-- <= 0) continue;
      await this.#delete(set, pod);
    }
  }

  async #create(set: DaemonSet, nodeName: string, revision: ControllerRevision): Promise<void> {
    const { pods, events } = this.#world;
    const pod = await pods.create(daemonPod(set, nodeName, revision), controllerManager);
    if (pod === undefined) return;
    events.tell(set, {
      type: "Normal",
      reason: "SuccessfulCreate",
      message: `Created pod: ${pod.metadata.name}`,
      component,
    });
  }

  async #delete(set: DaemonSet, pod: Pod): Promise<void> {
    await this.#world.pods.delete(pod);
    const message = `Deleted pod: ${pod.metadata.name}`;
    this.#world.events.tell(set, { type: "Normal", reason: "SuccessfulDelete", message, component });
  }

  async #report(set: DaemonSet, wanted: readonly Node[], pods: readonly Pod[], hash: string): Promise<void> {
    const { daemonSets, clock } = this.#world;
    const fresh = daemonSets.byKey(keyOf(set));
    if (fresh === undefined) return;
    const byNode = groupByNode(pods.filter((pod) => !isTerminating(pod)));
    const running = wanted.flatMap(({ metadata }) => byNode.get(metadata.name)?.slice(0, 1) ?? []);
    const now = clock.now();
    const available = running.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, now)).length;
    const optional = {
      updatedNumberScheduled: running.filter((pod) => hashIn(pod) === hash).length,
      numberAvailable: available,
      numberUnavailable: wanted.length - available,
    };
    const status = {
      currentNumberScheduled: running.length,
      numberMisscheduled: byNode.size - running.length,
      desiredNumberScheduled: wanted.length,
      numberReady: running.filter(isReady).length,
      observedGeneration: fresh.metadata.generation ?? 0,
      ...Object.fromEntries(Object.entries(optional).filter(([, count]) => count > 0)),
    };
    if (equalJson(status as Json, (fresh.status ?? {}) as Json)) return;
    await daemonSets.updateStatus(fresh, status, controllerManager);
  }
}

function shouldRun(set: DaemonSet, node: Node): boolean {
  const spec: PodSpec = { ...set.spec.template.spec, tolerations: tolerationsOf(set) };
  return matchesNode(spec, node) && canTake(node, spec);
}

function tolerationsOf(set: DaemonSet): Toleration[] {
  return [...(set.spec.template.spec.tolerations ?? []), ...ownTolerations];
}

function maxUnavailable(set: DaemonSet, nodes: number): number {
  const update = set.spec.updateStrategy?.rollingUpdate;
  const count = scaled(update?.maxUnavailable ?? 1, nodes, true);
  return count > 0 ? count : Math.max(1, scaled(update?.maxSurge, nodes, true));
}

function daemonPod(set: DaemonSet, nodeName: string, revision: ControllerRevision): Pod {
  const pod = podFromTemplate(set as never, set.spec.template);
  const { affinity, ...spec } = pod.spec;
  const terms = [{ matchFields: [{ key: "metadata.name", operator: "In", values: [nodeName] }] }];
  pod.metadata.labels = {
    ...pod.metadata.labels,
    [revisionHashLabel]: hashOf(revision),
    "pod-template-generation": String(set.metadata.generation ?? 1),
  };
  pod.spec = {
    ...spec,
    tolerations: tolerationsOf(set),
    affinity: {
      ...affinity,
      nodeAffinity: {
        ...affinity?.nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
      },
    },
  };
  return pod;
}

/** Where a pod runs, or is to run. */
function nodeOf(pod: Pod): string {
  if ((pod.spec.nodeName ?? "") !== "") return pod.spec.nodeName ?? "";
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required?.nodeSelectorTerms?.[0]?.matchFields?.[0]?.values?.[0] ?? "";
}

function hashIn(pod: Pod): string {
  return pod.metadata.labels?.[revisionHashLabel] ?? "";
}

function groupByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const groups = new Map<string, Pod[]>();
  for (const pod of pods) groups.set(nodeOf(pod), [...(groups.get(nodeOf(pod)) ?? []), pod]);
  return groups;
}
