// Bounds of identities, with the reason for each number.

/** Answers with tokens are a few kilobytes. */
export const answerMost: number = 1024 * 1024;
/** Credentials are asked for anew so long before they end: a fetch that begins with them must not outlive them. */
export const spareMs: number = 5 * 60_000;
/** Credentials kept at once; the oldest goes first. */
export const loginsMost = 1_000;
/** What a cloud's own answer lacks: how long its credentials last at least. */
export const lifetimeLeastMs: number = 15 * 60_000;
