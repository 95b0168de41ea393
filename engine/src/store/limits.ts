// Bounds of the store.

/** LMDB's own bound on a key is 1978 bytes; group, plural, namespace and name together stay below 900. */
export const keyBytesMax = 1900;

/** The address space reserved for the database file: the file itself only grows to what is stored. */
export const mapBytes: number = 64 * 1024 ** 3;

/** Records of one piece of history: read in a few milliseconds, so that others have their turn between two pieces. */
export const historyPieceMax = 500;

/** Bytes after which a piece of history ends: the largest objects come one or two at a time. */
export const historyPieceBytes: number = 1024 * 1024;

/** Records dropped in one transaction of a compaction, so that a write never waits longer than a few milliseconds for one. */
export const forgetBatch = 2000;

/** Bytes of an unpacked backup that is read: what Node holds in one text. */
export const backupBytesMax: number = 512 * 1024 * 1024;

/** Records of a backup that are put back in one transaction. */
export const restoreBatch = 5000;

/** Bytes written and dropped again to see whether there is room: what some large objects that are written together take. */
export const probeBytes: number = 1024 * 1024;

/** How long LMDB may take to say why a transaction failed, after it said that it did. */
export const causeWaitMs = 1000;
