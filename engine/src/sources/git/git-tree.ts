// Files of a Git tree, read out of the mirror by object id. Reads are synchronous over what this thread has loaded; what
// is not at hand yet is thrown as Missing and loaded by `fetch`, or all at once by `prefetch`.

import { spawn } from "node:child_process";
import {
  baseName,
  type Entry,
  fileAbsent,
  type FileTree,
  Missing,
  type Need,
  parentPath,
  type Revision,
  sha256Hex,
} from "#kernel";
import { gitFault } from "./faults.ts";
import { handleKey, type TreeHandle } from "./handle.ts";
import { IgnoreRules } from "./ignore.ts";
import { blobCacheBytes, blobMost, depthMost, entriesMost, treeObjectMost } from "./limits.ts";
import { type GitObject, ObjectReader } from "./object-reader.ts";
import { type Folder, folders, LeastRecent, parseTree } from "./tree-objects.ts";
import { gitEnvironment } from "./command.ts";

/** An opened tree: the files, and what loads more of them. */
export type OpenTree = {
  readonly tree: FileTree;
  /** Loads what a read has thrown as Missing. Needs of other kinds are left alone. */
  fetch(needs: readonly Need[]): Promise<void>;
  /** Loads all below a folder, or one file, in as few batches as the folders are deep. Nothing there: nothing happens. */
  prefetch(path: string): Promise<void>;
};

/** Content of blobs by id; a string stands for the length of one that is too large. */
const blobs = new LeastRecent<Buffer | { tooLarge: number }>(blobCacheBytes, (blob) =>
  Buffer.isBuffer(blob) ? blob.length + 100 : 100,
);
const readers = new Map<string, ObjectReader>();

/** The reader of a repository, one for this thread. */
export function readerOf(repository: string, environment: TreeHandle["environment"]): ObjectReader {
  let reader = readers.get(repository);
  if (reader === undefined) {
    reader = new ObjectReader(repository, gitEnvironment(environment, "/dev/null"));
    readers.set(repository, reader);
  }
  return reader;
}

/** Ends this thread's readers, or those of one repository; they start again when needed. */
export function closeReaders(repository?: string): void {
  for (const [folder, reader] of readers) if (repository === undefined || folder === repository) reader.close();
}

/** Opens a tree in this thread. Nothing but the root is loaded. */
export async function openTree(handle: TreeHandle): Promise<OpenTree> {
  const loader = new Loader(handle);
  await loader.loadFolders([handle.tree]);
  const tree = new GitTree(handle);
  return {
    tree,
    fetch: (needs) => loader.loadObjects(needs.flatMap((need) => (need.what === "object" ? [need.id] : []))),
    prefetch: (path) => prefetch(tree, loader, path),
  };
}

async function prefetch(tree: GitTree, loader: Loader, path: string): Promise<void> {
  let level = [path];
  const files: string[] = [];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > depthMost) throw tooLarge(path);
    const entries = await loader.whole(() => level.map((each) => ({ path: each, entry: tree.entry(each) })));
    const below = entries.filter(({ entry }) => entry?.type === "folder").map((each) => each.path);
    for (const { entry } of entries) if (entry?.type === "file") files.push(entry.hash);
    level = await loader.whole(() => pathsIn(tree, below, entriesMost - files.length));
  }
  await loader.loadBlobs(files);
}

/** Paths of all entries of some folders; what they miss is asked for together. */
function pathsIn(tree: GitTree, paths: readonly string[], most: number): string[] {
  const found: string[] = [];
  const needs: Need[] = [];
  for (const path of paths) {
    try {
      for (const entry of tree.list(path) ?? []) found.push(path === "" ? entry.name : `${path}/${entry.name}`);
    } catch (thrown) {
      if (!(thrown instanceof Missing)) throw thrown;
      needs.push(...thrown.needs);
    }
    if (found.length > most) throw tooLarge(path);
  }
  if (needs.length > 0) throw new Missing(needs);
  return found;
}

export function tooLarge(at: string): Error {
  return gitFault({
    code: "tree-too-large",
    disposition: "stall",
    at: at === "" ? "." : at,
    message: `the tree has more than ${entriesMost} entries or ${depthMost} levels`,
    hint: "leave folders out with `ignore` or `.sourceignore`",
  });
}

/** Brings objects of one repository into this thread's memory. */
export class Loader {
  readonly #reader: ObjectReader;
  readonly #handle: TreeHandle;

  constructor(handle: TreeHandle) {
    this.#handle = handle;
    this.#reader = readerOf(handle.repository, handle.environment);
  }

  /** Runs a synchronous step until it misses nothing. */
  async whole<T>(step: () => T): Promise<T> {
    for (;;) {
      try {
        return step();
      } catch (thrown) {
        if (!(thrown instanceof Missing)) throw thrown;
        await this.loadObjects(thrown.needs.flatMap((need) => (need.what === "object" ? [need.id] : [])));
      }
    }
  }

  async loadFolders(ids: readonly string[]): Promise<void> {
    const wanted = [...new Set(ids)].filter((id) => !folders.has(id));
    const objects = await this.#reader.read(wanted, treeObjectMost);
    objects.forEach((object, i) => this.#keep(wanted[i] ?? "", object));
  }

  async loadBlobs(ids: readonly string[]): Promise<void> {
    const wanted = [...new Set(ids)].filter((id) => !blobs.has(id));
    // In slices, so that the largest allowed files at once still fit into memory.
    for (let from = 0; from < wanted.length; from += 2000) {
      const slice = wanted.slice(from, from + 2000);
      const objects = await this.#reader.read(slice, blobMost);
      objects.forEach((object, i) => this.#keep(slice[i] ?? "", object));
    }
  }

  /** Ids of folders or files; which of the two, the repository says. */
  loadObjects(ids: readonly string[]): Promise<void> {
    return this.loadBlobs(ids.filter((id) => !folders.has(id)));
  }

  #keep(id: string, object: GitObject): void {
    if (object === undefined) throw this.#damaged(id);
    if (object.type === "tree" && object.bytes !== undefined)
      folders.set(id, parseTree(object.bytes, id.length / 2, id));
    else blobs.set(id, object.bytes ?? { tooLarge: object.size });
  }

  #damaged(id: string): Error {
    return gitFault({
      code: "git-damaged",
      disposition: "retry",
      at: this.#handle.repository,
      message: `the mirror lacks the object ${id}`,
      hint: "if it stays, stop Keelson and delete the mirror: it is fetched again",
    });
  }
}

/** A file too large to be held, piece by piece. undefined when it is not (known to be) so large. */
export function streamLarge(
  handle: TreeHandle,
  id: string,
): { size: number; pieces: AsyncIterable<Buffer> } | undefined {
  const blob = blobs.get(id);
  if (blob === undefined || Buffer.isBuffer(blob)) return undefined;
  return { size: blob.tooLarge, pieces: piecesOf(handle, id, blob.tooLarge) };
}

async function* piecesOf(handle: TreeHandle, id: string, size: number): AsyncIterable<Buffer> {
  const environment = gitEnvironment(handle.environment, "/dev/null");
  const args = ["--git-dir", handle.repository, "cat-file", "blob", id];
  const child = spawn("git", args, { env: environment, stdio: ["ignore", "pipe", "ignore"], windowsHide: true });
  child.on("error", () => child.stdout.destroy());
  let sent = 0;
  try {
    for await (const piece of child.stdout as AsyncIterable<Buffer>) {
      sent += piece.length;
      yield piece;
    }
  } finally {
    child.kill("SIGKILL");
  }
  const message = `the mirror holds ${sent} of ${size} bytes of the object ${id}`;
  if (sent !== size) throw gitFault({ code: "git-damaged", disposition: "retry", at: handle.repository, message });
}

class GitTree implements FileTree {
  readonly revision: Revision;
  readonly hash: string;
  readonly #root: string;
  readonly #rules: IgnoreRules | undefined;
  readonly #only: readonly string[] | undefined;
  /** Added to folder hashes: equal tree objects under unequal rules show unequal files. */
  readonly #mark: string;
  /** What each folder shows, once it has been looked at. */
  readonly #shown = new Map<string, Folder>();

  constructor(handle: TreeHandle) {
    this.revision = handle.revision;
    this.hash = sha256Hex(handleKey(handle));
    this.#root = handle.tree;
    this.#rules = handle.ignore === "none" ? undefined : new IgnoreRules(handle.ignore);
    this.#only = handle.folders
      ?.map((folder) => folder.replace(/^(\.\/)+|\/+$/g, ""))
      .filter((folder) => folder !== "");
    const isPlain = (handle.ignore === "none" || handle.ignore.length === 0) && this.#only === undefined;
    this.#mark = isPlain ? "" : `+${sha256Hex(JSON.stringify([handle.ignore, this.#only])).slice(0, 16)}`;
  }

  entry(path: string): Entry | undefined {
    if (path === "") return { name: "", type: "folder", hash: this.hash };
    return this.#folder(parentPath(path))?.get(baseName(path));
  }

  list(path: string): readonly Entry[] | undefined {
    const folder = this.#folder(path);
    return folder && [...folder.values()];
  }

  read(path: string): Uint8Array {
    const entry = this.entry(path);
    if (entry === undefined) throw fileAbsent(path, this.#whyAbsent(path));
    if (entry.type === "symlink") throw fileAbsent(path, "is a symbolic link, and links are not followed");
    if (entry.type === "submodule") throw fileAbsent(path, "is a submodule, whose files are not fetched");
    if (entry.type === "folder") throw fileAbsent(path, "is a folder, not a file");
    const blob = blobs.get(entry.hash);
    if (blob === undefined) throw new Missing([{ what: "object", id: entry.hash }]);
    if (Buffer.isBuffer(blob)) return blob;
    throw gitFault({
      code: "file-too-large",
      disposition: "stall",
      at: path,
      message: `the file has ${blob.tooLarge} bytes; files above ${blobMost} are not read`,
      hint: "leave it out of the Kustomization or chart, or exclude it with `.sourceignore`",
    });
  }

  /** For people: which part of the path stands in the way. */
  #whyAbsent(path: string): string {
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
      const above = path.slice(0, at);
      const type = this.#rawEntry(above)?.type;
      if (type === "symlink") return `${above} is a symbolic link, and links are not followed`;
      if (type === "submodule") return `${above} is a submodule, whose files are not fetched`;
    }
    return this.#rawEntry(path) === undefined ? "no such file" : "is excluded by the source's ignore rules";
  }

  /** The visible entries of a folder that is itself visible. */
  #folder(path: string): Folder | undefined {
    const known = this.#shown.get(path);
    if (known !== undefined) return known;
    const entry = this.entry(path);
    if (entry?.type !== "folder") return undefined;
    const raw = folderOf(path === "" ? this.#root : entry.hash.slice(0, this.#root.length));
    const shown = new Map<string, Entry>();
    for (const each of raw.values()) {
      if (!this.#isVisible(path === "" ? each.name : `${path}/${each.name}`, each)) continue;
      const isMarked = each.type === "folder" && this.#mark !== "";
      shown.set(each.name, isMarked ? { ...each, hash: each.hash + this.#mark } : each);
    }
    this.#shown.set(path, shown);
    return shown;
  }

  #rawEntry(path: string): Entry | undefined {
    let folder: Folder = folderOf(this.#root);
    const parts = path.split("/");
    for (const part of parts.slice(0, -1)) {
      const entry = folder.get(part);
      if (entry?.type !== "folder") return undefined;
      folder = folderOf(entry.hash);
    }
    return folder.get(parts.at(-1) ?? "");
  }

  #isVisible(path: string, entry: Entry): boolean {
    const isFolder = entry.type === "folder";
    if (this.#only !== undefined && !isWithin(this.#only, path, isFolder)) return false;
    if (this.#rules === undefined || !this.#rules.isExcluded(path, isFolder)) return true;
    return isFolder && this.#rules.hasInclusions && this.#hasVisible(path, entry.hash);
  }

  /** Whether a pattern brings a file back below an excluded folder. */
  #hasVisible(path: string, id: string): boolean {
    for (const entry of folderOf(id).values()) {
      const below = `${path}/${entry.name}`;
      if (
        entry.type === "folder" ? this.#hasVisible(below, entry.hash) : this.#rules?.isExcluded(below, false) === false
      )
        return true;
    }
    return false;
  }
}

/** Sparse checkout's cone: what is in one of the folders, and the folders on the way to them. */
function isWithin(only: readonly string[], path: string, isFolder: boolean): boolean {
  return only.some(
    (folder) => path === folder || path.startsWith(`${folder}/`) || (isFolder && folder.startsWith(`${path}/`)),
  );
}

function folderOf(id: string): Folder {
  const folder = folders.get(id);
  if (folder === undefined) throw new Missing([{ what: "object", id }]);
  return folder;
}
