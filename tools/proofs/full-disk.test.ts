import { expect, it } from "vitest";

const { canLimit, fullDisk } = (await import(new URL("./full-disk.mjs", import.meta.url).href)) as {
  canLimit: () => boolean;
  fullDisk: () => Promise<{ kept: number; refused: number }>;
};

it.skipIf(!canLimit())(
  "a control plane without room keeps what it acknowledged, says what is wrong and goes on with room",
  {
    timeout: 240_000,
  },
  async () => {
    expect((await fullDisk()).kept).toBeGreaterThan(0);
  },
);
