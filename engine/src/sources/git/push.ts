// Commits files onto a branch of a server without a work tree: the branch's tip alone is fetched, trees are written by git's
// plumbing into a repository that lives as long as the call, and the push is never forced: who was faster stays.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "#kernel";
import { type GitAccess, parseGitUrl, prepareAccess } from "./access.ts";
import { type Environment, gitEnvironment, runGit } from "./command.ts";
import { gitFault } from "./faults.ts";
import { gitTimeoutMs, pushAttempts } from "./limits.ts";

/** Paths from the repository's root with their new text; null removes the file. */
export type FileChanges = Readonly<Record<string, string | null>>;

/** A file of the branch's tip, or undefined. */
export type ReadFile = (path: string) => Promise<string | undefined>;

export type CommitOptions = {
  url: string;
  branch: string;
  access?: GitAccess;
  /** For git: PATH, and trust settings where set. */
  environment: Environment;
  /** An existing folder for scratch files, which are removed again. */
  folder: string;
  author: { name: string; email: string };
  message: string;
  /** What to change, given what is there. Asked again when somebody else pushed meanwhile. */
  edit: (read: ReadFile) => Promise<FileChanges>;
  signal: AbortSignal;
};

/** The branch's tip after the call. Nothing is pushed when nothing would change. */
export type PushedCommit = { commit: string; isPushed: boolean };

/** Throws a Fault as fetching does; `git-push-refused` when the server does not take the commit. An absent branch is begun. */
export async function commitFiles(options: CommitOptions): Promise<PushedCommit> {
  const scratch = await mkdtemp(join(options.folder, "push-"));
  try {
    const workshop = await openWorkshop(options, scratch);
    try {
      return await commitUntilFirst(workshop, options);
    } finally {
      await workshop.dispose();
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

type Run = (args: readonly string[], input?: string, extra?: Readonly<Record<string, string>>) => Promise<string>;

/** A scratch repository that can reach the server. */
type Workshop = { url: string; run: Run; dispose(): Promise<void> };

async function openWorkshop(options: CommitOptions, scratch: string): Promise<Workshop> {
  const location = parseGitUrl(options.url);
  const globalConfig = join(scratch, "gitconfig");
  // A local repository may belong to another user: it was named on purpose.
  await writeFile(globalConfig, "[safe]\n\tdirectory = *\n");
  const access = await prepareAccess(location, options.access ?? {}, scratch);
  const base = { ...gitEnvironment(options.environment, globalConfig, access.config), ...access.environment };
  const repository = join(scratch, "repository.git");
  const run: Run = async (args, input, extra = {}) => {
    const output = await runGit({
      args: ["--git-dir", repository, ...args],
      environment: { ...base, GIT_INDEX_FILE: join(scratch, "index"), ...extra },
      at: location.url,
      signal: options.signal,
      timeoutMs: gitTimeoutMs,
      ...(input === undefined ? {} : { input }),
    });
    return output.toString("utf8");
  };
  return { url: location.url, run, dispose: () => access.dispose() };
}

async function commitUntilFirst(workshop: Workshop, options: CommitOptions): Promise<PushedCommit> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await commitOnce(workshop, options);
    } catch (thrown) {
      if (!(thrown instanceof Fault && thrown.code === "git-push-raced") || attempt === pushAttempts) throw thrown;
    }
  }
}

async function commitOnce({ url, run }: Workshop, options: CommitOptions): Promise<PushedCommit> {
  const branch = `refs/heads/${options.branch}`;
  const listed = await run(["ls-remote", "-q", "--", url]);
  const tip = listed
    .split("\n")
    .find((line) => line.endsWith(`\t${branch}`))
    ?.split("\t")[0];
  const format = /^[0-9a-f]{64}\t/.test(listed) ? "sha256" : "sha1";
  await run(["init", "-q", "--bare", `--object-format=${format}`]);
  if (tip !== undefined) await run(["fetch", "-q", "--depth=1", "--no-tags", "--", url, tip]);
  const read = readerOf(run, tip);
  const changes = await differing(await options.edit(read), read);
  if (Object.keys(changes).length === 0) return { commit: tip ?? nothingToCommit(url), isPushed: false };
  const tree = await writeTree(run, tip, changes);
  const { name, email } = options.author;
  const who = {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
  const parent = tip === undefined ? [] : ["-p", tip];
  const commit = (await run(["commit-tree", tree, ...parent], options.message, who)).trim();
  await run(["push", "-q", "--", url, `${commit}:${branch}`]);
  return { commit, isPushed: true };
}

function readerOf(run: Run, tip: string | undefined): ReadFile {
  return async (path) => {
    if (tip === undefined) return undefined;
    const entry = await run(["ls-tree", "-z", tip, "--", path]);
    const found = /^\d+ blob ([0-9a-f]+)\t/.exec(entry)?.[1];
    return found === undefined ? undefined : await run(["cat-file", "blob", found]);
  };
}

async function differing(changes: FileChanges, read: ReadFile): Promise<FileChanges> {
  const wanted: Record<string, string | null> = {};
  for (const [path, text] of Object.entries(changes))
    if ((await read(path)) !== (text ?? undefined)) wanted[path] = text;
  return wanted;
}

async function writeTree(run: Run, tip: string | undefined, changes: FileChanges): Promise<string> {
  await run(tip === undefined ? ["read-tree", "--empty"] : ["read-tree", tip]);
  const lines: string[] = [];
  const none = "0".repeat(tip?.length ?? 40);
  for (const [path, text] of Object.entries(changes)) {
    const id = text === null ? undefined : (await run(["hash-object", "-w", "--stdin"], text)).trim();
    lines.push(id === undefined ? `0 ${none}\t${path}` : `100644 ${id}\t${path}`);
  }
  await run(["update-index", "-z", "--index-info"], lines.map((line) => `${line}\0`).join(""));
  return (await run(["write-tree"])).trim();
}

function nothingToCommit(url: string): never {
  throw gitFault({
    code: "git-ref-absent",
    disposition: "stall",
    at: url,
    message: "the branch does not exist and nothing was to be committed to it",
  });
}
