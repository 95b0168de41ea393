// Every bound of this folder, with the reason for its number.

import type { BackOff } from "#cluster";

/** After a failed run; Flux's controllers wait 750 ms to 15 min (runtime/controller/rate_limiter.go). */
export const retryBackOff: BackOff = { leastMs: 750, mostMs: 900_000 };

/** Node's timers hold 31 bits of milliseconds and fire at once beyond; a look after 24 days is early, never wrong. */
export const delayMostMs: number = 2 ** 31 - 1;
