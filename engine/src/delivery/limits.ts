// Every bound of this folder, with the reason for its number.

/** Passes at once: they wait on the API server, not on the processor; none holds its place while it waits for health. */
export const concurrentPasses = 16;

/** Requests at once for one delivery's stage: enough to hide a server's latency, few enough to share it. */
export const concurrentRequests = 8;

/** How soon a write that met another is tried again: the watch has shown the other by then. */
export const conflictRetryMs = 50;

/** What is undone this often in a row, in the same way, is not healed again before the next interval. */
export const healsMax = 3;

/** Undone within this time after a heal counts as fought over; a person's second thought does not. */
export const healWindowMs = 60_000;

/** How soon what passes by itself is tried again: a namespace that is going away, an API server that restarts. */
export const soonRetryMs = 2000;

/** Longest wait for a definition to be established or a recreated object to be gone, when the delivery says nothing. */
export const settleMs = 60_000;

/** Between two looks at an object that must settle: a definition is established within a few milliseconds. */
export const settlePollMs = 25;

/** Objects named in one message: what is longer is counted. */
export const namedInMessage = 5;

/** Events remembered to be counted up instead of repeated. */
export const rememberedEvents = 512;

/** Rounds of fetching what a rendering lacks: each level of bases is one; deeper than this is a loop. */
export const renderRounds = 200;

/** Renderings kept that no delivery needs at the moment: a revert is common, an old one is not. */
export const sparedRenderings = 256;

/** Longest text that substitution may produce for one object, against values that multiply. */
export const substitutedMost: number = 4 * 1024 * 1024;

/** Expressions within each other's defaults: people write two or three, values that refer to each other write more. */
export const expressionsNestedMost = 32;

/** How soon a kind that is not served yet is asked for again, when no definition changes meanwhile. */
export const kindPollMs = { least: 250, most: 60_000 } as const;

/** How long an apply waits for a kind's watch to show the present; without it, drift is seen a little later. */
export const syncPatienceMs = 3000;

/** Folders walked for files to apply: no layout that people keep is deeper, a loop of generated ones would be. */
export const layoutDepth = 50;

/** Longest rendering of one folder: the largest real trees take a few seconds; longer is a loop or a bomb. */
export const renderMostMs = 60_000;

/** A rendering that takes longer than this makes room for the next: most take some milliseconds. */
export const renderPatienceMs = 2_000;

/** Threads beside the usual ones, in the place of those that are long busy; each holds some 40 MB. */
export const renderThreadsSpare = 3;

/** Rounds of fetching remote bases for one rendering: a base may name further ones; more is a loop. */
export const remoteRounds = 20;

/** Longest wait for one remote base or file; kustomize's own for a git command. */
export const remoteTimeoutMs = 27_000;

/** Largest remote file: the largest bundles of definitions that projects publish have 5 MiB. */
export const remoteFileMost: number = 32 * 1024 * 1024;

/** Longest window of a freeze, in days: a season; looking back for its start costs a step a day. */
export const windowDaysMost = 62;

/** After a kind left the last inventory: a commit that takes it away and one that brings it back are often close. */
export const releaseAfterMs = 30_000;

/** Decrypted texts shorter than this are not looked for in messages: words like "true" stand in every one. */
export const maskedLeast = 6;

/** Decrypted texts remembered for a delivery: a file of 5 MiB has fewer lines that matter. */
export const maskedTextsMost = 20_000;

/** Life of a ServiceAccount's token for a key service: the shortest that the API server gives. */
export const accountTokenSeconds = 600;

/** Half the life of a ServiceAccount's token: an EKS token lives longer, a cloud's an hour. */
export const targetTokenLifeMs = 300_000;

/** Statuses in which only the revision moves, written at once while nothing else is to be done: enough to hide a server's latency. */
export const bumpsAtOnce = 8;

/** Before a batch of such statuses begins: what the same commit changed goes first, and commits in a row become one. */
export const bumpDelayMs = 10;

/** Files and listings that may differ between two revisions for the index of reads to be asked; beyond it, most of a fleet has moved. */
export const treeChangesMost = 20_000;

/** Passes at once against one other cluster: a quarter of all, so that no one cluster takes every place. */
export const passesPerTarget = 4;

/** Between two questions to a cluster that does not answer: soon at first, then rarely. */
export const targetProbeMs = { least: 1000, most: 60_000 } as const;

/** How soon a delivery looks again that found its cluster's places taken. */
export const targetBusyRetryMs = 250;

/** Attempts to write one status while the API server is busy: about half a minute; the next pass writes it anew. */
export const statusAttempts = 20;

/** Attempts at one request while the API server is busy: together they last less than half a second. */
export const patience = { attempts: 4, leastMs: 50 } as const;

/** Outcomes of the last attempt that are remembered for a delivery: what a page shows of it. */
export const outcomesMost = 1_000;
