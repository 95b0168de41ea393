// Renderings, and which of them still hold. A rendering is reused as long as everything it read is the same in the new
// tree; only then is a delivery rendered again when one of its files changed.

import {
  canonicalJson,
  faultFrom,
  type FileTree,
  type JsonObject,
  Missing,
  type Need,
  type Rendering,
  readsHold,
  sha256Hex,
} from "#kernel";
import { DeliveryFault } from "./faults.ts";
import type { RemoteContent } from "#render/kustomize";
import { remoteRounds, renderRounds, sparedRenderings } from "./limits.ts";
import { type RemoteBases, type RemoteHandle, openRemotes, remotesIn } from "./remote-bases.ts";

export type RenderJob = {
  path: string;
  renderer: string;
  options: JsonObject;
  /** False: bases and files elsewhere are refused. */
  hasRemotes: boolean;
  /** Files decrypted before the build, in memory alone; the id tells one content from another without showing it. */
  overlay?: Overlay;
};

export type Overlay = { id: string; files: { readonly [path: string]: Uint8Array } };

/** A tree whose content is fetched when a synchronous reader lacks it. */
export type OpenTree = { tree: FileTree; fetch(needs: readonly Need[]): Promise<void> };

/** Content of a source at a revision. */
export type SourceTree = {
  hash: string;
  open(): Promise<OpenTree>;
  /** Plain data by which another thread can open the same tree; absent where only this one can. */
  handle?: unknown;
};

/** One way to make manifests of a folder; synchronous and pure, throws Missing for what it lacks. */
export interface Renderer {
  readonly name: string;
  /** Changes whenever the same input could give another output. */
  readonly version: string;
  render(tree: FileTree, path: string, using: RenderWith): Rendering;
}

export type RenderWith = {
  options: JsonObject;
  /** Decrypted files, by path. */
  overlay?: Overlay["files"];
  /** What was fetched from elsewhere, by URL; undefined for what still must be. Absent: nothing may be. */
  remote?: (url: string) => RemoteContent | undefined;
};

/** Where rendering is done: in this thread, or in others. */
export interface RenderPool {
  versionOf(renderer: string): string;
  /** Throws Missing for remotes that are not given. */
  run(job: RenderJob, source: SourceTree, remotes: readonly RemoteHandle[]): Promise<Rendering>;
}

/** Calls `step` until it lacks nothing. */
export async function withNeeds<T>(open: OpenTree, step: (tree: FileTree) => T): Promise<T> {
  for (let round = 0; round < renderRounds; round++) {
    try {
      return step(open.tree);
    } catch (thrown) {
      if (!(thrown instanceof Missing) || thrown.needs.some((need) => need.what === "remote")) throw thrown;
      await open.fetch(thrown.needs);
    }
  }
  throw new DeliveryFault({
    code: "render-failed",
    disposition: "stall",
    message: `still lacked content after ${renderRounds} rounds of fetching`,
  });
}

/** Renders in this thread. */
export class InlinePool implements RenderPool {
  readonly #renderers: ReadonlyMap<string, Renderer>;

  constructor(renderers: readonly Renderer[]) {
    this.#renderers = new Map(renderers.map((renderer) => [renderer.name, renderer]));
  }

  versionOf(name: string): string {
    return this.#renderer(name).version;
  }

  async run(job: RenderJob, source: SourceTree, remotes: readonly RemoteHandle[]): Promise<Rendering> {
    const renderer = this.#renderer(job.renderer);
    const using: RenderWith = { options: job.options };
    if (job.overlay !== undefined) using.overlay = job.overlay.files;
    if (!job.hasRemotes) return withNeeds(await source.open(), (tree) => renderer.render(tree, job.path, using));
    const opened = await openRemotes(remotes);
    using.remote = opened.get;
    return withNeeds(opened.beside(await source.open()), (tree) => renderer.render(tree, job.path, using));
  }

  #renderer(name: string): Renderer {
    const renderer = this.#renderers.get(name);
    if (renderer !== undefined) return renderer;
    throw new DeliveryFault({ code: "spec-invalid", disposition: "stall", message: `there is no renderer ${name}` });
  }
}

type Kept = { rendering: Rendering; treeHash: string };

/** What a rendering on a source asks for beside the job. */
export type RenderAsk = {
  /** True when references elsewhere that can move are asked again. */
  isThorough?: boolean;
};

export class RenderDesk {
  readonly #pool: RenderPool;
  readonly #remotes: RemoteBases | undefined;
  /** By job, newest first. Renderings of one job differ in what they read. */
  readonly #kept = new Map<string, Kept[]>();
  readonly #byRendering = new WeakMap<Rendering, Kept>();
  /** Jobs that are being done: two deliveries that ask the same get one answer. */
  readonly #running = new Map<string, Promise<Rendering>>();
  /** For measurements: how often the fast path served, and how often something was rendered. */
  readonly counts = { reused: 0, rendered: 0 };

  /** How many jobs are asked for at the moment: theirs are always kept, beside a few that are not. */
  readonly #jobsCount: () => number;

  /** Without `remotes` every base elsewhere is refused. */
  constructor(pool: RenderPool, remotes?: RemoteBases, jobsCount: () => number = () => 0) {
    this.#pool = pool;
    this.#remotes = remotes;
    this.#jobsCount = jobsCount;
  }

  /** The rendering of a job on a source, reused where it must be equal. */
  render(asked: RenderJob, source: SourceTree, { isThorough = false }: RenderAsk = {}): Promise<Rendering> {
    const job = { ...asked, hasRemotes: asked.hasRemotes && this.#remotes !== undefined };
    const jobKey = sha256Hex(
      canonicalJson([
        job.renderer,
        this.#pool.versionOf(job.renderer),
        job.path,
        job.options,
        job.hasRemotes,
        job.overlay?.id ?? "",
      ]),
    );
    const key = `${jobKey} ${source.hash} ${isThorough}`;
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = this.#find(jobKey, job, source, isThorough).finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }

  /** What a rendering read is the same in another tree. */
  carry(rendering: Rendering, treeHash: string): void {
    const kept = this.#byRendering.get(rendering);
    if (kept !== undefined) kept.treeHash = treeHash;
  }

  /** True when everything from elsewhere that a rendering read is as it was, as far as is known. */
  holdsElsewhere(rendering: Rendering): boolean {
    return this.#remotes?.holds(rendering.inputs) ?? true;
  }

  async #find(jobKey: string, job: RenderJob, source: SourceTree, isThorough: boolean): Promise<Rendering> {
    const kept = this.#kept.get(jobKey) ?? [];
    if (isThorough) await this.#remotes?.refresh(kept.flatMap(({ rendering }) => remotesIn(rendering)));
    const same = await this.#stillHolding(kept, source);
    if (same !== undefined) {
      this.counts.reused += 1;
      same.treeHash = source.hash;
      return same.rendering;
    }
    this.counts.rendered += 1;
    const rendering = await this.#run(job, source);
    this.#keep(jobKey, { rendering, treeHash: source.hash });
    return rendering;
  }

  async #stillHolding(kept: readonly Kept[], source: SourceTree): Promise<Kept | undefined> {
    const candidates = kept.filter(({ rendering }) => this.holdsElsewhere(rendering));
    const same = candidates.find((entry) => entry.treeHash === source.hash);
    if (same !== undefined || candidates.length === 0) return same;
    const open = await source.open();
    for (const entry of candidates) {
      if (await withNeeds(open, (tree) => readsHold(entry.rendering.reads, tree))) return entry;
    }
    return undefined;
  }

  async #run(job: RenderJob, source: SourceTree): Promise<Rendering> {
    try {
      return await this.#runWithRemotes(job, source);
    } catch (thrown) {
      const cause = faultFrom(thrown);
      if (cause instanceof DeliveryFault) throw cause;
      throw new DeliveryFault({
        code: "render-failed",
        disposition: "retry",
        message: `building ${job.path === "" ? "the root of the source" : job.path} failed`,
        hint: cause.hint ?? "correct the file in Git; nothing was changed in the cluster",
        cause,
      });
    }
  }

  /** Each round brings what the one before lacked from elsewhere. */
  async #runWithRemotes(job: RenderJob, source: SourceTree): Promise<Rendering> {
    const handles = new Map<string, RemoteHandle>();
    for (let round = 0; round < remoteRounds; round++) {
      try {
        return await this.#pool.run(job, source, [...handles.values()]);
      } catch (thrown) {
        const remotes = this.#remotes;
        if (!(thrown instanceof Missing) || remotes === undefined) throw thrown;
        const urls = thrown.needs.flatMap((need) => (need.what === "remote" ? [need.url] : []));
        for (const handle of await Promise.all(urls.map((url) => remotes.get(url)))) handles.set(handle.url, handle);
      }
    }
    throw new DeliveryFault({
      code: "render-failed",
      disposition: "retry",
      message: `remote bases refer to further ones more than ${remoteRounds} times`,
    });
  }

  #keep(jobKey: string, entry: Kept): void {
    this.#byRendering.set(entry.rendering, entry);
    const kept = [entry, ...(this.#kept.get(jobKey) ?? [])].slice(0, 3);
    this.#kept.delete(jobKey);
    this.#kept.set(jobKey, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#jobsCount() + sparedRenderings) break;
      this.#kept.delete(oldest);
    }
  }
}

/** A source tree over files that are all in memory. */
export function sourceTreeOf(tree: FileTree): SourceTree {
  return { hash: tree.hash, open: () => Promise.resolve({ tree, fetch: () => Promise.resolve() }) };
}
