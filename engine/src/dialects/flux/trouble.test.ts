// An API server in trouble, and a rival: no wrong deletion, no hot loop, and recovery without anybody's help.

import { describe, expect, it, vi } from "vitest";
import { Trouble } from "./troubled-cluster.contract.ts";
import { dataOf, deployment, settle } from "./samples.contract.ts";
import { configMap, kustomization, World } from "./world.contract.ts";

// Conditions are waited for; a busy machine may take its time.
vi.setConfig({ testTimeout: 180_000 });

async function withTrouble(
  seed: number,
  chance: number,
  run: (world: World, trouble: Trouble) => Promise<void>,
): Promise<void> {
  const world = await World.start();
  try {
    await world.stopEngine();
    const trouble = new Trouble(seed, chance);
    world.startEngine(trouble.in(world.cluster));
    await run(world, trouble);
  } finally {
    await world.close();
  }
}

const files = (k: string, names: string[]): { [path: string]: string } => ({
  "apps/all.yaml": names.map((name) => configMap(name, { k })).join(""),
  "web/all.yaml": JSON.stringify({ ...deployment("web", Number(k)), kind: "Deployment" }),
});

describe("an API server in trouble", () => {
  it.each([1, 2, 3, 4])("commits arrive all the same, and nothing but what left Git is deleted: seed %i", (seed) =>
    withTrouble(seed, 0.25, async (world, trouble) => {
      world.sources.commit(files("1", ["a", "b", "c"]));
      // `force` must not take a write that met another for an immutable field.
      await world.apply(kustomization("apps", { force: true, interval: "10m" }), kustomization("web", { force: true }));
      for (const [k, names] of [
        ["2", ["a", "b"]],
        ["3", ["a", "b", "d"]],
        ["4", ["a", "d"]],
      ] as const) {
        const revision = world.sources.commit(files(k, [...names]));
        await world.untilReady("apps", revision);
        await world.untilReady("web", revision);
        trouble.dropWatches();
      }
      trouble.chance = 0;
      expect(trouble.refused).toBeGreaterThan(5);
      for (const name of ["a", "d"]) expect(dataOf(await world.get("", "ConfigMap", name))).toEqual({ k: "4" });
      for (const name of ["b", "c"]) expect(await world.get("", "ConfigMap", name)).toBeUndefined();
      expect(new Set(trouble.deleted)).toEqual(
        new Set(trouble.deleted.filter((each) => /ConfigMap\/[bcd]$/.test(each))),
      );
      expect(trouble.deleted).not.toContain("ConfigMap/a");
      expect(world.logs.filter((line) => /modified|error/i.test(line))).toEqual([]);
    }),
  );

  it("drift is healed after every watch was dropped, and an outage of everything is survived", () =>
    withTrouble(7, 0, async (world, trouble) => {
      const revision = world.sources.commit(files("1", ["a"]));
      await world.apply(kustomization("apps"));
      await world.untilReady("apps", revision);
      trouble.chance = 1;
      trouble.dropWatches();
      await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "9" } });
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const during = trouble.requests;
      await new Promise((resolve) => setTimeout(resolve, 2000));
      // No hot loop: a handful of watches and one delivery that try again with growing pauses.
      expect(trouble.requests - during).toBeLessThan(200);
      trouble.chance = 0;
      await world.until(
        "the heal",
        async () => JSON.stringify(dataOf(await world.get("", "ConfigMap", "a"))) === '{"k":"1"}',
      );
      await world.untilReady("apps", revision);
    }));

  it("a rival that undoes every heal is named, left alone for an interval, and costs nothing meanwhile", () =>
    withTrouble(9, 0, async (world, trouble) => {
      await world.deliver("apps", configMap("a", { k: "1" }));
      const target = await world.target("", "ConfigMap", "a");
      let undone = 0;
      let isFighting = true;
      const rival = (async () => {
        while (isFighting) {
          const live = await world.get("", "ConfigMap", "a");
          if (JSON.stringify(dataOf(live)) === '{"k":"1"}') {
            await world.edit(target, { data: { k: "9" } }, "rival");
            undone += 1;
          }
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      })();
      const drifted = await world.until("the rival to be named", () => world.condition("apps", "Drifted"));
      expect(drifted.message).toContain("rival undid 3 heals");
      await settle();
      const before = trouble.requests;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      expect(trouble.requests - before).toBeLessThan(20);
      expect(undone).toBeLessThan(8);
      isFighting = false;
      await rival;
      // A person's request ends the truce.
      await world.ask("apps");
      await world.until(
        "the heal",
        async () => JSON.stringify(dataOf(await world.get("", "ConfigMap", "a"))) === '{"k":"1"}',
      );
    }));
});
