// The whole disk as a FileTree, for `build`: unlike a local folder as a tree, symlinks stand in it as such, and are followed
// by kustomize's own rules. A file's hash tells by its inode, size and time whether it changed; content is not kept.

import { type BigIntStats, lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { relative, resolve } from "node:path";
import { baseName, type Entry, type EntryType, fileAbsent, type FileTree } from "#kernel";

export class DiskTree implements FileTree {
  readonly revision: string = "";
  readonly hash: string = "local";
  readonly #root: string;
  /** What was found, so that one build sees one state. */
  readonly #entries = new Map<string, Entry | undefined>();

  constructor(root = "/") {
    this.#root = realpathSync(root);
  }

  entry(path: string): Entry | undefined {
    if (this.#entries.has(path)) return this.#entries.get(path);
    const stats = statOf(resolve(this.#root, path));
    const entry = stats && { name: baseName(path), type: typeOf(stats), hash: hashOf(stats) };
    this.#entries.set(path, entry);
    return entry;
  }

  list(path: string): readonly Entry[] | undefined {
    if (this.entry(path)?.type !== "folder") return undefined;
    const names = readdirSync(resolve(this.#root, path)).sort();
    return names.flatMap((name) => this.entry(path === "" ? name : `${path}/${name}`) ?? []);
  }

  read(path: string): Uint8Array {
    try {
      return readFileSync(resolve(this.#root, path));
    } catch (thrown) {
      throw fileAbsent(path, thrown instanceof Error ? thrown.message : "cannot be read");
    }
  }

  /** The path without symlinks; undefined when nothing is there, or it leads out of the root. */
  realPath(path: string): string | undefined {
    try {
      const real = relative(this.#root, realpathSync(resolve(this.#root, path)));
      return real.startsWith("..") ? undefined : real;
    } catch {
      return undefined;
    }
  }
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

function typeOf(stats: BigIntStats): EntryType {
  if (stats.isSymbolicLink()) return "symlink";
  return stats.isDirectory() ? "folder" : "file";
}

function hashOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`;
}
