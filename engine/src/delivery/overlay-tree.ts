// A FileTree with some files replaced or added in memory; all else is asked of the tree below.

import { baseName, encodeUtf8, type Entry, type FileTree, parentPath, sha256Hex } from "#kernel";

export class OverlayTree implements FileTree {
  readonly #below: FileTree;
  readonly #files: ReadonlyMap<string, Uint8Array>;

  constructor(below: FileTree, files: { readonly [path: string]: string | Uint8Array }) {
    this.#below = below;
    const bytesOf = (content: string | Uint8Array): Uint8Array =>
      typeof content === "string" ? encodeUtf8(content) : content;
    this.#files = new Map(Object.entries(files).map(([path, content]) => [path, bytesOf(content)]));
  }

  get revision(): string {
    return this.#below.revision;
  }

  get hash(): string {
    return sha256Hex(
      [this.#below.hash, ...[...this.#files].flatMap(([path, bytes]) => [path, sha256Hex(bytes)])].join(),
    );
  }

  entry(path: string): Entry | undefined {
    const bytes = this.#files.get(path);
    return bytes === undefined ? this.#below.entry(path) : entryOf(path, bytes);
  }

  list(path: string): readonly Entry[] | undefined {
    const entries = this.#below.list(path);
    const added = [...this.#files].filter(([file]) => parentPath(file) === path);
    if (entries === undefined || added.length === 0) return entries;
    const names = new Set(added.map(([file]) => baseName(file)));
    const kept = entries.filter((entry) => !names.has(entry.name));
    return [...kept, ...added.map(([file, bytes]) => entryOf(file, bytes))].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  read(path: string): Uint8Array {
    return this.#files.get(path) ?? this.#below.read(path);
  }
}

function entryOf(path: string, bytes: Uint8Array): Entry {
  return { name: baseName(path), type: "file", hash: sha256Hex(bytes) };
}
