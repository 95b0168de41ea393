// Bounds of this folder, each with the reason for its number.

/** Rounds of rendering and answering: a chart whose lookups depend on each other's answers takes one for each step. */
export const lookupRoundsMost = 100;

/** Objects in a list that `lookup` answers at once, as one page; further pages follow. */
export const lookupPageSize = 500;

/** Records in one page of a list: each may be 1 MiB, the most that an API server stores in one object. */
export const recordsPageSize = 50;

/** A record unpacked: its chart alone may hold 100 MiB, as base64, beside its manifest. */
export const recordBytesMax: number = 256 * 1024 * 1024;

/** Helm's own default for every wait. */
export const timeoutDefaultMs: number = 5 * 60_000;

/** What Helm waits for definitions of crds/ to be established. */
export const crdsTimeoutMs = 60_000;

/** Requests at once for the objects of one kind; Helm has no bound, a server's fairness has. */
export const requestsAtOnce = 8;

/** How often a write that lost a race is tried: client-go's DefaultRetry, 5 steps from 10 ms. */
export const writeTriesMost = 5;
export const writeRetryMs = 10;

/**
 * How long an object must say that it has failed, and nothing else be under way, until a wait ends: a Deployment that goes back
 * from a version beyond its deadline says so until its old Pods have gone.
 */
export const failedForMs = 2_000;

/** Between two looks of the legacy wait, as in Helm. */
export const legacyPollMs = 2_000;

/** Looks in a row that the legacy wait lets fail, as in Helm. */
export const legacyErrorsMost = 30;

/** The most characters of a rollback's description, as in Helm. */
export const descriptionLengthMost = 256;

/** The longest name of a release: it is a label's value with room for what charts append. */
export const releaseNameLengthMost = 53;

/** Threads that render charts; each holds some 50 MB. A chart that takes longer than the patience makes room for others. */
export const chartThreads = 1;
export const chartThreadsMost = 4;
export const chartPatienceMs = 2_000;

/** Heap of one such thread: the largest public charts need some 200 MiB. */
export const chartHeapMiB = 1_024;

/** Stack of one such thread: includes that nest a thousand times, as Helm allows, in templates of many blocks. */
export const chartStackMiB = 64;

/** After a chart's own time, for a thread to say that it is over. */
export const threadGraceMs = 10_000;
