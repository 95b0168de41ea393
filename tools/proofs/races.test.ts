import { expect, it } from "vitest";

const { races } = (await import(new URL("./races.mjs", import.meta.url).href)) as {
  races: (options: { writes: number; rounds: number; restarts: number }) => Promise<{ acknowledged: number }>;
};

it("writes, deletions, finalizers and watches stand while others race with them", { timeout: 300_000 }, async () => {
  expect((await races({ writes: 40, rounds: 4, restarts: 1 })).acknowledged).toBeGreaterThanOrEqual(40);
});
