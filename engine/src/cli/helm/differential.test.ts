// Releases by the real helm in one namespace and by ours in another, step by step with the same words: the same objects, owners
// of fields, records and exit codes, on a real kube-apiserver and on the embedded one. Before each scenario's last step the
// other of the two takes over, so that each goes on with what the other left.

import { afterAll, beforeAll, describe, it } from "vitest";
import { play, told } from "./testdata/differential/play.ts";
import { type Scenario, scenarios } from "./testdata/differential/scenarios.ts";
import { waits } from "./testdata/differential/waits.ts";
import { embeddedWorld, hasOracle, realWorld, type World, type WorldOptions } from "./testdata/differential/worlds.ts";

const only = new RegExp(process.env["KEELSON_ONLY"] ?? "");

type Opened = [name: string, open: (options: WorldOptions) => Promise<World>];
const servers: readonly Opened[] = [
  ["a real kube-apiserver", realWorld],
  ["the embedded control plane", embeddedWorld],
];

for (const [name, open] of servers) {
  compare(`releases beside the real helm, on ${name}`, () => open({}), scenarios);
  // The rules are the same on either; KEELSON_PROOF=helm-beside tries both.
  if (open === realWorld || process.env["KEELSON_PROOF"] === "helm-beside")
    compare(`waits beside the real helm's, on ${name}`, () => open({ isAlive: true }), waits);
}

/** Plays each scenario; what differs is told once more at the end, by scenario. */
function compare(name: string, open: () => Promise<World>, all: readonly Scenario[]): void {
  // Side by side: most of the time of a wait that fails is its timeout.
  describe.skipIf(!hasOracle() || !all.some((one) => only.test(one.name)))(
    name,
    { concurrent: all === waits, timeout: 600_000 },
    () => {
      let world: World;
      const differing = new Map<string, string[]>();
      beforeAll(async () => {
        world = await open();
      });
      afterAll(async () => {
        await world?.close();
        if (differing.size > 0) process.stdout.write(`${name}, what differs:\n${told(differing)}`);
      });

      for (const [index, scenario] of all.entries())
        it.skipIf(!only.test(scenario.name))(scenario.name, async ({ expect }) => {
          const lines = await play(world, scenario, index);
          if (lines.length > 0) differing.set(scenario.name, lines);
          expect(lines).toEqual([]);
        });
    },
  );
}
