// The status a kubelet would write for a pod, stage by stage. Everything that names a runtime says that it is simulated.

import { formatTime, sha256Hex } from "#kernel";
import { conditionOf } from "./conditions.ts";
import type { Condition, Container, ContainerState, ContainerStatus, Pod, PodStatus } from "./types.ts";

/** What each container is to be in. */
export type ContainerChange = {
  state: ContainerState;
  isReady: boolean;
  restartCount?: number;
  lastState?: ContainerState;
};

/** Who runs the pod and since when. */
export type Placement = { hostIP: string; podIP: string | undefined; now: number };

const scheduled = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"] as const;

/** Containers wait: nothing has started. */
export function creatingStatus(pod: Pod, placement: Placement): PodStatus {
  const hasInit = (pod.spec.initContainers ?? []).length > 0;
  const reason = hasInit ? "PodInitializing" : "ContainerCreating";
  const change: ContainerChange = { state: { waiting: { reason } }, isReady: false };
  const status = baseStatus(pod, placement, "Pending");
  const conditions = conditionsFor(pod, placement.now, { isStarted: false, isInitialized: !hasInit, isReady: false });
  return {
    ...status,
    conditions,
    ...initStatuses(pod, { state: { waiting: { reason: "PodInitializing" } }, isReady: false }),
    containerStatuses: pod.spec.containers.map((container) => containerStatus(pod, container, change)),
  };
}

/** Containers run, are waited for, or have ended, all alike. */
export function containersStatus(pod: Pod, placement: Placement, phase: string, change: ContainerChange): PodStatus {
  const isDone = phase === "Succeeded" || phase === "Failed";
  const flags = {
    isStarted: !isDone && change.state.waiting?.reason !== "ErrImagePull",
    isInitialized: true,
    isReady: change.isReady,
  };
  return {
    ...baseStatus(pod, placement, phase),
    conditions: conditionsFor(pod, placement.now, { ...flags, isDone: phase === "Succeeded" }),
    ...initStatuses(pod, initDone(pod, placement.now)),
    containerStatuses: pod.spec.containers.map((container) => containerStatus(pod, container, change)),
    ...debuggerStatuses(pod, placement.now),
  };
}

/** Containers for debugging start when they are added, and go on: nobody types anything into them. */
function debuggerStatuses(pod: Pod, now: number): Pick<PodStatus, "ephemeralContainerStatuses"> {
  const containers = pod.spec.ephemeralContainers ?? [];
  if (containers.length === 0) return {};
  const before = pod.status?.ephemeralContainerStatuses ?? [];
  return {
    ephemeralContainerStatuses: containers.map((container) => {
      const known = before.find(({ name }) => name === container.name);
      const state = known?.state ?? { running: { startedAt: formatTime(now) } };
      return { ...containerStatus(pod, container, { state, isReady: false }), restartCount: 0, lastState: {} };
    }),
  };
}

/** No node can take it. */
export function unschedulableStatus(pod: Pod, message: string, now: number): PodStatus {
  const condition: Condition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message };
  const before = conditionOf(pod.status?.conditions, "PodScheduled");
  const lastTransitionTime = before?.status === "False" ? (before.lastTransitionTime ?? null) : formatTime(now);
  const conditions = (pod.status?.conditions ?? []).filter(({ type }) => type !== "PodScheduled");
  return {
    ...pod.status,
    phase: "Pending",
    conditions: [...conditions, { ...observed(pod), ...condition, lastProbeTime: null, lastTransitionTime }],
  };
}

function baseStatus(pod: Pod, { hostIP, podIP, now }: Placement, phase: string): PodStatus {
  const { conditions: _, containerStatuses: _2, initContainerStatuses: _3, ...kept } = pod.status ?? {};
  return {
    ...kept,
    ...observed(pod),
    phase,
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(podIP === undefined ? {} : { podIP, podIPs: [{ ip: podIP }] }),
    startTime: pod.status?.startTime ?? formatTime(now),
  };
}

function observed(pod: Pod): { observedGeneration?: number } {
  const generation = pod.metadata.generation;
  return generation === undefined ? {} : { observedGeneration: generation };
}

type Flags = { isStarted: boolean; isInitialized: boolean; isReady: boolean; isDone?: boolean };

function conditionsFor(pod: Pod, now: number, flags: Flags): Condition[] {
  const names = pod.spec.containers.map(({ name }) => name).join(" ");
  const notReady = flags.isDone === true ? { reason: "PodCompleted" } : unready(names);
  const values: Record<(typeof scheduled)[number], Condition> = {
    PodReadyToStartContainers: flag("PodReadyToStartContainers", flags.isStarted, {}),
    Initialized: flag("Initialized", flags.isInitialized, {
      reason: "ContainersNotInitialized",
      message: `containers with incomplete status: [${(pod.spec.initContainers ?? []).map(({ name }) => name).join(" ")}]`,
    }),
    Ready: flag("Ready", flags.isReady && gatesAreOpen(pod), flags.isReady ? gatesClosed(pod) : notReady),
    ContainersReady: flag("ContainersReady", flags.isReady, notReady),
    PodScheduled: flag("PodScheduled", true, {}),
  };
  if (flags.isDone === true) values.Initialized.reason = "PodCompleted";
  const others = (pod.status?.conditions ?? []).filter(({ type }) => !(type in values));
  return [...scheduled.map((type) => transition(pod, values[type], now)), ...others];
}

function unready(names: string): { reason: string; message: string } {
  return { reason: "ContainersNotReady", message: `containers with unready status: [${names}]` };
}

/** A readiness gate is a condition that somebody else sets on the pod. */
function gatesAreOpen(pod: Pod): boolean {
  return (pod.spec.readinessGates ?? []).every(
    ({ conditionType }) => conditionOf(pod.status?.conditions, conditionType)?.status === "True",
  );
}

function gatesClosed(pod: Pod): { reason: string; message: string } {
  const closed = (pod.spec.readinessGates ?? []).find(
    ({ conditionType }) => conditionOf(pod.status?.conditions, conditionType)?.status !== "True",
  );
  const message = `corresponding condition of pod readiness gate "${closed?.conditionType ?? ""}" does not exist or is not True.`;
  return { reason: "ReadinessGatesNotReady", message };
}

function flag(type: string, isTrue: boolean, otherwise: { reason?: string; message?: string }): Condition {
  return isTrue ? { type, status: "True" } : { type, status: "False", ...otherwise };
}

function transition(pod: Pod, condition: Condition, now: number): Condition {
  const before = conditionOf(pod.status?.conditions, condition.type);
  const isSame = before?.status === condition.status;
  const lastTransitionTime = isSame ? (before?.lastTransitionTime ?? null) : formatTime(now);
  return { ...observed(pod), ...condition, lastProbeTime: null, lastTransitionTime };
}

function containerStatus(pod: Pod, container: Container, change: ContainerChange): ContainerStatus {
  const before = pod.status?.containerStatuses?.find(({ name }) => name === container.name);
  const isPulled = change.state.waiting === undefined || before?.containerID !== undefined;
  const restartCount = change.restartCount ?? before?.restartCount ?? 0;
  return {
    name: container.name,
    image: container.image ?? "",
    imageID: isPulled ? `simulated://${container.image ?? ""}` : "",
    ...(isPulled ? { containerID: containerId(pod, container.name, restartCount) } : {}),
    ready: change.isReady,
    started: change.state.running !== undefined,
    restartCount,
    state: change.state,
    ...(change.state.running === undefined ? {} : { resources: container.resources ?? {} }),
    lastState: change.lastState ?? before?.lastState ?? {},
  };
}

/** Init containers have run to completion at once; a sidecar among them goes on running. */
function initDone(pod: Pod, now: number): ContainerChange {
  const startedAt = pod.status?.startTime ?? formatTime(now);
  const terminated = { exitCode: 0, reason: "Completed", startedAt, finishedAt: startedAt };
  return { state: { terminated }, isReady: true };
}

function initStatuses(pod: Pod, change: ContainerChange): Pick<PodStatus, "initContainerStatuses"> {
  const containers = pod.spec.initContainers ?? [];
  if (containers.length === 0) return {};
  return {
    initContainerStatuses: containers.map((container) => {
      const terminated = change.state.terminated;
      const isSidecar = container.restartPolicy === "Always" && terminated !== undefined;
      const state = isSidecar ? { running: { startedAt: terminated.startedAt } } : change.state;
      return { ...containerStatus(pod, container, { ...change, state }), restartCount: 0, lastState: {} };
    }),
  };
}

/** Shaped as a container runtime's id; equal for one start of one container. */
export function containerId(pod: Pod, name: string, restartCount: number): string {
  return `simulated://${sha256Hex(`${pod.metadata.uid ?? ""}/${name}/${restartCount}`)}`;
}
