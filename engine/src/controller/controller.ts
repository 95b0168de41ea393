// Runs one reconcile function over a queue's keys: some at once, never two for one key. A fault's disposition decides
// what follows: `retry` comes back with back-off, `wait` and `stall` only when something adds the key again.

import { setMaxListeners } from "node:events";
import { type Clock, type Fault, faultFrom } from "#kernel";
import { type Priority, priorities, type WorkQueue } from "./work-queue.ts";

/** undefined: nothing is planned, the key waits for an add. */
export type ReconcileResult = { requeueAfterMs?: number } | undefined | void;

/** What a pass may want to know of itself. */
export type Pass = {
  priority: Priority;
  /** Failed passes in a row before this one. */
  failures: number;
  /** Aborted when the key is added again with `person`, `spec` or `revision`: a pass that only waits should then end. */
  superseded: AbortSignal;
};

/** One level-triggered pass. The signal aborts at shutdown. */
export type Reconcile = (key: string, signal: AbortSignal, pass: Pass) => Promise<ReconcileResult>;

export type ControllerOptions = {
  /** For logs and metrics. */
  name: string;
  queue: WorkQueue;
  clock: Clock;
  /** Keys worked on at once. */
  concurrency: number;
  reconcile: Reconcile;
  signal: AbortSignal;
  /** Told of each failed pass. */
  failed?: (key: string, fault: Fault, retryInMs: number | undefined) => void;
  /** Told of each pass. */
  passed?: ((key: string, priority: Priority, tookMs: number) => void) | undefined;
};

/** Resolved when the signal has aborted and every running pass has ended. Never rejected. */
export async function runController(options: ControllerOptions): Promise<void> {
  // Each worker, and each thing it waits for, listens to the one signal: their number is bounded by the concurrency.
  setMaxListeners(0, options.signal);
  const running = new Map<string, AbortController>();
  const unsubscribe = options.queue.onAddWhileRunning((key, priority) => {
    if (supersedes(priority)) running.get(key)?.abort();
  });
  const workers: Promise<void>[] = [];
  for (let i = 0; i < options.concurrency; i++) workers.push(runWorker(options, running));
  await Promise.all(workers);
  unsubscribe();
}

async function runWorker(options: ControllerOptions, running: Map<string, AbortController>): Promise<void> {
  const { queue, clock, signal } = options;
  for (;;) {
    const work = await queue.next(signal);
    if (work === undefined) return;
    const { key, priority } = work;
    const superseding = new AbortController();
    running.set(key, superseding);
    const startedMs = clock.now();
    const pass: Pass = { priority, failures: queue.failures(key), superseded: superseding.signal };
    try {
      const result = await options.reconcile(key, signal, pass);
      queue.forget(key);
      if (result?.requeueAfterMs !== undefined) queue.addAfter(key, "periodic", result.requeueAfterMs);
    } catch (thrown) {
      if (!signal.aborted) fail(options, work, faultFrom(thrown));
    }
    running.delete(key);
    queue.done(key);
    options.passed?.(key, priority, clock.now() - startedMs);
  }
}

function fail(options: ControllerOptions, work: { key: string; priority: Priority }, fault: Fault): void {
  // A retry is never more urgent than a look at the interval: one broken key must not push others aside.
  const retryInMs = fault.disposition === "retry" ? options.queue.retry(work.key, "periodic") : undefined;
  if (retryInMs === undefined) options.queue.forget(work.key);
  options.failed?.(work.key, fault, retryInMs);
}

function supersedes(priority: Priority): boolean {
  return priorities.indexOf(priority) <= priorities.indexOf("revision");
}
