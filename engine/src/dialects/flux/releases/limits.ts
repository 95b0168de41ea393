// Every bound of this folder, with the reason for its number.

/** Helm takes no longer name; a HelmRelease's longer one is shortened to this. */
export const releaseNameMost = 53;

/** Digits of the digest at the end of a shortened name, as Flux takes them. */
export const nameDigestLength = 12;

/** Flux's default for `maxHistory`, and how many snapshots a history keeps that has no good release. */
export const historyDefault = 5;

/** Flux's default for `timeout`. */
export const timeoutDefaultMs = 300_000;

/** Flux's default for a strategy's `retryInterval`. */
export const retryIntervalDefaultMs = 300_000;

/** Digits of an artifact's digest that Flux adds to the version of a chart. */
export const versionDigestLength = 12;

/** The API takes conditions up to this length; Flux cuts at it. */
export const conditionMessageMost = 32_768;

/** Lines of Helm's log that a failure's event shows, as Flux's ring buffer holds. */
export const logLinesMost = 10;

/** Releases worked on at once. Each mostly waits for its objects: a hundred that hang must not keep the next from starting. */
export const concurrentReleases = 256;

/** Releases that render, compare or write at once; beyond it they only take each other's time. */
export const busyReleasesMost = 8;

/** Packed charts that are held, by digest: releases of one fleet share few. */
export const chartsHeldMost = 64;

/** Actions in one pass: Flux runs no type of action twice, and there are five types. */
export const actionsInPassMost = 8;

/** How long between two looks for a kind whose definition is not there yet, when nothing tells of definitions. */
export const kindPollMs = 5000;

/** After a failed pass: Flux's controllers wait from 750 ms to 15 min; people watch, so we are back sooner. */
export const requeueBackOff: { leastMs: number; mostMs: number } = { leastMs: 250, mostMs: 300_000 };

/** Events of a kind come in bursts; a release is compared with its objects once for all of a moment. */
export const driftPauseMs = 250;

/** What a chart looks up may change in bursts, by its status for one; the chart is rendered once for all of a moment. */
export const lookupPauseMs = 500;

/** Between upgrades in a row for what was looked up: a chart that moves what it looks up itself goes on in steps, and does not spin. */
export const lookupRest: { leastMs: number; mostMs: number } = { leastMs: 250, mostMs: 300_000 };

/** Objects of a preview that are compared with the cluster at once: it has others to answer too. */
export const comparedAtOnce = 8;
