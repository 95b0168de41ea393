// Bounds of admission.

/** How long a pod waits for the account `default` of its namespace, which a controller makes: as kube-apiserver, about two seconds. */
export const accountWaitMs = 2000;

/** Between two looks for it. */
export const accountPollMs = 50;

/** Seconds that a pod stays on a node that is not ready, or not reachable, when it says nothing of it itself. */
export const tolerationSecondsDefault = 300;
