// Everything the loops look at: one watched copy a kind, the clock, and a voice for Events.

import { setMaxListeners } from "node:events";
import type { Cluster, Discovery, Resource } from "#cluster";
import type { Clock } from "#kernel";
import { refused } from "./faults.ts";
import { EventWriter } from "./events.ts";
import type {
  Claim,
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  DisruptionBudget,
  Ingress,
  Job,
  Node,
  Pod,
  ReplicaSet,
  Service,
  StatefulSet,
  StorageClass,
  Volume,
} from "./types.ts";
import type { Manifest } from "#kernel";
import { WatchedKind } from "./watched-kind.ts";

/** The field manager of kube-controller-manager; pods' statuses are kubelet's. */
export const controllerManager = "kube-controller-manager";
export const kubelet = "kubelet";

export type World = {
  cluster: Cluster;
  clock: Clock;
  signal: AbortSignal;
  random: () => number;
  events: EventWriter;
  pods: WatchedKind<Pod>;
  nodes: WatchedKind<Node>;
  deployments: WatchedKind<Deployment>;
  replicaSets: WatchedKind<ReplicaSet>;
  statefulSets: WatchedKind<StatefulSet>;
  daemonSets: WatchedKind<DaemonSet>;
  revisions: WatchedKind<ControllerRevision>;
  jobs: WatchedKind<Job>;
  cronJobs: WatchedKind<CronJob>;
  services: WatchedKind<Service>;
  endpoints: WatchedKind<Manifest>;
  slices: WatchedKind<Manifest>;
  claims: WatchedKind<Claim>;
  volumes: WatchedKind<Volume>;
  storageClasses: WatchedKind<StorageClass>;
  budgets: WatchedKind<DisruptionBudget>;
  ingresses: WatchedKind<Ingress>;
};

export type WorldOptions = { cluster: Cluster; clock: Clock; signal: AbortSignal; random: () => number };

/** Watches everything; resolved once all of it has been listed. */
export async function openWorld(options: WorldOptions): Promise<World> {
  const { cluster, clock, signal } = options;
  // One watch a kind listens to the same signal.
  setMaxListeners(0, signal);
  const discovered = await cluster.discover();
  if (!discovered.ok) throw refused("discovery", discovered.status);
  const kinds: WatchedKind<Manifest>[] = [];
  const watch = <T extends Manifest>(group: string, kind: string): WatchedKind<T> => {
    const watched = new WatchedKind<T>(cluster, clock, find(discovered.value, group, kind));
    kinds.push(watched as unknown as WatchedKind<Manifest>);
    return watched;
  };
  const world: World = {
    ...options,
    events: new EventWriter(options, find(discovered.value, "", "Event")),
    pods: watch("", "Pod"),
    nodes: watch("", "Node"),
    deployments: watch("apps", "Deployment"),
    replicaSets: watch("apps", "ReplicaSet"),
    statefulSets: watch("apps", "StatefulSet"),
    daemonSets: watch("apps", "DaemonSet"),
    revisions: watch("apps", "ControllerRevision"),
    jobs: watch("batch", "Job"),
    cronJobs: watch("batch", "CronJob"),
    services: watch("", "Service"),
    endpoints: watch("", "Endpoints"),
    slices: watch("discovery.k8s.io", "EndpointSlice"),
    claims: watch("", "PersistentVolumeClaim"),
    volumes: watch("", "PersistentVolume"),
    storageClasses: watch("storage.k8s.io", "StorageClass"),
    budgets: watch("policy", "PodDisruptionBudget"),
    ingresses: watch("networking.k8s.io", "Ingress"),
  };
  for (const kind of kinds) kind.run(signal);
  const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  await Promise.race([Promise.all(kinds.map(({ synced }) => synced)), aborted]);
  return world;
}

function find(discovery: Discovery, group: string, kind: string): Resource {
  const resource = discovery.byKind(group, kind);
  if (resource !== undefined) return resource;
  throw refused(`finding ${kind}`, { code: 404, reason: "NotFound", message: `the server does not serve ${kind}` });
}
