// Pod. kstatus calls a failed pod Current, since nothing more will happen; in our words it is degraded. A pod without a
// node is given 15 seconds before it counts as unschedulable.

import { conditionOf, isObject, type Json, type Manifest } from "#kernel";
import { listAt, textAt } from "./fields.ts";
import { current, failed, type Finding, inProgress } from "./health.ts";

/** kstatus' ScheduleWindow: a scheduler, or an autoscaler that adds a node, usually needs less. */
const scheduleWindowMs = 15_000;

export function assessPod(object: Manifest, now: number): Finding {
  const phase = textAt(object, "status.phase", "");
  switch (phase) {
    case "Succeeded":
      return current("has completed");
    case "Failed":
      return { ...current(describeFailure(object), "PodFailed"), status: "degraded" };
    case "Running":
      return assessRunning(object);
    case "Pending":
      return assessPending(object, now);
    case "":
      return inProgress("PodNotObserved", "has not been seen by a scheduler or kubelet yet");
    default:
      return { kstatus: "Unknown", reason: "PodPhase", message: `has the phase ${phase}, which is not known` };
  }
}

function assessRunning(object: Manifest): Finding {
  if (conditionOf(object, "Ready")?.status === "True") return current("is ready", "PodReady");
  const crashing = waitingContainers(object).filter(({ reason }) => reason === "CrashLoopBackOff");
  if (crashing.length > 0)
    return failed("ContainerCrashLooping", `${crashing.map(({ name }) => name).join(", ")} crashes again and again`);
  return inProgress("PodRunningNotReady", "runs but is not ready");
}

function assessPending(object: Manifest, now: number): Finding {
  const scheduled = conditionOf(object, "PodScheduled");
  if (scheduled?.status === "False" && scheduled.reason === "Unschedulable") {
    const created = Date.parse(object.metadata.creationTimestamp ?? "");
    if (Number.isFinite(created) && now - created < scheduleWindowMs)
      return inProgress("PodNotScheduled", "has no node yet");
    return failed("PodUnschedulable", scheduled.message || "no node can take it");
  }
  // kstatus goes on waiting for an image that cannot be pulled; a person wants to know at once.
  const stuck = waitingContainers(object).find(({ reason }) => /^Err|Error$|BackOff$|^InvalidImageName$/.test(reason));
  if (stuck === undefined) return inProgress("PodPending", "is being started");
  return { ...inProgress(stuck.reason, `${stuck.name}: ${stuck.message || stuck.reason}`), status: "degraded" };
}

type Waiting = { name: string; reason: string; message: string };

function waitingContainers(object: Manifest): Waiting[] {
  const statuses = [...listAt(object, "status.initContainerStatuses"), ...listAt(object, "status.containerStatuses")];
  return statuses.flatMap((status) => {
    const waiting = isObject(status) && isObject(status["state"]) ? status["state"]["waiting"] : undefined;
    if (!isObject(status) || !isObject(waiting)) return [];
    return [{ name: text(status["name"]), reason: text(waiting["reason"]), message: text(waiting["message"]) }];
  });
}

function describeFailure(object: Manifest): string {
  const message = textAt(object, "status.message", "");
  if (message !== "") return message;
  const reason = textAt(object, "status.reason", "");
  return reason === "" ? "has ended without success" : `has ended without success: ${reason}`;
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
