// Bodies of requests on their way. All together may hold so much, and so many may be unfinished; beyond it the ones begun longest ago are
// refused. An honest client sends its body in one go: whoever keeps others waiting is asked to come again, and client-go does.

import { tooMany } from "#apiserver/registry";
import { bodiesBytesMax, bodiesMost } from "../limits.ts";
import { Turns } from "./turns.ts";

/** A body that is being sent, or waits for its turn. */
export type Arriving = { bytes: number; readonly refuse: (refusal: Error) => void };

export class Bodies {
  /** Whole bodies are worked on in turns. */
  readonly turns: Turns = new Turns();
  /** In the order in which they began. */
  readonly #arriving = new Set<Arriving>();
  readonly #most: number;
  #bytes = 0;

  constructor(most: number = bodiesMost) {
    this.#most = most;
  }

  begin(refuse: (refusal: Error) => void): Arriving {
    const one = { bytes: 0, refuse };
    this.#arriving.add(one);
    if (this.#arriving.size > this.#most) this.#refuseOldest();
    return one;
  }

  /** More of it has come. */
  grow(one: Arriving, bytes: number): void {
    if (!this.#arriving.has(one)) return;
    one.bytes += bytes;
    this.#bytes += bytes;
    while (this.#bytes > bodiesBytesMax) this.#refuseOldest();
  }

  /** It is whole and has its turn, or never will be. */
  end(one: Arriving): void {
    if (this.#arriving.delete(one)) this.#bytes -= one.bytes;
  }

  #refuseOldest(): void {
    for (const oldest of this.#arriving) {
      this.end(oldest);
      oldest.refuse(tooMany("unfinished requests"));
      return;
    }
  }
}
