import { expect, it } from "vitest";
import { turnRequests } from "../limits.ts";
import { Turns } from "./turns.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Asks for so many turns at once; `gone` has the numbers of those that went on, in that order. */
function asked(turns: Turns, count: number, gone: number[] = []): number[] {
  const from = gone.length;
  for (let number = 0; number < count; number++) turns.next(() => gone.push(from + number));
  return gone;
}

it("lets as many go on at once as fit into a turn", () => {
  expect(asked(new Turns(), turnRequests)).toHaveLength(turnRequests);
  expect(asked(new Turns(), turnRequests + 1)).toHaveLength(turnRequests);
});

it("lets all go on, in their order, a turn's number in each", async () => {
  const count = 3 * turnRequests + 2;
  const gone = asked(new Turns(), count);
  const after: number[] = [];
  while (gone.length < count) {
    after.push(gone.length);
    await turn();
  }
  expect(gone).toEqual(Array.from({ length: count }, (_, number) => number));
  expect(Math.max(...after.map((length, at) => length - (after[at - 1] ?? 0)))).toBeLessThanOrEqual(turnRequests);
});

it("lets nobody overtake who waits", async () => {
  const turns = new Turns();
  const gone: string[] = [];
  for (let number = 0; number < 2 * turnRequests; number++) turns.next(() => gone.push("early"));
  await turn();
  for (let number = 0; number < turnRequests; number++) turns.next(() => gone.push("late"));
  while (gone.length < 3 * turnRequests) await turn();
  expect(gone.slice(0, 2 * turnRequests)).toEqual(Array.from({ length: 2 * turnRequests }, () => "early"));
});
