// Files and folders as one kustomization may read them: files in or below its own folder, folders anywhere in the tree but
// not one it came from. In a delivery's tree symlinks are never followed; over a local disk they are resolved first, as
// kustomize does, and what they lead to must obey the same rules.

import { type Entry, type FileTree, joinPath, Missing, sha256Hex } from "#kernel";
import { fault, invalid } from "./faults.ts";
import { depthMax, fileBytesMax } from "./limits.ts";
import { formatRemote, isRemoteFile, parseRemote } from "./remote.ts";

/** What a tree over a local disk can do beyond a FileTree: say where a path leads once its symlinks are followed. */
export interface LocalPaths {
  /** The path without symlinks; undefined when nothing is there. */
  realPath(path: string): string | undefined;
}

/** A repository at one commit, whose hash it is (`local` where its symlinks can be followed), or one file. */
export type RemoteContent = { tree: FileTree; hash: string; local?: LocalPaths } | { file: Uint8Array };

/**
 * What was fetched from a URL: undefined for what still has to be, null where nothing could be had. As kustomize does, the
 * build first asks for a file, and for a repository where there is none or it holds no objects.
 */
export type RemotePort = (url: string, as: "file" | "repository") => RemoteContent | null | undefined;

export type LoaderOptions = {
  tree: FileTree;
  local: LocalPaths | undefined;
  isRestricted: boolean;
  /** Fetched remote bases and files; undefined where none are allowed. */
  remote: RemotePort | undefined;
  /** Notes a remote as an input of the build. */
  noteRemote: (url: string, hash: string) => void;
  /** Makes the tree that a remote base is read from. */
  wrapRemote: (tree: FileTree) => FileTree;
};

type Remote = { url: string; options: LoaderOptions };

export class Loader {
  readonly root: string;
  readonly #options: LoaderOptions;
  readonly #parent: Loader | undefined;
  readonly #depth: number;
  /** Set where this root is the top of a remote base. */
  readonly #remote: Remote | undefined;

  constructor(root: string, options: LoaderOptions, parent?: { loader: Loader; remote?: Remote }) {
    this.root = root;
    this.#options = options;
    this.#parent = parent?.loader;
    this.#remote = parent?.remote;
    this.#depth = parent === undefined ? 0 : parent.loader.#depth + 1;
    if (this.#depth > depthMax)
      throw fault("kustomize-limit", `kustomizations are nested deeper than ${depthMax}`, { at: root });
  }

  /** Where this loader stands, for messages. */
  get place(): string {
    return this.root === "" ? "." : this.root;
  }

  get tree(): FileTree {
    return this.#options.tree;
  }

  /** A loader at the top folder of a build. */
  static at(path: string, options: LoaderOptions): Loader {
    const root = joinPath("", path);
    if (root === undefined) throw fault("kustomize-outside", "the path leads out of the tree", { at: path });
    return new Loader(confirmFolder(root, options), options);
  }

  /** Content of a file, named relative to this folder. */
  load(path: string): Uint8Array {
    if (isRemoteFile(path)) return this.#loadRemote(path);
    const { tree, local, isRestricted } = this.#options;
    const full = this.#resolve(path);
    const real = local === undefined ? full : local.realPath(full);
    if (real === undefined) throw notFound(path, this.place);
    if (isRestricted && !isInside(real, this.root))
      throw fault("kustomize-outside", `file '${path}' is not in or below '${this.place}'`, {
        at: this.place,
        hint: "move the file below the kustomization, or turn the load restrictor off",
      });
    const bytes = readFile(tree, real, path);
    if (bytes.length > fileBytesMax)
      throw fault("kustomize-limit", `the file has more than ${fileBytesMax} bytes`, { at: path });
    return bytes;
  }

  /** Whether something stands at a name in this folder; the answer counts as read. */
  has(name: string): boolean {
    const full = joinPath(this.root, name) as string;
    const real = this.#options.local === undefined ? full : this.#options.local.realPath(full);
    return real !== undefined && this.tree.entry(real) !== undefined;
  }

  #resolve(path: string): string {
    const isAbsolute = path.startsWith("/");
    if (isAbsolute && this.#options.local === undefined)
      throw fault("kustomize-outside", "a path must be relative", { at: path });
    const full = joinPath(isAbsolute ? "" : this.root, path);
    if (full === undefined) throw fault("kustomize-outside", "the path leads out of the tree", { at: path });
    return full;
  }

  #loadRemote(url: string): Uint8Array {
    const content = this.#fetched(url, "file");
    if (content === null || "tree" in content) {
      this.#options.noteRemote(formatRemote(url), "");
      throw invalid("no file can be fetched from this URL", { at: formatRemote(url) });
    }
    const { file } = content;
    this.#options.noteRemote(formatRemote(url), sha256Hex(file));
    if (file.length > fileBytesMax)
      throw fault("kustomize-limit", `the file has more than ${fileBytesMax} bytes`, { at: formatRemote(url) });
    return file;
  }

  #fetched(url: string, as: "file" | "repository"): RemoteContent | null {
    const { remote } = this.#options;
    if (remote === undefined)
      throw fault("kustomize-refused", "remote bases are not allowed here", {
        at: formatRemote(url),
        hint: "copy the base into the repository",
      });
    const content = remote(url, as);
    if (content === undefined) throw new Missing([{ what: "remote", url, as }]);
    return content;
  }

  /** A loader for another kustomization: a folder relative to this one, or a remote base. */
  descend(path: string): Loader {
    if (path === "") throw invalid("new root cannot be empty");
    const remote = parseRemote(path);
    if (remote !== undefined) return this.#descendRemote(path, remote.folder);
    if (path.startsWith("/")) throw invalid(`new root '${path}' cannot be absolute`);
    if (path.split("/").some((part) => part !== ".." && part.includes("..")))
      throw invalid(`path "${path}" is ambiguous`, { hint: "check the indentation of the kustomization file" });
    const full = this.#resolve(path);
    const root = confirmFolder(full, this.#options);
    this.#refuseCycle(root, path);
    return new Loader(root, this.#options, { loader: this });
  }

  /** A folder that contains one of those on the way here would come back here. */
  #refuseCycle(root: string, path: string): void {
    if (isInside(this.root, root))
      throw fault("kustomize-cycle", `cycle detected: '${root || "."}' contains '${this.place}'`, { at: path });
    if (this.#remote === undefined && this.#parent !== undefined) this.#parent.#refuseCycle(root, path);
  }

  #refuseRemoteCycle(url: string): void {
    if (this.#remote?.url.startsWith(url))
      throw fault("kustomize-cycle", `cycle detected: '${url}' refers to itself`, { at: url });
    if (this.#parent !== undefined) this.#parent.#refuseRemoteCycle(url);
  }

  #descendRemote(url: string, folder: string): Loader {
    this.#refuseRemoteCycle(url);
    const content = this.#fetched(url, "repository");
    if (content === null || "file" in content) throw invalid("the URL names no repository", { at: formatRemote(url) });
    this.#options.noteRemote(formatRemote(url), content.hash);
    const options = {
      ...this.#options,
      tree: this.#options.wrapRemote(content.tree),
      local: content.local,
      isRestricted: true,
    };
    const root = joinPath("", folder);
    if (root === undefined) throw fault("kustomize-outside", "the path leads out of the repository", { at: url });
    return new Loader(confirmFolder(root, options), options, { loader: this, remote: { url, options } });
  }
}

/** True when `path` is `folder` or lies below it. */
function isInside(path: string, folder: string): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}

function notFound(path: string, place?: string): Error {
  return fault("kustomize-not-found", `no such file or folder: '${path}'`, place === undefined ? {} : { at: place });
}

function confirmFolder(path: string, { tree, local }: LoaderOptions): string {
  const real = local === undefined ? path : local.realPath(path);
  const entry = real === undefined ? undefined : tree.entry(real);
  if (real === undefined || entry === undefined) throw notFound(path);
  refuseLinks(tree, real, entry);
  if (entry.type !== "folder") throw invalid(`'${path}' must be a folder`, { at: path });
  return real;
}

function readFile(tree: FileTree, path: string, written: string): Uint8Array {
  const entry = tree.entry(path);
  if (entry === undefined) {
    refuseLinks(tree, path, entry);
    throw notFound(written);
  }
  refuseLinks(tree, path, entry);
  if (entry.type !== "file") throw invalid(`'${written}' must resolve to a file`, { at: path });
  return tree.read(path);
}

function refuseLinks(tree: FileTree, path: string, entry: Entry | undefined): void {
  let found = entry;
  for (let at = path; found === undefined && at.includes("/"); ) {
    at = at.slice(0, at.lastIndexOf("/"));
    found = tree.entry(at);
    if (found?.type === "folder") return;
  }
  if (found?.type === "symlink")
    throw fault("kustomize-outside", "symlinks are not followed", { at: path, hint: "commit the file itself" });
  if (found?.type === "submodule") throw fault("kustomize-not-found", "submodules are not fetched", { at: path });
}
