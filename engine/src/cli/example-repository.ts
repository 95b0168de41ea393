// The example fleet as a real Git repository in the data folder: a working copy that can be committed to.

import { execFile } from "node:child_process";
import { cp, mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Fault } from "#kernel";

const run = promisify(execFile);

/** Runs git in a folder; what it prints on standard output, trimmed. */
export async function runGit(folder: string, ...words: readonly string[]): Promise<string> {
  const { stdout } = await run("git", ["-C", folder, ...words], { maxBuffer: 16 * 1024 * 1024 });
  return stdout.trim();
}

/** The repository's folder; it is made of `template` when it is not there yet. */
export async function ensureExampleRepository(folder: string, template: string): Promise<string> {
  if (await isFolder(join(folder, ".git"))) return folder;
  // `.git` appears when it is whole, so that an interrupt leaves nothing that the next start would take for a repository.
  const draft = `${folder}.making`;
  try {
    await cp(template, folder, { recursive: true });
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft);
    await runGit(draft, "init", "--quiet");
    // `init -b` needs git 2.28.
    await runGit(draft, "symbolic-ref", "HEAD", "refs/heads/main");
    // Commits from the console arrive in the working copy too, where it is clean.
    await runGit(draft, "config", "receive.denyCurrentBranch", "updateInstead");
    await setIdentity(draft);
    const inFolder = [`--git-dir=${join(draft, ".git")}`, `--work-tree=${folder}`];
    await runGit(folder, ...inFolder, "add", "--all");
    const author = ["-c", "user.name=Keelson", "-c", "user.email=example@keelson.dev"];
    await runGit(folder, ...inFolder, ...author, "commit", "--quiet", "--no-gpg-sign", "-m", "an example fleet");
    await rename(join(draft, ".git"), join(folder, ".git"));
    await rm(draft, { recursive: true });
  } catch (cause) {
    throw new Fault({
      code: "failed",
      disposition: "stall",
      at: folder,
      message: "the example repository could not be made",
      hint: "is git installed? `keelson up --no-example` starts without it",
      cause,
    });
  }
  return folder;
}

/** Who has told git their name commits as themselves; for all others a name is needed for `git commit` to work at all. */
async function setIdentity(folder: string): Promise<void> {
  const isKnown = await runGit(folder, "config", "user.email").then(
    (email) => email !== "",
    () => false,
  );
  if (isKnown) return;
  await runGit(folder, "config", "user.name", "Keelson example");
  await runGit(folder, "config", "user.email", "example@keelson.dev");
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
