// From Flux to us and back on a real kube-apiserver: nothing is installed anew, no object changes hands, and each goes on where the
// other has stopped, whether that was in sync, failed or tested.

import { describe, expect, it, vi } from "vitest";
import type { HelmReleaseSpec } from "#api/flux";
import { plain, Scene } from "./scene.contract.ts";
import { hasHelmController, ReleaseWorld } from "./world.contract.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const names = ["quiet", "tried", "broken"] as const;

const hook = `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-test", annotations: {helm.sh/hook: test}}
`;

const specs: Readonly<Record<(typeof names)[number], Partial<HelmReleaseSpec>>> = {
  quiet: {
    values: { greeting: "hi", big: 12345678901, float: 0.5 },
    postRenderers: [{ kustomize: { images: [{ name: "a", newName: "b" }] } }],
    commonMetadata: { labels: { team: "shop" } },
    driftDetection: { mode: "enabled" },
  },
  tried: { test: { enable: true } },
  broken: { timeout: "2s", values: { broken: true } },
};

/** What must not change by a change of hands. */
async function standing(world: ReleaseWorld): Promise<unknown> {
  const all = names.map(async (name) => {
    const object = await world.get("", "ConfigMap", `${name}-settings`);
    const { history, inventory, failures } = await world.status(name);
    const conditions = await Promise.all(
      ["Ready", "Released", "TestSuccess", "Stalled"].map(async (type) => (await world.condition(name, type))?.message),
    );
    return { version: object?.metadata.resourceVersion, history, inventory, failures, conditions };
  });
  return Promise.all(all);
}

async function asked(world: ReleaseWorld): Promise<unknown> {
  for (const name of names) await world.ask(name);
  await settled(world);
  return standing(world);
}

async function settled(world: ReleaseWorld): Promise<void> {
  for (const name of ["quiet", "tried"]) await world.untilDone(name);
  await world.untilCondition("broken", { type: "Stalled", status: "True", reason: "RetriesExceeded" });
}

describe.skipIf(!hasHelmController)("a change of hands", () => {
  it("from Flux to us and back changes nothing; what comes then is done by whoever is there", async () => {
    const world = await ReleaseWorld.flux();
    try {
      const scenes = names.map((name) => new Scene(world, name));
      for (const scene of scenes) scene.offer("1.0.0", { ...plain, "templates/test.yaml": hook });
      for (const scene of scenes) await scene.apply(specs[scene.name as (typeof names)[number]]);
      await settled(world);
      const byFlux = await standing(world);
      await world.stopFlux();
      world.start();
      expect(await asked(world)).toEqual(byFlux);
      // Something new is ours now.
      await scenes[0]?.apply({ ...specs.quiet, values: { greeting: "by us" } });
      await world.untilCondition("quiet", { status: "True", text: "shop/quiet.v2" });
      await scenes[2]?.apply({ timeout: "2s", values: {} });
      await world.untilDone("broken");
      await settledByAll(world);
      const byUs = await standing(world);
      await world.stop();
      await world.startFlux();
      for (const name of names) await world.ask(name);
      await settledByAll(world);
      expect(await standing(world)).toEqual(byUs);
    } finally {
      await world.close();
    }
  });
});

async function settledByAll(world: ReleaseWorld): Promise<void> {
  for (const name of names) await world.untilDone(name);
}
