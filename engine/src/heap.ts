// How the process of an embedded control plane keeps its memory small and its code fast. The engine over a real cluster and single
// commands need none of it.

import { getHeapStatistics, setFlagsFromString } from "node:v8";

/**
 * By how much of what lives in it a large heap may grow before it is collected again. V8 by itself waits until it has doubled or more: for
 * a server whose objects live long that is memory for nothing. Measured with 50,000 objects: 450 MB in place of 710, and no fewer writes a second.
 */
const largeHeapPercent = 30;

/** Of a heap from this size on. */
const largeHeapBytes = 128 * 1024 * 1024;

/** What an empty heap may grow by on top: a small one would else be collected every few hundred writes, an eighth of all that they cost. */
const smallHeapPercent = 120;

/** How often the heap is measured. */
const lookEveryMs = 1000;

/**
 * Bytes of code that a function runs before it is compiled for speed; V8 by itself waits for 66 KiB. A control plane for
 * a test or a laptop is young for most of its life: its first thousands of writes take a tenth less.
 */
const compiledAfterBytes = 40_000;

/** To be called once all is loaded: what runs only at the start is not worth it. */
export function compileSooner(): void {
  setFlagsFromString(`--interrupt-budget=${compiledAfterBytes}`);
}

/** To be called before anything is loaded into memory. */
export function keepHeapSmall(): void {
  let set = largeHeapPercent;
  setFlagsFromString(`--heap-growing-percent=${set}`);
  const look = (): void => {
    const percent = growingPercent(getHeapStatistics().used_heap_size);
    if (percent === set) return;
    set = percent;
    setFlagsFromString(`--heap-growing-percent=${percent}`);
  };
  setInterval(look, lookEveryMs).unref();
}

/** In whole tens. */
export function growingPercent(usedBytes: number): number {
  const share = Math.max(0, 1 - usedBytes / largeHeapBytes);
  return largeHeapPercent + 10 * Math.round((smallHeapPercent * share) / 10);
}
