// Which deliveries read what: from the paths of a change to the deliveries it may concern, without asking the others.

import { type Read, readKey } from "#kernel";

export class ReadIndex {
  readonly #readers = new Map<string, Set<string>>();
  readonly #reads = new Map<string, readonly (readonly Read[])[]>();

  /** A delivery reads these, and nothing else. Equal lists are known by their identity. */
  set(delivery: string, reads: readonly (readonly Read[])[]): void {
    const before = this.#reads.get(delivery);
    if (before?.length === reads.length && before.every((list, index) => list === reads[index])) return;
    this.delete(delivery);
    this.#reads.set(delivery, reads);
    for (const read of reads.flat()) {
      const key = readKey(read);
      const readers = this.#readers.get(key);
      if (readers === undefined) this.#readers.set(key, new Set([delivery]));
      else readers.add(delivery);
    }
  }

  delete(delivery: string): void {
    for (const read of this.#reads.get(delivery)?.flat() ?? []) {
      const key = readKey(read);
      const readers = this.#readers.get(key);
      readers?.delete(delivery);
      if (readers?.size === 0) this.#readers.delete(key);
    }
    this.#reads.delete(delivery);
  }

  /** Those that read something that has changed, by the keys of reads. */
  readersOf(changed: ReadonlySet<string>): Set<string> {
    const found = new Set<string>();
    for (const key of changed) for (const delivery of this.#readers.get(key) ?? []) found.add(delivery);
    return found;
  }
}
