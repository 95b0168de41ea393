// Events pushed by one side and taken in batches by an async loop on the other, until a signal ends it.

import { watchBacklogMax } from "./limits.ts";

export type EventQueue<T> = {
  push: (events: readonly T[]) => void;
  /**
   * What came since the last batch, once something has; undefined when the signal aborts, or after the backlog of a reader that fell too
   * far behind.
   */
  next: () => Promise<readonly T[] | undefined>;
  /** Nobody takes any more. */
  close: () => void;
};

export function eventQueue<T>(signal: AbortSignal): EventQueue<T> {
  let waiting: T[] = [];
  let isCut = false;
  let wake: (() => void) | undefined;
  const abort = (): void => wake?.();
  signal.addEventListener("abort", abort, { once: true });
  return {
    push: (events) => {
      if (isCut) return;
      for (const event of events) waiting.push(event);
      if (waiting.length > watchBacklogMax) isCut = true;
      wake?.();
    },
    next: async () => {
      if (waiting.length === 0 && !isCut && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      wake = undefined;
      if (waiting.length === 0 || signal.aborted) return undefined;
      const batch = waiting;
      waiting = [];
      return batch;
    },
    close: () => signal.removeEventListener("abort", abort),
  };
}
