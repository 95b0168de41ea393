import { describe, expect, it } from "vitest";
import { formatTime } from "#kernel";
import { nextStart, openUntil, parseWindows, type Window } from "./windows.ts";

function windows(text: string): Window[] {
  const parsed = parseWindows(text);
  if ("problem" in parsed) throw new Error(parsed.problem);
  return parsed;
}

const at = (time: string): number => Date.parse(time);
const shown = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : formatTime(ms));

describe("windows", () => {
  it.each([
    // Friday 18:00 to Monday 08:00 in Berlin, in winter and in summer.
    ["0 18 * * 5 for 62h in Europe/Berlin", "2026-01-09T16:59:59Z", undefined],
    ["0 18 * * 5 for 62h in Europe/Berlin", "2026-01-09T17:00:00Z", "2026-01-12T07:00:00Z"],
    ["0 18 * * 5 for 62h in Europe/Berlin", "2026-01-12T06:59:59Z", "2026-01-12T07:00:00Z"],
    ["0 18 * * 5 for 62h in Europe/Berlin", "2026-01-12T07:00:00Z", undefined],
    ["0 18 * * 5 for 62h in Europe/Berlin", "2026-07-10T16:00:00Z", "2026-07-13T06:00:00Z"],
    // Over the change to summer time a window keeps its length.
    ["0 18 * * 5 for 62h in Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-30T07:00:00Z"],
    ["30 2 * * * for 1h in Europe/Berlin", "2026-03-29T01:45:00Z", "2026-03-29T02:30:00Z"],
    ["0 0 24 12 * for 72h", "2026-12-26T23:59:59Z", "2026-12-27T00:00:00Z"],
    ["0 0 24 12 * for 72h", "2026-12-27T00:00:00Z", undefined],
    ["*/15 9-17 * * 1-5 for 5m", "2026-01-09T09:17:00Z", "2026-01-09T09:20:00Z"],
    ["*/15 9-17 * * 1-5 for 5m", "2026-01-09T09:21:00Z", undefined],
    ["*/15 9-17 * * 1-5 for 5m", "2026-01-10T09:17:00Z", undefined],
    ["0 0 13 * 5 for 24h", "2026-02-06T12:00:00Z", "2026-02-07T00:00:00Z"],
    ["0 0 * * 7 for 24h", "2026-01-11T12:00:00Z", "2026-01-12T00:00:00Z"],
    ["0 22 * * * for 4h; 0 1 * * * for 3h", "2026-01-10T01:30:00Z", "2026-01-10T04:00:00Z"],
  ])("%s at %s is open until %s", (text, time, until) => {
    expect(shown(openUntil(windows(text), at(time)))).toBe(until);
  });

  it.each([
    ["0 9 * * 1-4 for 8h in America/New_York", "2026-01-09T12:00:00Z", "2026-01-12T14:00:00Z"],
    ["0 9 * * * for 1h", "2026-01-09T09:00:00Z", "2026-01-10T09:00:00Z"],
    ["0 9 29 2 * for 1h", "2026-03-01T00:00:00Z", undefined],
  ])("the next of %s after %s opens at %s", (text, time, start) => {
    expect(shown(nextStart(windows(text), at(time)))).toBe(start);
  });

  it.each([
    ["0 18 * * 5", "is no window"],
    ["0 18 * * for 2h", "is no window"],
    ["0 25 * * * for 2h", '"25" is no hour'],
    ["0 5-3 * * * for 2h", '"5-3" is no hour'],
    ["*/0 5 * * * for 2h", '"*/0" is no minute'],
    ["0 0 * * * for 2h in Nowhere/Land", '"Nowhere/Land" is no time zone'],
    ["0 0 * * * for 2000h", "lasts longer than"],
    ["0 0 * * * for soon", "is no window"],
  ])("%s is refused", (text, problem) => {
    const parsed = parseWindows(text);
    expect("problem" in parsed ? parsed.problem : "").toContain(problem);
  });
});
