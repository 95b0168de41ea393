// Who depends on whom, the other way round: so that what becomes ready wakes those that wait for it, and asks nobody else.

export class Dependents {
  readonly #dependents = new Map<string, Set<string>>();
  readonly #dependencies = new Map<string, readonly string[]>();

  /** A delivery depends on these, and on nothing else. */
  set(delivery: string, dependencies: readonly string[]): void {
    this.delete(delivery);
    if (dependencies.length === 0) return;
    this.#dependencies.set(delivery, dependencies);
    for (const key of dependencies) {
      const dependents = this.#dependents.get(key);
      if (dependents === undefined) this.#dependents.set(key, new Set([delivery]));
      else dependents.add(delivery);
    }
  }

  delete(delivery: string): void {
    for (const key of this.#dependencies.get(delivery) ?? []) {
      const dependents = this.#dependents.get(key);
      dependents?.delete(delivery);
      if (dependents?.size === 0) this.#dependents.delete(key);
    }
    this.#dependencies.delete(delivery);
  }

  /** Those that depend on it. */
  of(key: string): Iterable<string> {
    return this.#dependents.get(key) ?? [];
  }
}
