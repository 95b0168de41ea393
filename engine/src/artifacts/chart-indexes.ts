// Indexes of chart repositories in memory: those used last, by the digest of the file that is stored, so that many charts of
// one repository do not read a large file each; and what a server called its index when it was last fetched.

import { type ChartIndex, readStoredIndex } from "#sources/charts";
import { indexBytesKept } from "./limits.ts";

export class ChartIndexes {
  readonly #known = new Map<string, { index: ChartIndex; size: number }>();
  readonly #marks = new Map<string, { mark: string; revision: string }>();

  /** Reads a stored index, unless it was read lately. */
  async get(digest: string, read: () => Promise<Uint8Array>): Promise<ChartIndex> {
    const known = this.#known.get(digest);
    if (known !== undefined) {
      this.#known.delete(digest);
      this.#known.set(digest, known);
      return known.index;
    }
    const bytes = await read();
    const index = readStoredIndex(bytes);
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
