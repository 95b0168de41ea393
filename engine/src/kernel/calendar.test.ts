import { expect, test } from "vitest";
import { dayNames, isTimeZone, monthNames, zoneOffsetSeconds } from "./index.ts";

test.each([
  ["UTC", "2024-07-01T00:00:00Z", 0],
  ["Europe/Berlin", "2024-01-01T00:00:00Z", 3600],
  ["Europe/Berlin", "2024-03-31T00:59:59Z", 3600],
  ["Europe/Berlin", "2024-03-31T01:00:00Z", 7200],
  ["America/New_York", "2024-11-03T05:59:59Z", -14400],
  ["America/New_York", "2024-11-03T06:00:00Z", -18000],
  ["Asia/Kathmandu", "2024-01-01T00:00:00Z", 20700],
  ["Australia/Lord_Howe", "2024-01-01T00:00:00Z", 39600],
  // A time before 1970 that is no whole second, and one at midnight, where some clocks say 24.
  ["Europe/Berlin", "1969-12-31T23:59:59.999Z", 3600],
  ["America/Sao_Paulo", "2024-01-01T03:00:00Z", -10800],
])("in %s at %s the clocks are %i seconds ahead", (zone, time, seconds) => {
  expect(zoneOffsetSeconds(zone, Date.parse(time))).toBe(seconds);
});

test("a zone that does not exist has no offset", () => {
  expect(zoneOffsetSeconds("Mars/Olympus", 0)).toBeUndefined();
  expect(isTimeZone("Mars/Olympus")).toBe(false);
  expect(isTimeZone("Europe/Berlin")).toBe(true);
});

test("names stand where Date counts them", () => {
  for (let month = 0; month < 12; month++)
    expect(new Date(Date.UTC(2024, month, 1)).toUTCString()).toContain(` ${monthNames[month]?.slice(0, 3)} `);
  for (let day = 0; day < 7; day++)
    expect(new Date(Date.UTC(2023, 0, 1 + day)).toUTCString().startsWith(dayNames[day]?.slice(0, 3) ?? "?")).toBe(true);
});
