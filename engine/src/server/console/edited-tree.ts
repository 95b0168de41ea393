// A FileTree as it would be after a commit: some files have another text, some are gone, all else is asked of the tree below.

import { baseName, encodeUtf8, type Entry, type FileTree, parentPath, sha256Hex } from "#kernel";

/** New texts by path; null: the file is removed. */
export type Edits = ReadonlyMap<string, string | null>;

export class EditedTree implements FileTree {
  readonly #below: FileTree;
  readonly #edits: Edits;
  /** Folders that an edit lies in, the root too. */
  readonly #touched: ReadonlySet<string>;

  constructor(below: FileTree, edits: Edits) {
    this.#below = below;
    this.#edits = edits;
    const touched = new Set([""]);
    for (const path of edits.keys())
      for (let folder = parentPath(path); folder !== ""; folder = parentPath(folder)) touched.add(folder);
    this.#touched = touched;
  }

  get revision(): string {
    return this.#below.revision;
  }

  get hash(): string {
    return hashOf(this.#below.hash, this.#edits);
  }

  entry(path: string): Entry | undefined {
    const edit = this.#edits.get(path);
    if (edit !== undefined) return edit === null ? undefined : fileEntry(path, edit);
    const below = this.#below.entry(path);
    if (!this.#touched.has(path) || (below !== undefined && below.type !== "folder")) return below;
    // Git has no empty folders.
    if (path !== "" && this.list(path) === undefined) return undefined;
    return { name: baseName(path), type: "folder", hash: hashOf(below?.hash ?? "", this.#edits) };
  }

  list(path: string): readonly Entry[] | undefined {
    const below = this.#below.list(path);
    if (!this.#touched.has(path)) return below;
    const names = new Set((below ?? []).map(({ name }) => name));
    for (const edited of [...this.#edits.keys(), ...this.#touched])
      if (edited !== "" && parentPath(edited) === path) names.add(baseName(edited));
    const entries = [...names]
      .sort((a, b) => (a < b ? -1 : 1))
      .flatMap((name) => this.entry(path === "" ? name : `${path}/${name}`) ?? []);
    return entries.length === 0 && path !== "" ? undefined : entries;
  }

  read(path: string): Uint8Array {
    const edit = this.#edits.get(path);
    return typeof edit === "string" ? encodeUtf8(edit) : this.#below.read(path);
  }
}

/** One name for one content with one set of edits. */
export function hashOf(below: string, edits: Edits): string {
  return sha256Hex(JSON.stringify([below, ...edits]));
}

function fileEntry(path: string, text: string): Entry {
  return { name: baseName(path), type: "file", hash: sha256Hex(text) };
}
