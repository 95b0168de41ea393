import { describe, expect, it } from "vitest";
import { formatAge, formatAgo, formatClock, formatDay, formatDayName, formatExact, formatTook } from "./time.ts";

const noon = Date.UTC(2026, 10, 21, 12, 3, 22);

describe("a time", () => {
  const ages: [number, string, string][] = [
    [4_000, "4s", "just now"],
    [61_000, "61s", "61 seconds ago"],
    [180_000, "3m", "3 minutes ago"],
    [7_200_000, "2h", "2 hours ago"],
    [200_000_000, "2d", "2 days ago"],
    [-5_000, "0s", "just now"],
  ];
  for (const [age, short, long] of ages)
    it(`${age} ms ago is ${short}, ${long}`, () =>
      expect([formatAge(noon - age, noon), formatAgo(noon - age, noon)]).toEqual([short, long]));

  const took: [number, string][] = [
    [340, "340 ms"],
    [4_200, "4.2 s"],
    [42_400, "42 s"],
    [185_000, "3 min 5 s"],
    [180_000, "3 min"],
    [7_260_000, "2 h 1 min"],
  ];
  for (const [ms, text] of took) it(`that took ${ms} ms says ${text}`, () => expect(formatTook(ms)).toBe(text));

  it("is exact in the zone that was chosen, and names it", () => {
    expect(formatExact(noon, "UTC")).toBe("2026-11-21 12:03:22 UTC");
    expect(formatExact(noon, "Asia/Tokyo")).toBe("2026-11-21 21:03:22 GMT+9");
    expect(formatDay(noon, "Pacific/Kiritimati")).toBe("2026-11-22");
    expect(formatClock(noon, "Asia/Kolkata")).toBe("17:33:22");
  });

  it("has its day named from the reader's own", () => {
    expect(formatDayName(noon, "UTC", noon)).toBe("Today");
    expect(formatDayName(noon, "UTC", noon + 86_400_000)).toBe("Yesterday");
    expect(formatDayName(noon, "UTC", noon + 864_000_000)).toBe("Saturday, 21 November 2026");
  });
});
