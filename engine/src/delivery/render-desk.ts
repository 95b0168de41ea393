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
import { renderRounds, sparedRenderings } from "./limits.ts";

export type RenderJob = { path: string; renderer: string; options: JsonObject };

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
  render(tree: FileTree, path: string, options: JsonObject): Rendering;
}

/** Where rendering is done: in this thread, or in others. */
export interface RenderPool {
  versionOf(renderer: string): string;
  run(job: RenderJob, source: SourceTree): Promise<Rendering>;
}

/** Calls `step` until it lacks nothing. */
export async function withNeeds<T>(open: OpenTree, step: (tree: FileTree) => T): Promise<T> {
  for (let round = 0; round < renderRounds; round++) {
    try {
      return step(open.tree);
    } catch (thrown) {
      if (!(thrown instanceof Missing)) throw thrown;
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

  async run(job: RenderJob, source: SourceTree): Promise<Rendering> {
    const open = await source.open();
    const renderer = this.#renderer(job.renderer);
    return withNeeds(open, (tree) => renderer.render(tree, job.path, job.options));
  }

  #renderer(name: string): Renderer {
    const renderer = this.#renderers.get(name);
    if (renderer !== undefined) return renderer;
    throw new DeliveryFault({ code: "spec-invalid", disposition: "stall", message: `there is no renderer ${name}` });
  }
}

type Kept = { rendering: Rendering; treeHash: string };

export class RenderDesk {
  readonly #pool: RenderPool;
  /** By job, newest first. Renderings of one job differ in what they read. */
  readonly #kept = new Map<string, Kept[]>();
  /** Jobs that are being done: two deliveries that ask the same get one answer. */
  readonly #running = new Map<string, Promise<Rendering>>();
  /** For measurements: how often the fast path served, and how often something was rendered. */
  readonly counts = { reused: 0, rendered: 0 };

  constructor(pool: RenderPool) {
    this.#pool = pool;
  }

  /** The rendering of a job on a source, reused where it must be equal. */
  render(job: RenderJob, source: SourceTree): Promise<Rendering> {
    const jobKey = sha256Hex(canonicalJson([job.renderer, this.#pool.versionOf(job.renderer), job.path, job.options]));
    const key = `${jobKey} ${source.hash}`;
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = this.#find(jobKey, job, source).finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }

  async #find(jobKey: string, job: RenderJob, source: SourceTree): Promise<Rendering> {
    const kept = this.#kept.get(jobKey) ?? [];
    const same = kept.find((entry) => entry.treeHash === source.hash) ?? (await this.#stillHolding(kept, source));
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
    if (kept.length === 0) return undefined;
    const open = await source.open();
    for (const entry of kept) {
      if (await withNeeds(open, (tree) => readsHold(entry.rendering.reads, tree))) return entry;
    }
    return undefined;
  }

  async #run(job: RenderJob, source: SourceTree): Promise<Rendering> {
    try {
      return await this.#pool.run(job, source);
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

  #keep(jobKey: string, entry: Kept): void {
    const kept = [entry, ...(this.#kept.get(jobKey) ?? [])].slice(0, 3);
    this.#kept.delete(jobKey);
    this.#kept.set(jobKey, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= sparedRenderings) break;
      this.#kept.delete(oldest);
    }
  }
}

/** A source tree over files that are all in memory. */
export function sourceTreeOf(tree: FileTree): SourceTree {
  return { hash: tree.hash, open: () => Promise.resolve({ tree, fetch: () => Promise.resolve() }) };
}
