// Tells when a branch or tag of a repository on this machine moves, so that a commit is seen at once and not at the next
// interval. Where the file system cannot tell, the files are looked at every second.

import { type FSWatcher, watch } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import type { Clock } from "#kernel";
import { refPollMs, refWatchSettleMs } from "./limits.ts";

export type WatchRefsOptions = {
  /** The repository: bare, or with a work tree. */
  path: string;
  clock: Clock;
  changed: () => void;
};

/** The function returned ends it. A path without a repository is watched for one to appear. */
export function watchRefs(options: WatchRefsOptions): () => void {
  const watching = new RefWatch(options);
  void watching.look();
  return () => watching.close();
}

class RefWatch {
  readonly #options: WatchRefsOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #isClosed = false;
  #cancel: () => void = () => {};
  /** What the ref files looked like; undefined before the first look. */
  #seen: string | undefined;
  #isSettling = false;

  constructor(options: WatchRefsOptions) {
    this.#options = options;
  }

  /** Watches folders that are new, and tells when the refs differ from the last look. */
  async look(): Promise<void> {
    const folder = await gitFolder(this.#options.path);
    const folders = folder === undefined ? [] : [folder, ...(await foldersBelow(join(folder, "refs")))];
    const state = folder === undefined ? "" : await stateOf(folder, folders.slice(1));
    if (this.#isClosed) return;
    const canWatch = folders.length > 0 && folders.every((each) => this.#watch(each));
    if (!canWatch) this.#cancel = this.#options.clock.after(refPollMs, () => void this.look());
    const isNew = this.#seen !== undefined && this.#seen !== state;
    this.#seen = state;
    if (isNew) this.#options.changed();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
    for (const watcher of this.#watchers.values()) watcher.close();
  }

  #watch(folder: string): boolean {
    if (this.#watchers.has(folder)) return true;
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#stir());
      watcher.on("error", () => {
        watcher.close();
        this.#watchers.delete(folder);
      });
      this.#watchers.set(folder, watcher);
      return true;
    } catch {
      return false;
    }
  }

  #stir(): void {
    if (this.#isSettling || this.#isClosed) return;
    this.#isSettling = true;
    this.#cancel();
    this.#cancel = this.#options.clock.after(refWatchSettleMs, () => {
      this.#isSettling = false;
      void this.look();
    });
  }
}

async function gitFolder(path: string): Promise<string | undefined> {
  const inside = join(path, ".git");
  const found = await stat(inside).catch(() => undefined);
  if (found?.isDirectory() === true) return inside;
  if (found?.isFile() === true) {
    // A worktree or submodule: `gitdir: PATH`, whose refs stand in the common folder.
    const target = /^gitdir: (.*)$/m.exec(await readFile(inside, "utf8"))?.[1]?.trim() ?? "";
    const folder = isAbsolute(target) ? target : join(path, target);
    const common = await readFile(join(folder, "commondir"), "utf8").catch(() => "");
    return common === "" ? folder : join(folder, common.trim());
  }
  const isBare = await stat(join(path, "HEAD")).catch(() => undefined);
  return isBare === undefined ? undefined : path;
}

async function foldersBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const below = entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return [folder, ...below].slice(0, 500);
}

/** Names, times and sizes of the ref files. */
async function stateOf(folder: string, folders: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const note = async (path: string): Promise<void> => {
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    if (found?.isFile() === true) lines.push(`${path} ${found.mtimeNs} ${found.ino} ${found.size}`);
  };
  await note(join(folder, "packed-refs"));
  await note(join(folder, "HEAD"));
  for (const each of folders)
    for (const name of await readdir(each).catch(() => [])) if (!name.endsWith(".lock")) await note(join(each, name));
  return lines.sort().join("\n") + dirname(folder);
}
