// Records in memory, for tests and throw-away control planes: nothing survives the process.

import type { Backend, LogRecord } from "./backend.ts";
import { firstAtOrAfter } from "./sorted-keys.ts";

export class MemoryBackend implements Backend {
  lastRevision = 1;
  compactedRevision = 0;
  readonly #current = new Map<string, number>();
  readonly #records = new Map<number, LogRecord>();
  /** Present keys in order; rebuilt when a key came or went since the last scan. */
  #sorted: string[] | undefined = [];

  record(revision: number): LogRecord | undefined {
    return this.#records.get(revision);
  }

  createRevision(revision: number): number {
    return (this.#records.get(revision) as LogRecord).createRevision;
  }

  *keys(prefix: string, from: string): Iterable<{ key: string; revision: number }> {
    this.#sorted ??= [...this.#current.keys()].sort();
    const sorted = this.#sorted;
    for (let index = firstAtOrAfter(sorted, from > prefix ? from : prefix); index < sorted.length; index++) {
      const key = sorted[index] as string;
      if (!key.startsWith(prefix)) return;
      yield { key, revision: this.#current.get(key) as number };
    }
  }

  *recordsAfter(since: number): Iterable<LogRecord> {
    for (let revision = since + 1; revision <= this.lastRevision; revision++) {
      const record = this.#records.get(revision);
      if (record !== undefined) yield record;
    }
  }

  commit(records: readonly LogRecord[]): Promise<void> {
    for (const record of records) {
      this.#records.set(record.revision, record);
      if (record.value === undefined || !this.#current.has(record.key)) this.#sorted = undefined;
      if (record.value === undefined) this.#current.delete(record.key);
      else this.#current.set(record.key, record.revision);
      this.lastRevision = record.revision;
    }
    return Promise.resolve();
  }

  probe(): Promise<void> {
    return Promise.resolve();
  }

  forget(revisions: readonly number[], compactedRevision: number): Promise<void> {
    for (const revision of revisions) this.#records.delete(revision);
    this.compactedRevision = compactedRevision;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
