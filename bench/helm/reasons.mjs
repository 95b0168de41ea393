// Why generated inputs fail, so that a generator can be kept from making too many of one kind.

/** Counts words; what a fuzzer prints is the most frequent of them. */
export class Reasons {
  #times = new Map();

  add(reason) {
    this.#times.set(reason, (this.#times.get(reason) ?? 0) + 1);
  }

  toString() {
    return [...this.#times]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 25)
      .map(([reason, times]) => `${times} ${reason}`)
      .join("\n");
  }
}
