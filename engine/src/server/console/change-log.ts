// What has changed, in order, as keys: a reader that knows its place learns which keys changed since, each once, and then
// takes their present state. So a slow reader costs nothing but its place, and gets the newest state when it comes back.

import { changesMost } from "./limits.ts";

export class ChangeLog {
  /** Names this log: places in another one mean nothing here. */
  readonly #epoch: string;
  readonly #keys: string[] = [];
  /** The number of the first change in `#keys`; numbers start at 1. */
  #first = 1;

  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  /** The number of the last change. */
  get last(): number {
    return this.#first + this.#keys.length - 1;
  }

  note(key: string): void {
    this.#keys.push(key);
    // Cut in halves: shifting one by one would move the whole list for each change.
    if (this.#keys.length <= changesMost * 2) return;
    this.#keys.splice(0, changesMost);
    this.#first += changesMost;
  }

  /** The place after a change, as text. */
  cursor(number: number = this.last): string {
    return `${this.#epoch}-${number}`;
  }

  /** The number a cursor stands for; undefined: it is of another log, too old, or none. */
  parse(cursor: string): number | undefined {
    const match = /^([0-9a-zA-Z]+)-(\d{1,15})$/.exec(cursor);
    const number = Number(match?.[2] ?? -1);
    if (match?.[1] !== this.#epoch || number < this.#first - 1 || number > this.last) return undefined;
    return number;
  }

  /** Keys changed after a number, each once with its first change, and the number up to which they reach; undefined: too old. */
  since(number: number, most: number): { keys: ReadonlyMap<string, number>; upTo: number } | undefined {
    if (number < this.#first - 1) return undefined;
    const keys = new Map<string, number>();
    let at = number - this.#first + 1;
    for (; at < this.#keys.length && keys.size < most; at++) {
      const key = this.#keys[at] as string;
      if (!keys.has(key)) keys.set(key, this.#first + at);
    }
    return { keys, upTo: this.#first + at - 1 };
  }
}
