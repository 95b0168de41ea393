import { expect, it } from "vitest";

const { kills } = (await import(new URL("./kills.mjs", import.meta.url).href)) as {
  kills: (options: { times: number }) => Promise<{ kills: number; acknowledged: number; events: number }>;
};

it("a control plane killed under load keeps what it acknowledged, and its watches resume", {
  timeout: 240_000,
}, async () => {
  const result = await kills({ times: 3 });
  expect(result.kills).toBe(3);
  expect(result.acknowledged).toBeGreaterThan(0);
});
