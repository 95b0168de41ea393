// What was offered last, noted on disk: after a restart sources whose trees were put together of several repositories are
// offered again at once, without the network. A cache: what is missing or no longer fits is made again.

import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openTree } from "#sources/git";
import type { SourceName, TreeArtifact } from "./store.ts";

export class Records {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Notes an artifact. Failing to do so costs another fetch after a restart, nothing else. */
  async write(artifact: TreeArtifact): Promise<void> {
    const path = this.#pathOf(artifact);
    const { environment: _, ...tree } = artifact.tree;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(`${path}.new`, JSON.stringify({ ...artifact, tree }), { mode: 0o600 });
      await rename(`${path}.new`, path);
    } catch {
      await rm(`${path}.new`, { force: true }).catch(() => {});
    }
  }

  /** The artifact noted at this revision, if its tree is still there. */
  async read(source: SourceName, revision: string, path: string | undefined): Promise<TreeArtifact | undefined> {
    try {
      const noted = JSON.parse(await readFile(this.#pathOf(source), "utf8")) as TreeArtifact;
      if (noted.revision !== revision) return undefined;
      const artifact = { ...noted, ...source, tree: { ...noted.tree, environment: { PATH: path } } };
      await openTree(artifact.tree);
      return artifact;
    } catch {
      return undefined;
    }
  }

  async remove(source: SourceName): Promise<void> {
    await rm(this.#pathOf(source), { force: true }).catch(() => {});
  }

  #pathOf({ kind, namespace, name }: SourceName): string {
    return join(this.#folder, kind.toLowerCase(), namespace, `${name}.json`);
  }
}
