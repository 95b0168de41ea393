// Days and dates of Go's calendar, the Gregorian one in both directions, far beyond the years that the platform's dates hold:
// four hundred years are a cycle of 146,097 days.

export type CivilDate = {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  weekday: number;
  yearDay: number;
};

/** A date with what a clock and a zone add to it. */
export type CivilTime = CivilDate & { nanosecond: number; offsetSeconds: number; zone: string };

/** Nanoseconds from Go's zero time, January 1 of year 1, to 1970. */
export const zeroTime: bigint = -62_135_596_800n * 1_000_000_000n;

const cycleYears = 400;
const cycleDays = 146_097n;
const daySeconds = 86_400n;
const dayMs = 86_400_000;

/** The date and time at so many seconds since 1970. */
export function dateOf(seconds: bigint): CivilDate {
  const cycles = floorDivide(seconds, cycleDays * daySeconds);
  const date = new Date(Number(seconds - cycles * cycleDays * daySeconds) * 1000);
  const year = date.getUTCFullYear();
  return {
    year: year + Number(cycles) * cycleYears,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    weekday: date.getUTCDay(),
    yearDay: Math.floor((date.getTime() - Date.UTC(year, 0, 1)) / dayMs) + 1,
  };
}

/** Division that rounds down. */
export function floorDivide(value: bigint, by: bigint): bigint {
  return (value - modulo(value, by)) / by;
}

/** The rest of that division, which is never negative. */
export function modulo(value: bigint, by: bigint): bigint {
  return ((value % by) + by) % by;
}
