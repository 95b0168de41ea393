// What a rendering read: with these and its other inputs equal, its result is equal, so nothing need be done again.

import type { Entry, FileTree } from "./file-tree.ts";
import { sha256Hex } from "./sha256.ts";

/** One thing a rendering asked of the tree. hash null: looked for, found absent. */
export type Read = { path: string; what: "file" | "listing"; hash: string | null };

/** Everything else a rendering depends on: objects it substitutes from, lookups, remote bases, keys, the target's API list. */
export type Input = { what: "object" | "lookup" | "remote" | "key" | "capabilities"; id: string; hash: string };

/** Names what was asked, whatever the answer. */
export function readKey({ what, path }: Pick<Read, "what" | "path">): string {
  return `${what} ${path}`;
}

/** A FileTree that notes what is asked of it. Looking at an entry counts as reading its parent's listing only if absent. */
export class RecordingTree implements FileTree {
  readonly #tree: FileTree;
  readonly #reads = new Map<string, Read>();

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  get revision(): string {
    return this.#tree.revision;
  }

  get hash(): string {
    return this.#tree.hash;
  }

  entry(path: string): Entry | undefined {
    const entry = this.#tree.entry(path);
    // That a folder exists stays true while anything in it was read; its own hash must not count, it covers files not read.
    if (entry === undefined || entry.type !== "folder") this.#note(path, "file", entry?.hash ?? null);
    else this.#note(path, "file", "folder");
    return entry;
  }

  list(path: string): readonly Entry[] | undefined {
    const entries = this.#tree.list(path);
    this.#note(path, "listing", entries === undefined ? null : hashListing(entries));
    return entries;
  }

  read(path: string): Uint8Array {
    const hash = this.#tree.entry(path)?.hash ?? null;
    this.#note(path, "file", hash);
    return this.#tree.read(path);
  }

  /** All reads so far, sorted by path, then file before listing. */
  reads(): Read[] {
    return [...this.#reads.values()].sort((a, b) =>
      a.path < b.path ? -1 : a.path > b.path ? 1 : a.what < b.what ? -1 : 1,
    );
  }

  #note(path: string, what: Read["what"], hash: string | null): void {
    const read = { path, what, hash };
    this.#reads.set(readKey(read), read);
  }
}

/** A listing's hash covers names and types, not contents. */
function hashListing(entries: readonly Entry[]): string {
  return sha256Hex(entries.map((entry) => `${entry.type} ${entry.name}\n`).join(""));
}

/** True when every read would give the same answer on `tree`. */
export function readsHold(reads: readonly Read[], tree: FileTree): boolean {
  return reads.every((read) => readHash(tree, read) === read.hash);
}

function readHash(tree: FileTree, read: Read): string | null {
  if (read.what === "listing") {
    const entries = tree.list(read.path);
    return entries === undefined ? null : hashListing(entries);
  }
  const entry = tree.entry(read.path);
  if (entry === undefined) return null;
  return entry.type === "folder" ? "folder" : entry.hash;
}
