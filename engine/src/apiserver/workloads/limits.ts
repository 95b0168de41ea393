// Every bound of the simulation, with the reason for its number.

import type { BackOff } from "#cluster";

/** A stale view is mended by an event that is on its way; a server that is down gets the most. */
export const retryBackOff: BackOff = { leastMs: 10, mostMs: 30_000 };

/** Keys of one loop worked on at once: enough to keep the store's group commit busy, not more. */
export const concurrency = 8;

/** ContainerCreating is seen by a watch, and costs a test nothing. */
export const startMs = 20;

/** A container that runs to completion does so after this. */
export const runMs = 30;

/** `slow`: about as long as a large image and a warm-up take on a real node. */
export const slowStartMs = 5_000;
export const slowReadyMs = 10_000;
export const slowRunMs = 15_000;

/** A crashing container is seen running for a moment. */
export const crashAfterMs = 300;

/** kubelet's crash-loop back-off: 10 s, doubled to 5 min. */
export const crashBackOff: BackOff = { leastMs: 10_000, mostMs: 300_000 };

/** From ErrImagePull to ImagePullBackOff. */
export const pullBackOffMs = 1_000;

/** How long a pod takes to end once it is deleted; `slow` takes longer. */
export const stopMs = 10;
export const slowStopMs = 3_000;

/** Simulated nodes: three, so that spreading, draining and DaemonSets can be seen. */
export const nodeCount = 3;

/** Pods of one ReplicaSet, Job or DaemonSet created or deleted in one pass, as kube-controller-manager's burst. */
export const burst = 500;

/** Endpoints in one EndpointSlice, kube-controller-manager's default. */
export const sliceSize = 100;

/** Addresses in one Endpoints object, the API's own limit for it. */
export const endpointsSize = 1_000;

/** Changes of pods within this are one write of a Service's endpoints, of a budget's status. */
export const batchMs = 30;

/** Events: a start of some hundred workloads passes whole; beyond it only as many a second as a person can use. */
export const eventBurst = 2_000;
export const eventsPerSecond = 20;

/** A timer longer than this overflows; what is due later is looked at again. */
export const timerMaxMs = 2_000_000_000;

/** Start times a CronJob may have missed before it gives up counting, as in Kubernetes. */
export const missedStartsMax = 100;

/** Minutes searched for a schedule's next time: leap days come within eight years. */
export const scheduleSearchYears = 8;

/** Deleted uids remembered for each kind: an answer overtaken by so many deletions does not happen. */
export const endedMax = 4_096;

/** A bundle of definitions is looked at once, when its kinds have been established. */
export const definitionDelayMs = 100;

/** How long an eviction may take to delete its pod before it counts as healthy again: the real controller's DeletionTimeout. */
export const disruptedForMs = 120_000;
