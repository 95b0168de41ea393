// Work in other threads, so that nothing long holds up the loop. A thread that takes too long, fills its memory or dies is
// replaced, and only what it was doing fails. A task that takes longer than most no longer counts as a busy thread: others
// are served by one in its place, up to a bound.

import { Worker } from "node:worker_threads";
import { assert, type Clock } from "#kernel";

/** What passes to a thread and back: data with the number of its task. */
export type Numbered = { id: number };

export type ThreadPoolOptions = {
  clock: Clock;
  /** What a thread runs, compiled; it answers each message with one of the same number. */
  script: URL;
  /** Threads at once, those aside that are busy for longer than `patienceMs`. */
  threads: number;
  /** All threads at once. */
  threadsMost: number;
  patienceMs: number;
  /** Longest time for one task; its thread is then ended. */
  taskMostMs: number;
  /** Heap of one thread; without it Node's own limit. */
  heapMostMiB?: number;
  /** Stack of one thread; without it Node's own, 4 MiB. */
  stackMiB?: number;
};

/** Why a thread ended before it answered. */
export type ThreadEnd = "time" | "memory" | "crash";

/** A task whose thread ended before it answered. */
export class ThreadLost extends Error {
  readonly end: ThreadEnd;

  constructor(end: ThreadEnd, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = "ThreadLost";
    this.end = end;
  }
}

type Task<Reply> = { request: Numbered; resolve: (reply: Reply) => void; reject: (reason: ThreadLost) => void };
type Seat<Reply> = { task: Task<Reply>; isSlow: boolean; cancel: () => void };

export class ThreadPool<Request extends Numbered, Reply extends Numbered> {
  readonly #options: ThreadPoolOptions;
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Seat<Reply>>();
  readonly #waiting: Task<Reply>[] = [];
  #serial = 0;
  #isClosed = false;

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
  }

  /** The answer of a thread; rejects with ThreadLost where there is none. */
  run(request: Omit<Request, "id">): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new ThreadLost("crash", "the threads have been ended"));
      this.#waiting.push({ request: { ...request, id: ++this.#serial }, resolve, reject });
      this.#dispatch();
    });
  }

  /** Ends all threads; what they were doing fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#idle, ...this.#busy.keys()];
    for (const { reject } of this.#waiting.splice(0)) reject(new ThreadLost("crash", "the threads have been ended"));
    await Promise.all(all.map((worker) => worker.terminate()));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0 && !this.#isClosed) {
      const worker = this.#idle.pop() ?? this.#hire();
      if (worker === undefined) return;
      const task = this.#waiting.shift();
      assert(task !== undefined, "there is a task waiting");
      this.#busy.set(worker, { task, isSlow: false, cancel: this.#watch(worker) });
      worker.ref();
      worker.postMessage(task.request);
    }
  }

  /** Starts the clocks of a task. */
  #watch(worker: Worker): () => void {
    const { clock, patienceMs, taskMostMs } = this.#options;
    const cancels = [
      clock.after(patienceMs, () => this.#slow(worker)),
      clock.after(taskMostMs, () => this.#tooLong(worker)),
    ];
    return () => cancels.forEach((cancel) => cancel());
  }

  #hire(): Worker | undefined {
    const { threads, threadsMost, script, heapMostMiB, stackMiB } = this.#options;
    const slow = [...this.#busy.values()].filter(({ isSlow }) => isSlow).length;
    const all = this.#busy.size + this.#idle.length;
    if (all - slow >= threads || all >= threadsMost) return undefined;
    const worker = new Worker(script, {
      // Flags of this process are not for its threads.
      execArgv: [],
      resourceLimits: {
        ...(heapMostMiB === undefined ? {} : { maxOldGenerationSizeMb: heapMostMiB }),
        ...(stackMiB === undefined ? {} : { stackSizeMb: stackMiB }),
      },
    });
    worker.on("message", (reply: Reply) => this.#answered(worker, reply));
    worker.on("error", (error: Error & { code?: string }) =>
      error.code === "ERR_WORKER_OUT_OF_MEMORY"
        ? this.#lost(worker, new ThreadLost("memory", `needed more than ${heapMostMiB} MiB of memory`))
        : this.#lost(worker, new ThreadLost("crash", error.message, error)),
    );
    worker.on("exit", () => this.#lost(worker, new ThreadLost("crash", "the thread ended")));
    return worker;
  }

  #answered(worker: Worker, reply: Reply): void {
    const seat = this.#release(worker);
    if (seat === undefined) return;
    worker.unref();
    // One that took another's place is not needed any more.
    if (this.#busy.size + this.#idle.length < this.#options.threads) this.#idle.push(worker);
    else void worker.terminate();
    seat.task.resolve(reply);
    this.#dispatch();
  }

  #slow(worker: Worker): void {
    const seat = this.#busy.get(worker);
    if (seat === undefined) return;
    seat.isSlow = true;
    this.#dispatch();
  }

  #tooLong(worker: Worker): void {
    const seat = this.#release(worker);
    void worker.terminate();
    seat?.task.reject(new ThreadLost("time", `took longer than ${this.#options.taskMostMs / 1000} s`));
    this.#dispatch();
  }

  #lost(worker: Worker, reason: ThreadLost): void {
    const seat = this.#release(worker);
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
    seat?.task.reject(reason);
    this.#dispatch();
  }

  #release(worker: Worker): Seat<Reply> | undefined {
    const seat = this.#busy.get(worker);
    seat?.cancel();
    this.#busy.delete(worker);
    return seat;
  }
}
