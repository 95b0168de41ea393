// What happens next to a pod that has a node, and when: a pure function of its status, its behaviour and the time. All it
// knows stands in the status, so a restart goes on where it was.

import { backOffMs } from "#cluster";
import { formatTime } from "#kernel";
import {
  crashAfterMs,
  crashBackOff,
  pullBackOffMs,
  runMs,
  slowReadyMs,
  slowRunMs,
  slowStartMs,
  startMs,
} from "./limits.ts";
import { type ContainerChange, containersStatus, creatingStatus, type Placement } from "./pod-status.ts";
import type { Behaviour } from "./simulation.ts";
import type { ContainerState, ContainerStatus, Pod, PodStatus } from "./types.ts";

/** The next status, due at `atMs`; an event's words where a kubelet would tell of it. */
export type Step = {
  atMs: number;
  status: PodStatus;
  event?: { type: "Normal" | "Warning"; reason: string; message: string };
};

export type Scene = {
  behaviour: Behaviour;
  hostIP: string;
  podIP: string;
  now: number;
  /** When this process first saw the pod in its present state; statuses have whole seconds only. */
  sinceMs: number;
};

/** undefined: nothing more happens by itself. */
export function nextStep(pod: Pod, scene: Scene): Step | undefined {
  const status = pod.status;
  if (status?.phase === "Succeeded" || status?.phase === "Failed") return undefined;
  const container = status?.containerStatuses?.[0];
  const waiting = container?.state.waiting?.reason;
  if (container === undefined) return { atMs: scene.now, status: creatingStatus(pod, placement(scene, false)) };
  if (waiting === "ContainerCreating" || waiting === "PodInitializing") return leaveCreating(pod, scene);
  if (waiting === "ErrImagePull" || waiting === "ImagePullBackOff") return leavePulling(pod, scene, waiting);
  if (waiting === "InvalidImageName") return undefined;
  if (waiting === "CrashLoopBackOff") return leaveBackOff(pod, scene, container);
  return completes(pod) ? completeRun(pod, scene, container) : changeRun(pod, scene, container);
}

/** Pods that are not restarted for ever run to their end. */
export function completes(pod: Pod): boolean {
  return (pod.spec.restartPolicy ?? "Always") !== "Always";
}

/** A name that no registry can know: kubelet refuses it before it pulls. */
function hasInvalidImage(pod: Pod): boolean {
  return pod.spec.containers.some(
    ({ image }) => !/^[\w.:/@-]+$/.test(image ?? "") || /[A-Z]/.test(repositoryOf(image ?? "")),
  );
}

function repositoryOf(image: string): string {
  const name = image.split("@")[0] ?? "";
  const path = name.includes("/") ? name.slice(name.indexOf("/")) : name;
  const colon = path.lastIndexOf(":");
  return colon < 0 ? path : path.slice(0, colon);
}

function leaveCreating(pod: Pod, scene: Scene): Step | undefined {
  const { behaviour, sinceMs } = scene;
  const atMs = sinceMs + (behaviour === "slow" ? slowStartMs : startMs);
  const image = pod.spec.containers[0]?.image ?? "";
  if (hasInvalidImage(pod)) {
    const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`;
    return wait(pod, scene, atMs, { reason: "InvalidImageName", message });
  }
  if (behaviour !== "pull-error") return start(pod, scene, atMs, 0);
  const message = `simulated: failed to pull image "${image}": not found`;
  return wait(pod, scene, atMs, { reason: "ErrImagePull", message });
}

function leavePulling(pod: Pod, scene: Scene, waiting: string): Step | undefined {
  if (scene.behaviour !== "pull-error") return start(pod, scene, scene.now, 0);
  if (waiting === "ImagePullBackOff") return undefined;
  const image = pod.spec.containers[0]?.image ?? "";
  const message = `simulated: back-off pulling image "${image}"`;
  return wait(pod, scene, scene.sinceMs + pullBackOffMs, { reason: "ImagePullBackOff", message });
}

function wait(pod: Pod, scene: Scene, atMs: number, waiting: { reason: string; message: string }): Step {
  const status = containersStatus(pod, placement(scene, true), "Pending", { state: { waiting }, isReady: false });
  return {
    atMs,
    status,
    event: { type: "Warning", reason: "Failed", message: `Error: ${waiting.reason}: ${waiting.message}` },
  };
}

function leaveBackOff(pod: Pod, scene: Scene, container: ContainerStatus): Step | undefined {
  const restartCount = container.restartCount + 1;
  if (scene.behaviour !== "crash") return start(pod, scene, scene.now, restartCount);
  const finishedMs = Date.parse(container.lastState.terminated?.finishedAt ?? "") || scene.now;
  return start(pod, scene, finishedMs + crashBackOffMs(restartCount), restartCount);
}

export function crashBackOffMs(restartCount: number): number {
  return backOffMs(restartCount, crashBackOff, () => 1);
}

/** Containers run; ready at once unless the behaviour says otherwise. */
function start(pod: Pod, scene: Scene, atMs: number, restartCount: number): Step {
  const startedAt = formatTime(Math.max(atMs, scene.now));
  const isReady =
    !["slow", "stall", "crash"].includes(scene.behaviour) || (completes(pod) && scene.behaviour !== "stall");
  const change = { state: { running: { startedAt } }, isReady, restartCount };
  const status = containersStatus(pod, placement(scene, true), "Running", change);
  const names = pod.spec.containers.map(({ name }) => name).join(", ");
  return {
    atMs,
    status,
    event: { type: "Normal", reason: "Started", message: `Container started (simulated): ${names}` },
  };
}

/** A container that is to run on: becomes ready or unready, or crashes. */
function changeRun(pod: Pod, scene: Scene, container: ContainerStatus): Step | undefined {
  const { behaviour, sinceMs, now } = scene;
  if (behaviour === "crash") return crash(pod, scene, container);
  const isToBeReady = behaviour !== "stall";
  const isBehind = pod.status?.["observedGeneration"] !== pod.metadata.generation || hasOpenedGate(pod, container);
  if (container.ready === isToBeReady && !isBehind) return undefined;
  const isSlow = behaviour === "slow" && isToBeReady && !container.ready;
  const change: ContainerChange = { state: container.state, isReady: isToBeReady };
  const status = containersStatus(pod, placement(scene, true), "Running", change);
  const step: Step = { atMs: isSlow ? sinceMs + slowReadyMs : now, status };
  if (isToBeReady) return step;
  return {
    ...step,
    event: { type: "Warning", reason: "Unhealthy", message: "Readiness probe failed (simulated: stall)" },
  };
}

/** Containers are ready but the pod is not, or the other way round: a readiness gate has moved. */
function hasOpenedGate(pod: Pod, container: ContainerStatus): boolean {
  const gates = pod.spec.readinessGates ?? [];
  if (gates.length === 0) return false;
  const isSet = (type: string): boolean =>
    pod.status?.conditions?.some((condition) => condition.type === type && condition.status === "True") === true;
  return isSet("Ready") !== (container.ready && gates.every(({ conditionType }) => isSet(conditionType)));
}

function crash(pod: Pod, scene: Scene, container: ContainerStatus): Step {
  const startedAt = container.state.running?.startedAt ?? formatTime(scene.now);
  const atMs = scene.sinceMs + crashAfterMs;
  const terminated = ended(1, "Error", startedAt, Math.max(atMs, scene.now)).terminated;
  const backOff = crashBackOffMs(container.restartCount + 1) / 1000;
  const message = `back-off ${backOff}s restarting failed container=${container.name} pod=${pod.metadata.name}_${pod.metadata.namespace ?? ""} (simulated)`;
  const change: ContainerChange = {
    state: { waiting: { reason: "CrashLoopBackOff", message } },
    lastState: terminated === undefined ? {} : { terminated },
    isReady: false,
  };
  const status = containersStatus(pod, placement(scene, true), "Running", change);
  return { atMs, status, event: { type: "Warning", reason: "BackOff", message } };
}

/** A container that runs to completion. `crash` restarts it where the policy allows, `fail` ends the pod. */
function completeRun(pod: Pod, scene: Scene, container: ContainerStatus): Step | undefined {
  const { behaviour, sinceMs, now } = scene;
  if (behaviour === "stall") return undefined;
  if (behaviour === "crash" && pod.spec.restartPolicy === "OnFailure") return crash(pod, scene, container);
  const isFailure = behaviour === "crash" || behaviour === "fail";
  const atMs = sinceMs + (behaviour === "slow" ? slowRunMs : runMs);
  const startedAt = container.state.running?.startedAt ?? formatTime(now);
  const state = ended(isFailure ? 1 : 0, isFailure ? "Error" : "Completed", startedAt, Math.max(atMs, now));
  const phase = isFailure ? "Failed" : "Succeeded";
  return { atMs, status: containersStatus(pod, placement(scene, true), phase, { state, isReady: false }) };
}

function ended(exitCode: number, reason: string, startedAt: string, atMs: number): ContainerState {
  return { terminated: { exitCode, reason, startedAt, finishedAt: formatTime(atMs) } };
}

function placement(scene: Scene, hasIp: boolean): Placement {
  return { hostIP: scene.hostIP, podIP: hasIp ? scene.podIP : undefined, now: scene.now };
}
