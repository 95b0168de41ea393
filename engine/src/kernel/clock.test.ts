import { expect, it } from "vitest";
import { formatGoTime, formatMicroTime, formatTime } from "./clock.ts";

it("times are written in the form of who reads them", () => {
  const at = Date.UTC(2026, 0, 2, 10, 0, 0);
  expect(formatTime(at + 120)).toBe("2026-01-02T10:00:00Z");
  expect(formatMicroTime(at + 120)).toBe("2026-01-02T10:00:00.120000Z");
  expect([0, 100, 120, 123, 7].map((ms) => formatGoTime(at + ms))).toEqual([
    "2026-01-02T10:00:00Z",
    "2026-01-02T10:00:00.1Z",
    "2026-01-02T10:00:00.12Z",
    "2026-01-02T10:00:00.123Z",
    "2026-01-02T10:00:00.007Z",
  ]);
});
