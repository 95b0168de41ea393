// One bound for the changes that all collections remember: whoever remembers most forgets first.

/** What remembers changes. */
export type Rememberer = {
  /** Bytes, about, of what it remembers. */
  readonly recentWeight: number;
  /** Forgets the older half. */
  forgetOlder(): void;
};

export class RecentBudget {
  readonly #max: number;
  readonly #all = new Set<Rememberer>();
  #weight = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts what was remembered, or forgotten where it is negative; makes room. */
  count(who: Rememberer, weight: number): void {
    this.#all.add(who);
    this.#weight += weight;
    while (weight > 0 && this.#weight > this.#max) {
      const [largest] = [...this.#all].sort((a, b) => b.recentWeight - a.recentWeight);
      if (largest === undefined || largest.recentWeight === 0) return;
      largest.forgetOlder();
    }
  }

  /** It remembers nothing any more. */
  leave(who: Rememberer): void {
    this.#weight -= who.recentWeight;
    this.#all.delete(who);
  }
}
