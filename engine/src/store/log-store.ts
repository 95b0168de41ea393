// The revisioned log over a backend: group commit, optimistic checks, watches, reads of the past. A write is checked against
// what is in flight, gets its revision at once, and is seen by readers and watchers only when it is durable.

import { assert, Fault } from "#kernel";
import type { Backend, LogRecord } from "./backend.ts";
import { Compacted, type Entry, type Page, type Store, type StoreEvent, type WriteOutcome } from "./contract.ts";
import type { StoreFaultCode } from "./faults.ts";
import { forgetBatch, historyPieceBytes, historyPieceMax, keyBytesMax } from "./limits.ts";

type Pending = { record: LogRecord; resolve: (outcome: WriteOutcome) => void; reject: (error: unknown) => void };

type Watcher = { prefix: string; deliver: (events: readonly StoreEvent[]) => void };

/** What a write must know of what stands there: undefined when nothing does. */
type Head = { revision: number; createRevision: number };

export class LogStore implements Store {
  readonly #backend: Backend;
  /** Revision given to the last accepted write, durable or not. */
  #assigned: number;
  #revision: number;
  /** The revision of the present record of each key: most writes are of keys that are not there, or of ones just written. */
  readonly #revisions = new Map<string, number>();
  /** Newest write in flight of each key. */
  readonly #inFlight = new Map<string, LogRecord>();
  #queue: Pending[] = [];
  #flushing: Promise<void> | undefined;
  readonly #watchers = new Set<Watcher>();
  /** History up to and with this revision is forgotten, or is being so. */
  #oldest: number;
  #compaction: Promise<void> = Promise.resolve();
  #isClosed = false;
  #hasFailed = false;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#revision = backend.lastRevision;
    this.#assigned = backend.lastRevision;
    this.#oldest = backend.compactedRevision;
    for (const { key, revision } of backend.keys("", "")) this.#revisions.set(key, revision);
  }

  get revision(): number {
    return this.#revision;
  }

  get(key: string): Entry | undefined {
    const revision = this.#revisions.get(key);
    return revision === undefined ? undefined : entryOf(this.#record(revision));
  }

  valueAt(revision: number): Uint8Array {
    const record = this.#backend.record(revision);
    if (record === undefined && revision <= this.#oldest) throw new Compacted(this.#oldest);
    const value = record?.value;
    assert(value !== undefined, `revision ${revision} is a deletion`);
    return value;
  }

  range(prefix: string, options: { from?: string; limit?: number; revision?: number } = {}): Page {
    const at = options.revision ?? this.#revision;
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    const page: Page = { entries: [], revision: at, next: undefined, remaining: 0 };
    for (const { key, revision } of this.#keysFrom(at, prefix, options.from ?? "")) {
      if (page.entries.length < limit) page.entries.push(entryOf(this.#record(revision)));
      else {
        page.next ??= key;
        page.remaining++;
      }
    }
    return page;
  }

  keys(prefix: string, options: { from?: string; revision?: number } = {}): { key: string; revision: number }[] {
    return [...this.#keysFrom(options.revision ?? this.#revision, prefix, options.from ?? "")];
  }

  put(key: string, value: Uint8Array, expected?: number): Promise<WriteOutcome> {
    return this.#write(key, value, expected);
  }

  delete(key: string, expected?: number): Promise<WriteOutcome> {
    return this.#write(key, undefined, expected);
  }

  watch(prefix: string, since: number, deliver: (events: readonly StoreEvent[]) => void): () => void {
    const past: StoreEvent[] = [];
    for (const piece of this.history(prefix, since)) past.push(...piece);
    const watcher = { prefix, deliver };
    this.#watchers.add(watcher);
    if (past.length > 0) deliver(past);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  history(prefix: string, since: number): Iterable<readonly StoreEvent[]> {
    this.#requireHistory(since);
    return this.#historyBetween(prefix, since, this.#revision);
  }

  compact(revision: number): void {
    const target = Math.min(revision, this.#revision);
    // One that failed for want of room does not keep the next from making some.
    const last = this.#compaction.catch(() => undefined);
    this.#compaction = last.then(() => (this.#isClosed ? undefined : this.#forgetUpTo(target)));
    this.#compaction.catch(() => undefined);
  }

  async writeProblem(): Promise<string | undefined> {
    if (this.#isClosed) return "the store is closed";
    if (!this.#hasFailed) return undefined;
    try {
      await this.#backend.probe();
    } catch (cause) {
      return writeFault(cause).message;
    }
    this.#hasFailed = false;
    return undefined;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    while (this.#flushing !== undefined) await this.#flushing;
    this.#isClosed = true;
    this.#watchers.clear();
    await this.#compaction.catch(() => undefined);
    await this.#backend.close();
  }

  async #write(key: string, value: Uint8Array | undefined, expected: number | undefined): Promise<WriteOutcome> {
    if (this.#isClosed) throw storeFault("store-closed", "the store is closed", undefined);
    assert(key.length <= keyBytesMax, "a store key is too long");
    const inFlight = this.#inFlight.get(key);
    const head = inFlight === undefined ? this.#head(key) : headOf(inFlight);
    const isRefused =
      expected === undefined ? value === undefined && head === undefined : (head?.revision ?? 0) !== expected;
    if (isRefused) {
      const found = inFlight ?? (head === undefined ? undefined : this.#record(head.revision));
      if (inFlight !== undefined) await this.#flushing?.catch(() => undefined);
      return { ok: false, found: found?.value === undefined ? undefined : entryOf(found) };
    }
    this.#assigned++;
    const record: LogRecord = {
      revision: this.#assigned,
      key,
      value,
      previousRevision: head?.revision ?? 0,
      createRevision: head?.createRevision ?? this.#assigned,
    };
    this.#inFlight.set(key, record);
    return new Promise((resolve, reject) => {
      this.#queue.push({ record, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  #requireHistory(since: number): void {
    if (since < this.#oldest) throw new Compacted(this.#oldest);
  }

  *#historyBetween(prefix: string, since: number, until: number): Iterable<StoreEvent[]> {
    for (let at = since; at < until; ) {
      this.#requireHistory(at);
      const piece: StoreEvent[] = [];
      let [records, bytes] = [0, 0];
      let isRest = true;
      for (const record of this.#backend.recordsAfter(at)) {
        if (record.revision > until) break;
        at = record.revision;
        if (record.key.startsWith(prefix)) piece.push(this.#event(record));
        bytes += record.value?.length ?? 0;
        isRest = ++records < historyPieceMax && bytes < historyPieceBytes;
        if (!isRest) break;
      }
      yield piece;
      if (isRest) return;
    }
  }

  /** Commits what is queued, as one group, until nothing is. Writes that come during a commit form the next group. */
  async #flush(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const group = this.#queue;
      this.#queue = [];
      const records = group.map((pending) => pending.record);
      try {
        await this.#backend.commit(records);
      } catch (error) {
        this.#failAll(group, error);
        continue;
      }
      this.#publish(records);
      for (const pending of group) pending.resolve({ ok: true, revision: pending.record.revision });
    }
    this.#flushing = undefined;
  }

  /** Nothing of the group is durable, and what was queued after it may build on it: all of it fails. */
  #failAll(group: readonly Pending[], cause: unknown): void {
    const failed = [...group, ...this.#queue];
    this.#queue = [];
    this.#inFlight.clear();
    this.#hasFailed = true;
    const fault = writeFault(cause);
    for (const pending of failed) pending.reject(fault);
  }

  #publish(records: readonly LogRecord[]): void {
    const events = records.map((record) => this.#event(record));
    this.#revision = (records.at(-1) as LogRecord).revision;
    for (const record of records) {
      if (this.#inFlight.get(record.key) === record) this.#inFlight.delete(record.key);
      if (record.value === undefined) this.#revisions.delete(record.key);
      else this.#revisions.set(record.key, record.revision);
    }
    for (const watcher of this.#watchers) {
      let matching: StoreEvent[] | undefined;
      // Most watchers have nothing to hear of most groups: nothing is made for them.
      for (const event of events) if (event.key.startsWith(watcher.prefix)) (matching ??= []).push(event);
      if (matching !== undefined) watcher.deliver(matching);
    }
  }

  #event(record: LogRecord): StoreEvent {
    const { key, revision, value, previousRevision } = record;
    const before = (): Uint8Array | undefined =>
      previousRevision === 0 ? undefined : this.#record(previousRevision).value;
    if (value !== undefined)
      return {
        type: "put",
        key,
        value,
        revision,
        get previous() {
          return before();
        },
      };
    return {
      type: "delete",
      key,
      revision,
      get previous() {
        const previous = before();
        assert(previous !== undefined, "a deletion has a value before it");
        return previous;
      },
    };
  }

  #record(revision: number): LogRecord {
    const record = this.#backend.record(revision);
    assert(record !== undefined, `revision ${revision} is missing from the log`);
    return record;
  }

  #head(key: string): Head | undefined {
    const revision = this.#revisions.get(key);
    return revision === undefined ? undefined : { revision, createRevision: this.#backend.createRevision(revision) };
  }

  #keysFrom(at: number, prefix: string, from: string): Iterable<{ key: string; revision: number }> {
    this.#requireHistory(at);
    return at >= this.#revision ? this.#backend.keys(prefix, from) : this.#keysAt(at, prefix, from);
  }

  /** The keys of a past revision: the present ones with every later write undone. */
  #keysAt(at: number, prefix: string, from: string): { key: string; revision: number }[] {
    const standing = new Map<string, number>();
    for (const { key, revision } of this.#backend.keys(prefix, from)) standing.set(key, revision);
    const undone = new Set<string>();
    for (const record of this.#backend.recordsAfter(at)) {
      if (!record.key.startsWith(prefix) || record.key < from || undone.has(record.key)) continue;
      undone.add(record.key);
      if (record.previousRevision === 0) standing.delete(record.key);
      else standing.set(record.key, record.previousRevision);
    }
    return [...standing].map(([key, revision]) => ({ key, revision })).sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Drops every record that a write up to `target` has replaced, and deletions up to it. */
  async #forgetUpTo(target: number): Promise<void> {
    this.#oldest = Math.max(this.#oldest, target);
    let doomed: number[] = [];
    for (const record of this.#backend.recordsAfter(this.#backend.compactedRevision)) {
      if (record.revision > target) break;
      if (record.previousRevision !== 0) doomed.push(record.previousRevision);
      if (record.value === undefined) doomed.push(record.revision);
      if (doomed.length >= forgetBatch) {
        await this.#backend.forget(doomed, record.revision);
        doomed = [];
      }
    }
    if (target > this.#backend.compactedRevision) await this.#backend.forget(doomed, target);
  }
}

function headOf({ value, revision, createRevision }: LogRecord): Head | undefined {
  return value === undefined ? undefined : { revision, createRevision };
}

function entryOf(record: LogRecord): Entry {
  assert(record.value !== undefined, "an entry has a value");
  return { key: record.key, value: record.value, revision: record.revision, createRevision: record.createRevision };
}

/** The disk's own words are told: they say what to do. */
function writeFault(cause: unknown): Fault<StoreFaultCode> {
  const why = cause instanceof Error && cause.message !== "" ? `: ${cause.message}` : "";
  return storeFault("store-write-failed", `the control plane's data could not be written${why}`, cause);
}

function storeFault(code: StoreFaultCode, message: string, cause: unknown): Fault<StoreFaultCode> {
  return new Fault({ code, disposition: "retry", message, ...(cause === undefined ? {} : { cause }) });
}
