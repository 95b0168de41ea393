// Indexes of chart repositories in memory: those used last, by the digest of the file that is stored, so that many charts of
// one repository do not read a large file each; and what a server called its index when it was last fetched.

import type { Clock } from "#kernel";
import { type ChartIndex, IndexReader, type IndexRead } from "#sources/charts";
import { indexBytesKept } from "./limits.ts";

export class ChartIndexes {
  readonly #reader: IndexReader;
  readonly #known = new Map<string, { index: ChartIndex; size: number }>();
  readonly #marks = new Map<string, { mark: string; revision: string }>();

  constructor(clock: Clock) {
    this.#reader = new IndexReader(clock);
  }

  /** Reads what a server gave. */
  read(bytes: Uint8Array, at: string, signal: AbortSignal): Promise<IndexRead> {
    return this.#reader.read(bytes, at, signal);
  }

  /** Reads a stored index, unless it was read lately. */
  async get(digest: string, read: () => Promise<Uint8Array>, signal: AbortSignal): Promise<ChartIndex> {
    const known = this.#known.get(digest);
    if (known !== undefined) {
      this.#known.delete(digest);
      this.#known.set(digest, known);
      return known.index;
    }
    const bytes = await read();
    const index = await this.#reader.readStored(bytes, signal);
    this.put(digest, index, bytes.length);
    return index;
  }

  put(digest: string, index: ChartIndex, size: number): void {
    this.#known.delete(digest);
    this.#known.set(digest, { index, size });
    let total = [...this.#known.values()].reduce((sum, each) => sum + each.size, 0);
    for (const [oldest, each] of this.#known) {
      if (total <= indexBytesKept || this.#known.size === 1) break;
      total -= each.size;
      this.#known.delete(oldest);
    }
  }

  /** The entity tag under which the server gave an index of this revision. */
  markOf(uid: string, revision: string): string | undefined {
    const known = this.#marks.get(uid);
    return known?.revision === revision ? known.mark : undefined;
  }

  setMark(uid: string, revision: string, mark: string | undefined): void {
    if (mark === undefined) this.#marks.delete(uid);
    else this.#marks.set(uid, { mark, revision });
  }
}
