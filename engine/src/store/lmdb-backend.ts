// Records in LMDB. Two tables and a page of notes: `log` holds one record a revision, `current` the revision of each present
// key. One commit is one LMDB transaction, so a crash leaves all of a group or nothing of it.

import { type Database, open, type RootDatabase } from "lmdb";
import { assert, decodeUtf8, Fault } from "#kernel";
import type { Backend, LogRecord } from "./backend.ts";
import type { StoreFaultCode } from "./faults.ts";
import { causeWaitMs, mapBytes, probeBytes } from "./limits.ts";

/** Written into every file, so that a later format can tell. */
const formatVersion = 1;

/** Bytes before the key in an encoded record: flag, previous revision, create revision, key length. */
const headBytes = 1 + 8 + 8 + 4;

export function openLmdbBackend(folder: string): Backend {
  try {
    return new LmdbBackend(folder);
  } catch (error) {
    throw new Fault<StoreFaultCode>({
      code: "store-unreadable",
      disposition: "stall",
      at: folder,
      message: "the control plane's data cannot be opened",
      hint: "is another Keelson running on this data folder, or is the disk full or read-only?",
      cause: error,
    });
  }
}

class LmdbBackend implements Backend {
  readonly #root: RootDatabase<number | string, string>;
  readonly #current: Database<number, string>;
  readonly #log: Database<Buffer, number>;
  lastRevision: number;
  compactedRevision: number;

  constructor(folder: string) {
    // Without overlapping syncs a commit resolves after the data has reached the disk, not merely the page cache.
    this.#root = open<number | string, string>({
      path: folder,
      noSubdir: false,
      maxDbs: 4,
      mapSize: mapBytes,
      overlappingSync: false,
      // The batch of an event turn has a promise that nobody can reach: where a commit fails, it would end the process.
      eventTurnBatching: false,
    });
    this.#current = this.#root.openDB<number, string>({ name: "current", encoding: "ordered-binary" });
    this.#log = this.#root.openDB<Buffer, number>({ name: "log", encoding: "binary", keyEncoding: "ordered-binary" });
    const found = this.#root.get("format");
    if (found === undefined) this.#root.putSync("format", formatVersion);
    else if (found !== formatVersion) throw new Error(`format ${found}, this version reads ${formatVersion}`);
    this.compactedRevision = (this.#root.get("compacted") as number | undefined) ?? 0;
    this.lastRevision = (this.#root.get("last") as number | undefined) ?? 1;
  }

  record(revision: number): LogRecord | undefined {
    const bytes = this.#log.get(revision);
    return bytes === undefined ? undefined : decodeRecord(revision, bytes);
  }

  createRevision(revision: number): number {
    // The binary encoding lends bytes of the map itself until the next read: nothing is copied.
    const bytes = this.#log.getBinaryFast(revision);
    assert(bytes !== undefined, `revision ${revision} is missing from the log`);
    return bytes.readDoubleBE(9);
  }

  *keys(prefix: string, from: string): Iterable<{ key: string; revision: number }> {
    for (const { key, value } of this.#current.getRange({ start: from > prefix ? from : prefix })) {
      if (!key.startsWith(prefix)) return;
      yield { key, revision: value };
    }
  }

  *recordsAfter(since: number): Iterable<LogRecord> {
    for (const { key, value } of this.#log.getRange({ start: since + 1 })) yield decodeRecord(key, value);
  }

  async commit(records: readonly LogRecord[]): Promise<void> {
    const last = (records.at(-1) as LogRecord).revision;
    await this.#write((isPartOf) => {
      for (const record of records) {
        isPartOf(this.#log.put(record.revision, encodeRecord(record)));
        if (record.value === undefined) isPartOf(this.#current.remove(record.key));
        else isPartOf(this.#current.put(record.key, record.revision));
      }
      isPartOf(this.#root.put("last", last));
    });
    this.lastRevision = last;
  }

  /** One transaction. Every write in it fails with it, in a promise of its own that nobody waits for. */
  async #write(act: (isPartOf: (write: Promise<unknown>) => void) => void): Promise<void> {
    // Nearly all writes of a batch give the same promise.
    let last: Promise<unknown> | undefined;
    const isPartOf = (write: Promise<unknown>): void => {
      if (write !== last) write.catch(() => undefined);
      last = write;
    };
    try {
      await this.#root.batch(() => act(isPartOf));
    } catch (error) {
      throw await causeOf(error);
    }
  }

  async probe(): Promise<void> {
    await this.#write((isPartOf) => isPartOf(this.#root.put("probe", "x".repeat(probeBytes))));
    await this.#write((isPartOf) => isPartOf(this.#root.remove("probe")));
  }

  async forget(revisions: readonly number[], compactedRevision: number): Promise<void> {
    await this.#write((isPartOf) => {
      for (const revision of revisions) isPartOf(this.#log.remove(revision));
      isPartOf(this.#root.put("compacted", compactedRevision));
    });
    this.compactedRevision = compactedRevision;
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

/** What the disk said: LMDB tells it apart from the failure of the transaction, and a little later. */
async function causeOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<unknown> };
  if (commitError === undefined) return error;
  const said = Promise.resolve(commitError).then(
    () => error,
    (cause: unknown) => cause,
  );
  const late = new Promise((resolve) => setTimeout(resolve, causeWaitMs, error).unref());
  return Promise.race([said, late]);
}

function encodeRecord(record: LogRecord): Buffer {
  const keyBytes = Buffer.byteLength(record.key);
  const value = record.value;
  const bytes = Buffer.allocUnsafe(headBytes + keyBytes + (value?.length ?? 0));
  bytes.writeUInt8(value === undefined ? 0 : 1, 0);
  bytes.writeDoubleBE(record.previousRevision, 1);
  bytes.writeDoubleBE(record.createRevision, 9);
  bytes.writeUInt32BE(keyBytes, 17);
  bytes.write(record.key, headBytes);
  if (value !== undefined) bytes.set(value, headBytes + keyBytes);
  return bytes;
}

function decodeRecord(revision: number, bytes: Buffer): LogRecord {
  const keyEnd = headBytes + bytes.readUInt32BE(17);
  return {
    revision,
    key: decodeUtf8(bytes.subarray(headBytes, keyEnd)),
    value: bytes.readUInt8(0) === 0 ? undefined : bytes.subarray(keyEnd),
    previousRevision: bytes.readDoubleBE(1),
    createRevision: bytes.readDoubleBE(9),
  };
}
