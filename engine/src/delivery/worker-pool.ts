// Rendering in other threads, so that a large build never holds up the loop.

import { ThreadLost, ThreadPool } from "#controller";
import { type Clock, deepFreeze, type Rendering } from "#kernel";
import { DeliveryFault } from "./faults.ts";
import { renderMostMs, renderPatienceMs, renderThreadsSpare } from "./limits.ts";
import type { RemoteHandle } from "./remote-bases.ts";
import { InlinePool, type RenderJob, type RenderPool, type SourceTree } from "./render-desk.ts";
import { builtinRenderers } from "./renderers.ts";
import { decodeReply, type Reply, type Request } from "./worker-protocol.ts";

export type PoolOptions = {
  clock: Clock;
  /** Rendering threads; 0 renders in this one. */
  threads: number;
};

/** A pool to be closed at the end. */
export type ClosablePool = RenderPool & { close(): Promise<void> };

/** Threads where this package runs compiled; in this thread where it runs from source, which threads cannot load. */
export function startRenderPool(options: PoolOptions): ClosablePool {
  const inline = new InlinePool(builtinRenderers());
  if (options.threads === 0 || import.meta.url.endsWith(".ts")) {
    return Object.assign(inline, { close: () => Promise.resolve() });
  }
  return new WorkerPool(options, inline);
}

class WorkerPool implements ClosablePool {
  readonly #inline: InlinePool;
  readonly #threads: ThreadPool<Request, Reply>;

  constructor({ clock, threads }: PoolOptions, inline: InlinePool) {
    this.#inline = inline;
    this.#threads = new ThreadPool({
      clock,
      script: new URL("./render-worker.js", import.meta.url),
      threads,
      threadsMost: threads + renderThreadsSpare,
      patienceMs: renderPatienceMs,
      taskMostMs: renderMostMs,
    });
  }

  versionOf(renderer: string): string {
    return this.#inline.versionOf(renderer);
  }

  async run(job: RenderJob, source: SourceTree, remotes: readonly RemoteHandle[]): Promise<Rendering> {
    const { handle } = source;
    if (handle === undefined) return this.#inline.run(job, source, remotes);
    const reply = await this.#threads.run({ job, handle, remotes }).catch((thrown: unknown) => {
      if (!(thrown instanceof ThreadLost) || thrown.end !== "time") throw thrown;
      throw new DeliveryFault({
        code: "render-failed",
        disposition: "stall",
        message: thrown.message,
        hint: "make the folder smaller, or split it over several deliveries",
      });
    });
    return deepFreeze(decodeReply(reply));
  }

  close(): Promise<void> {
    return this.#threads.close();
  }
}
