// Texts of what was just written, by the version the write gave it: the answer to the write and every watcher use what was encoded for
// the store. Nothing else is kept as text: an object is encoded again in the time it takes to look for its text.

import { recentTextsBytesMax } from "./limits.ts";

export class RecentTexts {
  /** Two generations, each up to half of what is kept: a map loses its oldest member only at the price of passing over all lost before. */
  #young = new Map<number, Uint8Array>();
  #old = new Map<number, Uint8Array>();
  #youngBytes = 0;

  /** The text as it is stored, without the version. */
  get(revision: number): Uint8Array | undefined {
    return this.#young.get(revision) ?? this.#old.get(revision);
  }

  keep(revision: number, text: Uint8Array): void {
    if (this.#youngBytes + text.length > recentTextsBytesMax / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#young.set(revision, text);
    this.#youngBytes += text.length;
  }
}
