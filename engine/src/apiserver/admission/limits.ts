// Bounds of admission.

/** How long a pod waits for the account `default` of its namespace, which a controller makes: as kube-apiserver, about two seconds. */
export const accountWaitMs = 2000;

/** Between two looks for it. */
export const accountPollMs = 50;

/** Seconds that a pod stays on a node that is not ready, or not reachable, when it says nothing of it itself. */
export const tolerationSecondsDefault = 300;

/** Characters of a value in an audit annotation. */
export const auditValueMax: number = 10 * 1024;

/** Characters of a message that an expression makes: celconfig.MaxEvaluatedMessageExpressionSizeBytes. */
export const messageBytesMax: number = 5 * 1024;

/** Seconds that a webhook has to answer when it does not say. */
export const webhookSecondsDefault = 10;

/** How long a quota's status waits for further changes before it is written. */
export const quotaStatusAfterMs = 100;

/** How long something that was let through may take to be stored; a write takes milliseconds. */
export const chargeHeldMs = 2000;
