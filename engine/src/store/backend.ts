// What the log needs from where it keeps its records: an ordered map of present keys, and records by revision. Everything
// a backend returns is durable; only `commit` and `forget` write.

/** One write. A record lives in the log until something newer than it is compacted. */
export type LogRecord = {
  revision: number;
  key: string;
  /** undefined: the key was deleted by this write. */
  value: Uint8Array | undefined;
  /** Revision of the write before it on the same key, 0 when the key did not exist. */
  previousRevision: number;
  createRevision: number;
};

export interface Backend {
  /** Revision of the newest record ever committed, 1 for an empty store. */
  readonly lastRevision: number;
  /** History up to and with this revision is forgotten. */
  readonly compactedRevision: number;
  record(revision: number): LogRecord | undefined;
  /** Revision that created the key a present record belongs to: a look at its head alone. */
  createRevision(revision: number): number;
  /** Present keys from `from` on that begin with the prefix, in order. */
  keys(prefix: string, from: string): Iterable<{ key: string; revision: number }>;
  /** Records after `since`, oldest first. */
  recordsAfter(since: number): Iterable<LogRecord>;
  /** Writes all records or none; resolved once they are on disk. */
  commit(records: readonly LogRecord[]): Promise<void>;
  /** Writes something and takes it back: rejected while there is no room. */
  probe(): Promise<void>;
  /** Drops these records and remembers how far history is forgotten. */
  forget(revisions: readonly number[], compactedRevision: number): Promise<void>;
  close(): Promise<void>;
}
