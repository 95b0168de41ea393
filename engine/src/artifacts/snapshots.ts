// Trees of sources that are no Git repositories: each source has a repository of its own, so that what is gone goes whole.
// After some revisions a new repository is begun with the newest, and the old one is removed: the disk stays bounded.

import { createHash } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "#kernel";
import { closeReaders, type Environment, findImport, type ImportedFile, importTree } from "#sources/git";
import { storageFault } from "./faults.ts";
import { archiveKeptMs, snapshotsMost } from "./limits.ts";
import type { SourceName } from "./store.ts";

export type Snapshot = { repository: string; tree: string };

type Files = AsyncIterable<ImportedFile> | Iterable<ImportedFile>;

export type SnapshotsOptions = { folder: string; environment: Environment; clock: Clock };

export class Snapshots {
  readonly #options: SnapshotsOptions;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** The tree that was made under a key, here or before a restart. */
  async find(source: SourceName, key: string): Promise<Snapshot | undefined> {
    const { environment } = this.#options;
    for (const generation of (await this.#generations(source)).reverse()) {
      const repository = this.#repository(source, generation);
      const tree = await findImport({ repository, name: nameOf(key), environment });
      if (tree !== undefined) return { repository, tree };
    }
    return undefined;
  }

  /** Makes a tree of files, which may name content by its id where it stands in the same repository. */
  async make(
    source: SourceName,
    what: { key: string; files: (repository: string) => Files; at: string },
    signal: AbortSignal,
  ): Promise<Snapshot> {
    const { environment } = this.#options;
    const repository = await this.#place(source);
    const { key, at } = what;
    try {
      const tree = await importTree(what.files(repository), { repository, name: nameOf(key), environment, signal, at });
      for (const old of await this.#generations(source))
        if (this.#repository(source, old) !== repository) this.#removeLater(this.#repository(source, old));
      return { repository, tree };
    } catch (cause) {
      throw storageFault(repository, cause);
    }
  }

  async remove(source: SourceName): Promise<void> {
    for (const generation of await this.#generations(source)) closeReaders(this.#repository(source, generation));
    await rm(this.#folderOf(source), { recursive: true, force: true });
  }

  /** The repository to write to: the newest, or the next one where that holds enough. */
  async #place(source: SourceName): Promise<string> {
    const generations = await this.#generations(source);
    const newest = generations.at(-1) ?? 0;
    const repository = this.#repository(source, newest);
    const refs = await readdir(join(repository, "refs/keelson")).catch(() => []);
    if (refs.length < snapshotsMost) {
      await mkdir(this.#folderOf(source), { recursive: true, mode: 0o700 });
      return repository;
    }
    return this.#repository(source, newest + 1);
  }

  /** What still reads the old trees has its time; a stop before then leaves them to the next one. */
  #removeLater(repository: string): void {
    this.#options.clock.after(archiveKeptMs, () => {
      closeReaders(repository);
      void rm(repository, { recursive: true, force: true }).catch(() => {});
    });
  }

  async #generations(source: SourceName): Promise<number[]> {
    const names = await readdir(this.#folderOf(source)).catch(() => []);
    return names
      .filter((name) => /^\d+\.git$/.test(name))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b);
  }

  #folderOf({ kind, namespace, name }: SourceName): string {
    return join(this.#options.folder, kind.toLowerCase(), namespace, name);
  }

  #repository(source: SourceName, generation: number): string {
    return join(this.#folderOf(source), `${generation}.git`);
  }
}

function nameOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
