// What happened to deliveries, for as long as there is room: applies, heals, drift, holds, approvals and revisions that
// proved healthy. Who keeps it is not this folder's business; the engine only tells.

import type { Delivery } from "./model.ts";

export type JournalEntry =
  | { what: "applied"; revision: string; digest: string; result: string; message: string; tookMs: number }
  | {
      what: "healed" | "drift";
      object: string;
      fields: string;
      managers: readonly string[];
      /** Who did it, where that is known. */
      by: readonly string[];
    }
  | { what: "held"; revision: string; reason: string; message: string }
  | { what: "approved"; revision: string; by: string }
  | { what: "healthy"; revision: string; digest: string };

/** Whose journal it is. */
export type Journaled = Pick<Delivery, "key" | "ref" | "uid">;

export interface Journal {
  /** Never throws, never waits. */
  note(delivery: Journaled, entry: JournalEntry): void;
  /** Some definition changed: where it keeps may be served now, or no longer. */
  kindsChanged?(): void;
  /** Resolved when all that was noted has been written, or could not be. */
  flush(): Promise<void>;
}

/** Keeps nothing. */
export const noJournal: Journal = { note: () => {}, flush: () => Promise.resolve() };
