// The fleet: one card for each delivery and source that the reader may read, happenings, and the stream of their changes.

import type { Place } from "./object.ts";
import type { Commit, Happening, Health, Link, ObjectLink } from "./words.ts";

/** What the list shows of a delivery or a source. */
export type Card = Link & {
  /** `Kustomization/flux-system/apps` */
  key: string;
  role: "delivery" | "source";
  /** The cluster that it is applied to; "" for the one that the engine lives in. */
  cluster: string;
  labels: Readonly<Record<string, string>>;
  /** True, False, Unknown; "" when nobody has looked yet. */
  ready: string;
  reason: string;
  message: string;
  /** Whole: `main@sha1:…`. */
  revision: string;
  commit?: Commit;
  createdMs: number;
  /** When `ready` last changed. */
  changedMs: number;
  isSuspended: boolean;
  suspendReason: string;
  isReconciling: boolean;
  /** rendering, applying, checking, …; "" where no engine runs in this process. */
  phase: string;
  phaseMs: number;
  /** In words; "" when it waits for nothing. */
  waitingFor: string;
  held?: HeldView;
  /** Kept at an earlier revision until it is resumed. */
  pinned?: { revision: string; by: string };
  source?: Link;
  path: string;
  /** Of a source. */
  url: string;
  /** How many objects, and how many of each health; only those the reader may list are counted by health. */
  objects: number;
  health: Readonly<Partial<Record<Health, number>>>;
  drift: readonly DriftView[];
  /** Keys. */
  dependsOn: readonly string[];
};

/** A revision or a deletion that is not applied yet. */
export type HeldView = {
  /** "" when a deletion is held. */
  revision: string;
  /** Paused, FreezeWindow, ApprovalRequired, PruneLimitExceeded, … */
  reason: string;
  message: string;
  sinceMs: number;
};

export type DriftView = {
  object: ObjectLink;
  /** `spec.replicas: 3 in Git, 5 live`; values of secrets are masked. */
  fields: readonly string[];
  /** Field managers. */
  by: readonly string[];
};

/** `GET /api/fleet`: everything, once; then the stream from `cursor` on. */
export type FleetState = { cursor: string; nowMs: number; cards: readonly Card[]; happenings: readonly Happening[] };

/** One change of what FleetState holds. Of several changes of one card only the last is sent. */
export type Change = { put: Card } | { removed: string } | { happened: Happening };

/**
 * `GET /api/stream?after=CURSOR&of=KEY`: server-sent events, each with an id that is a cursor. A stream that breaks is
 * resumed by the browser (Last-Event-ID); one that the page reopens says `after`. `of` names the delivery whose page is
 * open: its objects' changes come too. At most ten batches a second; a reader that is slow gets fewer and larger ones.
 */
export type StreamEvents = {
  /** First of all. `build` as in ServerFacts. */
  hello: { build: string; nowMs: number };
  changes: readonly Change[];
  /** Objects of the delivery that `of` names, after `GET …/objects`. */
  objects: ObjectChanges;
  /** New lines of the engine's log about the delivery that `of` names. */
  log: readonly LogLine[];
  /** The cursor is too old, or rights have changed: read everything again. */
  reset: { why: string };
  /** The session is over: ask for it again. */
  over: { why: string };
};

export type ObjectChanges = { put: readonly TreeNode[]; removed: readonly string[] };

export type LogLine = { key: string; atMs: number; level: "info" | "error"; message: string };

/** An object in the resource graph. */
export type TreeNode = ObjectLink & {
  /** Stable while the page is open; the delivery itself is its key. */
  id: string;
  /** What it hangs below: its controlling owner, or the delivery. */
  parent: string | null;
  /** Further edges: what it refers to, by id, with the word for it. */
  refers: readonly { to: string; as: string }[];
  version: string;
  health: Health;
  message: string;
  /** True for what the delivery states; false for what grew from it. */
  isStated: boolean;
  isDrifted: boolean;
  isSimulated: boolean;
  createdMs: number;
  /** `2/3 ready`, `ClusterIP 80/TCP`, … */
  info: string;
  images: readonly string[];
  /** Where Git states it; absent for what has grown, and where it cannot be told. */
  statedAt?: Place;
};

/** `GET /api/search?q=&limit=&offset=`: over every object of every delivery, and every delivery and source. */
export type SearchAnswer = {
  hits: readonly SearchHit[];
  total: number;
  tookMs: number;
  /** What the words were taken for: `kind:`, `ns:`, `image:`, `label:`, `commit:`, `author:`, `health:`, `cluster:`, or any text. */
  terms: readonly { field: string; text: string }[];
};

export type SearchHit = ObjectLink & {
  health: Health;
  /** Key of the delivery that states it; "" for deliveries and sources themselves. */
  owner: string;
  /** What matched: `image ghcr.io/acme/web:1.4.2`. */
  matched: string;
  role: "delivery" | "source" | "object";
};
