// What controllers ask of a pod.

import { conditionOf, isTrue } from "./conditions.ts";
import type { Pod } from "./types.ts";

/** Neither ended nor being deleted. */
export function isActive(pod: Pod): boolean {
  return pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed" && !isTerminating(pod);
}

export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

export function isReady(pod: Pod): boolean {
  return isTrue(pod.status?.conditions, "Ready");
}

/** When a ready pod counts as available; undefined while it is not ready. */
export function availableAtMs(pod: Pod, minReadySeconds: number): number | undefined {
  const ready = conditionOf(pod.status?.conditions, "Ready");
  if (ready?.status !== "True") return undefined;
  if (minReadySeconds === 0) return 0;
  return Date.parse(ready.lastTransitionTime ?? "") + minReadySeconds * 1000;
}

export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  const atMs = availableAtMs(pod, minReadySeconds);
  return atMs !== undefined && atMs <= now;
}

/** How long until the next of the ready pods becomes available; undefined when none will by itself. */
export function nextAvailableInMs(pods: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  if (minReadySeconds === 0) return undefined;
  const times = pods
    .map((pod) => availableAtMs(pod, minReadySeconds))
    .filter((atMs) => atMs !== undefined && atMs > now);
  return times.length === 0 ? undefined : Math.min(...(times as number[])) - now;
}

/** Which pod goes first when some must: without a node, not running, not ready, newest. */
export function compareForDeletion(a: Pod, b: Pod): number {
  return (
    rank((a.spec.nodeName ?? "") === "", (b.spec.nodeName ?? "") === "") ||
    rank(a.status?.phase !== "Running", b.status?.phase !== "Running") ||
    rank(!isReady(a), !isReady(b)) ||
    deletionCost(a) - deletionCost(b) ||
    compareText(b.metadata.creationTimestamp ?? "", a.metadata.creationTimestamp ?? "") ||
    compareText(a.metadata.name, b.metadata.name)
  );
}

function rank(a: boolean, b: boolean): number {
  return Number(b) - Number(a);
}

function deletionCost(pod: Pod): number {
  return Number.parseInt(pod.metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? "0", 10) || 0;
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
