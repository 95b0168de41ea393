// Every bound of Git sources, with the reason for its number.

/** Longest time for one Git operation when the caller gives none; Flux's default. */
export const gitTimeoutMs = 60_000;

/** Growth of a mirror during one fetch. Larger repositories exist, but none that a cluster's manifests live in. */
export const fetchBytesMost: number = 4 * 1024 ** 3;
/** How often that growth is looked at; at 100 MB/s some 50 MB may come in between. */
export const fetchWatchMs = 500;

/** Text a Git command may print: ls-remote of 500,000 refs is some 40 MB. */
export const outputMost: number = 64 * 1024 * 1024;
/** Memory of one git and its helpers. index-pack of a large repository takes some 300 MiB. */
export const gitMemoryMost: number = 1024 * 1024 * 1024;
/** How often it is looked at: at 1 GB/s from a local server it may be over by a quarter. */
export const memoryWatchMs = 250;
/** Of its complaints only the end is read. */
export const errorTextMost: number = 16 * 1024;

/** A blob above this is not read: no manifest is so large (etcd takes 1.5 MiB), and a reader must not hold it in memory. */
export const blobMost: number = 32 * 1024 * 1024;
/** A tree object above this would be a folder of some 500,000 entries. */
export const treeObjectMost: number = 32 * 1024 * 1024;

/** Files and folders one walk may meet. Trees can repeat themselves (10 levels of 10 equal folders are 10^10 files). */
export const entriesMost = 500_000;
/** Folders in folders; paths longer than 4096 bytes cannot be used on Linux anyway. */
export const depthMost = 200;

/** Blob bytes kept in memory by one thread: rendering touches the same few files again and again. */
export const blobCacheBytes: number = 64 * 1024 * 1024;
/** Parsed folders kept by one thread; a repository of 10,000 files has about 1,000. */
export const treeCacheEntries = 50_000;

/** An object reader without a request for so long is ended; starting one takes 5 ms. */
export const readerIdleMs = 60_000;

/** A `.sourceignore` longer than this is a mistake. */
export const ignoreFileMost: number = 1024 * 1024;

/** Changes to a repository's refs come in bursts (lock, rename, reflog); one look after the burst is enough. */
export const refWatchSettleMs = 15;
/** Where the file system cannot tell of changes, refs are looked at so often. */
export const refPollMs = 1_000;

/** Packs in a mirror before they are rolled into fewer; git itself begins to mind at 50. */
export const packsMost = 20;
/** Unused trees in a repository of composed ones before they are dropped; each is a few kilobytes. */
export const composedMost = 200;
/** A mirror is cleaned of old objects once it has doubled and grown by so much: rewriting less is not worth the work. */
export const packGrowthLeast: number = 32 * 1024 * 1024;

/** Tries of a push that others come before; each sees what they pushed. */
export const pushAttempts = 5;

/** Shorter RSA keys can be forged with some effort; OpenSSH itself makes none below 2048 bits by default. */
export const rsaBitsLeast = 2048;
/** PGP keys that may vouch for one repository; each costs some milliseconds to read. */
export const pgpKeysMost = 1_000;
/** A commit or tag object above this is no honest one; signatures are a few kilobytes. */
export const signedObjectMost: number = 1024 * 1024;
