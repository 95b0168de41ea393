// What the engine is given and what it offers.

import type { Cluster } from "#cluster";
import type { Priority } from "#controller";
import type { Clock } from "#kernel";
import type { DecryptionOptions } from "./decryption.ts";
import type { EventInput } from "./events.ts";
import type { Journal } from "./journal.ts";
import type { Looking } from "./looking.ts";
import type { Dialect, SourceRef } from "./model.ts";
import type { SourceArtifact } from "./pass.ts";
import type { RemoteBases } from "./remote-bases.ts";
import type { RenderPool } from "./render-desk.ts";
import type { AuthorOf } from "./touches.ts";
import type { DeliverySnapshot, EngineSnapshot, ObjectSnapshot } from "./snapshot.ts";

/** What sources offer, as the artifacts room keeps it. */
export interface ArtifactView {
  get(ref: SourceRef): SourceArtifact | undefined;
  /** A source's content at a revision that it offered before; undefined where that cannot be had any more. */
  at?(ref: SourceRef, revision: string): Promise<SourceArtifact | undefined>;
  /** Told of each source whose artifact changed. */
  subscribe(listener: (ref: SourceRef) => void): () => void;
  /** Why a source offers nothing, in words. */
  whyNot(ref: SourceRef): Promise<string>;
}

export type DeliveryOptions = {
  cluster: Cluster;
  artifacts: ArtifactView;
  dialects: readonly Dialect[];
  pool: RenderPool;
  /** Fetches bases from elsewhere; without it they are refused. */
  remotes?: RemoteBases;
  /** How keys of encrypted files are reached; without it, keys of Secrets alone open them. */
  decryption?: DecryptionOptions;
  /** Keeps what happened; without it nothing beyond status and Events is kept. */
  journal?: Journal;
  /** Who made a version of an object, where an audit log tells. */
  authorOf?: AuthorOf;
  clock: Clock;
  signal: AbortSignal;
  random?: () => number;
  /** How far intervals differ either way, in percent, so that what started together does not stay together. */
  jitterPercent?: number;
  /** Told of what went wrong behind the scenes, without secrets. */
  logged?: (message: string) => void;
  /** Told of every Event about a delivery. */
  told?: (event: EventInput) => void;
  /** Told of every pass over a delivery, by its key. */
  passed?: (key: string, priority: Priority, tookMs: number) => void;
};

/** The running engine. */
export interface Engine {
  snapshot(): EngineSnapshot;
  /** The applied objects of one delivery with their health. */
  objects(key: string): ObjectSnapshot[];
  /** Told after each change of one delivery. The function returned ends it. */
  subscribe(listener: (changed: DeliverySnapshot) => void): () => void;
  /** What deliveries state, and what applying it would do. */
  readonly looking: Looking;
  /** Looks at a delivery now. */
  reconcile(key: string): void;
  /** Resolved when the signal has aborted and all work has ended. */
  readonly ended: Promise<void>;
  /** For measurements: renderings made and reused, status writes, and how often a revision cost a delivery no pass. */
  counts(): { rendered: number; reused: number; statusWrites: number; carried: number };
}
