// Bases and files of a kustomization that stand elsewhere. Each is fetched at a commit, or as bytes, which is then an input
// of the rendering: as long as it is the same, nothing is done again. What can move (a branch, a tag, a file behind a URL) is
// asked again at thorough looks only; what names a whole commit never.

import { type BaseContext, reachBase, withSubmodules } from "#artifacts";
import type { Cluster } from "#cluster";
import {
  type Environment,
  type GitAccess,
  GitMirrors,
  type OpenTree as OpenGitTree,
  openTree,
  tidyComposed,
  type TreeHandle,
} from "#sources/git";
import { bytesOf, HttpClient, proxySettings } from "#sources/http";
import {
  type Clock,
  Fault,
  faultFrom,
  type FileTree,
  type Input,
  Missing,
  type Need,
  type Rendering,
  sha256Hex,
} from "#kernel";
import { parseRemote, type RemoteContent } from "#render/kustomize";
import type { MirrorMap } from "#sources/mirrors";
import { DeliveryFault } from "./faults.ts";
import { remoteFileMost, remoteTimeoutMs } from "./limits.ts";
import type { OpenTree } from "./render-desk.ts";

/** Something fetched from elsewhere, as plain data that another thread can open. */
export type RemoteHandle = { url: string; hash: string } & ({ tree: TreeHandle } | { file: string });

export type RemoteOptions = {
  /** Where mirrors are kept; deleting it loses nothing. */
  folder: string;
  /** Where a mirror's Secrets are read. */
  cluster: Cluster;
  clock: Clock;
  random: () => number;
  environment: Environment;
  signal: AbortSignal;
  /** URL prefixes that are fetched from elsewhere. */
  mirrors?: MirrorMap;
};

/** The URLs that a rendering read from. */
export function remotesIn(rendering: Rendering): string[] {
  return rendering.inputs.flatMap((input) => (input.what === "remote" ? [input.id] : []));
}

/** All that was fetched from elsewhere, by URL. */
export class RemoteBases {
  readonly #options: RemoteOptions;
  readonly #context: BaseContext;
  readonly #http: HttpClient;
  readonly #known = new Map<string, RemoteHandle>();
  readonly #running = new Map<string, Promise<RemoteHandle>>();

  constructor(options: RemoteOptions) {
    this.#options = options;
    const { folder, cluster, clock, random, environment, mirrors: mirrorMap = [] } = options;
    const mirrors = new GitMirrors({ folder, clock, environment });
    this.#context = { cluster, mirrorMap, mirrors, composed: folder, environment };
    this.#http = new HttpClient({ clock, random, proxies: proxySettings(environment) });
  }

  /** What stands at the URL, fetched now where that was not done before. */
  get(url: string): Promise<RemoteHandle> {
    const known = this.#known.get(url);
    return known === undefined ? this.#fetch(url) : Promise.resolve(known);
  }

  /** True when every remote input is what it was. */
  holds(inputs: readonly Input[]): boolean {
    return inputs.every((input) => input.what !== "remote" || this.#known.get(input.id)?.hash === input.hash);
  }

  /** Asks again for what can move. What cannot be reached now stays as it was. */
  async refresh(urls: readonly string[]): Promise<void> {
    const moving = [...new Set(urls)].filter((url) => !isPinned(url));
    await Promise.all(moving.map((url) => this.#fetch(url).catch(() => {})));
  }

  /** Those who ask for one URL at the same time share one answer. */
  #fetch(url: string): Promise<RemoteHandle> {
    const running = this.#running.get(url);
    if (running !== undefined) return running;
    const started = this.#ask(url)
      .then((handle) => {
        this.#known.set(url, handle);
        return handle;
      })
      .finally(() => this.#running.delete(url));
    this.#running.set(url, started);
    return started;
  }

  async #ask(url: string): Promise<RemoteHandle> {
    try {
      const isFile = /^https?:\/\//i.test(url) && !url.includes(".git");
      const file = isFile ? await this.#askFile(url) : undefined;
      return file === undefined ? await this.#askRepository(url) : file;
    } catch (thrown) {
      throw unreachable(url, faultFrom(thrown));
    }
  }

  async #askFile(url: string): Promise<RemoteHandle | undefined> {
    const bytes = await fetchFile(this.#http, url, await reachBase(this.#context, url), this.#options.signal);
    return bytes === undefined ? undefined : { url, hash: sha256Hex(bytes), file: bytes.toString("base64") };
  }

  async #askRepository(url: string): Promise<RemoteHandle> {
    const spec = parseRemote(url);
    if (spec === undefined)
      throw new Fault({ code: "remote", disposition: "retry", message: "neither a file nor a repository is there" });
    const { environment, signal, folder } = this.#options;
    const address = repositoryUrl(spec.repository);
    const { url: from, access } = await reachBase(this.#context, address);
    if (/^(file:|\/)/i.test(address)) throw ofThisMachine();
    const mirror = this.#context.mirrors.of(from);
    const call = { signal, timeoutMs: Math.min(spec.timeoutMs, remoteTimeoutMs), access };
    const isCommit = /^[0-9a-f]{40}$/.test(spec.ref);
    const references = isCommit
      ? [{ commit: spec.ref }]
      : spec.ref === ""
        ? [{ isDefault: true }]
        : [{ tag: spec.ref }, { branch: spec.ref }];
    let failure: unknown;
    for (const reference of references) {
      try {
        const fetched = await mirror.fetch(await mirror.resolve(reference, call), call);
        const place = { kind: "git" as const, repository: mirror.folder, tree: fetched.tree };
        const base: TreeHandle = { ...place, revision: `sha1:${fetched.commit}`, ignore: "none", environment };
        const tree = spec.hasSubmodules ? await withSubmodules(base, address, this.#context, call) : base;
        if (tree !== base) await tidyComposed({ folder, environment, signal, inUse: this.#treesInUse(tree) });
        return { url, hash: fetched.commit, tree };
      } catch (thrown) {
        failure = thrown;
        if (faultFrom(thrown).code !== "git-ref-absent") break;
      }
    }
    throw failure;
  }

  #treesInUse(newest: TreeHandle): string[] {
    const known = [...this.#known.values()].flatMap((handle) => ("tree" in handle ? [handle.tree.tree] : []));
    return [newest.tree, ...known];
  }
}

function ofThisMachine(): Fault {
  return new Fault({
    code: "remote",
    disposition: "retry",
    message: "names files of this machine, which no base may be taken from",
    hint: "name a server, or copy the base into the repository",
  });
}

/** `git@host:org/repository` as a URL. */
function repositoryUrl(repository: string): string {
  const scp = /^(?:([\w.-]+)@)?([\w.-]+):(?!\/\/)(.+)$/.exec(repository);
  return scp === null ? repository : `ssh://${scp[1] ?? "git"}@${scp[2] ?? ""}/${scp[3] ?? ""}`;
}

/** True for a URL whose content cannot change. */
function isPinned(url: string): boolean {
  return /[?&](ref|version)=[0-9a-f]{40}(&|$)/.test(url);
}

/** undefined when the URL is no file but perhaps a repository. */
async function fetchFile(
  http: HttpClient,
  url: string,
  { url: from, access }: { url: string; access: GitAccess },
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const { username, password, bearerToken, identity: _, knownHosts: __, ...rest } = access;
  const login =
    bearerToken !== undefined
      ? `Bearer ${bearerToken}`
      : username !== undefined
        ? `Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}`
        : undefined;
  const headers = login === undefined ? {} : { authorization: login };
  const request = { url: from, headers, access: rest, signal, timeoutMs: remoteTimeoutMs };
  const answer = await http.send(request).catch((thrown: unknown) => {
    if (parseRemote(url) === undefined) throw thrown;
    return undefined;
  });
  if (answer === undefined || answer.status < 200 || answer.status >= 300) {
    answer?.discard();
    return undefined;
  }
  const bytes = await bytesOf(answer, remoteFileMost);
  // A repository's page is no manifest.
  if (parseRemote(url) !== undefined && /^\s*<(!doctype|html)/i.test(bytes.subarray(0, 64).toString()))
    return undefined;
  return bytes;
}

function unreachable(url: string, cause: Fault): DeliveryFault {
  return new DeliveryFault({
    code: "render-failed",
    disposition: "retry",
    at: url.replace(/\/\/[^/@]*@/, "//"),
    message: "the remote base cannot be fetched",
    hint: "nothing was changed in the cluster; a base in the same repository needs no network",
    cause,
  });
}

export type OpenedRemotes = {
  get: (url: string) => RemoteContent | undefined;
  /** An open tree that also fetches what the remote ones lack. */
  beside: (open: OpenTree) => OpenTree;
};

/** Opens what was fetched, in this thread. */
export async function openRemotes(handles: readonly RemoteHandle[]): Promise<OpenedRemotes> {
  const contents = new Map<string, RemoteContent>();
  const trees: OpenGitTree[] = [];
  for (const handle of handles) {
    if ("file" in handle) contents.set(handle.url, { file: Buffer.from(handle.file, "base64") });
    else {
      const open = await openTree(handle.tree);
      const place = trees.push(open) - 1;
      contents.set(handle.url, { tree: new PlacedTree(open.tree, place), hash: handle.hash });
    }
  }
  return {
    get: (url) => contents.get(url),
    beside: (open) => ({ tree: open.tree, fetch: (needs) => fetchPlaced(open, trees, needs) }),
  };
}

const place = /^remote (\d+) (.*)$/;

async function fetchPlaced(open: OpenTree, trees: readonly OpenGitTree[], needs: readonly Need[]): Promise<void> {
  const placed = needs.map((need) => (need.what === "object" ? place.exec(need.id) : null));
  const own = needs.filter((_, index) => placed[index] === null);
  if (own.length > 0) await open.fetch(own);
  for (const [index, tree] of trees.entries()) {
    const ids = placed.flatMap((found) => (found !== null && Number(found[1]) === index ? [found[2] ?? ""] : []));
    if (ids.length > 0) await tree.fetch(ids.map((id) => ({ what: "object" as const, id })));
  }
}

/** Says of what it lacks where that is to be fetched from. */
class PlacedTree implements FileTree {
  readonly #below: FileTree;
  readonly #place: number;

  constructor(below: FileTree, place: number) {
    this.#below = below;
    this.#place = place;
  }

  get revision(): string {
    return this.#below.revision;
  }

  get hash(): string {
    return this.#below.hash;
  }

  entry(path: string): ReturnType<FileTree["entry"]> {
    return this.#placed(() => this.#below.entry(path));
  }

  list(path: string): ReturnType<FileTree["list"]> {
    return this.#placed(() => this.#below.list(path));
  }

  read(path: string): Uint8Array {
    return this.#placed(() => this.#below.read(path));
  }

  #placed<T>(step: () => T): T {
    try {
      return step();
    } catch (thrown) {
      if (!(thrown instanceof Missing)) throw thrown;
      throw new Missing(
        thrown.needs.map((need) =>
          need.what === "object" ? { what: "object", id: `remote ${this.#place} ${need.id}` } : need,
        ),
      );
    }
  }
}
