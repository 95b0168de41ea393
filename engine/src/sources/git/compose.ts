// New trees made of files of others, without copying: a repository of its own borrows the sources' objects (git's
// alternates) and holds only the new folders. Equal lists of files give the same tree, made once.

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Entry } from "#kernel";
import { type Environment, gitEnvironment, runGit } from "./command.ts";
import { gitFault } from "./faults.ts";
import { Loader, openTree, readerOf, tooLarge } from "./git-tree.ts";
import type { TreeHandle } from "./handle.ts";
import { removeLocks } from "./mirror.ts";
import { composedMost, depthMost, entriesMost, gitTimeoutMs } from "./limits.ts";

/** A file by the id of its content, or with its content. */
export type ComposedFile = { path: string; isExecutable: boolean } & ({ id: string } | { content: Uint8Array });

export type ComposeOptions = {
  /** A folder of our own for such repositories; deleting it loses nothing. */
  folder: string;
  environment: Environment;
  signal: AbortSignal;
};

/** A visible file or folder; a submodule that was not fetched is the empty folder a checkout leaves. */
export type TreeItem = { path: string; isFolder: boolean; id: string; isExecutable: boolean };

/** All that is visible in a tree, links left out: folders before what they hold, names in the order of their bytes. */
export async function itemsOf(handle: TreeHandle): Promise<TreeItem[]> {
  const { tree } = await openTree(handle);
  const loader = new Loader(handle);
  const below = new Map<string, readonly Entry[]>();
  let level = [""];
  for (let depth = 0; level.length > 0; depth++) {
    const lists = await loader.whole(() => level.map((path) => tree.list(path) ?? []));
    const next: string[] = [];
    lists.forEach((list, i) => {
      const folder = level[i] ?? "";
      below.set(folder, list);
      for (const entry of list) if (entry.type === "folder") next.push(joinNames(folder, entry.name));
    });
    if (below.size + next.length > entriesMost || depth > depthMost) throw tooLarge("");
    level = next;
  }
  const items: TreeItem[] = [];
  addItems("", below, items);
  return items;
}

function addItems(folder: string, below: ReadonlyMap<string, readonly Entry[]>, items: TreeItem[]): void {
  for (const entry of below.get(folder) ?? []) {
    if (entry.type === "symlink") continue;
    const path = joinNames(folder, entry.name);
    items.push({ path, isFolder: entry.type !== "file", id: entry.hash, isExecutable: entry.isExecutable === true });
    if (items.length > entriesMost) throw tooLarge("");
    if (entry.type === "folder") addItems(path, below, items);
  }
}

function joinNames(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** Every file of a tree that is visible, with the id of its content; links and submodules are left out. */
export async function filesOf(handle: TreeHandle): Promise<{ path: string; id: string; isExecutable: boolean }[]> {
  const items = await itemsOf(handle);
  return items.flatMap(({ path, isFolder, id, isExecutable }) => (isFolder ? [] : [{ path, id, isExecutable }]));
}

/** A hash over paths, marks and contents, independent of where the files come from. */
export function contentHash(files: readonly ComposedFile[]): string {
  const hash = createHash("sha256");
  for (const file of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const id = "id" in file ? file.id : createHash("sha256").update(file.content).digest("hex");
    hash.update(`${file.isExecutable ? "x" : "-"} ${id} ${file.path}\0`);
  }
  return hash.digest("hex");
}

/** A tree of just these files, whose contents stand in the given repositories. The revision is the caller's. */
export function composeTree(
  files: readonly ComposedFile[],
  repositories: readonly string[],
  options: ComposeOptions,
): Promise<Pick<TreeHandle, "repository" | "tree">> {
  const borrowed = [...new Set(repositories)].sort();
  const name = createHash("sha256").update(borrowed.join("\n")).digest("hex").slice(0, 32);
  const repository = join(options.folder, `composed-${name}.git`);
  return inLine(repository, () => compose(repository, borrowed, files, options));
}

/** Work on one repository stands in line: two sources made of the same ones would make it twice at once. */
const lines = new Map<string, Promise<unknown>>();

function inLine<T>(repository: string, step: () => Promise<T>): Promise<T> {
  const turn = (lines.get(repository) ?? Promise.resolve()).then(step);
  const settled = turn.catch(() => {});
  lines.set(repository, settled);
  void settled.then(() => {
    if (lines.get(repository) === settled) lines.delete(repository);
  });
  return turn;
}

async function compose(
  repository: string,
  borrowed: readonly string[],
  files: readonly ComposedFile[],
  options: ComposeOptions,
): Promise<Pick<TreeHandle, "repository" | "tree">> {
  const base = {
    environment: gitEnvironment(options.environment, "/dev/null"),
    signal: options.signal,
    at: repository,
    timeoutMs: gitTimeoutMs,
  };
  await create(repository, borrowed, files, base);
  const ref = `refs/keelson/${contentHash(files)}`;
  const reader = readerOf(repository, options.environment);
  const [known] = await reader.read([`${ref}^{tree}`], 0);
  if (known !== undefined) return { repository, tree: known.id };
  const args = ["--git-dir", repository, "fast-import", "--quiet", "--date-format=raw"];
  await runGit({ ...base, args, input: importText(ref, files) });
  const [made] = await reader.read([`${ref}^{tree}`], 0);
  if (made !== undefined) return { repository, tree: made.id };
  throw gitFault({
    code: "git-failed",
    disposition: "retry",
    at: repository,
    message: "the composed tree cannot be read",
  });
}

export type TidyOptions = ComposeOptions & {
  /** Trees that are offered or may still be read. */
  inUse: readonly string[];
  /** A repository that is about to drop objects: what is borrowed from it is copied first. */
  lender?: string;
};

/** Forgets composed trees that nobody uses, where they have become many or their lender asks for it. */
export async function tidyComposed(options: TidyOptions): Promise<void> {
  const names = await readdir(options.folder).catch(() => []);
  for (const name of names.filter((each) => /^composed-[0-9a-f]+\.git$/.test(each))) {
    const repository = join(options.folder, name);
    await inLine(repository, () => tidyOne(repository, options));
  }
}

async function tidyOne(repository: string, { environment, signal, inUse, lender }: TidyOptions): Promise<void> {
  const refFolder = join(repository, "refs/keelson");
  const alternates = await readFile(join(repository, "objects/info/alternates"), "utf8").catch(() => "");
  const isBorrower = lender !== undefined && alternates.split("\n").includes(join(lender, "objects"));
  if (!isBorrower && (await readdir(refFolder).catch(() => [])).length < composedMost) return;
  const base = {
    environment: gitEnvironment(environment, "/dev/null"),
    signal,
    at: repository,
    timeoutMs: gitTimeoutMs,
  };
  const run = (args: readonly string[], input = ""): Promise<Buffer> =>
    runGit({ ...base, args: ["--git-dir", repository, ...args], input });
  const refs = (await run(["for-each-ref", "--format=%(refname) %(tree)", "refs/keelson/"])).toString("utf8");
  const gone = refs.split("\n").filter((line) => line !== "" && !inUse.includes(line.split(" ")[1] ?? ""));
  await run(["update-ref", "--stdin"], gone.map((line) => `delete ${line.split(" ")[0]}\n`).join(""));
  // Whatever is left and borrowed is copied, so that its lender may drop it.
  await run(["repack", "-a", "-d", "-q", ...(isBorrower ? [] : ["-l"])]);
}

/** Repositories that this process has freed of the locks of one that was killed. */
const unlocked = new Set<string>();

type Base = { environment: Environment; signal: AbortSignal; at: string; timeoutMs: number };

/** Made under another name and moved, so that a kill in between leaves no half repository. */
async function create(
  path: string,
  borrowed: readonly string[],
  files: readonly ComposedFile[],
  base: Base,
): Promise<void> {
  const isThere = await stat(join(path, "HEAD")).then(
    () => true,
    () => false,
  );
  if (isThere) {
    if (!unlocked.has(path)) await removeLocks(path);
    unlocked.add(path);
    return;
  }
  const draft = `${path}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  const first = files.find((file) => "id" in file);
  const format = first !== undefined && "id" in first && first.id.length === 64 ? "sha256" : "sha1";
  await runGit({
    ...base,
    args: ["init", "--quiet", "--bare", `--object-format=${format}`, "--template=", "--", draft],
  });
  await mkdir(join(draft, "objects/info"), { recursive: true });
  await writeFile(
    join(draft, "objects/info/alternates"),
    borrowed.map((each) => `${join(each, "objects")}\n`).join(""),
  );
  await rename(draft, path);
}

function importText(ref: string, files: readonly ComposedFile[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`commit ${ref}\ncommitter keelson <> 0 +0000\ndata 0\n\n`)];
  for (const file of files) {
    const mode = file.isExecutable ? "100755" : "100644";
    const path = quotePath(file.path);
    if ("id" in file) parts.push(Buffer.from(`M ${mode} ${file.id} ${path}\n`));
    else {
      parts.push(Buffer.from(`M ${mode} inline ${path}\ndata ${file.content.length}\n`), Buffer.from(file.content));
      parts.push(Buffer.from("\n"));
    }
  }
  return Buffer.concat(parts);
}

/** As fast-import's grammar wants it: C quoting for what could end the line or begin a quotation. */
export function quotePath(path: string): string {
  if (!/["\n\\]/.test(path)) return path;
  return `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
