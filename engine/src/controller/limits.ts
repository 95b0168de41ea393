// Every bound of this folder, with the reason for its number.

import type { BackOff } from "#cluster";

/** After a failed run; Flux's controllers wait 750 ms to 15 min (runtime/controller/rate_limiter.go). */
export const retryBackOff: BackOff = { leastMs: 750, mostMs: 900_000 };
