// Every bound of this folder, with the reason for its number.

/** Largest encrypted file: Flux's own (kustomize-controller, maxEncryptedFileSize); a Secret holds 1 MiB at most. */
export const encryptedFileMost: number = 5 * 1024 * 1024;

/** Keys that one file may name: each may cost a request; real files name fewer than twenty. */
export const masterKeysMost = 200;

/** Longest wait for a key service: it answers within a second, or is down. */
export const keyServiceTimeoutMs = 20_000;

/** An answer of a key service is a few hundred bytes; a token is below 20 kB. */
export const keyServiceAnswerMost: number = 256 * 1024;

/** A short-lived credential is renewed so long before it ends. */
export const expirySkewMs = 60_000;

/** Unwrapped data keys remembered, so that an unchanged file costs no request: one a file. */
export const dataKeysKept = 2000;

/** How long an unwrapped data key may serve: a withdrawn permission must count within the interval people know. */
export const dataKeyLifeMs: number = 10 * 60_000;

/** Nesting of an encrypted document: as deep as YAML may be read. */
export const treeDepthMost = 1000;
