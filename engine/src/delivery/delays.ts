// How long until a delivery is looked at again.

import type { DeliveryState } from "./state.ts";

export class Delays {
  readonly #random: () => number;
  readonly #part: number;

  /** `jitterPercent`: how far intervals differ either way, so that what started together does not stay together. */
  constructor({ random = Math.random, jitterPercent = 5 }: { random?: () => number; jitterPercent?: number }) {
    this.#random = random;
    this.#part = jitterPercent / 100;
  }

  jittered(intervalMs: number): number {
    return Math.round(intervalMs * (1 - this.#part + 2 * this.#part * this.#random()));
  }

  /** Doubles with each failure in a row that says nothing about the delivery, up to its own retry interval. */
  backOff(state: DeliveryState, leastMs: number): number {
    const delayMs = Math.min(leastMs * 2 ** Math.min(state.passingFailures, 16), state.delivery.retryIntervalMs);
    state.passingFailures += 1;
    return this.jittered(delayMs);
  }
}
