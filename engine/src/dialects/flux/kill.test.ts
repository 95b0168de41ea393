// Invariant 3: kill it at any moment; after the restart the result is the same as if it had not been killed.

import { describe, expect, it, vi } from "vitest";
import { mortalCluster } from "./mortal-cluster.contract.ts";
import { configMap, kustomization, World } from "./world.contract.ts";

// Conditions are waited for; a busy machine may take its time.
vi.setConfig({ testTimeout: 120_000 });

const first = {
  "apps/a.yaml": configMap("a", { k: "1" }) + configMap("b", { k: "1" }) + configMap("c", { k: "1" }),
  "apps/n.yaml": '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"extra"}}',
};
const second = {
  "apps/a.yaml": configMap("a", { k: "2" }) + configMap("b", { k: "1" }) + configMap("d", { k: "1" }),
  "apps/n.yaml": first["apps/n.yaml"],
};

/** Objects of the delivery and its inventory, once all is quiet. */
async function outcome(world: World): Promise<{ objects: string[]; inventory: string[] }> {
  const list = await world.cluster.list(await world.resource("", "ConfigMap"), { namespace: "shop" });
  const objects = list.ok ? list.value.items.map((o) => `${o.metadata.name} ${JSON.stringify(o["data"])}`) : [];
  const { entries } = (await world.kustomization("apps"))["inventory"] as { entries: { id: string }[] };
  return { objects: objects.sort(), inventory: entries.map((entry) => entry.id).sort() };
}

/** Runs until the engine is killed at a write, or has finished without; true when it was killed. */
async function runUntilKilled(world: World, atWrite: number, isAfter: boolean): Promise<boolean> {
  await world.stopEngine();
  let isKilled = false;
  const mortal = mortalCluster(world.cluster, { atWrite, isAfter }, () => (isKilled = true));
  world.startEngine(mortal);
  const revision = world.sources.commit(first);
  await world.apply(kustomization("apps"));
  await world.until("a kill or the end", async () => {
    if (isKilled) return true;
    const status = await world.kustomization("apps");
    return status["lastAppliedRevision"] === revision && world.engine.snapshot().deliveries[0]?.phase === "ready";
  });
  await world.stopEngine();
  return isKilled;
}

describe("a kill during a first apply, then another commit before the restart", () => {
  it.each([
    ["before", false],
    ["after", true],
  ])(
    "%s every single write: the same end, no orphan",
    async (_, isAfter) => {
      for (let atWrite = 1; ; atWrite++) {
        const world = await World.start();
        const isKilled = await runUntilKilled(world, atWrite, isAfter);
        const revision = world.sources.commit(second);
        world.startEngine();
        await world.untilReady("apps", revision);
        expect(await outcome(world), `killed at write ${atWrite}`).toEqual({
          objects: ['a {"k":"2"}', 'b {"k":"1"}', 'd {"k":"1"}'],
          inventory: ["_extra__Namespace", "shop_a__ConfigMap", "shop_b__ConfigMap", "shop_d__ConfigMap"],
        });
        await world.close();
        if (!isKilled) return expect(atWrite).toBeGreaterThan(6);
        expect(atWrite).toBeLessThan(60);
      }
    },
    60_000,
  );
});
