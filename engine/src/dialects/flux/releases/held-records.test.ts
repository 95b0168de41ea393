// How often a release's records are listed: once for a step, however many questions it has about them; and what others store is seen.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Cluster } from "#cluster";
import { releaseStorage } from "#releases";
import { realClock } from "../world.contract.ts";
import { Scene } from "./scene.contract.ts";
import { ReleaseWorld } from "./world.contract.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let world: ReleaseWorld;
let lists = 0;

/** The same cluster; lists of records are counted. */
function counted(cluster: Cluster): Cluster {
  return {
    name: cluster.name,
    discover: (isFresh) => cluster.discover(isFresh),
    get: (target, signal) => cluster.get(target, signal),
    list: (resource, options, signal) => {
      if (options?.labelSelector?.includes("owner=helm") === true) lists += 1;
      return cluster.list(resource, options, signal);
    },
    watch: (resource, options, signal) => cluster.watch(resource, options, signal),
    apply: (target, manifest, options) => cluster.apply(target, manifest, options),
    patch: (target, body, options) => cluster.patch(target, body, options),
    update: (target, manifest, options) => cluster.update(target, manifest, options),
    create: (target, manifest, options) => cluster.create(target, manifest, options),
    delete: (target, options) => cluster.delete(target, options),
    review: (question) => cluster.review(question),
    as: (identity) => counted(cluster.as(identity)),
  };
}

beforeEach(async () => {
  world = new ReleaseWorld();
  await world.open();
  world.start({}, counted(world.cluster));
});
afterEach(() => world.close());

it("an upgrade lists them before and after, and bounds the history by what it knows", async () => {
  const web = new Scene(world, "web");
  await web.install({ maxHistory: 2, values: { greeting: "1" } });
  for (const greeting of ["2", "3", "4"]) {
    lists = 0;
    await web.apply({ maxHistory: 2, values: { greeting } });
    await world.untilCondition("web", { status: "True", text: `shop/web.v${greeting}` });
    await world.untilDone("web");
    // Another look may come in between.
    expect(lists).toBeLessThan(5);
  }
  expect(await world.stored("web", 2)).toBeUndefined();
  expect((await world.stored("web", 3))?.info.status).toBe("superseded");
  expect((await world.stored("web", 4))?.info.status).toBe("deployed");
});

it("what somebody else stores is noticed at the next look", async () => {
  const web = new Scene(world, "theirs");
  await web.install();
  const storage = releaseStorage({ cluster: world.cluster, namespace: "shop", clock: realClock });
  const first = await storage.get("theirs", 1);
  if (first === undefined) throw new Error("there is no record");
  await storage.create({ ...first, version: 2, info: { ...first.info, description: "by hand" } });
  await world.ask("theirs");
  await world.until("revision 3", async () => (await web.history()).startsWith("v3 deployed upgrade"));
});
