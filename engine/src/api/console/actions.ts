// What one can ask for. Each action is shown first (`POST /api/actions/plan`), then done (`POST /api/actions`) with the id of
// what was shown: when that would no longer be what is done, it is refused as `moved`.

import type { PlanView } from "./delivery.ts";
import type { Place } from "./object.ts";
import type { Commit, Link, ObjectLink } from "./words.ts";

export type Action = "reconcile" | "suspend" | "resume" | "approve" | "heal" | "accept" | "roll-back";

/** Whether the reader may, now; the server judges again when asked. */
export type Rights = Readonly<Record<Action, { ok: true } | { ok: false; reason: string }>>;

/** The body of both requests. */
export type ActionAsk = {
  action: Action;
  link: Link;
  /** Of suspend: why; it stands on the object. */
  reason?: string;
  /** Of approve: the held revision. Of roll-back: the earlier one. */
  revision?: string;
  /** Of heal and accept: which object; absent: all that differ. */
  object?: ObjectLink;
  /** Of roll-back and accept: how, where there is a choice. */
  how?: "commit" | "pin";
  /** Of the second request: ActionPlan.id. */
  plan?: string;
};

/** What would be done. */
export type ActionPlan = {
  id: string;
  /** In words, one a line: what is written where, by whom, and what follows. */
  says: readonly string[];
  /** What the cluster would go through. */
  plan?: PlanView;
  /** What would be committed, as unified diffs. */
  commit?: { repository: string; branch: string; message: string; files: readonly { path: string; diff: string }[] };
  /** How it can be done; the first is what is shown. */
  ways: readonly ("commit" | "pin")[];
  needsReason: boolean;
  /** Where the change would stand in Git. */
  places: readonly Place[];
};

export type ActionDone = { message: string; commit?: Commit };
