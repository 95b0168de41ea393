// Every bound of this folder, with the reason for its number.

/** Sources looked at at once. Most of a look is waiting: servers that do not answer must not keep others from theirs. */
export const concurrentSources = 32;

/** Used where an object names none; Flux's default for GitRepository. */
export const defaultTimeoutMs = 60_000;

/** Intervals are stretched or cut by up to so much, so that many objects do not ask at once; Flux's default is 5 %. */
export const intervalJitter = 0.05;
/** Below this an interval would be a busy loop. */
export const intervalLeastMs = 1_000;

/** An archive that was replaced is kept so long and so many, for clients that have just read its address; as Flux. */
export const archiveKeptMs = 60_000;
export const archivesKept = 2;
/** With so much free an archive can be written: a tree's files together are rarely a tenth of it. */
export const roomLeast: number = 1024 * 1024 * 1024;
/** Files read at once while an archive is written: bounds memory by some hundred files, not by the tree. */
export const archiveBatch = 200;

/** An archive of a third party that we fetch. */
export const foreignArchiveMost: number = 256 * 1024 * 1024;
/** What it may unpack to. */
export const unpackedMost: number = 1024 * 1024 * 1024;
export const unpackedFilesMost = 100_000;

/** What unpacks to so many times its size is a bomb: gzip reaches 1,000 on zeros, some 20 on manifests. */
export const packingMost = 200;
/** Up to so much the ratio does not count. */
export const packingFreeBytes: number = 32 * 1024 * 1024;
/** A path in an archive; Linux takes no longer one. */
export const pathBytesMost = 4_096;
/** A layer of a registry, packed. */
export const layerMost: number = 1024 * 1024 * 1024;
/** A ServiceAccount's token for a cloud: exchanged at once; ten minutes is the least that Kubernetes gives. */
export const accountTokenSeconds = 600;
/** A cloud's answer to a login. */
export const loginAnswerMost: number = 256 * 1024;
/** Objects of a bucket asked for at once, and how much of them is held in memory meanwhile; one larger comes alone. */
export const bucketAheadMost = 16;
export const bucketAheadBytes: number = 32 * 1024 * 1024;
/** A `.sourceignore` longer than this is a mistake. */
export const ignoreFileMost: number = 1024 * 1024;
/** Indexes of chart repositories kept parsed, by the size of their files: some of the largest there are. */
export const indexBytesKept: number = 100 * 1024 * 1024;
/** A file kept as it came is looked into up to this size: charts have at most 10 MiB. */
export const copiedTreeMost: number = 64 * 1024 * 1024;
/** Trees that one repository of a source without Git holds before the next is begun. */
export const snapshotsMost = 8;

/** After a source that an ArtifactGenerator or an include needs was missing; Flux's dependency interval. */
export const dependencyRetryMs = 30_000;

/** Submodules within submodules, and all of one source: more is a loop or a mistake. */
export const submodulesNestedMost = 10;
export const submodulesMost = 200;

/** Kubernetes cuts an event's message at 1 KiB and refuses longer ones. */
export const eventMessageMost = 1_000;
/** Objects whose last event is remembered, so that it is not told twice; a forgotten one is told once more. */
export const toldMost = 10_000;
/** A condition's message may have 32 KiB; nobody reads so much. */
export const conditionMessageMost = 4_000;
/** Alternatives of `{a,b}` in a pattern; source-watcher allows 20 commas. */
export const alternativesMost = 64;

/** Commits of a source's history that are fetched when somebody looks at its past: some weeks of a busy repository. */
export const historyDepth = 200;

/** How long fetching that history, or pushing a commit, may take: somebody waits for it. */
export const historyTimeoutMs = 60_000;
