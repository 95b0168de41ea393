// Rendering in other threads, so that a large build never holds up the loop. A thread that takes too long or dies is
// replaced; only what it was doing fails.

import { Worker } from "node:worker_threads";
import { assert, type Clock, deepFreeze, type Rendering } from "#kernel";
import { DeliveryFault } from "./faults.ts";
import { renderMostMs } from "./limits.ts";
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

type Task = { request: Request; resolve: (rendering: Rendering) => void; reject: (reason: unknown) => void };
type Seat = { worker: Worker; task: Task; cancel: () => void };

class WorkerPool implements ClosablePool {
  readonly #options: PoolOptions;
  readonly #inline: InlinePool;
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Seat>();
  readonly #waiting: Task[] = [];
  #serial = 0;
  #isClosed = false;

  constructor(options: PoolOptions, inline: InlinePool) {
    this.#options = options;
    this.#inline = inline;
  }

  versionOf(renderer: string): string {
    return this.#inline.versionOf(renderer);
  }

  run(job: RenderJob, source: SourceTree, remotes: readonly RemoteHandle[]): Promise<Rendering> {
    const { handle } = source;
    if (handle === undefined) return this.#inline.run(job, source, remotes);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request: { id: ++this.#serial, job, handle, remotes }, resolve, reject });
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#idle, ...this.#busy.keys()].map((worker) => worker.terminate()));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0 && !this.#isClosed) {
      const worker = this.#idle.pop() ?? this.#hire();
      if (worker === undefined) return;
      const task = this.#waiting.shift();
      assert(task !== undefined, "there is a task waiting");
      const cancel = this.#options.clock.after(renderMostMs, () => this.#tooLong(worker));
      this.#busy.set(worker, { worker, task, cancel });
      worker.ref();
      worker.postMessage(task.request);
    }
  }

  #hire(): Worker | undefined {
    if (this.#busy.size + this.#idle.length >= this.#options.threads) return undefined;
    const worker = new Worker(new URL("./render-worker.js", import.meta.url));
    worker.on("message", (reply: Reply) => this.#answered(worker, reply));
    worker.on("error", (error) => this.#lost(worker, error));
    worker.on("exit", () => this.#lost(worker, new Error("the rendering thread ended")));
    return worker;
  }

  #answered(worker: Worker, reply: Reply): void {
    const seat = this.#release(worker);
    if (seat === undefined) return;
    worker.unref();
    this.#idle.push(worker);
    try {
      seat.task.resolve(deepFreeze(decodeReply(reply)));
    } catch (thrown) {
      seat.task.reject(thrown);
    }
    this.#dispatch();
  }

  #tooLong(worker: Worker): void {
    const seat = this.#release(worker);
    void worker.terminate();
    seat?.task.reject(
      new DeliveryFault({
        code: "render-failed",
        disposition: "stall",
        message: `took longer than ${renderMostMs / 1000} s`,
        hint: "make the folder smaller, or split it over several deliveries",
      }),
    );
    this.#dispatch();
  }

  #lost(worker: Worker, error: unknown): void {
    const seat = this.#release(worker);
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
    seat?.task.reject(error);
    this.#dispatch();
  }

  #release(worker: Worker): Seat | undefined {
    const seat = this.#busy.get(worker);
    seat?.cancel();
    this.#busy.delete(worker);
    return seat;
  }
}
