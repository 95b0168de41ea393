// The fast path gives what the slow path gives: a fleet that lived through commits stands as one that saw only the last.

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { asManifest, fieldOf, isObject, type JsonObject, type Manifest } from "#kernel";
import { dataOf, deployment, healthyStatus, kustomize, settle } from "./samples.contract.ts";
import { configMap, kustomization, World } from "./world.contract.ts";

// Conditions are waited for; a busy machine may take its time.
vi.setConfig({ testTimeout: Math.max(300_000, Number(process.env["KEELSON_INCREMENTAL_RUNS"] ?? 0) * 30_000) });

type Files = { [path: string]: string };

/** What a commit does, one or more at once. */
type Change =
  | { set: "own" | "base" | "file"; of: number; value: number }
  | { set: "variable"; value: number }
  | { set: "nothing"; value: number }
  | { set: "gone" | "there"; of: number };

const fleetSize = 5;
const names = Array.from({ length: fleetSize }, (_, i) => `app-${i}`);

const which = fc.nat(fleetSize - 1);
const value = fc.nat(2);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ set: fc.constantFrom("own" as const, "base" as const, "file" as const), of: which, value }),
  fc.record({ set: fc.constant("variable" as const), value }),
  fc.record({ set: fc.constant("nothing" as const), value: fc.nat(100) }),
  fc.record({ set: fc.constantFrom("gone" as const, "there" as const), of: which }),
);
const commits = fc.array(fc.array(change, { minLength: 1, maxLength: 2 }), { minLength: 3, maxLength: 5 });

const settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: flux-system}\n";

/** Every app builds one of two bases and a file of its own; the first brings the variables of all. */
function start(): Files {
  const files: Files = { "README.md": "0", "settings/all.yaml": `${settings}data: {color: red-0}\n` };
  for (const base of [0, 1]) {
    files[`bases/${base}/kustomization.yaml`] = "resources: [map.yaml]\n";
    files[`bases/${base}/map.yaml`] = configMap("shared", { base: "0", color: "${color}" });
  }
  names.forEach((name, i) => {
    files[`${name}/kustomization.yaml`] = `namePrefix: ${name}-\nresources: [../bases/${i % 2}, own.yaml]\n`;
    files[`${name}/own.yaml`] = configMap("own", { k: "0" });
  });
  return files;
}

function apply(files: Files, change: Change): Files {
  const next = { ...files };
  if (change.set === "nothing") next["README.md"] = `${change.value}`;
  if (change.set === "variable") next["settings/all.yaml"] = `${settings}data: {color: red-${change.value}}\n`;
  if (change.set === "own") next[`app-${change.of}/own.yaml`] = configMap("own", { k: `${change.value}` });
  if (change.set === "base") {
    const data = { base: `${change.value}`, color: "${color}" };
    next[`bases/${change.of % 2}/map.yaml`] = configMap("shared", data);
  }
  // A file that no kustomization names concerns nobody.
  if (change.set === "file") next[`app-${change.of}/unused-${change.value}.yaml`] = "a: b\n";
  const map = `app-${"of" in change ? change.of : 0}/own.yaml`;
  if (change.set === "gone") next[map] = configMap("other", { k: "0" });
  if (change.set === "there") next[map] = configMap("own", { k: "again" });
  return next;
}

/** Chained: each app after the one before it; else all at once. Those with an odd number take variables. */
async function deliverFleet(world: World, isChained: boolean): Promise<void> {
  await world.apply(kustomization("settings"));
  const specs = names.map(
    (_, i): JsonObject => ({
      retryInterval: "1s",
      ...(i % 2 === 1 ? { postBuild: { substituteFrom: [{ kind: "ConfigMap", name: "settings" }] } } : {}),
      ...(isChained ? { dependsOn: [{ name: i === 0 ? "settings" : `app-${i - 1}` }] } : {}),
    }),
  );
  await world.apply(...names.map((name, i) => kustomization(name, specs[i])));
}

async function untilAt(world: World, revision: string): Promise<void> {
  for (const name of ["settings", ...names]) await world.untilReady(name, revision);
}

/** What users see of it, without times. */
async function seen(world: World): Promise<unknown> {
  const objects: { [name: string]: unknown } = {};
  for (const name of names)
    for (const map of ["shared", "own", "other"]) {
      const object = await world.get("", "ConfigMap", `${name}-${map}`);
      objects[`${name}-${map}`] = object === undefined ? undefined : [object.metadata.labels, dataOf(object)];
    }
  const statuses = [];
  for (const name of ["settings", ...names]) {
    const object = await world.get(kustomize, "Kustomization", name, "flux-system");
    const conditions = fieldOf(object, "status", "conditions");
    const texts = (Array.isArray(conditions) ? conditions : []).map((one) =>
      isObject(one) ? [one["type"], one["status"], one["reason"], one["message"]] : [],
    );
    const status = (field: string): unknown => fieldOf(object, "status", field);
    statuses.push([name, texts, status("lastAppliedRevision"), status("lastAttemptedRevision"), status("inventory")]);
  }
  return { objects, statuses };
}

async function checkHistory(history: Change[][], isChained: boolean): Promise<void> {
  const [lived, fresh] = [await World.start(["Kustomization"]), await World.start(["Kustomization"])];
  try {
    let files = start();
    let revision = lived.commit(files);
    await deliverFleet(lived, isChained);
    await untilAt(lived, revision);
    for (const changes of history) {
      files = changes.reduce(apply, files);
      revision = lived.commit(files);
      await untilAt(lived, revision);
    }
    fresh.commit(files);
    await deliverFleet(fresh, isChained);
    await untilAt(fresh, revision);
    // Variables are read with a revision: one that came in the same commit may have been read before or after it was applied.
    for (const world of [lived, fresh]) {
      const tokens = await Promise.all(names.map((name) => world.ask(name)));
      for (const [i, name] of names.entries())
        await world.until(`${name} to be looked at`, async () => {
          const status = await world.kustomization(name);
          return status["lastHandledReconcileAt"] === tokens[i] && (await world.condition(name))?.status === "True";
        });
    }
    expect(await seen(lived)).toEqual(await seen(fresh));
  } finally {
    await lived.close();
    await fresh.close();
  }
}

describe("a new revision", () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(["Kustomization"]);
  });
  afterEach(() => world.close());

  it("costs those it does not concern no pass, each after what it depends on", async () => {
    const revision = world.commit(start());
    await deliverFleet(world, true);
    await untilAt(world, revision);
    const { rendered } = world.engine.counts();
    let round = 0;
    // A delivery that is being looked at for another reason at this very moment is looked at again instead.
    await world.until("a commit that costs nobody a pass", async () => {
      const { carried } = world.engine.counts();
      await untilAt(world, world.commit({ ...start(), "README.md": `round ${++round}` }));
      return world.engine.counts().carried === carried + fleetSize + 1;
    });
    expect(world.engine.counts().rendered).toBe(rendered);
    const history = (await world.kustomization("app-0"))["history"] as { totalReconciliations: number }[];
    expect(history.map((entry) => entry.totalReconciliations)).toEqual([round + 1]);
  });

  it("waits with what depends on a delivery that it changes, until that is healthy again", async () => {
    const files = { "one/all.yaml": JSON.stringify(deployment("web", 1)), "two/all.yaml": configMap("two", {}) };
    const first = world.commit(files);
    await world.apply(kustomization("one", { wait: true }), kustomization("two", { dependsOn: [{ name: "one" }] }));
    const web = await world.target("apps", "Deployment", "web");
    const becomeHealthy = async (): Promise<void> => {
      await world.until("web to be applied", async () => {
        const live = await world.get("apps", "Deployment", "web");
        return live !== undefined && fieldOf(live, "spec", "replicas") === fieldOf(live, "status", "replicas")
          ? true
          : live && world.edit({ ...web, subresource: "status" }, healthyAt(live), "kube").then(() => false);
      });
    };
    await becomeHealthy();
    await world.untilReady("two", first);
    const second = world.commit({ ...files, "one/all.yaml": JSON.stringify(deployment("web", 2)) });
    await world.untilFailed("two", "dependency 'flux-system/one'");
    expect((await world.kustomization("two"))["lastAppliedRevision"]).toBe(first);
    await becomeHealthy();
    await world.untilReady("two", second);
  });

  it("is looked at with the variables of the moment, though nobody watches them", async () => {
    await world.apply(variables("red"));
    const text = configMap("a", { color: "${color}" });
    const spec = { postBuild: { substituteFrom: [{ kind: "ConfigMap", name: "settings" }] } };
    await world.deliver("apps", text, spec);
    await world.apply(variables("blue"));
    const revision = world.commit({ "apps/all.yaml": text, "README.md": "1" });
    await world.untilReady("apps", revision);
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ color: "blue" });
  });

  it("leaves what is suspended where it is", async () => {
    const revision = await world.deliver("apps", configMap("a", {}));
    const target = await world.target(kustomize, "Kustomization", "apps", "flux-system");
    await world.edit(target, { spec: { suspend: true } });
    await world.until("it to be suspended", async () => world.engine.snapshot().deliveries[0]?.isSuspended);
    world.commit({ "apps/all.yaml": configMap("a", {}), "README.md": "1" });
    await settle();
    expect((await world.kustomization("apps"))["lastAppliedRevision"]).toBe(revision);
    expect(world.engine.snapshot().deliveries[0]?.revision).toBe(revision);
  });
});

function variables(color: string): Manifest {
  return asManifest({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "flux-system" },
    data: { color },
  });
}

function healthyAt(live: Manifest): JsonObject {
  const replicas = fieldOf(live, "spec", "replicas") as number;
  const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
  return {
    status: {
      ...(healthyStatus["status"] as JsonObject),
      ...counts,
      observedGeneration: live.metadata.generation ?? 1,
    },
  };
}

it("a fleet that lived through commits stands as one that saw only the last", async () => {
  const runs = Number(process.env["KEELSON_INCREMENTAL_RUNS"] ?? 2);
  const seed = Number(process.env["KEELSON_INCREMENTAL_SEED"] ?? 8);
  await fc.assert(fc.asyncProperty(commits, fc.boolean(), checkHistory), { numRuns: runs, seed, endOnFailure: true });
});
