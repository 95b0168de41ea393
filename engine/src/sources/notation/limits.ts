// Every bound of this folder, with the reason for its number.

/** An envelope; real ones are some KiB, with a timestamp and a long chain some tens of them. */
export const envelopeMost: number = 1024 * 1024;
/** Signatures of one artifact that are tried: each costs two requests and a check. Notation itself tries three for Flux. */
export const attemptsMost = 16;
/** Arrays and maps within each other in an envelope; its own form has four. */
export const nestedMost = 16;
/** A list of revoked certificates: large authorities' have some MiB. */
export const revocationListMost: number = 16 * 1024 * 1024;
/** An answer of one responder: a few hundred bytes, with its certificate some KiB. */
export const responderAnswerMost: number = 64 * 1024;
/** A responder is given so long; notation gives it two seconds, with lists to fall back on. */
export const responderTimeoutMs = 5_000;
/** Certificates of one chain: leaf, some intermediates, root. */
export const chainMost = 16;
