// A folder on disk as a FileTree: for builds and previews of what is not committed yet. Reads are synchronous; symlinks
// that stay inside the folder are followed, as kustomize does, others are absent.

import { createHash } from "node:crypto";
import { type BigIntStats, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { baseName, type Entry, fileAbsent, type FileTree } from "#kernel";

/** The folder's content as it is now. `.git` is left out. */
export function localTree(folder: string): FileTree {
  return new LocalTree(realpathSync(folder));
}

class LocalTree implements FileTree {
  readonly revision = "";
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get hash(): string {
    return this.#hashFolder("");
  }

  entry(path: string): Entry | undefined {
    const stat = this.#stat(path);
    if (stat === undefined) return undefined;
    const name = baseName(path);
    if (stat.isDirectory()) return { name, type: "folder", hash: `${stat.ino}` };
    // Whoever changes a file changes its time or size; reading it only to name it would double the work.
    return { name, type: "file", hash: `${stat.ino}-${stat.size}-${stat.mtimeNs}` };
  }

  list(path: string): readonly Entry[] | undefined {
    if (this.#stat(path)?.isDirectory() !== true) return undefined;
    const names = readdirSync(join(this.#folder, path)).filter((name) => name !== ".git");
    return names.sort().flatMap((name) => this.entry(path === "" ? name : `${path}/${name}`) ?? []);
  }

  read(path: string): Uint8Array {
    const stat = this.#stat(path);
    if (stat?.isFile() !== true)
      throw fileAbsent(path, stat === undefined ? "no such file" : "is a folder, not a file");
    return readFileSync(join(this.#folder, path));
  }

  /** undefined for what is not there, leaves the folder, or is neither file nor folder. */
  #stat(path: string): BigIntStats | undefined {
    try {
      const real = realpathSync(join(this.#folder, path));
      if (real !== this.#folder && !real.startsWith(`${this.#folder}${sep}`)) return undefined;
      const stat = statSync(real, { bigint: true });
      return stat.isDirectory() || stat.isFile() ? stat : undefined;
    } catch {
      return undefined;
    }
  }

  #hashFolder(path: string): string {
    const hash = createHash("sha256");
    for (const entry of this.list(path) ?? []) {
      const below = path === "" ? entry.name : `${path}/${entry.name}`;
      hash.update(`${entry.type} ${entry.type === "folder" ? this.#hashFolder(below) : entry.hash} ${entry.name}\n`);
    }
    return hash.digest("hex");
  }
}
