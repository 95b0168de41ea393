// What the STATUS, READY and RESTARTS columns of a pod say, by the rules of kube-apiserver's printPod.

import { formatAge } from "#kernel";

type State = {
  waiting?: { reason?: string };
  running?: object;
  terminated?: { reason?: string; exitCode?: number; signal?: number; finishedAt?: string };
};

type ContainerStatus = {
  name: string;
  ready?: boolean;
  started?: boolean;
  restartCount?: number;
  state?: State;
  lastState?: State;
};

export type PodLike = {
  metadata: { deletionTimestamp?: string };
  spec?: { initContainers?: { name: string; restartPolicy?: string }[]; containers?: unknown[] };
  status?: {
    phase?: string;
    reason?: string;
    conditions?: { type: string; status: string; reason?: string }[];
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
};

type Summary = { ready: number; total: number; reason: string; restarts: number; lastRestart: number };

export function podCells(pod: PodLike, nowMs: number): { ready: string; status: string; restarts: string } {
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter((one) => one.restartPolicy === "Always").map((one) => one.name),
  );
  const summary: Summary = {
    ready: 0,
    total: (pod.spec?.containers ?? []).length + sidecars.size,
    reason: firstReason(pod),
    restarts: 0,
    lastRestart: 0,
  };
  const sidecarRestarts: Summary = { ...summary };
  const initializing = readInit(pod, sidecars, summary, sidecarRestarts);
  if (!initializing || isTrue(pod, "Initialized")) {
    summary.restarts = sidecarRestarts.restarts;
    summary.lastRestart = sidecarRestarts.lastRestart;
    readContainers(pod, summary);
  }
  const ago = summary.restarts > 0 && summary.lastRestart > 0 ? ` (${formatAge(nowMs - summary.lastRestart)} ago)` : "";
  return {
    ready: `${summary.ready}/${summary.total}`,
    status: whenDeleted(pod, summary.reason),
    restarts: `${summary.restarts}${ago}`,
  };
}

function firstReason(pod: PodLike): string {
  const status = pod.status;
  const gated = (status?.conditions ?? []).some(
    (one) => one.type === "PodScheduled" && one.reason === "SchedulingGated",
  );
  if (gated) return "SchedulingGated";
  return status?.reason !== undefined && status.reason !== "" ? status.reason : (status?.phase ?? "");
}

function isTrue(pod: PodLike, type: string): boolean {
  return (pod.status?.conditions ?? []).some((one) => one.type === type && one.status === "True");
}

function countRestarts(summary: Summary, container: ContainerStatus): void {
  summary.restarts += container.restartCount ?? 0;
  const finished = Date.parse(container.lastState?.terminated?.finishedAt ?? "");
  if (finished > summary.lastRestart) summary.lastRestart = finished;
}

/** True when an init container still holds the pod; then the reason says which. */
function readInit(pod: PodLike, sidecars: ReadonlySet<string>, summary: Summary, sidecarRestarts: Summary): boolean {
  const statuses = pod.status?.initContainerStatuses ?? [];
  for (const [index, container] of statuses.entries()) {
    countRestarts(summary, container);
    const isSidecar = sidecars.has(container.name);
    if (isSidecar) countRestarts(sidecarRestarts, container);
    const { terminated, waiting } = container.state ?? {};
    if (terminated !== undefined && (terminated.exitCode ?? 0) === 0) continue;
    if (isSidecar && container.started === true) {
      if (container.ready === true) summary.ready++;
      continue;
    }
    const waits = waiting?.reason;
    if (terminated !== undefined) summary.reason = `Init:${terminatedReason(terminated)}`;
    else if (waits !== undefined && waits !== "" && waits !== "PodInitializing") summary.reason = `Init:${waits}`;
    else summary.reason = `Init:${index}/${(pod.spec?.initContainers ?? []).length}`;
    return true;
  }
  return false;
}

function terminatedReason(terminated: NonNullable<State["terminated"]>): string {
  if (terminated.reason !== undefined && terminated.reason !== "") return terminated.reason;
  return (terminated.signal ?? 0) === 0 ? `ExitCode:${terminated.exitCode ?? 0}` : `Signal:${terminated.signal}`;
}

function readContainers(pod: PodLike, summary: Summary): void {
  let hasRunning = false;
  let errorReason = "";
  for (const container of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    countRestarts(summary, container);
    const { waiting, terminated, running } = container.state ?? {};
    if (waiting?.reason !== undefined && waiting.reason !== "") summary.reason = waiting.reason;
    else if (terminated !== undefined) {
      summary.reason = terminatedReason(terminated);
      if ((terminated.exitCode ?? 0) !== 0) errorReason = summary.reason;
    } else if (container.ready === true && running !== undefined) {
      hasRunning = true;
      summary.ready++;
    }
  }
  if (summary.reason !== "Completed") return;
  if (hasRunning && isTrue(pod, "Ready")) summary.reason = "Running";
  else if (errorReason !== "") summary.reason = errorReason;
  else if (hasRunning) summary.reason = "NotReady";
}

function whenDeleted(pod: PodLike, reason: string): string {
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  if (pod.status?.reason === "NodeLost") return "Unknown";
  const phase = pod.status?.phase;
  return phase === "Succeeded" || phase === "Failed" ? reason : "Terminating";
}
