import { expect, it } from "vitest";
import { RecentBudget, type Rememberer } from "./recent-budget.ts";

/** Remembers changes of one weight each. */
function rememberer(budget: RecentBudget): Rememberer & { remember: (weight: number) => void } {
  const one = {
    recentWeight: 0,
    forgetOlder: (): void => {
      const gone = Math.ceil(one.recentWeight / 2);
      one.recentWeight -= gone;
      budget.count(one, -gone);
    },
    remember: (weight: number): void => {
      one.recentWeight += weight;
      budget.count(one, weight);
    },
  };
  return one;
}

it("lets whoever remembers most forget first", () => {
  const budget = new RecentBudget(100);
  const [large, small] = [rememberer(budget), rememberer(budget)];
  large.remember(80);
  small.remember(20);
  expect([large.recentWeight, small.recentWeight]).toEqual([80, 20]);
  small.remember(10);
  expect([large.recentWeight, small.recentWeight]).toEqual([40, 30]);
});

it("lets one that alone is too large forget until it fits", () => {
  const budget = new RecentBudget(100);
  const one = rememberer(budget);
  one.remember(1000);
  expect(one.recentWeight).toBeLessThanOrEqual(100);
});

it("has room again for what one that left remembered", () => {
  const budget = new RecentBudget(100);
  const [gone, other] = [rememberer(budget), rememberer(budget)];
  gone.remember(90);
  budget.leave(gone);
  other.remember(90);
  expect(other.recentWeight).toBe(90);
});
