// Every bound of HTTP, with the reason for its number.

/** Redirects followed for one request; Go's client and browsers stop at 10 and 20. */
export const redirectsMost = 10;

/** A request is sent so often at most: what a third try does not mend, the loop's back-off is for. */
export const triesMost = 3;
/** The wait before the second try, doubled before the third. */
export const retryBaseMs = 200;
/** A `Retry-After` longer than this is left to the loop: a waiting pass holds a place that others could use. */
export const retryAfterMostMs = 5_000;

/** A server that sends nothing for so long is given up, whatever the time limit. */
export const idleMs = 30_000;

/** Connections to one host at once; browsers use 6, registries and object stores bear more. */
export const connectionsMost = 16;
/** An unused connection is closed after so long: shorter than the usual minute of servers and balancers. */
export const keepAliveMs = 20_000;
/** Sets of certificates and proxies with connections of their own; the one unused longest goes first. */
export const agentsMost = 64;

/** Of the body of a refusal only the beginning is read. */
export const refusalTextMost = 2_048;
/** Answer of a proxy to CONNECT. */
export const proxyAnswerMost = 16_384;
/** A proxy's URL; Flux's bound. */
export const proxyUrlMost = 2_048;
