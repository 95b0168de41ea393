// Dependencies across kinds, beyond Flux: a release waits for Kustomizations and for any object, a Kustomization for releases, by their
// health or by an expression; whoever waits goes on by itself.

import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { fluxDefinitions } from "#api/flux";
import { asManifest, type JsonObject, type Manifest, textOf } from "#kernel";
import { configMap, kustomization } from "../world.contract.ts";
import { Scene } from "./scene.contract.ts";
import { ReleaseWorld } from "./world.contract.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let world: ReleaseWorld;
beforeAll(async () => {
  world = await ReleaseWorld.embedded();
  const isKustomization = (manifest: Manifest): boolean =>
    textOf(manifest, "spec", "names", "kind") === "Kustomization";
  await world.apply(...fluxDefinitions().filter(isKustomization));
  world.startEngine(world.cluster, world.sources);
});
afterAll(async () => {
  await world?.stopEngine();
  await world?.close();
});

const dependsOn = (item: string): JsonObject => ({ annotations: { "keelson.dev/depends-on": item } });
const kustomize = "kustomize.toolkit.fluxcd.io/v1";
const helm = "helm.toolkit.fluxcd.io/v2";

async function release(name: string, item?: string): Promise<Scene> {
  const scene = new Scene(world, name);
  scene.offer("1.0.0");
  await scene.apply({ values: { greeting: name } }, item === undefined ? {} : dependsOn(item));
  return scene;
}

const untilWaiting = (name: string, text: string) =>
  world.untilCondition(name, { status: "False", reason: "DependencyNotReady", text });

const untilDeliveryWaits = (name: string, text: string) =>
  world.until(`Kustomization ${name} to wait: ${text}`, async () => {
    const { conditions = [] } = (await world.kustomization(name)) as { conditions?: { message: string }[] };
    return conditions.some(({ message }) => message.includes(text));
  });

function map(name: string, data: JsonObject): Manifest {
  return asManifest({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "shop" }, data });
}

it("a release on a Kustomization, by its health", async () => {
  await release(
    "after-delivery",
    `- {apiVersion: ${kustomize}, kind: Kustomization, name: first, namespace: flux-system}`,
  );
  await untilWaiting("after-delivery", "unable to get 'Kustomization/flux-system/first' dependency");
  world.commit({ "first/all.yaml": "a: [" });
  await world.apply(kustomization("first"));
  await untilWaiting("after-delivery", "dependency 'Kustomization/flux-system/first' is not ready");
  world.commit({ "first/all.yaml": configMap("first", {}) });
  await world.untilDone("after-delivery");
});

it("a release on a Kustomization, by an expression over both", async () => {
  const readyExpr = "dep.metadata.labels.wave == self.spec.values.greeting";
  const item = `- {apiVersion: ${kustomize}, kind: Kustomization, name: waves, namespace: flux-system, readyExpr: "${readyExpr}"}`;
  world.commit({ "waves/all.yaml": configMap("waves", {}), "first/all.yaml": configMap("first", {}) });
  await world.apply(kustomization("waves", {}, { labels: { wave: "none" } }));
  await release("by-wave", item);
  await untilWaiting("by-wave", "is not ready according to readyExpr eval");
  await world.apply(kustomization("waves", {}, { labels: { wave: "by-wave" } }));
  await world.untilDone("by-wave");
});

it("a release on any object, there later, by an expression", async () => {
  await release("on-map", `- {kind: ConfigMap, name: switch, readyExpr: "dep.data.on == 'yes'"}`);
  await untilWaiting("on-map", "unable to get 'ConfigMap/shop/switch' dependency");
  await world.apply(map("switch", { on: "no" }));
  await untilWaiting("on-map", "dependency 'ConfigMap/shop/switch' is not ready according to readyExpr eval");
  await world.apply(map("switch", { on: "yes" }));
  await world.untilDone("on-map");
});

it("a Kustomization on a release, by its health and by an expression", async () => {
  const item = `- {apiVersion: ${helm}, kind: HelmRelease, name: base, namespace: shop}
- {apiVersion: ${helm}, kind: HelmRelease, name: base, namespace: shop, readyExpr: "dep.status.history[0].version > 1"}`;
  world.commit({
    "last/all.yaml": configMap("last", {}),
    "waves/all.yaml": configMap("waves", {}),
    "first/all.yaml": configMap("first", {}),
  });
  await world.apply(kustomization("last", {}, dependsOn(item)));
  await untilDeliveryWaits("last", "dependency 'HelmRelease/shop/base' not found");
  const scene = await release("base");
  await world.untilDone("base");
  await untilDeliveryWaits("last", "its readyExpr is false");
  expect(await world.data("last")).toBeUndefined();
  await scene.apply({ values: { greeting: "again" } });
  await world.until("the Kustomization to go on", async () => (await world.data("last")) !== undefined);
});

it("an expression that is none stalls, and says so", async () => {
  await release("by-nothing", `- {kind: ConfigMap, name: switch, readyExpr: "dep.data."}`);
  await world.untilCondition("by-nothing", { type: "Stalled", status: "True", reason: "InvalidCELExpression" });
});
