// A revisioned key-value log, the shape of etcd's: one counter for the whole store, every write gets the next revision.

export type Entry = {
  key: string;
  value: Uint8Array /** Revision of the last write. */;
  revision: number;
  createRevision: number;
};

/** `previous` is what the key held before, read when it is asked for: in the delivery, not later. */
export type StoreEvent =
  | { type: "put"; key: string; value: Uint8Array; previous: Uint8Array | undefined; revision: number }
  | { type: "delete"; key: string; previous: Uint8Array; revision: number };

export type WriteOutcome =
  | { ok: true; revision: number }
  | { ok: false /** What stands there now. */; found: Entry | undefined };

export type Page = {
  entries: Entry[];
  revision: number /** Key to go on from, undefined at the end. */;
  next: string | undefined;
  remaining: number;
};

/** Thrown for a revision that has been compacted away (HTTP 410 above). */
export class Compacted extends Error {
  override readonly name: string = "Compacted";
  readonly oldest: number;
  constructor(oldest: number) {
    super(`revisions before ${oldest} are compacted`);
    this.oldest = oldest;
  }
}

export interface Store {
  /** The newest committed revision. Never goes back, also over restarts. */
  readonly revision: number;
  get(key: string): Entry | undefined;
  /** What the write of this revision gave its key. Throws Compacted where that stands there no more and is forgotten. */
  valueAt(revision: number): Uint8Array;
  /** Keys with the prefix, in order, at `revision` (absent: now). Throws Compacted. */
  range(prefix: string, options?: { from?: string; limit?: number; revision?: number }): Page;
  /** The same without values: what each key's last write was. */
  keys(prefix: string, options?: { from?: string; revision?: number }): { key: string; revision: number }[];
  /**
   * Writes when the key's revision is `expected` (0: must not exist; undefined: any). Resolved once it is durable on disk; several writes in
   * flight share one fsync.
   */
  put(key: string, value: Uint8Array, expected?: number): Promise<WriteOutcome>;
  delete(key: string, expected?: number): Promise<WriteOutcome>;
  /** Events after `since`, in order, without gap: first the past, then the present. Delivered only once durable. Throws Compacted. */
  watch(prefix: string, since: number, deliver: (events: readonly StoreEvent[]) => void): () => void;
  /**
   * Events after `since` up to now, in order, read from disk piece by piece as they are taken; a piece may be empty. Throws Compacted, also
   * on the way when compaction has overtaken the reader.
   */
  history(prefix: string, since: number): Iterable<readonly StoreEvent[]>;
  /** Why nothing can be written; undefined: it can. After a write that failed, it is tried again whenever this is asked. */
  writeProblem(): Promise<string | undefined>;
  /** Forgets history before `revision`; the present stays. */
  compact(revision: number): void;
  close(): Promise<void>;
}
