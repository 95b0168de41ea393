import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configMap, kustomization, World } from "./world.contract.ts";

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

describe("one commit", () => {
  it("travels all the way: applied, in the inventory, ready", async () => {
    const revision = world.sources.commit({ "apps/a.yaml": configMap("a", { k: "1" }) });
    await world.apply(kustomization("apps"));
    await world.untilReady("apps", revision);
    const live = await world.get("", "ConfigMap", "a");
    expect(live?.["data"]).toEqual({ k: "1" });
    expect(live?.metadata.labels).toEqual({
      "kustomize.toolkit.fluxcd.io/name": "apps",
      "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
    });
    const status = await world.kustomization("apps");
    expect(status["inventory"]).toEqual({ entries: [{ id: "shop_a__ConfigMap", v: "v1" }] });
    expect(status["lastAttemptedRevision"]).toBe(revision);
    expect(status["observedGeneration"]).toBe(1);
    expect(await world.condition("apps")).toMatchObject({ message: `Applied revision: ${revision}` });
    expect(await world.condition("apps", "Reconciling")).toBeUndefined();
  });

  it("of another content is applied, and what left it is pruned", async () => {
    world.sources.commit({ "apps/a.yaml": configMap("a", { k: "1" }) + configMap("b", {}) });
    await world.apply(kustomization("apps"));
    await world.untilReady("apps");
    const revision = world.sources.commit({ "apps/a.yaml": configMap("a", { k: "2" }) });
    await world.untilReady("apps", revision);
    expect((await world.get("", "ConfigMap", "a"))?.["data"]).toEqual({ k: "2" });
    expect(await world.get("", "ConfigMap", "b")).toBeUndefined();
  });
});
