import { expect, it } from "vitest";
import { unsentBytesMax, unsentBytesMost, unsentLookMs, unsentPatienceMs } from "../limits.ts";
import { type Answering, Unsent } from "./unsent.ts";

type Reader = Answering & { unsentBytes: number; takenBytes: number; isCut: boolean };

function reader(unsentBytes: number): Reader {
  const one: Reader = { unsentBytes, takenBytes: 0, isCut: false, cutOff: () => (one.isCut = true) };
  return one;
}

/** Follows them, and looks again after each step; `step` says what happens meanwhile. */
function play(
  readers: readonly Reader[],
  steps: number,
  step: () => void = () => undefined,
  stepMs: number = unsentLookMs,
): boolean[] {
  let now = 1_000_000;
  const unsent = new Unsent({ now: () => now, after: () => () => undefined });
  for (const one of readers) unsent.follow(one);
  for (let count = 0; count < steps; count++) {
    now += stepMs;
    step();
    unsent.follow(reader(0));
  }
  return readers.map(({ isCut }) => isCut);
}

const long = Math.ceil(unsentPatienceMs / unsentLookMs) + 1;

it("cuts off who takes nothing, the longest still first, until there is room", () => {
  const readers = [reader(unsentBytesMax / 2), reader(unsentBytesMax / 2), reader(unsentBytesMax / 2)];
  expect(play(readers, long)).toEqual([true, false, false]);
});

it("waits a while, and while there is room forever", () => {
  expect(play([reader(2 * unsentBytesMax)], 3)).toEqual([false]);
  expect(play([reader(unsentBytesMax)], long)).toEqual([false]);
});

it("leaves alone who reads, however slowly", () => {
  const [slow, stuck] = [reader(2 * unsentBytesMax), reader(2 * unsentBytesMax)];
  expect(play([slow, stuck], long, () => slow.takenBytes++)).toEqual([false, true]);
});

it("leaves alone a watch with nothing to send", () => {
  expect(play([reader(0), reader(2 * unsentBytesMax)], long)).toEqual([false, true]);
});

it("waits the shorter the more there is", () => {
  const readers = [reader(3 * unsentBytesMax), reader(unsentBytesMax / 2)];
  expect(play(readers, Math.ceil(unsentPatienceMs / 8 / unsentLookMs) + 1)).toEqual([true, false]);
});

it("does not take its own absence for that of its readers", () => {
  expect(play([reader(2 * unsentBytesMax)], 2, undefined, 10 * unsentPatienceMs)).toEqual([false]);
});

it("cuts off who takes nothing also when the clock is set back meanwhile", () => {
  let [now, passedMs] = [1_000_000_000, 0];
  let due: { atMs: number; run: () => void }[] = [];
  const after = (delayMs: number, run: () => void): (() => void) => {
    due.push({ atMs: passedMs + delayMs, run });
    return () => undefined;
  };
  const unsent = new Unsent({ now: () => now, after });
  const stuck = reader(2 * unsentBytesMax);
  unsent.follow(stuck);
  unsent.held();
  for (let step = 0; step < 2 * long && !stuck.isCut; step++) {
    now += step === 3 ? -500_000_000 : unsentLookMs;
    passedMs += unsentLookMs;
    const [ready, rest] = [due.filter(({ atMs }) => atMs <= passedMs), due.filter(({ atMs }) => atMs > passedMs)];
    due = rest;
    for (const { run } of ready) run();
  }
  expect(stuck.isCut).toBe(true);
});

it("looks by itself while readers hold too much, and no longer", () => {
  let now = 1_000_000;
  let due: (() => void)[] = [];
  const unsent = new Unsent({ now: () => now, after: (_, run) => (due.push(run), () => undefined) });
  const stuck = reader(2 * unsentBytesMax);
  unsent.follow(stuck);
  unsent.held();
  unsent.held();
  expect(due).toHaveLength(1);
  for (let looks = 0; due.length > 0 && looks < 2 * long; looks++) {
    now += unsentLookMs;
    const [next] = due;
    due = [];
    next?.();
  }
  expect(stuck.isCut).toBe(true);
  expect(due).toEqual([]);
});

it("lets nothing more be read while all hold many times too much, and again once some is taken", () => {
  const unsent = new Unsent({ now: () => 1_000_000, after: () => () => undefined });
  const slow = reader(unsentBytesMost);
  unsent.follow(slow);
  unsent.held(slow.unsentBytes);
  expect(unsent.isFull()).toBe(false);
  unsent.held(1);
  expect(unsent.isFull()).toBe(false);
  slow.unsentBytes += 1;
  unsent.held(1);
  expect(unsent.isFull()).toBe(true);
  slow.unsentBytes -= 1;
  expect(unsent.isFull()).toBe(false);
});
