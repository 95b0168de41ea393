import { expect, it } from "vitest";

type Kills = { [action: string]: number };
const { releaseKills, serverKills } = (await import(new URL("./release-kills.mjs", import.meta.url).href)) as {
  releaseKills: (options: { times: number; seed: number }) => Promise<{ kills: Kills; rounds: number; hooks: number }>;
  serverKills: () => Promise<{ steps: number; goneOn: number }>;
};

// Processes take their time to start: by request boundaries the same is tried in releases/kills.test.ts, everywhere.
it.skipIf(process.env["CI"] === undefined)(
  "releases whose commands are killed come to where they should, each hook run once",
  { timeout: 600_000 },
  async () => {
    const { kills, rounds, hooks } = await releaseKills({ times: 1, seed: 3 });
    expect(Object.keys(kills)).toEqual(["install", "test", "upgrade", "rollback", "uninstall"]);
    // The measuring round ran them too.
    expect(hooks).toBe(10 * (rounds + 1));
  },
);

it.skipIf(process.env["CI"] === undefined)(
  "releases come to where they should when the server is killed while a hook is under way",
  { timeout: 600_000 },
  async () => {
    expect(await serverKills()).toMatchObject({ steps: 5 });
  },
);
