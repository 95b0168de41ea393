// A bare mirror of one repository: what the server has is asked first, with the caller's credentials; objects are fetched
// only when they are not there yet, and only those of the wanted commit. Nothing is ever checked out.

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assert, type Clock, Fault } from "#kernel";
import { type GitAccess, type GitLocation, parseGitUrl, prepareAccess } from "./access.ts";
import { type Environment, gitEnvironment, runGit } from "./command.ts";
import { gitFault } from "./faults.ts";
import { closeReaders, readerOf } from "./git-tree.ts";
import { fetchBytesMost, fetchWatchMs, gitTimeoutMs, packGrowthLeast, packsMost, signedObjectMost } from "./limits.ts";
import {
  checkReference,
  defaultBranch,
  type GitReference,
  namesToList,
  parseRefList,
  resolveReference,
  type ResolvedReference,
} from "./refs.ts";

export type MirrorsOptions = {
  /** A folder of our own; deleting it loses nothing. */
  folder: string;
  clock: Clock;
  /** For git: PATH, and trust settings where set. */
  environment: Environment;
};

export type MirrorCall = { access?: GitAccess; signal: AbortSignal; timeoutMs?: number };

/** Where the newest commit of a history stands. */
export const historyTip = "refs/keelson-history/tip";

/** A commit whose files are in the mirror. */
export type FetchedCommit = { commit: string; tree: string; message: string };

/** The text of a commit or tag as it was signed. */
export type RawObject = { type: string; bytes: Buffer };

/** All mirrors of one cache folder. */
export class GitMirrors {
  readonly #options: MirrorsOptions;
  readonly #mirrors = new Map<string, GitMirror>();
  #ready: Promise<string> | undefined;

  constructor(options: MirrorsOptions) {
    this.#options = options;
  }

  /** The mirror of a URL; throws Fault `git-url-invalid`. */
  of(url: string): GitMirror {
    const location = parseGitUrl(url);
    let mirror = this.#mirrors.get(location.url);
    if (mirror === undefined) {
      const name = createHash("sha256").update(location.url).digest("hex").slice(0, 32);
      const folder = join(this.#options.folder, `${name}.git`);
      mirror = new GitMirror({ ...this.#options, location, mirror: folder, prepare: () => this.prepare() });
      this.#mirrors.set(location.url, mirror);
    }
    return mirror;
  }

  /** The mirror in a folder, if it has been asked for. */
  find(folder: string): GitMirror | undefined {
    return [...this.#mirrors.values()].find((mirror) => mirror.folder === folder);
  }

  /** Makes the folder and git's configuration in it; returns the latter's path. */
  prepare(): Promise<string> {
    const config = join(this.#options.folder, "gitconfig");
    this.#ready ??= (async () => {
      await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
      // A local repository may belong to another user: it was named on purpose, and no hook or setting of it is used.
      await writeFile(config, "[safe]\n\tdirectory = *\n[uploadpack]\n\tallowAnySHA1InWant = true\n");
      return config;
    })();
    return this.#ready;
  }

  /** Removes mirrors that nobody needs any more; `before` is told of each, while its objects are still there. */
  async removeOthers(
    needed: { urls: readonly string[]; folders: readonly string[] },
    before: (folder: string) => Promise<void>,
  ): Promise<void> {
    // A URL that is none has no mirror to keep.
    const named = needed.urls.flatMap((url) => {
      try {
        return [this.of(url).folder];
      } catch {
        return [];
      }
    });
    const kept = new Set([...named, ...needed.folders]);
    const names = await readdir(this.#options.folder).catch(() => []);
    for (const name of names.filter((each) => each.endsWith(".git"))) {
      const folder = join(this.#options.folder, name);
      if (kept.has(folder)) continue;
      await before(folder);
      closeReaders(folder);
      await rm(folder, { recursive: true, force: true });
    }
    for (const [url, mirror] of this.#mirrors) if (!kept.has(mirror.folder)) this.#mirrors.delete(url);
  }
}

type MirrorOptions = MirrorsOptions & { location: GitLocation; mirror: string; prepare: () => Promise<string> };

export class GitMirror {
  readonly folder: string;
  readonly #options: MirrorOptions;
  #commits = new Map<string, FetchedCommit>();
  #isUnlocked = false;
  /** Where the server has sent us within itself: from http to https, or to a path with `.git`. */
  #location: GitLocation;
  /** Names and sizes of the packs after the last fetch; undefined before this process has looked. */
  #packs: string | undefined;
  /** Fetches of one mirror stand in line: git locks its shallow list. */
  #line: Promise<unknown> = Promise.resolve();

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#location = options.location;
    this.folder = options.mirror;
  }

  /** The URL without credentials. */
  get url(): string {
    return this.#options.location.url;
  }

  /** The path of a repository on this machine, or undefined. */
  get localPath(): string | undefined {
    return this.#options.location.scheme === "file" ? this.url.slice("file://".length) : undefined;
  }

  /** Asks the server which commit the reference is now. */
  async resolve(reference: GitReference, call: MirrorCall): Promise<ResolvedReference> {
    checkReference(reference);
    const names = namesToList(reference);
    const output = await this.#ask((url) => ["ls-remote", "-q", "--", url, ...names], call);
    try {
      return resolveReference(reference, parseRefList(output.toString("utf8")));
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "git-ref-absent") throw error;
      throw await this.#explainAbsence(error, call);
    }
  }

  /** A commit or tag object as it stands; the tag is fetched where it is not there yet. Depends on `fetch` before. */
  async rawObject(id: string, call: MirrorCall): Promise<RawObject | undefined> {
    const read = async (): Promise<RawObject | undefined> => {
      const [object] = await readerOf(this.folder, this.#options.environment).read([id], signedObjectMost);
      return object?.bytes === undefined ? undefined : { type: object.type, bytes: object.bytes };
    };
    const known = await read();
    if (known !== undefined) return known;
    const turn = this.#line.then(() => this.#fetchInto([`+${id}:refs/keelson-tags/${id}`], ["--depth=1"], call));
    this.#line = turn.catch(() => {});
    await turn;
    return read();
  }

  /** Brings the commit's files into the mirror, unless they are there. */
  async fetch(resolved: ResolvedReference, call: MirrorCall): Promise<FetchedCommit> {
    const known = await this.find(resolved.commit);
    if (known !== undefined) return known;
    const turn = this.#line.then(() => this.#fetchOrRepair(resolved, call));
    this.#line = turn.catch(() => {});
    return turn;
  }

  /** A commit that a fetch has brought whole; never asks the server. */
  async find(commit: string): Promise<FetchedCommit | undefined> {
    assert(/^[0-9a-f]+$/.test(commit), "a commit is named by its id");
    const known = this.#commits.get(commit);
    if (known !== undefined) return known;
    if (!(await exists(join(this.folder, "HEAD")))) return undefined;
    // The reference is written last, once all objects are there; an interrupted fetch leaves none.
    const reader = readerOf(this.folder, this.#options.environment);
    const [pinned, tree] = await reader.read(
      [`refs/keelson/${commit}^{commit}`, `refs/keelson/${commit}^{tree}`],
      1024 * 1024,
    );
    if (pinned?.id !== commit || tree === undefined) return undefined;
    const found = { commit, tree: tree.id, message: subjectOf(pinned.bytes) };
    this.#commits.set(commit, found);
    return found;
  }

  /** The text of a commit that is there; never asks the server. */
  async commitText(commit: string): Promise<string | undefined> {
    assert(/^[0-9a-f]+$/.test(commit), "a commit is named by its id");
    if (!(await exists(join(this.folder, "HEAD")))) return undefined;
    const [object] = await readerOf(this.folder, this.#options.environment).read([commit], signedObjectMost);
    return object?.type === "commit" ? object.bytes?.toString("utf8") : undefined;
  }

  /** Brings a commit with so many before it, and all their files. Only for mirrors that are kept for their history. */
  async fetchHistory(resolved: ResolvedReference, depth: number, call: MirrorCall): Promise<void> {
    const turn = this.#line.then(async () => {
      await this.#create(resolved.commit.length === 64 ? "sha256" : "sha1", call);
      const [pinned, deep] = [`:${historyTip}`, [`--depth=${depth}`]];
      try {
        await this.#fetchInto([`+${resolved.commit}${pinned}`], deep, call);
      } catch (error) {
        if (!isRefusedId(error) || resolved.name === "") throw error;
        await this.#fetchInto([`+${resolved.name}${pinned}`], [], call);
      }
    });
    this.#line = turn.catch(() => {});
    await turn;
  }

  /** Runs a command over what `fetchHistory` has brought. */
  async inHistory(args: readonly string[], call: MirrorCall): Promise<string> {
    if (!(await exists(join(this.folder, "HEAD")))) return "";
    return (await this.#runHere(args, call)).toString("utf8");
  }

  /** Throws all away: a mirror whose objects are damaged is fetched anew. */
  async reset(): Promise<void> {
    closeReaders(this.folder);
    this.#commits.clear();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Whether the packs are those that the last fetch left; a look at names and sizes, and at the objects when they differ. */
  async isIntact(signal: AbortSignal): Promise<boolean> {
    const packs = await packsOf(this.folder);
    if (packs === this.#packs) return true;
    const isWhole = await this.#isConnected({ signal });
    if (isWhole) this.#packs = packs;
    return isWhole;
  }

  /** Forgets all commits but these, and their objects once that frees enough. `before` runs ahead of a clean-up. */
  async keepOnly(commits: readonly string[], signal: AbortSignal, before?: () => Promise<void>): Promise<void> {
    const list = ["for-each-ref", "--format=%(refname)", "refs/keelson/", "refs/keelson-tags/", "refs/keelson-heads/"];
    const names = (await this.#runHere(list, { signal })).toString("utf8").split("\n");
    const gone = names.filter((name) => name !== "" && !commits.includes(name.slice("refs/keelson/".length)));
    const input = gone.map((name) => `delete ${name}\n`).join("");
    if (gone.length > 0) await this.#runHere(["update-ref", "--stdin"], { signal }, input);
    for (const commit of this.#commits.keys()) if (!commits.includes(commit)) this.#commits.delete(commit);
    const turn = this.#line.then(() => this.#dropUnused(signal, before));
    this.#line = turn.catch(() => {});
    await turn;
  }

  /** Objects that nothing names any more go once the packs have doubled since this was last done. */
  async #dropUnused(signal: AbortSignal, before: (() => Promise<void>) | undefined): Promise<void> {
    const note = join(this.folder, "keelson-packed");
    const size = await packBytes(this.folder);
    const packed = Number(await readFile(note, "utf8").catch(() => "0"));
    if (size < packed * 2 + packGrowthLeast) return;
    await before?.();
    const options = ["-c", "gc.pruneExpire=now", "repack", "-a", "-d", "-q", "--no-write-bitmap-index"];
    await this.#runHere(options, { signal });
    await this.#runHere(["prune-packed", "-q"], { signal });
    this.#packs = await packsOf(this.folder);
    await writeFile(note, String(await packBytes(this.folder)));
  }

  /** A fetch into a mirror whose own objects are damaged fails however good the server is: then it is made anew, once. */
  async #fetchOrRepair(resolved: ResolvedReference, call: MirrorCall): Promise<FetchedCommit> {
    const isOld = await exists(join(this.folder, "HEAD"));
    try {
      return await this.#fetch(resolved, call);
    } catch (error) {
      const isOfMirror = error instanceof Fault && ["git-damaged", "git-failed"].includes(error.code) && isOld;
      if (!isOfMirror || (await this.#isConnected(call))) throw error;
      await this.reset();
      return await this.#fetch(resolved, call);
    }
  }

  /** Whether every object that our references need is there. */
  async #isConnected(call: MirrorCall): Promise<boolean> {
    if (!(await exists(join(this.folder, "HEAD")))) return false;
    const local = { ...call, timeoutMs: gitTimeoutMs };
    return this.#runHere(["rev-list", "--objects", "--quiet", "--all"], local).then(
      () => true,
      () => false,
    );
  }

  async #fetch(resolved: ResolvedReference, call: MirrorCall): Promise<FetchedCommit> {
    await this.#create(resolved.commit.length === 64 ? "sha256" : "sha1", call);
    const pinned = `refs/keelson/${resolved.commit}`;
    try {
      await this.#fetchInto([`+${resolved.commit}:${pinned}`], ["--depth=1"], call);
    } catch (error) {
      if (!isRefusedId(error)) throw error;
      // The server gives out no bare ids: ask for the name with its history and look for the commit in it.
      const name =
        resolved.name === "" ? "+refs/heads/*:refs/keelson-heads/*" : `+${resolved.name}:refs/keelson-heads/name`;
      await this.#fetchInto([name], (await exists(join(this.folder, "shallow"))) ? ["--unshallow"] : [], call);
      await this.#pin(pinned, resolved.commit, call);
    }
    const found = await this.find(resolved.commit);
    if (found !== undefined) {
      await this.#rollUp(call);
      this.#packs = await packsOf(this.folder);
      return found;
    }
    throw gitFault({
      code: "git-ref-absent",
      disposition: "retry",
      at: this.url,
      message: `the repository has no commit ${resolved.commit}`,
      hint: "check `ref.commit`, and that `ref.branch` contains it",
    });
  }

  /** Each fetch adds a pack, and each pack slows every look-up: now and then small ones become one. Nothing is dropped. */
  async #rollUp(call: MirrorCall): Promise<void> {
    const packs = (await readdir(join(this.folder, packFolder))).filter((name) => name.endsWith(".pack"));
    if (packs.length < packsMost) return;
    await this.#run(["--git-dir", this.folder, "repack", "--geometric=2", "-d", "-q"], call);
  }

  async #pin(name: string, commit: string, call: MirrorCall): Promise<void> {
    const reader = readerOf(this.folder, this.#options.environment);
    const [object] = await reader.read([`${commit}^{commit}`], 1024 * 1024);
    if (object !== undefined) await this.#run(["--git-dir", this.folder, "update-ref", name, object.id], call);
  }

  async #fetchInto(refspecs: string[], options: string[], call: MirrorCall): Promise<void> {
    const fixed = ["--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules", "--quiet"];
    const args = (url: string): string[] => [
      "--git-dir",
      this.folder,
      "fetch",
      ...fixed,
      ...options,
      "--",
      url,
      ...refspecs,
    ];
    const limit = new AbortController();
    const stop = this.#watchGrowth(limit);
    try {
      await this.#ask(args, { ...call, signal: AbortSignal.any([call.signal, limit.signal]) });
    } finally {
      stop();
      await removeLeftovers(this.folder);
    }
  }

  /** Ends a fetch that fills the disk. */
  #watchGrowth(limit: AbortController): () => void {
    let cancel = (): void => {};
    let isDone = false;
    const look = async (): Promise<void> => {
      if ((await incomingBytes(this.folder)) > fetchBytesMost)
        limit.abort(
          gitFault({
            code: "git-too-large",
            disposition: "stall",
            at: this.url,
            message: `the repository sends more than ${fetchBytesMost / 1024 ** 3} GiB`,
            hint: "keep manifests in a repository of their own",
          }),
        );
      else if (!isDone) cancel = this.#options.clock.after(fetchWatchMs, () => void look());
    };
    cancel = this.#options.clock.after(fetchWatchMs, () => void look());
    return () => {
      isDone = true;
      cancel();
    };
  }

  /** A process that was killed leaves locks behind, which no one else will ever lift: one home has one process. */
  async #unlock(): Promise<void> {
    if (this.#isUnlocked) return;
    this.#isUnlocked = true;
    await removeLocks(this.folder);
    await removeLeftovers(this.folder);
  }

  async #create(format: string, call: MirrorCall): Promise<void> {
    await this.#unlock();
    if (await exists(join(this.folder, "HEAD"))) return;
    await this.#options.prepare();
    await this.#run(["init", "--quiet", "--bare", `--object-format=${format}`, "--template=", "--", this.folder], call);
  }

  /** Runs a command that speaks to the server; where that sends elsewhere within itself, once more with that address. */
  async #ask(args: (url: string) => readonly string[], call: MirrorCall): Promise<Buffer> {
    try {
      return await this.#run(args(this.#location.url), call);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "git-redirected") throw error;
      this.#location = await this.#followed(error, call);
      return await this.#run(args(this.#location.url), call);
    }
  }

  /** Where a redirect leads, if it is the same server. Credentials are sent to no other. */
  async #followed(fault: Fault, call: MirrorCall): Promise<GitLocation> {
    const headers = await this.#answerHeaders(call);
    const target = [...headers.matchAll(/header: location: (\S+)/gi)].at(-1)?.[1] ?? "";
    return redirectedLocation(this.#location, target, fault);
  }

  /** The headers of the server's answers to the question for its references, as git notes them, a line each. */
  async #answerHeaders(call: MirrorCall): Promise<string> {
    const place = await mkdtemp(join(this.#options.folder, "trace-"));
    const trace = join(place, "trace");
    const traced = { GIT_TRACE_CURL: trace, GIT_TRACE_CURL_NO_DATA: "1", GIT_TRACE_REDACT: "1" };
    await this.#run(["ls-remote", "-q", "--", this.#location.url, "HEAD"], call, traced).catch(() => {});
    const text = await readFile(trace, "utf8").catch(() => "");
    await rm(place, { recursive: true, force: true });
    return text;
  }

  /** git reads any page without references as a repository that has none; one that speaks its protocol says so. */
  async #isServedByGit(call: MirrorCall): Promise<boolean> {
    if (!/^https?:/.test(this.#location.url)) return true;
    return /header: content-type: application\/x-git-upload-pack-advertisement/i.test(await this.#answerHeaders(call));
  }

  /** Says whether there is anything at all, and which branch the server itself would take. */
  async #explainAbsence(fault: Fault, call: MirrorCall): Promise<Fault> {
    const args = (url: string): string[] => ["ls-remote", "-q", "--symref", "--", url, "HEAD", "refs/heads/*"];
    const output = (await this.#ask(args, call)).toString("utf8");
    if (parseRefList(output).size === 0 && !(await this.#isServedByGit(call)))
      return gitFault({
        code: "git-not-spoken",
        disposition: "retry",
        at: this.url,
        message: "what answers at this URL is a page, not a Git server",
        hint: "check the URL; a proxy or a page for signing in may answer in the server's place",
      });
    if (parseRefList(output).size === 0) {
      const message = "the repository is empty, or there is none at this URL";
      return gitFault({
        code: "git-empty",
        disposition: "retry",
        at: this.url,
        message,
        hint: "push a commit to it, or check the URL",
      });
    }
    const branch = defaultBranch(output);
    const hint = branch === undefined ? fault.hint : `${fault.hint ?? ""}; the repository's own branch is ${branch}`;
    const { message } = fault;
    return gitFault({
      code: "git-ref-absent",
      disposition: "retry",
      at: this.url,
      message,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  /** Runs a command that speaks to nobody. */
  async #runHere(args: readonly string[], call: MirrorCall, input?: string): Promise<Buffer> {
    const environment = gitEnvironment(this.#options.environment, await this.#options.prepare());
    const { signal, timeoutMs = gitTimeoutMs } = call;
    const all = ["--git-dir", this.folder, ...args];
    const base = { args: all, environment, at: this.folder, signal, timeoutMs };
    return runGit(input === undefined ? base : { ...base, input });
  }

  async #run(args: readonly string[], call: MirrorCall, more: Environment = {}): Promise<Buffer> {
    const globalConfig = await this.#options.prepare();
    const access = await prepareAccess(this.#location, call.access ?? {}, this.#options.folder);
    const environment = {
      ...gitEnvironment(this.#options.environment, globalConfig, access.config),
      ...access.environment,
      ...more,
    };
    try {
      return await runGit({
        args,
        environment,
        at: this.url,
        signal: call.signal,
        timeoutMs: call.timeoutMs ?? gitTimeoutMs,
      });
    } finally {
      await access.dispose();
    }
  }
}

/** The target of a redirect as a location, where host and port stay or http becomes https on the same host. */
function redirectedLocation(from: GitLocation, target: string, fault: Fault): GitLocation {
  let to: URL;
  const before = new URL(from.url);
  try {
    to = new URL(target, before);
  } catch {
    throw fault;
  }
  to.search = "";
  to.pathname = to.pathname.replace(/\/info\/refs$/, "");
  const isUpgrade = before.protocol === "http:" && to.protocol === "https:" && before.hostname === to.hostname;
  if (to.origin === before.origin || isUpgrade) return { ...from, ...parseGitUrl(to.href), access: from.access };
  throw gitFault({
    code: "git-redirected",
    disposition: "retry",
    at: from.url,
    message: `the server sends to another one, ${to.origin}`,
    hint: "write the repository's own address into `url`: credentials are not sent to another server",
  });
}

/** Servers that refuse a bare id, and transports that cannot shorten history. */
function isRefusedId(error: unknown): boolean {
  const text =
    error instanceof Error ? `${error.message} ${error.cause instanceof Error ? error.cause.message : ""}` : "";
  return /not our ref|unadvertised object|Server does not allow request|dumb http transport|couldn't find remote ref|not support/i.test(
    text,
  );
}

function subjectOf(commit: Buffer | undefined): string {
  const text = commit?.toString("utf8") ?? "";
  const body = text.slice(text.indexOf("\n\n") + 2);
  return (body.split("\n")[0] ?? "").slice(0, 200);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

const packFolder = "objects/pack";

async function incomingBytes(folder: string): Promise<number> {
  let sum = 0;
  for (const name of await readdir(join(folder, packFolder)).catch(() => []))
    if (name.startsWith("tmp_")) sum += (await stat(join(folder, packFolder, name)).catch(() => ({ size: 0 }))).size;
  return sum;
}

/** Removes what a killed git left: its lock files. */
export async function removeLocks(folder: string): Promise<void> {
  const top = await readdir(folder).catch(() => []);
  const refs = await readdir(join(folder, "refs"), { recursive: true }).catch(() => []);
  for (const name of [...top, ...refs.map((ref) => join("refs", ref))])
    if (name.endsWith(".lock")) await rm(join(folder, name), { force: true });
}

/** Names and sizes of the packs. */
async function packsOf(folder: string): Promise<string> {
  const names = (await readdir(join(folder, packFolder)).catch(() => [])).filter((name) => name.endsWith(".pack"));
  const sizes = names.sort().map(async (name) => `${name} ${await sizeOf(join(folder, packFolder, name))}`);
  return (await Promise.all(sizes)).join("\n");
}

async function packBytes(folder: string): Promise<number> {
  const names = await readdir(join(folder, packFolder)).catch(() => []);
  const sizes = await Promise.all(names.map((name) => sizeOf(join(folder, packFolder, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => ({ size: 0 }))).size;
}

/** A fetch that was ended leaves half a pack and a lock behind. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(join(folder, packFolder)).catch(() => []))
    if (name.startsWith("tmp_")) await rm(join(folder, packFolder, name), { force: true });
  await rm(join(folder, "shallow.lock"), { force: true });
}
