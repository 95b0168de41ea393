// Bounds of the store.

/** LMDB's own bound on a key is 1978 bytes; group, plural, namespace and name together stay below 900. */
export const keyBytesMax = 1900;

/** The address space reserved for the database file: the file itself only grows to what is stored. */
export const mapBytes: number = 64 * 1024 ** 3;

/** Records dropped in one transaction of a compaction, so that a write never waits longer than a few milliseconds for one. */
export const forgetBatch = 2000;
