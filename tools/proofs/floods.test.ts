import { expect, it } from "vitest";

const { floods } = (await import(new URL("./floods.mjs", import.meta.url).href)) as {
  floods: (options: { count: number; holdMs: number }) => Promise<{ answers: number }>;
};

it("useless connections do not keep others from being answered", { timeout: 300_000 }, async () => {
  expect((await floods({ count: 140, holdMs: 100 })).answers).toBeGreaterThan(0);
});
