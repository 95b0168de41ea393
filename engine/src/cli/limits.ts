// Bounds of the command line, each with its reason.

/** Objects asked for at once by commands that look at many (tree, doctor): enough to fill a round trip, kind to the server. */
export const requestsAtOnce = 16;

/** Levels of deliveries that deliver deliveries; a cycle would go on for ever. */
export const treeDepthMax = 16;

/** Between two looks at an object that is waited for, where no watch says more: flux polls every 2 s, a person feels 0.3 s. */
export const pollMs = 300;

/** A column's cell longer than this is cut on a terminal without -o wide; whole sentences still fit. */
export const cellLeast = 24;

/** Happenings the live view remembers: more than any terminal shows. */
export const latelyMost = 100;

/** Happenings it shows: enough to see cause and effect, few enough to stay calm. */
export const latelyShown = 5;

/** Between two redraws: faster than the eye follows, slower than a burst of watch events. */
export const redrawMs = 80;

/** An end by Ctrl-C takes at most two seconds; this leaves some of them for the process itself. */
export const stopMs = 1_500;

/** A definition is served within milliseconds in process, within a second or two by a real server; then it is tried on. */
export const servedPauseMs = 20;
export const servedAttempts = 1_500;

/** A happening in line form: the first few objects of a long list, and where to read the rest (`keelson events`). */
export const lineMost = 200;

/** How long a Lease holds without being renewed, and how often it is: as client-go's leader election does, with room for a slow server. */
export const leaseSeconds = 30;
export const leaseRenewMs = 10_000;

/** A Lease that is never renewed lasts as long as Kubernetes lets one last: 68 years. */
export const endlessSeconds: number = 2 ** 31 - 1;

/** The index of a large public chart repository is about 25 MiB; a packed chart holds at most 100 MiB unpacked. */
export const indexSizeMax: number = 64 * 2 ** 20;
export const archiveSizeMax: number = 100 * 2 ** 20;

/** One index or archive: Helm's own limit for a download. */
export const downloadMs = 120_000;

/** An SSH server answers its host keys within a round trip or two. */
export const hostKeysMs = 10_000;

/** The artifact of a chart is small, and comes from the engine itself. */
export const artifactTimeoutMs = 30_000;

/** Bytes of randomness read at once: a chart's passwords take one for each character. */
export const randomPoolSize = 512;

/** Renderings of a chart until the names that it resolves are known: a name may stand in what another resolves to, hardly more. */
export const hostNameRoundsMax = 8;
