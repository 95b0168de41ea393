import { expect, it } from "vitest";

const { hostile } = (await import(new URL("./hostile.mjs", import.meta.url).href)) as {
  hostile: (options: { count: number }) => Promise<{ requests: number; megabytes: number }>;
};

it("hostile requests are answered, and the control plane stands", { timeout: 600_000 }, async () => {
  expect((await hostile({ count: 600 })).requests).toBe(600);
});
