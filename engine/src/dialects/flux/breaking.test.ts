// What is worst timed: a kill or a server in trouble while the revision of many is written without a pass, and while many
// objects are applied. The end is that of a fleet to which nothing happened, and nothing but what left Git is deleted.

import { describe, expect, it, vi } from "vitest";
import { mortalCluster } from "./mortal-cluster.contract.ts";
import { Trouble } from "./troubled-cluster.contract.ts";
import { configMap, kustomization, World } from "./world.contract.ts";

// Conditions are waited for; a busy machine may take its time.
vi.setConfig({ testTimeout: 180_000 });

const names = Array.from({ length: 12 }, (_, i) => `app-${i}`);

/** A folder for each delivery; `changed` has another value in one of them, `readme` concerns nobody. */
function fleet(changed: string, readme: string): { [path: string]: string } {
  const files: { [path: string]: string } = { "README.md": readme };
  for (const name of names) files[`${name}/all.yaml`] = configMap(name, { k: name === "app-0" ? changed : "1" });
  return files;
}

async function delivered(): Promise<World> {
  const world = await World.start();
  world.sources.commit(fleet("1", "1"));
  await world.apply(...names.map((name) => kustomization(name)));
  for (const name of names) await world.untilReady(name, world.revision());
  return world;
}

/** uid and data of every object, which a wrong deletion or a missed change would alter. */
async function objects(world: World): Promise<string[]> {
  const list = await world.cluster.list(await world.resource("", "ConfigMap"), { namespace: "shop" });
  if (!list.ok) throw new Error(list.status.message);
  return list.value.items.map(
    ({ metadata, ...rest }) => `${metadata.name} ${metadata.uid} ${JSON.stringify(rest["data"])}`,
  );
}

async function allAt(world: World, revision: string): Promise<void> {
  for (const name of names) await world.untilReady(name, revision);
}

describe("a commit that concerns one of many, and a kill while the revisions of the others are written", () => {
  it.each([
    ["before", false],
    ["after", true],
  ])("%s a write: after the restart all stand at the commit, and nobody's object was touched", async (_, isAfter) => {
    const world = await delivered();
    const before = await objects(world);
    // The status of each is a write; a few writes more are the pass over the one that changed.
    let kills = 0;
    for (const atWrite of [1, 4, 9]) {
      await world.stopEngine();
      let isKilled = false;
      world.startEngine(mortalCluster(world.cluster, { atWrite, isAfter }, () => (isKilled = true)));
      await world.until("the engine to know its fleet", async () => {
        const { deliveries } = world.engine.snapshot();
        return deliveries.length === names.length && deliveries.every((each) => each.isReady);
      });
      const revision = world.sources.commit(fleet(`${atWrite}`, `${atWrite}`));
      await world.until("the kill, or the end", async () => {
        if (isKilled) return true;
        const statuses = await Promise.all(names.map((name) => world.kustomization(name)));
        return statuses.every((status) => status["lastAppliedRevision"] === revision);
      });
      if (isKilled) kills += 1;
      await world.stopEngine();
      world.startEngine();
      await allAt(world, revision);
      const after = await objects(world);
      expect(after.slice().sort()).toEqual(
        before.map((line) => (line.startsWith("app-0 ") ? line.replace(/\{.*/, `{"k":"${atWrite}"}`) : line)).sort(),
      );
    }
    expect(kills).toBeGreaterThan(1);
    await world.close();
  });
});

describe("conflicts, too many requests and timeouts while revisions are written", () => {
  it.each([11])("all stand at the newest commit in the end, and nothing is deleted: seed %i", async (seed) => {
    const world = await delivered();
    const before = (await objects(world)).map((line) => line.split(" ").slice(0, 2).join(" ")).sort();
    await world.stopEngine();
    const trouble = new Trouble(seed, 0.3);
    world.startEngine(trouble.in(world.cluster));
    for (let i = 2; i < 6; i++) world.sources.commit(fleet(`${i}`, `${i}`));
    await world.until("trouble", async () => trouble.refused > 10);
    const revision = world.sources.commit(fleet("6", "6"));
    trouble.dropWatches();
    await allAt(world, revision);
    trouble.chance = 0;
    expect(trouble.deleted).toEqual([]);
    const after = (await objects(world)).map((line) => line.split(" ").slice(0, 2).join(" ")).sort();
    expect(after).toEqual(before);
    await world.close();
  });
});

const many = 120;
/** Objects of one delivery: those below `count`, with a value. */
function crowd(count: number, value: string): { [path: string]: string } {
  return {
    "apps/all.yaml": Array.from({ length: count }, (_, i) => configMap(`crowd-${i}`, { k: value })).join(""),
  };
}

describe("an apply of many objects", () => {
  it.each([40, 125])("killed at write %i, with half of them gone from Git before the restart", async (atWrite) => {
    const world = await World.start();
    await world.stopEngine();
    let isKilled = false;
    world.startEngine(mortalCluster(world.cluster, { atWrite, isAfter: true }, () => (isKilled = true)));
    const first = world.sources.commit(crowd(many, "1"));
    await world.apply(kustomization("apps"));
    await world.until("the kill, or the end", async () => {
      return isKilled || (await world.kustomization("apps"))["lastAppliedRevision"] === first;
    });
    await world.stopEngine();
    const revision = world.sources.commit(crowd(many / 2, "2"));
    world.startEngine();
    await world.untilReady("apps", revision);
    const left = (await objects(world)).map((line) => line.replace(/ .* /, " "));
    expect(left.sort()).toEqual(Array.from({ length: many / 2 }, (_, i) => `crowd-${i} {"k":"2"}`).sort());
    const { entries } = (await world.kustomization("apps"))["inventory"] as { entries: unknown[] };
    expect(entries).toHaveLength(many / 2);
    await world.close();
  });

  it.each([21])("through a server in trouble: all are there, and what left Git is gone: seed %i", async (seed) => {
    const world = await World.start();
    await world.stopEngine();
    const trouble = new Trouble(seed, 0.1);
    world.startEngine(trouble.in(world.cluster));
    const first = world.sources.commit(crowd(many, "1"));
    await world.apply(kustomization("apps", { retryInterval: "1s" }));
    await world.untilReady("apps", first);
    trouble.dropWatches();
    const revision = world.sources.commit(crowd(many / 2, "2"));
    await world.untilReady("apps", revision);
    trouble.chance = 0;
    expect(trouble.refused).toBeGreaterThan(10);
    expect(await objects(world)).toHaveLength(many / 2);
    const wrong = trouble.deleted.filter((each) => Number(/-(\d+)$/.exec(each)?.[1]) < many / 2);
    expect(wrong).toEqual([]);
    await world.close();
  });
});
