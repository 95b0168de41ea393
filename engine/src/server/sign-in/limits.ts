// Bounds of signing in, each with its reason.

/** Sign-ins that were begun and not ended; the oldest give way. Each holds some hundred bytes. */
export const pendingMost = 1_000;

/** How long one may take: a person types a password and a second factor. */
export const pendingMs: number = 10 * 60_000;

/** Sessions open at once; the oldest give way. */
export const sessionsMost = 10_000;

/** Longest session: a working day. Its groups are those of its beginning; rights are asked of Kubernetes all the same. */
export const sessionMs: number = 8 * 3_600_000;

/** How long the issuer may take to answer. */
export const issuerTimeoutMs = 10_000;

/** What the issuer answers: some kilobytes of JSON. */
export const answerMost: number = 256 * 1024;

/** Clocks of two machines differ by some seconds. */
export const clockToleranceS = 60;

/** Groups that are taken from a token: what fits into the headers of an impersonated request. */
export const groupsMost = 200;
