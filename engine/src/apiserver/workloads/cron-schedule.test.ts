import { describe, expect, it } from "vitest";
import { nextTime, parseSchedule, zonedTime } from "./cron-schedule.ts";

describe("a cron schedule", () => {
  it.each<[string, string, string, string?]>([
    ["*/5 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z"],
    ["*/5 * * * *", "2026-01-01T00:04:59Z", "2026-01-01T00:05:00Z"],
    ["0 9-17/4 * * mon-fri", "2026-01-02T17:00:00Z", "2026-01-05T09:00:00Z"],
    ["30 2 1,15 * *", "2026-01-02T00:00:00Z", "2026-01-15T02:30:00Z"],
    ["0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"],
    ["0 0 13 * 5", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"],
    ["0 12 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T12:00:00Z"],
    ["10/20 * * * *", "2026-01-01T00:30:00Z", "2026-01-01T00:50:00Z"],
    ["@daily", "2026-12-31T12:00:00Z", "2027-01-01T00:00:00Z"],
    ["@every 90s", "2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z"],
    ["0 9 * * *", "2026-01-01T00:00:00Z", "2026-01-01T08:00:00Z", "Europe/Berlin"],
    ["0 9 * * *", "2026-07-01T00:00:00Z", "2026-07-01T07:00:00Z", "Europe/Berlin"],
    // The clock jumps over this hour on this day: the run is the next day's.
    ["30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z", "Europe/Berlin"],
    ["15 0 * * *", "2026-01-01T18:45:00Z", "2026-01-02T18:45:00Z", "Asia/Kolkata"],
  ])("%s after %s is %s", (schedule, after, expected, timeZone) => {
    const next = nextTime(parseSchedule(schedule), Date.parse(after), timeZone);
    expect(new Date(next ?? 0).toISOString()).toBe(expected.replace("Z", ".000Z"));
  });

  it("that names no day at all has no next time", () => {
    expect(nextTime(parseSchedule("0 0 31 2 *"), Date.UTC(2026, 0, 1))).toBeUndefined();
  });

  it.each(["* * * *", "60 * * * *", "* * * * mon-xyz", "5-1 * * * *", "*/x * * * *", ""])("refuses %j", (text) => {
    expect(() => parseSchedule(text)).toThrow(/cannot be read/);
  });
});

it.each([
  [undefined, "2026-07-01T00:00:00Z"],
  ["Europe/Berlin", "2026-07-01T02:00:00+02:00"],
  ["America/St_Johns", "2026-06-30T21:30:00-02:30"],
])("writes a time as the clocks of %s have it", (zone, text) =>
  expect(zonedTime(Date.UTC(2026, 6, 1), zone)).toBe(text),
);
