// Watches that several releases hear of: each is begun for the first of them and ended after the last.

/** Begins a watch; `releases` are those that hear of it at any time. */
export type BeginWatch = (releases: ReadonlySet<string>, signal: AbortSignal) => void;

export class SharedWatches {
  readonly #watches = new Map<string, { ending: AbortController; releases: Set<string> }>();
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** How many watches are open. */
  get size(): number {
    return this.#watches.size;
  }

  /** From now on a release hears of these, by their keys, and of no others. */
  follow(release: string, wanted: ReadonlyMap<string, BeginWatch>): void {
    for (const [key, begin] of wanted) this.#open(key, begin).add(release);
    for (const [key, { ending, releases }] of this.#watches) {
      if (wanted.has(key) || !releases.delete(release) || releases.size > 0) continue;
      ending.abort();
      this.#watches.delete(key);
    }
  }

  leave(release: string): void {
    this.follow(release, new Map());
  }

  #open(key: string, begin: BeginWatch): Set<string> {
    const known = this.#watches.get(key);
    if (known !== undefined) return known.releases;
    const watch = { ending: new AbortController(), releases: new Set<string>() };
    this.#watches.set(key, watch);
    begin(watch.releases, AbortSignal.any([this.#signal, watch.ending.signal]));
    return watch.releases;
  }
}
