// What clients have asked for and do not take. Each answer waits in memory until its reader takes it: where all together hold more than
// the server can give, those that have taken nothing for a while are cut off. A watch is begun again from its last version, a list is
// asked again; who reads, however slowly, is left alone. Where they hold many times as much, nothing more can be read until some is taken;
// writes go on.

import type { Clock } from "#kernel";
import { unsentBytesMax, unsentBytesMost, unsentLookMs, unsentPatienceMs } from "../limits.ts";

/** What is known of an answer on its way. */
export type Answering = {
  /** Bytes that wait for the reader. */
  readonly unsentBytes: number;
  /** Bytes that its connection has taken so far, for this answer and others. */
  readonly takenBytes: number;
  cutOff: () => void;
};

/** Bytes of an answer that its maker holds back until the client has taken what comes before; `held`: its reader is behind by so many more. */
export type Waiting = { bytes: number; held: (bytes: number) => void };

/** `stillMs`: for how long it was seen to take nothing. */
type Followed = { answering: Answering; taken: number; stillMs: number };

export class Unsent {
  readonly #clock: Clock;
  readonly #open = new Map<Answering, Followed>();
  #lookedAt: number;
  /** What all held at the last look, and what was given out since. */
  #heldBytes = 0;
  #isDue = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lookedAt = clock.now();
  }

  follow(answering: Answering): void {
    // What its connection has taken is asked at the first look: most answers are gone by then.
    this.#open.set(answering, { answering, taken: -1, stillMs: 0 });
    // A clock that was set back says nothing of how long ago the last look was.
    if (Math.abs(this.#clock.now() - this.#lookedAt) >= unsentLookMs) this.#look();
  }

  /** So much more waits for a reader: looked at again soon, whether or not anybody asks for anything meanwhile. */
  held(bytes = 0): void {
    this.#heldBytes += bytes;
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.after(unsentLookMs, () => {
      this.#isDue = false;
      // Below the limit nobody is cut off, and what comes on top of it tells of itself.
      if (this.#look() > unsentBytesMax) this.held();
    });
  }

  /** So much is unsent that nothing more is to be read. */
  isFull(): boolean {
    return this.#heldBytes > unsentBytesMost && this.#look() > unsentBytesMost;
  }

  leave(answering: Answering): void {
    this.#open.delete(answering);
  }

  /** Bytes that all hold, once those who had to be are cut off. */
  #look(): number {
    this.#heldBytes = this.#cut();
    return this.#heldBytes;
  }

  #cut(): number {
    const now = this.#clock.now();
    // A server that was busy itself could send nothing meanwhile: its readers are not to blame for that time.
    const elapsedMs = Math.max(0, Math.min(now - this.#lookedAt, 2 * unsentLookMs));
    this.#lookedAt = now;
    let total = 0;
    for (const one of this.#open.values()) {
      const { unsentBytes, takenBytes } = one.answering;
      total += unsentBytes;
      one.stillMs = unsentBytes > 0 && takenBytes === one.taken ? one.stillMs + elapsedMs : 0;
      one.taken = takenBytes;
    }
    if (total <= unsentBytesMax) return total;
    // The more there is, the sooner: memory must not grow for as long as one reader may pause.
    const patienceMs = unsentPatienceMs * (unsentBytesMax / total) ** 2;
    const still = [...this.#open.values()].filter(({ stillMs }) => stillMs > 0 && stillMs >= patienceMs);
    still.sort((a, b) => b.stillMs - a.stillMs);
    for (const { answering } of still) {
      if (total <= unsentBytesMax) return total;
      total -= answering.unsentBytes;
      this.leave(answering);
      answering.cutOff();
    }
    return total;
  }
}
