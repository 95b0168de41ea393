// Read-only files at a Revision, addressed by content. Paths are relative to the root, joined by "/", without "." or
// ".." parts; the root itself is "". Symlinks and submodules stand in listings but are never followed.
//
// All three calls are synchronous. Content that is not at hand yet makes `read` or `list` throw `Missing`; whoever drives
// the renderer catches it, fetches what it names and renders again.

import { Fault } from "./fault.ts";
import { sha256Hex } from "./sha256.ts";
import { encodeUtf8 } from "./utf8.ts";

export type EntryType = "file" | "folder" | "symlink" | "submodule";

export type Entry = {
  /** The last part of the path. */
  name: string;
  type: EntryType;
  /** Equal hashes within one tree source mean equal content; a folder's covers all below it. */
  hash: string;
  isExecutable?: boolean;
};

export interface FileTree {
  /** The revision the content belongs to; "" where there is none (a local folder). */
  readonly revision: string;
  /** The root folder's own hash. */
  readonly hash: string;
  /** The entry at `path`, or undefined when nothing is there. */
  entry(path: string): Entry | undefined;
  /** Entries of a folder, sorted by name as bytes; undefined when no folder is there. */
  list(path: string): readonly Entry[] | undefined;
  /** Content of a file. Throws Fault `file-absent` when no regular file is there. */
  read(path: string): Uint8Array;
}

/** What a synchronous step lacks. `object`: ids (blobs or trees) the tree's source can fetch. */
export type Need =
  | { what: "object"; id: string }
  | { what: "remote"; url: string; as?: "file" | "repository" }
  | { what: "chart"; id: string }
  | { what: "lookup"; id: string };

/** Thrown out of a synchronous render; carries what to fetch before it is tried again. No error of the user's. */
export class Missing extends Error {
  override readonly name: string = "Missing";
  readonly needs: readonly Need[];

  constructor(needs: readonly Need[]) {
    super("content not at hand yet");
    this.needs = needs;
  }
}

/** Joins and cleans a path below a root: resolves "." and ".."; undefined when it would leave the root. */
export function joinPath(base: string, relative: string): string | undefined {
  const parts: string[] = base === "" ? [] : base.split("/");
  for (const part of relative.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}

export function parentPath(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function fileAbsent(path: string, why: string): Fault<"file-absent"> {
  return new Fault({ code: "file-absent", disposition: "stall", at: path === "" ? "." : path, message: why });
}

/** A FileTree over files held in memory: path to content. Used for overlays, archives and tests. */
export function memoryTree(files: Readonly<Record<string, string | Uint8Array>>, revision = ""): FileTree {
  return new MemoryTree(new Map(Object.entries(files)), revision);
}

class MemoryTree implements FileTree {
  readonly revision: string;
  readonly hash: string;
  readonly #files = new Map<string, Uint8Array>();
  readonly #folders = new Map<string, Map<string, Entry>>([["", new Map()]]);

  constructor(files: ReadonlyMap<string, string | Uint8Array>, revision: string) {
    this.revision = revision;
    for (const [path, content] of files) {
      const bytes = typeof content === "string" ? encodeUtf8(content) : content;
      this.#files.set(path, bytes);
      this.#addFolder(parentPath(path)).set(baseName(path), {
        name: baseName(path),
        type: "file",
        hash: sha256Hex(bytes),
      });
    }
    this.hash = this.#hashFolder("");
  }

  entry(path: string): Entry | undefined {
    if (path === "") return { name: "", type: "folder", hash: this.hash };
    return this.#folders.get(parentPath(path))?.get(baseName(path));
  }

  list(path: string): readonly Entry[] | undefined {
    const folder = this.#folders.get(path);
    return folder && [...folder.values()].sort(compareNames);
  }

  read(path: string): Uint8Array {
    const bytes = this.#files.get(path);
    if (bytes === undefined)
      throw fileAbsent(path, this.#folders.has(path) ? "is a folder, not a file" : "no such file");
    return bytes;
  }

  #addFolder(path: string): Map<string, Entry> {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const folder = new Map<string, Entry>();
    this.#folders.set(path, folder);
    this.#addFolder(parentPath(path)).set(baseName(path), { name: baseName(path), type: "folder", hash: "" });
    return folder;
  }

  #hashFolder(path: string): string {
    const lines: string[] = [];
    for (const entry of this.list(path) ?? []) {
      if (entry.type === "folder" && entry.hash === "")
        entry.hash = this.#hashFolder(path === "" ? entry.name : `${path}/${entry.name}`);
      lines.push(`${entry.type} ${entry.hash} ${entry.name}\n`);
    }
    return sha256Hex(lines.join(""));
  }
}

function compareNames(a: Entry, b: Entry): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
