// Counts that may be percentages.

import type { IntOrPercent } from "./types.ts";

/** `25%` of `total`, rounded up or down; a plain number as it is. What is neither is 0. */
export function scaled(value: IntOrPercent | undefined, total: number, isRoundedUp: boolean): number {
  if (value === undefined) return 0;
  if (typeof value === "number") return value;
  const match = /^(\d+)%$/.exec(value);
  if (match === null) return Number.parseInt(value, 10) || 0;
  const share = (Number(match[1]) * total) / 100;
  return isRoundedUp ? Math.ceil(share) : Math.floor(share);
}
