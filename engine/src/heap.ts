// How the process of an embedded control plane keeps its memory small. The engine over a real cluster and single commands need none of it.

import { setFlagsFromString } from "node:v8";

/**
 * Lets the heap grow by so much of what lives in it before it is collected again. V8 by itself waits until it has doubled or more: for
 * a server whose objects live long that is memory for nothing. Measured with 50,000 objects: 450 MB in place of 710, and no fewer writes a second.
 */
const heapGrowingPercent = 30;

/** To be called before anything is loaded into memory. */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent}`);
}
