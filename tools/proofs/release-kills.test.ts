import { expect, it } from "vitest";

const { releaseKills } = (await import(new URL("./release-kills.mjs", import.meta.url).href)) as {
  releaseKills: (options: { times: number; seed: number }) => Promise<{ times: number; hooks: number }>;
};

// Processes take their time to start: by request boundaries the same is tried in releases/kills.test.ts, everywhere.
it.skipIf(process.env["CI"] === undefined)(
  "releases whose commands are killed come to where they should, each hook run once",
  { timeout: 240_000 },
  async () => {
    const result = await releaseKills({ times: 1, seed: 3 });
    expect(result).toMatchObject({ times: 1, hooks: 16 });
  },
);
