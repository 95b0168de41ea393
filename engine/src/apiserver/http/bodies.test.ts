import { expect, it } from "vitest";
import { bodiesBytesMax } from "../limits.ts";
import { type Arriving, Bodies } from "./bodies.ts";

/** Begins so many; `refused` has the numbers of those that were refused, in that order. */
function begun(bodies: Bodies, count: number): { all: Arriving[]; refused: number[] } {
  const refused: number[] = [];
  const all = Array.from({ length: count }, (_, number) => bodies.begin(() => refused.push(number)));
  return { all, refused };
}

it("refuses the body begun longest ago where all hold too much", () => {
  const bodies = new Bodies();
  const { all, refused } = begun(bodies, 3);
  for (const one of all) bodies.grow(one, bodiesBytesMax / 3);
  expect(refused).toEqual([]);
  bodies.grow(all[2] as Arriving, 1);
  expect(refused).toEqual([0]);
  bodies.grow(all[1] as Arriving, bodiesBytesMax / 3 - 1);
  expect(refused).toEqual([0]);
});

it("gives back what a body held once it is whole, and counts nothing of one that was refused", () => {
  const bodies = new Bodies();
  const { all, refused } = begun(bodies, 2);
  const [first, second] = all as [Arriving, Arriving];
  bodies.grow(first, bodiesBytesMax);
  bodies.end(first);
  bodies.end(first);
  bodies.grow(second, bodiesBytesMax);
  expect(refused).toEqual([]);
  bodies.grow(second, 1);
  bodies.grow(second, bodiesBytesMax);
  expect(refused).toEqual([1]);
});

it("bounds how many are on their way, whatever they hold", () => {
  const bodies = new Bodies(2);
  const { refused } = begun(bodies, 4);
  expect(refused).toEqual([0, 1]);
});
