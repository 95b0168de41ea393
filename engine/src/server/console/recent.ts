// Answers that took some work, kept for a moment: the pages of several objects of one delivery ask the same.

import type { Clock } from "#kernel";
import { renderingsMost, renderingTtlMs } from "./limits.ts";

type Kept<T> = { untilMs: number; answer: Promise<T> };

export class Recent<T> {
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #kept = new Map<string, Kept<T>>();

  constructor(clock: Clock, ttlMs: number = renderingTtlMs) {
    this.#clock = clock;
    this.#ttlMs = ttlMs;
  }

  /** The answer that is known by a name; made where none is, or where it is too old. */
  get(name: string, make: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(name);
    if (known !== undefined && known.untilMs > this.#clock.now()) return known.answer;
    const answer = make();
    this.#kept.delete(name);
    this.#kept.set(name, { untilMs: this.#clock.now() + this.#ttlMs, answer });
    // What failed is tried again by the next who asks.
    answer.catch(() => this.#kept.delete(name));
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= renderingsMost) break;
      this.#kept.delete(oldest);
    }
    return answer;
  }
}
