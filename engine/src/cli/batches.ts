// Many small questions at once, but not all of them.

import { requestsAtOnce } from "./limits.ts";

/** `ask` of every item, in their order, a bounded number at a time. */
export async function inBatches<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = Array.from({ length: items.length });
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) results[index] = await ask(items[index] as T);
  };
  await Promise.all(Array.from({ length: Math.min(requestsAtOnce, items.length) }, work));
  return results;
}
