// Which commits of which mirrors the sources need: those of what they offer, and of what they offered before, since a delivery
// may still work on it. Several sources share a mirror, so none can tell alone what may go.

/** Commits by the mirror's folder. */
export type CommitsByFolder = ReadonlyMap<string, readonly string[]>;

type Use = { commits: CommitsByFolder; trees: readonly string[] };

export class MirrorUse {
  readonly #now = new Map<string, Use>();
  readonly #before = new Map<string, Use>();

  /** What a source offers from now on; `trees` are the ids of its trees. */
  note(source: string, commits: CommitsByFolder, trees: readonly string[]): void {
    const current = this.#now.get(source);
    const isSame = current !== undefined && JSON.stringify(current.trees) === JSON.stringify(trees);
    if (current !== undefined && !isSame) this.#before.set(source, current);
    this.#now.set(source, { commits, trees });
  }

  forget(source: string): void {
    this.#now.delete(source);
    this.#before.delete(source);
  }

  commitsOf(folder: string): string[] {
    return [...new Set(this.#all().flatMap((use) => use.commits.get(folder) ?? []))];
  }

  folders(): string[] {
    return [...new Set(this.#all().flatMap((use) => [...use.commits.keys()]))];
  }

  trees(): string[] {
    return [...new Set(this.#all().flatMap((use) => use.trees))];
  }

  #all(): Use[] {
    return [...this.#now.values(), ...this.#before.values()];
  }
}
