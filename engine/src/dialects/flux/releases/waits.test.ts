// What ends the wait for a release's objects: that they are ready, or that something else is wanted. Whoever only asks for another look,
// and whatever else wakes the release, does not make a running install fail.

import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { asManifest } from "#kernel";
import { plain, Scene } from "./scene.contract.ts";
import { chartOf, ReleaseWorld } from "./world.contract.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let world: ReleaseWorld;
beforeAll(async () => {
  world = await ReleaseWorld.embedded();
});
afterAll(() => world?.close());

/** An install that waits for a Pod nobody runs. */
async function waiting(name: string): Promise<Scene> {
  const scene = new Scene(world, name);
  scene.offer("1.0.0");
  await scene.apply({ timeout: "10m", values: { broken: true } });
  await world.until(`${name} to wait`, () => {
    const view = world.releases?.snapshot().find(({ ref }) => ref.name === name);
    return Promise.resolve(view?.phase === "checking");
  });
  return scene;
}

it("another look that is asked for meanwhile comes after it", async () => {
  await waiting("asked");
  const annotations = { "reconcile.fluxcd.io/requestedAt": "asked now" };
  await world.edit(await world.releaseTarget("asked"), { metadata: { annotations } }, "flux");
  await world.apply(
    asManifest({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "unrelated", namespace: "shop" } }),
  );
  const pod = { ...(await world.target("", "Pod", "asked-broken")), subresource: "status" };
  const conditions = [{ type: "Ready", status: "True" }];
  await world.edit(pod, { status: { phase: "Running", conditions } }, "kubelet");
  const status = await world.untilDone("asked");
  expect(status.history).toMatchObject([{ version: 1, status: "deployed", action: "install" }]);
  expect(
    (await world.events()).filter(({ name, reason }) => name === "asked" && reason !== "InstallSucceeded"),
  ).toEqual([expect.objectContaining({ reason: "HelmChartCreated" })]);
  await world.until("the request to be answered", async () => {
    return (await world.status("asked")).lastHandledReconcileAt === "asked now";
  });
});

it("other values end it, and what was given up does not count as a failure", async () => {
  const scene = await waiting("corrected");
  await scene.apply({ timeout: "10m", values: { broken: false } });
  const status = await world.untilDone("corrected");
  expect(status.history?.[0]).toMatchObject({ status: "deployed" });
  expect(status).not.toHaveProperty("installFailures");
});

it("another chart ends it", async () => {
  await waiting("renewed");
  const { "templates/workload.yaml": _, ...healthy } = plain;
  world.offer("shop-renewed", "1.1.0", chartOf("renewed", "1.1.0", healthy));
  await world.untilCondition("renewed", { status: "True", text: "renewed@1.1.0" });
});
