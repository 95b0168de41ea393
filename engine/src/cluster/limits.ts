// Every bound of this folder, with the reason for its number.

import type { BackOff } from "./back-off.ts";

/** Between failed lists or watches; client-go's reflector waits 0.8 to 30 s (tools/cache/reflector.go, v0.34). */
export const watchBackOff: BackOff = { leastMs: 800, mostMs: 30_000 };

/** A server that ends watches at once must not make us spin; client-go takes a watch shorter than 1 s for a failed one. */
export const watchLeastMs = 1_000;

/** Objects a list request asks for at a time; client-go's pager uses the same (tools/pager). */
export const listChunk = 500;
