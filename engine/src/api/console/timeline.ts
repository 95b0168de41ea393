// What happened, drawn along the Git log; and how things stood at a past moment.

import type { Commit, Link, ObjectLink } from "./words.ts";

/** `GET /api/timeline?before=MS&limit=&delivery=KEY`: newest first. */
export type Timeline = {
  entries: readonly TimelineEntry[];
  /** Ask for more with `before`; absent: that is all there is. */
  next?: number;
  /** What is kept and since when, in words. */
  limits: readonly string[];
};

export type TimelineEntry =
  | { what: "commit"; atMs: number; commit: Commit; source: Link; changed: readonly CommitEffect[] }
  | { what: "drift" | "heal"; atMs: number; delivery: Link; object: string; fields: string; by: string }
  | { what: "hold" | "approval" | "action"; atMs: number; delivery: Link; by: string; message: string };

/** What a commit did to one delivery. */
export type CommitEffect = {
  delivery: Link;
  cluster: string;
  /** Files of it that the commit changed and the delivery reads. */
  paths: number;
  /** When it was applied; absent: never, or not recorded. */
  appliedMs?: number;
  /** When all of it was healthy. */
  healthyMs?: number;
  tookMs: number;
  /** As in HistoryEntry; "" when nothing is recorded. */
  result: string;
};

/** `GET /api/moment?at=MS`: each delivery as it stood then; with `delivery=KEY`, its objects too. */
export type Moment = {
  atMs: number;
  deliveries: readonly DeliveryThen[];
  objects?: readonly ObjectThen[];
  /** What cannot be known, in words. */
  limits: readonly string[];
};

export type DeliveryThen = {
  key: string;
  revision: string;
  commit?: Commit;
  /** absent: it did not exist. unknown: nothing that is kept says so. */
  state: "ready" | "failed" | "progressing" | "unknown" | "absent";
  because: string;
  /** Drift that was open then. */
  drift: readonly { object: string; fields: string; by: string }[];
};

export type ObjectThen = {
  object: ObjectLink;
  /** YAML as Git had it then, masked. */
  desired: string;
  /** What is known of the live object then. */
  live: string;
  /** How that is known: same-as-desired, drifted, unknown. */
  liveFrom: "same-as-desired" | "drifted" | "unknown";
};
