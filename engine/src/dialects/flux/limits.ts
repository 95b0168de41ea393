// Every bound of this folder, with the reason for its number.

/** Flux's floor for a timeout that follows from the interval. */
export const leastTimeoutMs = 30_000;

/** Where an interval cannot be read; Flux's own default for a bootstrapped Kustomization. */
export const fallbackIntervalMs = 600_000;

/** Flux keeps five results. */
export const historyMost = 5;

/** A condition's message; the API takes 32768, a reader less. */
export const messageMost = 4000;

/** Flux's own: how soon a missing dependency or source is looked at again when no event says so. */
export const dependencyRetryMs = 30_000;
