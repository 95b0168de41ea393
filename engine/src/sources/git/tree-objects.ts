// Git's tree objects, parsed and kept by id: an unchanged folder is never read twice, whatever the revision.

import { type Entry, type EntryType, decodeUtf8 } from "#kernel";
import { gitFault } from "./faults.ts";
import { treeCacheEntries } from "./limits.ts";

/** Entries of one folder by name, in the order of names as bytes. */
export type Folder = ReadonlyMap<string, Entry>;

const types: Readonly<Record<string, EntryType>> = { "40000": "folder", "120000": "symlink", "160000": "submodule" };

/** Names that would leave the folder, or mean something to git, are left out: no honest tree has them. */
function isSafeName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && name.toLowerCase() !== ".git" && !/[/\0]/.test(name);
}

/** Reads a tree object: mode, space, name, NUL, id; again and again. */
export function parseTree(bytes: Uint8Array, idBytes: number, id: string): Folder {
  const entries: Entry[] = [];
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(32, at);
    const end = bytes.indexOf(0, space);
    if (space < 0 || end < 0 || end + 1 + idBytes > bytes.length) throw damaged(id);
    const mode = decodeUtf8(bytes.subarray(at, space));
    const name = decodeUtf8(bytes.subarray(space + 1, end));
    at = end + 1 + idBytes;
    if (!isSafeName(name)) continue;
    const hash = Buffer.from(bytes.buffer, bytes.byteOffset + end + 1, idBytes).toString("hex");
    const type = types[mode.replace(/^0+/, "")] ?? "file";
    entries.push({ name, type, hash, ...(type === "file" && mode.endsWith("755") ? { isExecutable: true } : {}) });
  }
  // Git sorts a folder as if its name ended with a slash; we promise the order of plain names.
  entries.sort((a, b) => compareBytes(a.name, b.name));
  return new Map(entries.map((entry) => [entry.name, entry]));
}

function compareBytes(a: string, b: string): number {
  // UTF-16 and UTF-8 order differ only where a surrogate meets a character above U+E000.
  if (/[\ud800-\uffff]/.test(a) || /[\ud800-\uffff]/.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

function damaged(id: string): Error {
  const message = `the tree object ${id} is damaged`;
  return gitFault({
    code: "git-damaged",
    disposition: "retry",
    message,
    hint: "run `git fsck` on the server's repository",
  });
}

/** A map that forgets what was not used for longest once it is over its size. */
export class LeastRecent<T> {
  readonly #most: number;
  readonly #sizeOf: (value: T) => number;
  readonly #values = new Map<string, T>();
  #size = 0;

  constructor(most: number, sizeOf: (value: T) => number) {
    this.#most = most;
    this.#sizeOf = sizeOf;
  }

  get(key: string): T | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  set(key: string, value: T): void {
    if (this.#values.has(key)) return;
    this.#values.set(key, value);
    this.#size += this.#sizeOf(value);
    for (const [oldest, old] of this.#values) {
      if (this.#size <= this.#most || oldest === key) return;
      this.#values.delete(oldest);
      this.#size -= this.#sizeOf(old);
    }
  }
}

/** All parsed folders of this thread. */
export const folders: LeastRecent<Folder> = new LeastRecent<Folder>(treeCacheEntries, () => 1);
