// What kstatus says of an object that is not as it should be, to the letter: Helm writes it into the description of a revision
// whose wait failed (cli-utils, pkg/kstatus/status). The judgement itself is `health`'s, whose own words are for people.

import type { Health } from "#health";
import { conditionsOf, fieldOf, type Manifest, textOf } from "#kernel";

type Words = (live: Manifest) => string;

const status = (live: Manifest, name: string, fallback = 0): number => numberOf(live, ["status", name], fallback);
const wanted = (live: Manifest): number => numberOf(live, ["spec", "replicas"], 1);
const share =
  (label: string, count: string, of: (live: Manifest) => number): Words =>
  (live) =>
    `${label}: ${status(live, count)}/${of(live)}`;
const extra: Words = (live) => `Pending termination: ${status(live, "replicas") - wanted(live)}`;
const nodes = (live: Manifest): number => status(live, "desiredNumberScheduled");

/** By kind and `health`'s reason. */
const words: { readonly [key: string]: Words } = {
  "Deployment LessReplicas": share("Replicas", "replicas", wanted),
  "Deployment LessUpdated": share("Updated", "updatedReplicas", wanted),
  "Deployment ExtraPods": extra,
  "Deployment LessAvailable": share("Available", "availableReplicas", (live) => status(live, "updatedReplicas")),
  "Deployment LessReady": share("Ready", "readyReplicas", wanted),
  "Deployment ReplicaSetNotAvailable": () => "ReplicaSet not Available",
  "Deployment DeploymentNotAvailable": () => "Deployment not Available",
  "Deployment ProgressDeadlineExceeded": () => "Progress deadline exceeded",
  "StatefulSet LessReplicas": share("Replicas", "replicas", wanted),
  "StatefulSet LessReady": share("Ready", "readyReplicas", wanted),
  "StatefulSet ExtraPods": extra,
  "StatefulSet PartitionRollout": share("updated", "updatedReplicas", (live) => wanted(live) - partitionOf(live)),
  "StatefulSet LessCurrent": share("current", "currentReplicas", wanted),
  "StatefulSet RevisionMismatch": () => "Waiting for updated revision to match current",
  "DaemonSet NoDesiredNumber": () => "Missing .status.desiredNumberScheduled",
  "DaemonSet NoGeneration": () => "DaemonSet metadata.generation not found",
  "DaemonSet NoObservedGeneration": () => "DaemonSet status.observedGeneration not found",
  "DaemonSet LessCurrent": share("Current", "currentNumberScheduled", nodes),
  "DaemonSet LessUpdated": share("Updated", "updatedNumberScheduled", nodes),
  "DaemonSet LessAvailable": share("Available", "numberAvailable", nodes),
  "DaemonSet LessReady": share("Ready", "numberReady", nodes),
  "ReplicaSet ReplicaFailure": () => "Replica Failure condition. Check Pods",
  "ReplicaSet LessLabelled": share("Labelled", "fullyLabeledReplicas", wanted),
  "ReplicaSet LessAvailable": share("Available", "availableReplicas", wanted),
  "ReplicaSet LessReady": share("Ready", "readyReplicas", wanted),
  "ReplicaSet ExtraPods": extra,
  "Pod PodNotObserved": () => "Pod phase not available",
  "Pod ContainerCrashLooping": (live) => `Containers in CrashLoop state: ${crashing(live).join(",")}`,
  "Pod PodRunningNotReady": () => "Pod is running but is not Ready",
  "Pod PodNotScheduled": () => "Pod has not been scheduled",
  "Pod PodUnschedulable": () => "Pod could not be scheduled",
  "Pod PodPending": () => "Pod is in the Pending phase",
  "Service NoIPAssigned": (live) => `ClusterIP not set. Service type: ${textOf(live, "spec", "type") || "ClusterIP"}`,
  "PersistentVolumeClaim NotBound": claimUnbound,
  "PersistentVolumeClaim ClaimLost": claimUnbound,
  "Job JobNotStarted": () => "Job not started",
  "Job JobSuspended": () => "Job not started",
  "Job JobFailed": (live) =>
    `Job Failed. failed: ${status(live, "failed")}/${numberOf(live, ["spec", "completions"], numberOf(live, ["spec", "parallelism"], 1))}`,
  "CustomResourceDefinition Installing": () => "Install in progress",
};

/** kstatus' own message for what is in progress or has failed. */
export function kstatusMessage(live: Manifest | undefined, { kstatus, reason, message }: Health): string {
  if (live === undefined) return "Resource not found";
  if (kstatus === "Terminating") return "Resource scheduled for deletion";
  if (reason === "LatestGenerationNotObserved")
    return `${live.kind} generation is ${live.metadata.generation ?? 0}, but latest observed generation is ${status(live, "observedGeneration")}`;
  // A container that waits for its image, by its own reason: pending, for kstatus.
  if (live.kind === "Pod" && live.apiVersion === "v1" && textOf(live, "status", "phase") === "Pending")
    return (words[`Pod ${reason}`] ?? (() => "Pod is in the Pending phase"))(live);
  return words[`${live.kind} ${reason}`]?.(live) ?? conditionMessage(live, reason) ?? message;
}

/** Custom kinds are judged by the first of these conditions, and say what it says. */
function conditionMessage(live: Manifest, reason: string): string | undefined {
  const found = conditionsOf(live).filter((each) => each.reason === reason);
  const isTold = (type: string, isTrue: boolean): boolean =>
    found.some((each) => each.type === type && (each.status === "True") === isTrue);
  const type = isTold("Reconciling", true) ? "Reconciling" : isTold("Stalled", true) ? "Stalled" : "Ready";
  return (found.find((each) => each.type === type) ?? found[0])?.message;
}

function claimUnbound(live: Manifest): string {
  return `PVC is not Bound. phase: ${textOf(live, "status", "phase") || "unknown"}`;
}

function partitionOf(live: Manifest): number {
  return numberOf(live, ["spec", "updateStrategy", "rollingUpdate", "partition"], 0);
}

function crashing(live: Manifest): string[] {
  const containers = fieldOf(live, "status", "containerStatuses");
  if (!Array.isArray(containers)) return [];
  return containers
    .filter((each) => textOf(each, "state", "waiting", "reason") === "CrashLoopBackOff")
    .map((each) => textOf(each, "name"));
}

function numberOf(live: Manifest, path: readonly string[], fallback: number): number {
  const found = fieldOf(live, ...path);
  return typeof found === "number" ? found : fallback;
}
