// Keys that wait for work, each once. What is more urgent comes first; within one priority, first come, first served.
// A key that is being worked on is never handed out again before `done`: an `add` meanwhile is kept for then, since its
// cause may have come too late for the running pass to see. In the spirit of client-go's util/workqueue.

import { type BackOff, backOffMs } from "#cluster";
import { assert, type Clock } from "#kernel";
import { delayMostMs, retryBackOff } from "./limits.ts";

/** Most urgent first. */
export const priorities = ["person", "spec", "revision", "drift", "periodic", "status"] as const;

/** Why a key should be looked at: asked for by a person, its spec changed, a new revision, … */
export type Priority = (typeof priorities)[number];

export type Work = { key: string; priority: Priority };

export type WorkQueueOptions = {
  clock: Clock;
  backOff?: BackOff;
  random?: () => number;
};

type Delayed = { atMs: number; priority: Priority; cancel: () => void };

export class WorkQueue {
  readonly #clock: Clock;
  readonly #backOff: BackOff;
  readonly #random: () => number;
  /** Keys ready to be handed out, by priority, in order of arrival. A key stands in at most one. */
  readonly #ready: Record<Priority, Set<string>>;
  /** Keys handed out and not done; the value is the most urgent `add` since. */
  readonly #running = new Map<string, Priority | undefined>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  readonly #waiters = new Set<(work: Work) => void>();
  readonly #addedWhileRunning = new Set<(key: string, priority: Priority) => void>();

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#backOff = options.backOff ?? retryBackOff;
    this.#random = options.random ?? Math.random;
    this.#ready = Object.fromEntries(priorities.map((priority) => [priority, new Set()])) as unknown as Record<
      Priority,
      Set<string>
    >;
  }

  /** Keys ready or running. */
  get size(): number {
    return this.#running.size + priorities.reduce((sum, priority) => sum + this.#ready[priority].size, 0);
  }

  /** Makes the key ready now; one that is ready already keeps its place unless this is more urgent. */
  add(key: string, priority: Priority): void {
    if (this.#running.has(key)) {
      this.#running.set(key, moreUrgent(this.#running.get(key), priority));
      for (const told of this.#addedWhileRunning) told(key, priority);
      return;
    }
    const before = this.#readyPriority(key);
    if (before !== undefined && moreUrgent(before, priority) === before) return;
    if (before !== undefined) this.#ready[before].delete(key);
    this.#ready[priority].add(key);
    this.#handOut();
  }

  /** Adds the key later. A key has one delayed add at most: the earlier wins, and being handed out ends it. */
  addAfter(key: string, priority: Priority, delayMs: number): void {
    if (delayMs <= 0) return this.add(key, priority);
    const delay = Math.min(delayMs, delayMostMs);
    const atMs = this.#clock.now() + delay;
    const before = this.#delayed.get(key);
    if (before !== undefined && before.atMs <= atMs) return;
    before?.cancel();
    const cancel = this.#clock.after(delay, () => {
      this.#delayed.delete(key);
      this.add(key, priority);
    });
    this.#delayed.set(key, { atMs, priority, cancel });
  }

  /** Adds the key after a delay that grows with each call until `forget`. Returns the delay. */
  retry(key: string, priority: Priority): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const delayMs = backOffMs(failures, this.#backOff, this.#random);
    this.addAfter(key, priority, delayMs);
    return delayMs;
  }

  /** The key has worked: its next failure waits the least again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Retries since `forget`. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Drops all that is planned for a key that no longer exists; a running pass goes on. */
  remove(key: string): void {
    this.#dropDelayed(key);
    this.#failures.delete(key);
    for (const priority of priorities) this.#ready[priority].delete(key);
    if (this.#running.has(key)) this.#running.set(key, undefined);
  }

  /** The most urgent key, when there is one; undefined once the signal aborts. Each is owed a `done`. */
  next(signal: AbortSignal): Promise<Work | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    const work = this.#take();
    if (work !== undefined) return Promise.resolve(work);
    return new Promise((resolve) => {
      const aborted = (): void => {
        this.#waiters.delete(given);
        resolve(undefined);
      };
      const given = (given: Work): void => {
        signal.removeEventListener("abort", aborted);
        resolve(given);
      };
      this.#waiters.add(given);
      signal.addEventListener("abort", aborted, { once: true });
    });
  }

  /** Work on the key has ended; what was added meanwhile becomes ready. */
  done(key: string): void {
    assert(this.#running.has(key), `${key} is done without having been handed out`);
    const again = this.#running.get(key);
    this.#running.delete(key);
    if (again !== undefined) this.add(key, again);
  }

  /** True while the key is handed out and not done. */
  isRunning(key: string): boolean {
    return this.#running.has(key);
  }

  /** What has been added to a running key since it was handed out. */
  addedSince(key: string): Priority | undefined {
    return this.#running.get(key);
  }

  /** Told of each add to a running key, so that a pass that only waits can make room. */
  onAddWhileRunning(told: (key: string, priority: Priority) => void): () => void {
    this.#addedWhileRunning.add(told);
    return () => this.#addedWhileRunning.delete(told);
  }

  /** When the key's delayed add is due, for people and tests. */
  dueAt(key: string): number | undefined {
    return this.#delayed.get(key)?.atMs;
  }

  #readyPriority(key: string): Priority | undefined {
    return priorities.find((priority) => this.#ready[priority].has(key));
  }

  #handOut(): void {
    for (const waiter of this.#waiters) {
      const work = this.#take();
      if (work === undefined) return;
      this.#waiters.delete(waiter);
      waiter(work);
    }
  }

  #take(): Work | undefined {
    for (const priority of priorities) {
      for (const key of this.#ready[priority]) {
        this.#ready[priority].delete(key);
        this.#running.set(key, undefined);
        this.#dropDelayed(key);
        return { key, priority };
      }
    }
    return undefined;
  }

  #dropDelayed(key: string): void {
    this.#delayed.get(key)?.cancel();
    this.#delayed.delete(key);
  }
}

function moreUrgent(a: Priority | undefined, b: Priority): Priority {
  return a !== undefined && priorities.indexOf(a) <= priorities.indexOf(b) ? a : b;
}
