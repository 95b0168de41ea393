// Remote bases and files of a kustomization, fetched as kustomize fetches them: a shallow fetch of one ref by the system's
// git into a folder of its own, or one GET.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Fault } from "#kernel";
import { formatRemote, parseRemote, type RemoteContent } from "#render/kustomize";
import type { CliCode } from "./faults.ts";
import { DiskTree } from "./disk-tree.ts";

const run = promisify(execFile);

/** kustomize gives a plain GET no bound; ours is that of its git commands. */
const fileTimeoutMs = 27_000;

/** Bytes of one file; more would be refused by the build all the same. */
const fileBytesMax: number = 64 * 1024 * 1024;

type Repository = Extract<RemoteContent, { tree: unknown }>;

/** What was fetched for one build; `close` removes it. */
export class RemoteBases {
  readonly #files = new Map<string, Uint8Array | null>();
  readonly #repositories = new Map<string, Repository>();
  readonly #folders: string[] = [];

  repository(url: string): Repository | undefined {
    return this.#repositories.get(url);
  }

  get(url: string, as: "file" | "repository"): RemoteContent | null | undefined {
    if (as === "repository") return this.#repositories.get(url);
    const file = this.#files.get(url);
    return file && { file };
  }

  /** Fetches a URL that a build lacks. */
  async fetch(url: string, as: "file" | "repository"): Promise<void> {
    if (as === "file") this.#files.set(url, await fetchFile(url));
    else this.#repositories.set(url, await this.#clone(url));
  }

  async close(): Promise<void> {
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true });
  }

  async #clone(url: string): Promise<Repository> {
    const spec = parseRemote(url);
    if (spec === undefined) throw unreachable(url, "it names no repository");
    const { repository, ref, timeoutMs } = spec;
    const folder = await mkdtemp(join(tmpdir(), "keelson-base-"));
    this.#folders.push(folder);
    const git = (...args: readonly string[]): Promise<string> => runGit(folder, timeoutMs, args);
    try {
      await git("init", "--quiet");
      // Submodules may be named relative to it.
      await git("remote", "add", "origin", repository);
      await git("fetch", "--quiet", "--depth=1", repository, ref === "" ? "HEAD" : ref);
      await git("checkout", "--quiet", "FETCH_HEAD");
      if (spec.hasSubmodules) await git("submodule", "--quiet", "update", "--init", "--recursive");
      const hash = await git("rev-parse", "HEAD");
      const tree = new DiskTree(folder);
      return { tree, local: tree, hash: hash.trim() };
    } catch (thrown) {
      throw unreachable(url, thrown);
    }
  }
}

async function runGit(folder: string, timeoutMs: number, args: readonly string[]): Promise<string> {
  const env = { ...process.env, GIT_TERMINAL_PROMPT: "0" };
  const { stdout } = await run("git", [...args], { cwd: folder, timeout: timeoutMs, env });
  return stdout;
}

/** null when nothing can be had: it may be a repository, and if not, the build says so. */
async function fetchFile(url: string): Promise<Uint8Array | null> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(fileTimeoutMs) });
    if (!answer.ok || answer.body === null) {
      await answer.body?.cancel();
      return answer.ok ? new Uint8Array() : null;
    }
    return await readBounded(answer.body);
  } catch (thrown) {
    if (parseRemote(url) === undefined) throw unreachable(url, thrown);
    return null;
  }
}

async function readBounded(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > fileBytesMax) throw new Error(`it has more than ${fileBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function unreachable(url: string, cause: unknown): Fault<CliCode> {
  return new Fault({
    code: "not-reachable",
    disposition: "retry",
    at: formatRemote(url),
    message: "the remote base cannot be fetched",
    cause: typeof cause === "string" ? new Error(cause) : cause,
  });
}
