// Delays that grow with each failure in a row, with jitter so that many that failed together do not return together.

export type BackOff = {
  /** The first delay. */
  leastMs: number;
  /** No delay is longer. */
  mostMs: number;
};

/** The delay after the given number of failures in a row (1 or more): doubling, within the upper half at random. */
export function backOffMs(failures: number, limits: BackOff, random: () => number): number {
  const full = Math.min(limits.mostMs, limits.leastMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full / 2 + (random() * full) / 2);
}
