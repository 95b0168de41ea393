// Files that did not come by Git, made into a tree of a repository of our own: streamed through `git fast-import`, so that
// memory does not grow with them. The tree appears only when all of them have come: a stream that fails leaves nothing.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { type Environment, gitEnvironment } from "./command.ts";
import { quotePath } from "./compose.ts";
import { gitFault } from "./faults.ts";
import { readerOf } from "./git-tree.ts";
import { entriesMost, errorTextMost } from "./limits.ts";
import { removeLocks } from "./mirror.ts";

/** A file by the id of content that is there already, or with its content, in pieces that make up `size`. */
export type ImportedFile = { path: string; isExecutable: boolean } & (
  | { id: string }
  | { size: number; pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array> }
);

export type ImportOptions = {
  /** A bare repository of our own; made where it is not there. */
  repository: string;
  /** What the tree is found by later: hexadecimal. */
  name: string;
  environment: Environment;
  signal: AbortSignal;
  /** For messages. */
  at: string;
};

/** The id of a tree that an import has made; undefined where there is none of this name. */
export async function findImport(options: Omit<ImportOptions, "signal" | "at">): Promise<string | undefined> {
  if (!(await isThere(options.repository))) return undefined;
  const reader = readerOf(options.repository, options.environment);
  const [tree] = await reader.read([`refs/keelson/${options.name}^{tree}`], 0);
  return tree?.id;
}

/** Makes a tree of the files; a later one of the same path stands for an earlier. Returns the tree's id. */
export async function importTree(
  files: AsyncIterable<ImportedFile> | Iterable<ImportedFile>,
  options: ImportOptions,
): Promise<string> {
  await create(options);
  const run = start(options);
  try {
    await writeAll(files, run, options);
    run.input.end("done\n");
    await run.ended;
  } catch (error) {
    run.kill();
    await run.ended.catch(() => {});
    await removeRemains(options.repository);
    // What git says explains a closed pipe; what the files' source says comes first.
    throw isPipeError(error) ? run.fault() : error;
  }
  const tree = await findImport(options);
  if (tree !== undefined) return tree;
  throw gitFault({ code: "git-failed", disposition: "retry", at: options.at, message: "the tree cannot be read" });
}

type Import = { input: Writable; ended: Promise<void>; kill(): void; fault(): Error };

function start({ repository, environment, signal, at }: ImportOptions): Import {
  const child = spawn("git", ["--git-dir", repository, "fast-import", "--quiet", "--done", "--date-format=raw"], {
    env: gitEnvironment(environment, "/dev/null"),
    stdio: ["pipe", "ignore", "pipe"],
    windowsHide: true,
  });
  let complaints = "";
  child.stderr.on("data", (piece: Buffer) => {
    complaints = (complaints + piece.toString("utf8")).slice(-errorTextMost);
  });
  const fault = (): Error =>
    gitFault({
      code: "git-failed",
      disposition: "retry",
      at,
      message: "the files cannot be kept",
      hint: "check the data folder and the space on its disk",
      cause: new Error(complaints.trim().split("\n").at(-1) || "git ended early"),
    });
  const kill = (): void => void child.kill("SIGKILL");
  const ended = new Promise<void>((resolve, reject) => {
    child.on("error", (error) => reject(error));
    child.on("close", (code) => (code === 0 ? resolve() : reject(fault())));
  }).finally(() => signal.removeEventListener("abort", kill));
  ended.catch(() => {});
  // Errors of the pipe show where something is written to it.
  child.stdin.on("error", () => {});
  signal.addEventListener("abort", kill, { once: true });
  return { input: child.stdin, ended, kill, fault };
}

async function writeAll(
  files: AsyncIterable<ImportedFile> | Iterable<ImportedFile>,
  run: Import,
  { name, signal, at }: ImportOptions,
): Promise<void> {
  const write = (piece: string | Uint8Array): Promise<void> => writeTo(run, piece, signal);
  await write(`commit refs/keelson/${name}\ncommitter keelson <> 0 +0000\ndata 0\n\ndeleteall\n`);
  let count = 0;
  for await (const file of files) {
    if ((count += 1) > entriesMost)
      throw gitFault({
        code: "tree-too-large",
        disposition: "retry",
        at,
        message: `there are more than ${entriesMost} files`,
      });
    if (!isKept(file.path)) {
      if ("size" in file) for await (const _ of file.pieces);
      continue;
    }
    const head = `M ${file.isExecutable ? "100755" : "100644"}`;
    if ("id" in file) {
      await write(`${head} ${file.id} ${quotePath(file.path)}\n`);
      continue;
    }
    await write(`${head} inline ${quotePath(file.path)}\ndata ${file.size}\n`);
    let size = 0;
    for await (const piece of file.pieces) {
      size += piece.length;
      if (size <= file.size) await write(piece);
    }
    // A file longer or shorter than it was said to be would shift all that follows it.
    if (size !== file.size)
      throw gitFault({
        code: "git-failed",
        disposition: "retry",
        at,
        message: `${file.path} has ${size} bytes, not ${file.size}`,
      });
    await write("\n");
  }
}

/** Git's own files are no content, and git would not take them. */
function isKept(path: string): boolean {
  return !path.split("/").some((part) => /^(\.git|git~\d)$/i.test(part));
}

async function writeTo(run: Import, piece: string | Uint8Array, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw signal.reason as Error;
  if (run.input.destroyed || !run.input.writable) throw run.fault();
  if (!run.input.write(piece)) await Promise.race([once(run.input, "drain"), run.ended]);
}

function isPipeError(error: unknown): boolean {
  return /^(EPIPE|ERR_STREAM_DESTROYED|ERR_STREAM_WRITE_AFTER_END)$/.test((error as { code?: string }).code ?? "");
}

function isThere(repository: string): Promise<boolean> {
  return stat(join(repository, "HEAD")).then(
    () => true,
    () => false,
  );
}

/** Repositories that this process has freed of the locks of one that was killed. */
const unlocked = new Set<string>();

/** Made under another name and moved, so that a kill in between leaves no half repository. */
async function create({ repository }: ImportOptions): Promise<void> {
  if (await isThere(repository)) {
    if (unlocked.has(repository)) return;
    unlocked.add(repository);
    await removeLocks(repository);
    return removeRemains(repository);
  }
  // What `git init` would write, without a process for it: many sources begin at once.
  const draft = `${repository}.new`;
  await rm(draft, { recursive: true, force: true });
  for (const folder of ["objects/pack", "objects/info", "refs/heads"])
    await mkdir(join(draft, folder), { recursive: true, mode: 0o700 });
  await writeFile(join(draft, "HEAD"), "ref: refs/heads/main\n");
  await writeFile(join(draft, "config"), "[core]\n\trepositoryformatversion = 0\n\tbare = true\n");
  await rename(draft, repository);
}

/** What an import that was ended leaves behind: half a pack, a report. */
async function removeRemains(repository: string): Promise<void> {
  for (const folder of ["", "objects/pack"])
    for (const name of await readdir(join(repository, folder)).catch(() => []))
      if (/^(tmp_|fast_import_crash_)/.test(name)) await rm(join(repository, folder, name), { force: true });
}
