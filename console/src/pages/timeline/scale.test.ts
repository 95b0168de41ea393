import { describe, expect, it } from "vitest";
import type { TimelineEntry } from "../../wire/types.ts";
import { daysOf, shareOf, spanOf, ticksOf } from "./scale.ts";

const hour = 3_600_000;
const noon = Date.UTC(2026, 10, 21, 12);
const link = { kind: "Kustomization", namespace: "a", name: "b" };
const heal = (atMs: number): TimelineEntry => ({ what: "heal", atMs, delivery: link, object: "", fields: "", by: "" });

describe("the timeline's scale", () => {
  it("reaches from the oldest entry to now", () => {
    const span = spanOf([heal(noon - 10 * hour), heal(noon - hour)], noon);
    expect(shareOf(noon, span)).toBe(1);
    expect(shareOf(noon - 10 * hour, span)).toBeCloseTo(0.03, 2);
    expect(shareOf(noon - 99 * hour, span)).toBe(0);
  });

  it("is not narrower than some minutes, nor broken by nothing", () => {
    expect(spanOf([], noon).toMs - spanOf([], noon).fromMs).toBeGreaterThan(180_000 - 1);
    expect(ticksOf(spanOf([], noon)).length).toBeGreaterThan(2);
  });

  it("is written at whole hours, a few of them", () => {
    const ticks = ticksOf(spanOf([heal(noon - 20 * hour)], noon));
    expect(ticks.length).toBeLessThanOrEqual(8);
    expect(ticks.every((tick) => tick % hour === 0)).toBe(true);
  });

  it("falls into days of the reader's zone", () => {
    const days = daysOf([heal(noon), heal(noon - 13 * hour), heal(noon - hour)], "UTC");
    expect(days.map(({ day, entries }) => `${day} ${entries.length}`)).toEqual(["2026-11-21 2", "2026-11-20 1"]);
    expect(daysOf([heal(noon), heal(noon - 13 * hour)], "Asia/Tokyo")).toHaveLength(1);
  });
});
