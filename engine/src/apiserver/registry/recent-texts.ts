// Texts of what was just written, by the version the write gave it: the answer to the write and every watcher use what was encoded for
// the store. Nothing else is kept as text: an object is encoded again in the time it takes to look for its text.

import { recentTextsBytesMax } from "./limits.ts";

export class RecentTexts {
  /** Oldest first. */
  readonly #texts = new Map<number, Uint8Array>();
  #bytes = 0;

  /** The text as it is stored, without the version. */
  get(revision: number): Uint8Array | undefined {
    return this.#texts.get(revision);
  }

  keep(revision: number, text: Uint8Array): void {
    this.#texts.set(revision, text);
    this.#bytes += text.length;
    if (this.#bytes <= recentTextsBytesMax) return;
    for (const [oldest, old] of this.#texts) {
      if (this.#bytes <= recentTextsBytesMax) break;
      this.#texts.delete(oldest);
      this.#bytes -= old.length;
    }
  }
}
