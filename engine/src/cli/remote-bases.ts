// Remote bases and files of a kustomization, fetched as kustomize fetches them: a shallow fetch of one ref by the system's
// git into a folder of its own, or one GET.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Fault, type FileTree } from "#kernel";
import { parseRemote, type RemoteContent } from "#render/kustomize";
import type { CliCode } from "./faults.ts";
import { DiskTree } from "./disk-tree.ts";

const run = promisify(execFile);

/** kustomize's own default for one git command. */
const fetchTimeoutMs = 27_000;

/** What was fetched for one build; `close` removes it. */
export class RemoteBases {
  readonly #content = new Map<string, RemoteContent>();
  readonly #folders: string[] = [];

  get(url: string): RemoteContent | undefined {
    return this.#content.get(url);
  }

  /** Fetches a URL that a build lacks. */
  async fetch(url: string): Promise<void> {
    const isHttp = /^https?:\/\//i.test(url);
    const file = isHttp && !url.includes(".git") ? await fetchFile(url) : undefined;
    this.#content.set(url, file === undefined ? await this.#clone(url) : { file });
  }

  async close(): Promise<void> {
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true });
  }

  async #clone(url: string): Promise<{ tree: FileTree; hash: string }> {
    const spec = parseRemote(url);
    if (spec === undefined) throw unreachable(url, "it names no repository");
    const folder = await mkdtemp(join(tmpdir(), "keelson-base-"));
    this.#folders.push(folder);
    try {
      await git(folder, "init", "--quiet");
      await git(folder, "remote", "add", "origin", spec.repository);
      await git(folder, "fetch", "--quiet", "--depth=1", spec.repository, spec.ref === "" ? "HEAD" : spec.ref);
      await git(folder, "checkout", "--quiet", "FETCH_HEAD");
      await git(folder, "submodule", "--quiet", "update", "--init", "--recursive");
      const hash = await git(folder, "rev-parse", "HEAD");
      return { tree: new DiskTree(folder), hash: hash.trim() };
    } catch (thrown) {
      throw unreachable(url, thrown);
    }
  }
}

async function git(folder: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, GIT_TERMINAL_PROMPT: "0" };
  const { stdout } = await run("git", [...args], { cwd: folder, timeout: fetchTimeoutMs, env });
  return stdout;
}

/** undefined when the URL is no file but perhaps a repository. */
async function fetchFile(url: string): Promise<Uint8Array | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(fetchTimeoutMs) });
    if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
  } catch (thrown) {
    if (parseRemote(url) === undefined) throw unreachable(url, thrown);
  }
  return undefined;
}

function unreachable(url: string, cause: unknown): Fault<CliCode> {
  return new Fault({
    code: "not-reachable",
    disposition: "retry",
    at: url,
    message: "the remote base cannot be fetched",
    cause: typeof cause === "string" ? new Error(cause) : cause,
  });
}
