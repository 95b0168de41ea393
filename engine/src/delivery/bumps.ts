// Statuses in which only the revision moves, written when there is nothing better to do: of each delivery the newest alone,
// a few at once while the engine is idle, one at a time while it works.

import type { Clock } from "#kernel";
import { bumpDelayMs, bumpsAtOnce } from "./limits.ts";

export type BumpsOptions = {
  clock: Clock;
  /** True while something more urgent is being done. */
  isBusy: () => boolean;
  /** Writes what there is to say of a delivery now. Never rejected. */
  write: (delivery: string) => Promise<void>;
  signal: AbortSignal;
};

export class Bumps {
  readonly #options: BumpsOptions;
  readonly #waiting = new Set<string>();
  #writing = 0;
  #isBegun = false;

  constructor(options: BumpsOptions) {
    this.#options = options;
  }

  add(delivery: string): void {
    this.#waiting.add(delivery);
    if (this.#isBegun || this.#writing > 0) return;
    this.#isBegun = true;
    this.#options.clock.after(bumpDelayMs, () => {
      this.#isBegun = false;
      this.#fill();
    });
  }

  #fill(): void {
    const { isBusy, signal, write } = this.#options;
    while (this.#writing < (isBusy() ? 1 : bumpsAtOnce)) {
      const [next] = this.#waiting;
      if (next === undefined || signal.aborted) return;
      this.#waiting.delete(next);
      this.#writing += 1;
      void write(next).finally(() => {
        this.#writing -= 1;
        this.#fill();
      });
    }
  }
}
