// Bounds of identities, with the reason for each number.

/** What an answer that names no end is good for at least. */
export const lifetimeLeastMs: number = 5 * 60_000;
/** A machine's own metadata answers at once; where there is none, nobody answers. */
export const machineTimeoutMs = 3_000;
/** Seconds for which a session with the machine's metadata is asked: as AWS's own libraries ask. */
export const sessionSeconds = 21_600;
/** A signed statement of who a client is: used at once. */
export const assertionSeconds = 600;
/** Names of sessions at AWS. */
export const sessionNameMost = 64;
/** A signature over a repository's address stands in place of a password for so long. */
export const codeCommitLifeMs: number = 15 * 60_000;
/** Logins to AWS's registries are good for twelve hours; an answer that does not say so is taken for one. */
export const registryLoginLifeMs: number = 3_600_000;
