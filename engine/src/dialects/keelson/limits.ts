// Every bound of this folder, with the reason for its number.

import type { LogList } from "#api/keelson";

/** Entries kept in each list, the oldest going first: some weeks of a busy delivery, well below the server's 1.5 MiB. */
export const entriesMost: { readonly [list in LogList]: number } = {
  applies: 50,
  heals: 50,
  drifts: 50,
  holds: 20,
  approvals: 20,
  healthyRevisions: 20,
};

/** Longest text of one field: an error's first lines; the rest stands in the Event. */
export const textMost = 512;

/** How long entries are gathered before they are written: a commit gives several within a moment. */
export const gatherMs = 500;

/** Entries that wait for one log when it cannot be written; older ones are dropped. */
export const waitingMost = 200;
