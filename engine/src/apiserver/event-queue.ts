// Events pushed by one side and taken by an async loop on the other, until a signal ends it.

import { watchBacklogMax } from "./limits.ts";

export type EventQueue<T> = {
  push: (events: readonly T[]) => void;
  /** Ends when the signal aborts, or after the backlog of a reader that fell too far behind. */
  items: AsyncIterable<T>;
};

export function eventQueue<T>(signal: AbortSignal): EventQueue<T> {
  let waiting: T[] = [];
  let isCut = false;
  let wake: (() => void) | undefined;
  const push = (events: readonly T[]): void => {
    if (isCut) return;
    for (const event of events) waiting.push(event);
    if (waiting.length > watchBacklogMax) isCut = true;
    wake?.();
  };
  async function* items(): AsyncIterable<T> {
    const abort = (): void => wake?.();
    signal.addEventListener("abort", abort, { once: true });
    try {
      while (!signal.aborted) {
        const batch = waiting;
        waiting = [];
        for (const event of batch) {
          if (signal.aborted) return;
          yield event;
        }
        if (waiting.length > 0) continue;
        if (isCut) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (signal.aborted) resolve();
        });
        wake = undefined;
      }
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }
  return { push, items: items() };
}
