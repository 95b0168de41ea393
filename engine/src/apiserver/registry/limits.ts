// Bounds of the registry.

/** Changes of one resource kept decoded for watches that start a little in the past: an informer that reconnects. */
export const recentChangesMax = 1000;

/** Bytes, about, of those changes of all resources: a few hundred objects of the largest size would else hold more than all others. */
export const recentWeightMax: number = 16 * 1024 * 1024;

/** Bytes, about, of remembered changes that one reader may hold on to until it takes them; more are read again from the store. */
export const pastWeightMax: number = 1024 * 1024;

/** Objects a watch begins with that are looked at in one go: a selector may pass over all of a large collection. */
export const glimpsesMax = 500;

/** Attempts to write a patch over a moving object before the client gets the conflict, as kube-apiserver's MaxRetryWhenPatchConflicts. */
export const patchAttemptsMax = 5;

/** Random suffixes tried for a generateName. */
export const generateNameAttemptsMax = 8;

/** maxGeneratedNameLength: 63 less the suffix. */
export const generateNameBaseMax = 58;

/** Bytes of one object, etcd's own default request bound. */
export const objectBytesMax: number = 1536 * 1024;

/** Bytes that what a list says before its items rarely exceeds: a kind, a version, and where it goes on. */
export const listHeadBytes = 512;

/** Items of one list answer when the client sets no limit. */
export const listItemsMax = 100_000;

/** Bytes, about, of the objects kept decoded: some 9,000 of a usual size. */
export const hotWeightMax: number = 48 * 1024 * 1024;

/** Bytes of the texts of recent writes, the latest half of them kept always: needed until their answers are sent, which is after a commit or two. */
export const recentTextsBytesMax: number = 1024 * 1024;

/** How often a write begins again for a version that was not at hand: one of its object for each manager's version, and then some. */
export const conversionAttemptsMax = 20;

/** How long after a failure a watch asks for the conversion of its next event again. */
export const conversionRetryMs = 1_000;
