// Bounds of the HTTP port, each with its reason.

/** A webhook's body: GitHub sends up to 25 MB, but nothing here reads it; Flux accepts 3 MiB. */
export const bodyMost: number = 3 * 1024 * 1024;

/** Consoles open at once on one home; each costs a socket and a share of every change. */
export const streamsMost = 64;

/** Bytes that may wait for a slow console before it is cut off; it comes back and reads the whole state. */
export const backlogMost: number = 4 * 1024 * 1024;

/** Proxies and browsers close a silent stream after 30 to 60 s. */
export const heartbeatMs = 15_000;

/** Objects of a delivery that are asked for at once when its page is opened. */
export const requestsAtOnce = 16;

/** Objects of one delivery that its page lists; a thousand rows are already more than a person reads. */
export const objectsMost = 1_000;

/** Events kept for new consoles: what happened lately, not the log. */
export const happeningsMost = 50;
