// Requests that are read together take turns: some go on at once, the others when what those asked of the disk has had its chance to be
// answered. A socket hands over dozens at a time; worked on in one go, all their clients would wait for the last of them, and then the
// server for the clients.

import { turnRequests } from "../limits.ts";

export class Turns {
  #left: number = turnRequests;
  #isDue = false;
  #waiting: (() => void)[] = [];

  /** Goes on now or in one of the next turns, in the order of the calls. */
  next(goOn: () => void): void {
    if (!this.#isDue) {
      this.#isDue = true;
      setImmediate(this.#turn);
    }
    if (this.#left === 0) {
      this.#waiting.push(goOn);
      return;
    }
    this.#left--;
    goOn();
  }

  readonly #turn = (): void => {
    const now = this.#waiting.slice(0, turnRequests);
    this.#waiting = this.#waiting.slice(turnRequests);
    this.#left = turnRequests - now.length;
    this.#isDue = now.length > 0;
    if (this.#isDue) setImmediate(this.#turn);
    for (const goOn of now) goOn();
  };
}
