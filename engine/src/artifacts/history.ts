// What sources were: the commits behind revisions, the log up to what is offered now, the files at an earlier revision, and
// commits onto the branch that a source follows. Histories have mirrors of their own, made when somebody first asks.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Commit } from "#api/console";
import type { GitRepository, GitRepositorySpec } from "#api/flux";
import { Fault, type Manifest, parseRevision } from "#kernel";
import {
  commitFiles,
  type FileChanges,
  GitMirrors,
  type GitMirror,
  parseCommit,
  type PushedCommit,
  type ReadFile,
  readLog,
} from "#sources/git";
import { mirroredUrl } from "#sources/mirrors";
import type { Context } from "./context.ts";
import { gitReachOf } from "./git-access.ts";
import { baseOf, withRules } from "./git-content.ts";
import { historyDepth, historyTimeoutMs } from "./limits.ts";
import { type OpenableTree, openableTree, type SourceName } from "./store.ts";
import { webAddress } from "./web-address.ts";

/** A commit with the files it changed. */
export type PastCommit = Commit & { paths: readonly string[] };

export type CommitRequest = {
  author: { name: string; email: string };
  message: string;
  edit: (read: ReadFile) => Promise<FileChanges>;
};

/** What the console asks about the past of sources. */
export interface SourceHistory {
  /** The commit of a revision that is at hand; never asks the server. */
  commit(source: SourceName, revision: string): Promise<Commit | undefined>;
  /** The log up to what the source offers, newest first; asks the server for what is not at hand. */
  log(source: SourceName, most: number): Promise<{ commits: readonly PastCommit[]; isWhole: boolean }>;
  /** The files at a revision of that log; undefined where they cannot be had. */
  tree(source: SourceName, revision: string): Promise<OpenableTree | undefined>;
  /** The commit that last changed one of these files, seen from a revision. */
  lastChange(source: SourceName, revision: string, paths: readonly string[]): Promise<Commit | undefined>;
  /** Why nothing can be committed there from here; undefined: it can be tried. */
  whyNoCommits(source: SourceName): string | undefined;
  /** Commits onto the branch that the source follows. Throws a Fault as pushing does. */
  commitTo(source: SourceName, change: CommitRequest): Promise<PushedCommit>;
  /** The page of a file's line on the Git host; undefined where its form is not known. */
  addressOf(source: SourceName, revision: string, place: { path: string; line: number }): string | undefined;
}

/** On a GitRepository: the console may commit to its branch with its credentials. */
export const commitsMark = "keelson.dev/console-commits";

export type HistoriesOptions = { context: Context; folder: string; signal: AbortSignal };

export class Histories implements SourceHistory {
  readonly #context: Context;
  readonly #signal: AbortSignal;
  readonly #folder: string;
  readonly #mirrors: GitMirrors;
  /** The revision up to which a source's history is at hand. */
  readonly #fetched = new Map<string, { revision: string; done: Promise<void> }>();

  constructor({ context, folder, signal }: HistoriesOptions) {
    this.#context = context;
    this.#signal = signal;
    this.#folder = folder;
    const { clock, environment } = context;
    this.#mirrors = new GitMirrors({ folder: join(folder, "mirrors"), clock, environment });
  }

  async commit(source: SourceName, revision: string): Promise<Commit | undefined> {
    const id = commitIn(revision);
    const object = this.#context.find(source);
    if (id === undefined || object === undefined || source.kind !== "GitRepository") return undefined;
    const url = this.#urlOf(object);
    for (const mirror of [this.#mirrorOf(this.#context.mirrors, url), this.#mirrorOf(this.#mirrors, url)]) {
      const text = await mirror?.commitText(id).catch(() => undefined);
      const facts = text === undefined ? undefined : parseCommit(id, text);
      if (facts !== undefined) return commitOf(facts, specOf(object).url);
    }
    return undefined;
  }

  async log(source: SourceName, most: number): Promise<{ commits: readonly PastCommit[]; isWhole: boolean }> {
    const object = this.#context.find(source);
    const mirror = await this.#history(source);
    if (object === undefined || mirror === undefined) return { commits: [], isWhole: false };
    const { commits, isWhole } = await readLog(mirror, { most }, { signal: this.#signal });
    return { commits: commits.map((one) => ({ ...commitOf(one, specOf(object).url), paths: one.paths })), isWhole };
  }

  async tree(source: SourceName, revision: string): Promise<OpenableTree | undefined> {
    const id = commitIn(revision);
    const object = this.#context.find(source);
    if (id === undefined || object === undefined) return undefined;
    const spec = specOf(object);
    // What is made of several repositories cannot be told from the history of one.
    if (spec.recurseSubmodules === true || (spec.include ?? []).length > 0) return undefined;
    const mirror = await this.#history(source);
    const tree = (
      await mirror?.inHistory(["rev-parse", "--verify", `${id}^{tree}`], { signal: this.#signal }).catch(() => "")
    )?.trim();
    if (mirror === undefined || tree === undefined || tree === "") return undefined;
    const base = baseOf(this.#context, { mirror, tree, revision }, spec.sparseCheckout);
    return openableTree(await withRules(base, spec.ignore));
  }

  async lastChange(source: SourceName, revision: string, paths: readonly string[]): Promise<Commit | undefined> {
    const from = commitIn(revision);
    const object = this.#context.find(source);
    const mirror = await this.#history(source);
    if (mirror === undefined || object === undefined || from === undefined || paths.length === 0) return undefined;
    const { commits } = await readLog(mirror, { from, most: 1, paths }, { signal: this.#signal });
    return commits[0] === undefined ? undefined : commitOf(commits[0], specOf(object).url);
  }

  whyNoCommits(source: SourceName): string | undefined {
    const object = this.#context.find(source);
    if (object === undefined || source.kind !== "GitRepository") return "its source is not a Git repository";
    const { ref = {}, verify, url } = specOf(object);
    if (verify !== undefined) return "its source takes signed commits alone";
    if (ref.commit !== undefined || ref.tag !== undefined || ref.semver !== undefined || ref.name !== undefined)
      return "its source follows no branch";
    const isLocal = url.startsWith("/") || url.startsWith("file://");
    const isAllowed = object.metadata.annotations?.[commitsMark]?.toLowerCase() === "allowed";
    return isLocal || isAllowed
      ? undefined
      : `its source does not allow it: that needs the annotation ${commitsMark}: allowed`;
  }

  async commitTo(source: SourceName, change: CommitRequest): Promise<PushedCommit> {
    const object = this.#context.find(source);
    const why = this.whyNoCommits(source);
    if (why !== undefined || object === undefined)
      throw new Fault({ code: "spec-invalid", disposition: "stall", message: why ?? "there is no such source" });
    const reach = await this.#reach(object);
    const branch = specOf(object).ref?.branch ?? branchIn(this.#context.store.get(source)?.revision ?? "");
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const pushed = await commitFiles({
      url: reach.url,
      branch,
      access: reach.access,
      environment: this.#context.environment,
      folder: this.#folder,
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(historyTimeoutMs)]),
      ...change,
    });
    this.#context.queue.add(`${source.kind}/${source.namespace}/${source.name}`, "revision");
    return pushed;
  }

  addressOf(source: SourceName, revision: string, place: { path: string; line: number }): string | undefined {
    const object = this.#context.find(source);
    const id = commitIn(revision);
    if (object === undefined || id === undefined || source.kind !== "GitRepository") return undefined;
    return webAddress(specOf(object).url, { commit: id, ...place });
  }

  /** The mirror with the history of what a source offers; undefined where it is no Git repository. */
  async #history(source: SourceName): Promise<GitMirror | undefined> {
    const object = this.#context.find(source);
    const revision = this.#context.store.get(source)?.revision ?? "";
    const commit = commitIn(revision);
    if (object === undefined || source.kind !== "GitRepository" || commit === undefined) return undefined;
    const mirror = this.#mirrorOf(this.#mirrors, this.#urlOf(object));
    if (mirror === undefined) return undefined;
    const key = `${source.namespace}/${source.name}`;
    const known = this.#fetched.get(key);
    if (known?.revision !== revision) {
      const done = this.#fetch(object, mirror, { commit, revision });
      this.#fetched.set(key, { revision, done });
      // What failed is tried again by the next who asks.
      done.catch(() => this.#fetched.delete(key));
    }
    await this.#fetched.get(key)?.done;
    return mirror;
  }

  async #fetch(object: Manifest, mirror: GitMirror, tip: { commit: string; revision: string }): Promise<void> {
    const reach = await this.#reach(object);
    const label = branchIn(tip.revision);
    const name = label === "" ? "" : `refs/heads/${label}`;
    await mirror.fetchHistory({ ...tip, name }, historyDepth, {
      access: reach.access,
      signal: this.#signal,
      timeoutMs: historyTimeoutMs,
    });
  }

  #reach(object: Manifest): ReturnType<typeof gitReachOf> {
    const wanted = {
      namespace: object.metadata.namespace ?? "",
      spec: specOf(object),
      signal: this.#signal,
      timeoutMs: historyTimeoutMs,
    };
    return gitReachOf(this.#context, wanted);
  }

  #urlOf(object: Manifest): string {
    return mirroredUrl(this.#context.mirrorMap, specOf(object).url).url;
  }

  #mirrorOf(mirrors: GitMirrors, url: string): GitMirror | undefined {
    try {
      return mirrors.of(url);
    } catch {
      return undefined;
    }
  }
}

function specOf(object: Manifest): GitRepositorySpec {
  return (object as unknown as GitRepository).spec;
}

/** The commit's id in `main@sha1:…`. */
function commitIn(revision: string): string | undefined {
  const { digest } = parseRevision(revision);
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(digest) ? digest : undefined;
}

function branchIn(revision: string): string {
  return parseRevision(revision).label.replace(/^refs\/heads\//, "");
}

function commitOf(
  { id, author, email, committer, atMs, subject, body }: NonNullable<ReturnType<typeof parseCommit>>,
  repository: string,
): Commit {
  const url = webAddress(repository, { commit: id });
  return {
    id,
    author,
    email,
    ...(committer === author ? {} : { committer }),
    atMs,
    subject: subject.slice(0, 500),
    ...(body === "" ? {} : { body: body.slice(0, 4_000) }),
    ...(url === undefined ? {} : { url }),
  };
}
