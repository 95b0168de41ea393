// A folder on disk as a FileTree: for builds and previews of what is not committed yet. Reads are synchronous; symlinks
// that stay inside the folder are followed, as kustomize does, others are absent. Those of a chart may lead anywhere in
// its repository, and one that leads out is refused: Helm would follow it, and a chart read without it is another chart.

import {
  type Dirent,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname, join, sep } from "node:path";
import { baseName, type Entry, Fault, fileAbsent, type FileTree, parentPath } from "#kernel";
import type { CliCode } from "./faults.ts";

/** The folder's content as it is now. `.git` is left out. */
export function localTree(folder: string): FileTree {
  return new LocalTree(realpathSync(folder), undefined);
}

/** A chart's folder as it is now. Looking at a symlink that leads nowhere, or out of the repository, throws a Fault. */
export function chartTree(folder: string): FileTree {
  const real = realpathSync(folder);
  return new LocalTree(real, repositoryAround(real) ?? real);
}

/** The work tree of Git that the folder is in. */
export function repositoryAround(folder: string): string | undefined {
  for (let up = folder; ; up = dirname(up)) {
    if (existsSync(join(up, ".git"))) return up;
    if (dirname(up) === up) return undefined;
  }
}

class LocalTree implements FileTree {
  readonly revision = "";
  readonly #folder: string;
  /** Of a chart: what its symlinks may lead to. */
  readonly #repository: string | undefined;
  /** Folders that are known to be themselves, not reached over a symlink: what lies in them needs one look only. */
  readonly #plainFolders = new Set<string>([""]);
  /** Files in them that a listing showed to be files: they are read without another look. */
  readonly #plainFiles = new Set<string>();

  constructor(folder: string, repository: string | undefined) {
    this.#folder = folder;
    this.#repository = repository;
  }

  get hash(): string {
    return this.#hashFolder("");
  }

  entry(path: string): Entry | undefined {
    const stat = this.#stat(path);
    return stat && new LocalEntry(baseName(path), stat.isDirectory() ? "folder" : "file", () => stat);
  }

  list(path: string): readonly Entry[] | undefined {
    if (this.#stat(path)?.isDirectory() !== true) return undefined;
    const found = readdirSync(join(this.#folder, path), { withFileTypes: true }).filter(({ name }) => name !== ".git");
    found.sort((a, b) => (a.name < b.name ? -1 : 1));
    const isPlain = this.#plainFolders.has(path);
    return found.flatMap((one) => {
      const inner = path === "" ? one.name : `${path}/${one.name}`;
      return (isPlain ? this.#plainEntry(one, inner) : undefined) ?? this.entry(inner) ?? [];
    });
  }

  /** An entry that the listing says all about but its time and size; undefined for a symlink. */
  #plainEntry(found: Dirent, path: string): Entry | undefined {
    // A pipe in a chart's folder is listed, so that reading it is refused unless .helmignore names it.
    if (this.#repository !== undefined && isIrregular(found))
      return new LocalEntry(found.name, "file", () => lstatSync(`${this.#folder}/${path}`));
    if (!found.isFile() && !found.isDirectory()) return undefined;
    (found.isFile() ? this.#plainFiles : this.#plainFolders).add(path);
    return new LocalEntry(found.name, found.isFile() ? "file" : "folder", () => lstatSync(`${this.#folder}/${path}`));
  }

  read(path: string): Uint8Array {
    if (this.#plainFiles.has(path)) {
      try {
        return readFileSync(`${this.#folder}/${path}`);
      } catch {
        // It has gone since: what stands there now is looked at below.
      }
    }
    const stat = this.#stat(path);
    if (stat === undefined && this.#repository !== undefined) this.#refuseIrregular(path);
    if (stat?.isFile() !== true)
      throw fileAbsent(path, stat === undefined ? "no such file" : "is a folder, not a file");
    return readFileSync(join(this.#folder, path));
  }

  /** undefined for what is not there, leaves the folder, or is neither file nor folder. */
  #stat(path: string): Stats | undefined {
    const found = this.#find(path);
    if (found === undefined && this.#repository !== undefined) this.#refuseLink(path);
    return found;
  }

  #find(path: string): Stats | undefined {
    try {
      const isKnown = this.#plainFolders.has(parentPath(path)) && !path.includes("..");
      const stat = isKnown ? lstatSync(join(this.#folder, path)) : undefined;
      if (stat === undefined || stat.isSymbolicLink()) return this.#statLinked(path);
      if (stat.isDirectory()) this.#plainFolders.add(path);
      return stat.isDirectory() || stat.isFile() ? stat : undefined;
    } catch {
      return undefined;
    }
  }

  #refuseIrregular(path: string): void {
    const stat = lstatSync(join(this.#folder, path), { throwIfNoEntry: false });
    if (stat === undefined || !isIrregular(stat)) return;
    throw new Fault<CliCode>({
      code: "refused",
      disposition: "stall",
      at: path,
      message: "cannot load irregular file: it is a pipe, a socket or a device",
      hint: "take it out of the chart's folder, or name it in .helmignore",
    });
  }

  #refuseLink(path: string): void {
    const written = join(this.#folder, path);
    const isLink = lstatSync(written, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    if (!isLink || !isWithin(written, this.#folder)) return;
    throw new Fault<CliCode>({
      code: "refused",
      disposition: "stall",
      at: path,
      message: `the symlink to ${readlinkSync(written)} leads to no file of the repository`,
      hint: "put what it means into the chart: files outside of its repository are not read",
    });
  }

  /** The same where a symlink may be on the way. */
  #statLinked(path: string): Stats | undefined {
    const written = join(this.#folder, path);
    if (!isWithin(written, this.#folder)) return undefined;
    const real = realpathSync(written);
    if (!isWithin(real, this.#repository ?? this.#folder)) return undefined;
    if (real === written && !path.includes("..")) this.#plainFolders.add(parentPath(path));
    const stat = statSync(real);
    return stat.isDirectory() || stat.isFile() ? stat : undefined;
  }

  #hashFolder(path: string): string {
    // Loaded where it is used: who renders a chart asks for no hash.
    const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
    for (const entry of this.list(path) ?? []) {
      const below = path === "" ? entry.name : `${path}/${entry.name}`;
      hash.update(`${entry.type} ${entry.type === "folder" ? this.#hashFolder(below) : entry.hash} ${entry.name}\n`);
    }
    return hash.digest("hex");
  }
}

function isIrregular(found: Dirent | Stats): boolean {
  return !found.isFile() && !found.isDirectory() && !found.isSymbolicLink();
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}${sep}`);
}

/** Whoever changes a file changes its time or size; reading it only to name it would double the work. */
class LocalEntry implements Entry {
  readonly name: string;
  readonly type: "file" | "folder";
  readonly #stat: () => Stats;

  constructor(name: string, type: "file" | "folder", stat: () => Stats) {
    this.name = name;
    this.type = type;
    this.#stat = stat;
  }

  get hash(): string {
    const { ino, size, mtimeMs } = this.#stat();
    return this.type === "folder" ? `${ino}` : `${ino}-${size}-${mtimeMs}`;
  }
}
