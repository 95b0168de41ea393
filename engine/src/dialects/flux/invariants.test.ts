// The invariants of ARCHITECTURE.md, each by what would break it, on the embedded server.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startLife } from "#apiserver/life";
import { bomb, dataOf, definition, deployment, kustomize, settle, widget } from "./samples.contract.ts";
import { configMap, kustomization, namespace, realClock, World } from "./world.contract.ts";

// Conditions are waited for; a busy machine may take its time.
vi.setConfig({ testTimeout: 120_000 });

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

describe("invariant 1: what fails changes nothing", () => {
  it.each([
    ["broken YAML", "a: [", "all.yaml: unable to read this file: line 2", "BuildFailed"],
    [
      "an unknown kind",
      `${configMap("n", {})}${JSON.stringify({ ...widget("w"), kind: "Gadget" })}`,
      'no matches for kind "Gadget"',
      "ReconciliationFailed",
    ],
    [
      "an invalid object",
      configMap("n", {}) + configMap("UPPER case", {}),
      "ConfigMap/shop/UPPER case",
      "ReconciliationFailed",
    ],
    [
      "an object without namespace",
      `${configMap("n", {})}{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}`,
      "namespace not specified",
      "ReconciliationFailed",
    ],
    ["a YAML bomb", bomb(), "all.yaml", "BuildFailed"],
  ])("%s", async (_, text, place, reason) => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    const before = await world.kustomization("apps");
    world.sources.commit({ "apps/all.yaml": text });
    const failed = await world.untilFailed("apps", place);
    expect(failed.reason).toBe(reason);
    expect(failed.message).toContain("What to do: ");
    expect(await world.get("", "ConfigMap", "n")).toBeUndefined();
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "1" });
    const after = await world.kustomization("apps");
    expect(after["inventory"]).toEqual(before["inventory"]);
    expect(after["lastAppliedRevision"]).toBe(before["lastAppliedRevision"]);
  });
});

describe("invariant 2: nothing is deleted that is not ours", () => {
  it("an object whose labels name another owner stays", async () => {
    await world.deliver("apps", configMap("a", {}) + configMap("b", {}));
    await world.stopEngine();
    await world.edit(await world.target("", "ConfigMap", "b"), {
      metadata: { labels: { [`${kustomize}/name`]: "x" } },
    });
    world.sources.commit({ "apps/all.yaml": configMap("a", {}) });
    world.startEngine();
    await world.until("the inventory to shrink", async () => {
      const { entries } = (await world.kustomization("apps"))["inventory"] as { entries: unknown[] };
      return entries.length === 1;
    });
    expect(await world.get("", "ConfigMap", "b")).toBeDefined();
  });

  it("moving an object from one delivery to another never deletes it", async () => {
    world.sources.commit({
      "one/all.yaml": configMap("a", {}) + configMap("m", {}),
      "two/all.yaml": configMap("b", {}),
    });
    await world.apply(kustomization("one"), kustomization("two"));
    await world.untilReady("one");
    await world.untilReady("two");
    const uid = (await world.get("", "ConfigMap", "m"))?.metadata.uid;
    const revision = world.sources.commit({
      "one/all.yaml": configMap("a", {}),
      "two/all.yaml": configMap("b", {}) + configMap("m", {}),
    });
    await world.untilReady("one", revision);
    await world.untilReady("two", revision);
    const moved = await world.get("", "ConfigMap", "m");
    expect(moved?.metadata.uid).toBe(uid);
    expect(moved?.metadata.labels?.[`${kustomize}/name`]).toBe("two");
  });

  it.each([
    ["prune: false on the delivery", { prune: false }, {}],
    ["prune: disabled on the object", {}, { annotations: { [`${kustomize}/prune`]: "Disabled" } }],
  ])("with %s an object that left Git stays", async (_, spec, metadata) => {
    await world.deliver("apps", configMap("a", {}) + configMap("b", {}, metadata), spec);
    await world.deliver("apps", configMap("a", {}), spec);
    expect(await world.get("", "ConfigMap", "b")).toBeDefined();
  });
});

describe("invariant 3: a kill changes nothing in the end", () => {
  it("an engine that starts anew writes nothing when all is as in Git", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    const before = await world.get("", "ConfigMap", "a");
    const object = await world.get(kustomize, "Kustomization", "apps", "flux-system");
    await world.stopEngine();
    world.startEngine();
    await world.until(
      "the delivery to be confirmed",
      async () => world.engine.snapshot().deliveries[0]?.phase === "ready",
    );
    await settle();
    expect((await world.get("", "ConfigMap", "a"))?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
    const after = await world.get(kustomize, "Kustomization", "apps", "flux-system");
    expect(after?.metadata.resourceVersion).toBe(object?.metadata.resourceVersion);
    expect(world.engine.counts().statusWrites).toBe(0);
  });

  it("drift made while no engine ran is healed", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    await world.stopEngine();
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "9", extra: "x" } });
    world.startEngine();
    await world.until("the edit to be healed", async () => {
      const live = await world.get("", "ConfigMap", "a");
      return JSON.stringify(dataOf(live)) === '{"k":"1"}';
    });
  });

  it("what was created before the kill and left Git after it is pruned", async () => {
    await world.deliver("apps", configMap("a", {}));
    world.sources.commit({ "apps/all.yaml": configMap("a", {}) + configMap("b", {}) });
    await world.until("b to be created", () => world.get("", "ConfigMap", "b"));
    await world.stopEngine();
    const revision = world.sources.commit({ "apps/all.yaml": configMap("a", {}) });
    world.startEngine();
    world.startEngine();
    await world.untilReady("apps", revision);
    expect(await world.get("", "ConfigMap", "b")).toBeUndefined();
  });
});

describe("invariant 4: a plan after an apply is empty", () => {
  it("the same revision twice writes nothing", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }) + JSON.stringify(deployment("web", 2)));
    const before = [await world.get("", "ConfigMap", "a"), await world.get("apps", "Deployment", "web")];
    world.engine.reconcile(`${kustomize}/Kustomization/flux-system/apps`);
    await settle();
    const after = [await world.get("", "ConfigMap", "a"), await world.get("apps", "Deployment", "web")];
    expect(after.map((o) => o?.metadata.resourceVersion)).toEqual(before.map((o) => o?.metadata.resourceVersion));
  });
});

describe("invariant 5: fields of others", () => {
  it("that Git does not state stay", async () => {
    await world.deliver("apps", JSON.stringify(deployment("web", undefined)));
    const target = await world.target("apps", "Deployment", "web");
    await world.edit(target, { spec: { replicas: 7 } }, "horizontal-autoscaler");
    await world.deliver("apps", `${JSON.stringify(deployment("web", undefined))}\n---\n${configMap("a", {})}`);
    expect((await world.get("apps", "Deployment", "web"))?.["spec"]).toMatchObject({ replicas: 7 });
  });

  it("that kubectl set are taken over and removed", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { extra: "x" } });
    const live = await world.until("the extra field to vanish", async () => {
      const object = await world.get("", "ConfigMap", "a");
      return JSON.stringify(dataOf(object)) === '{"k":"1"}' ? object : undefined;
    });
    expect(live.metadata.managedFields?.map((entry) => entry.manager)).toEqual(["kustomize-controller"]);
  });

  it("that kubectl set stay where the object says ssa: Merge", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }, { annotations: { [`${kustomize}/ssa`]: "Merge" } }));
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { extra: "x" } });
    await settle();
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "1", extra: "x" });
  });
});

describe("drift", () => {
  it("is healed at once; the event names field, from, to and manager", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    const started = Date.now();
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "9" } });
    await world.until("the edit to be healed", async () => {
      return (dataOf(await world.get("", "ConfigMap", "a")) as { k: string }).k === "1";
    });
    expect(Date.now() - started).toBeLessThan(2000);
    const event = await world.until("an event", async () =>
      (await world.events()).find((e) => e.reason === "DriftHealed"),
    );
    expect(event.message).toBe('ConfigMap/shop/a: data.k "1" → "9" (kubectl-edit); healed');
  });

  it("of a deleted object is healed by creating it again", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    await world.remove(await world.target("", "ConfigMap", "a"));
    await world.until("a to be created again", () => world.get("", "ConfigMap", "a"));
    const event = await world.until("an event", async () =>
      (await world.events()).find((e) => e.reason === "DriftHealed"),
    );
    expect(event.message).toContain("was deleted; created again");
  });

  it("of a deleted object is only reported where the delivery says warn", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }), {}, { annotations: { "keelson.dev/drift": "warn" } });
    await world.remove(await world.target("", "ConfigMap", "a"));
    const drifted = await world.until("the condition Drifted", () => world.condition("apps", "Drifted"));
    expect(drifted.message).toBe("ConfigMap/shop/a: was deleted in the cluster");
    await settle();
    expect(await world.get("", "ConfigMap", "a")).toBeUndefined();
  });

  it("of a vanished owner label is healed", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    await world.edit(await world.target("", "ConfigMap", "a"), {
      metadata: { labels: { [`${kustomize}/name`]: null } },
    });
    await world.until("the label to be back", async () => {
      return (await world.get("", "ConfigMap", "a"))?.metadata.labels?.[`${kustomize}/name`] === "apps";
    });
  });

  it.each([
    ["the object", {}, { annotations: { "keelson.dev/drift": "warn" } }],
    ["the delivery", { annotations: { "keelson.dev/drift": "warn" } }, {}],
  ])("is reported and left alone where %s says warn, until Git changes the object", async (_, onDelivery, onObject) => {
    await world.deliver("apps", configMap("a", { k: "1" }, onObject), {}, onDelivery);
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "9" } });
    const drifted = await world.until("the condition Drifted", () => world.condition("apps", "Drifted"));
    expect(drifted.message).toContain('ConfigMap/shop/a: data.k "9" → "1" (kubectl-edit)');
    const event = await world.until("an event", async () =>
      (await world.events()).find((e) => e.reason === "DriftDetected"),
    );
    expect(event.message).toBe('ConfigMap/shop/a: data.k "1" → "9" (kubectl-edit); left alone');
    await settle();
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "9" });
    await world.deliver("apps", configMap("a", { k: "2" }, onObject), {}, onDelivery);
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "2" });
    expect(await world.condition("apps", "Drifted")).toBeUndefined();
  });

  it("that comes back three times is left until the interval, naming the rival", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    const target = await world.target("", "ConfigMap", "a");
    for (let i = 0; i < 3; i++) {
      await world.edit(target, { data: { k: `9${i}` } }, "rival");
      await world.until("the edit to be healed", async () => {
        return (dataOf(await world.get("", "ConfigMap", "a")) as { k: string }).k === "1";
      });
    }
    await world.edit(target, { data: { k: "won" } }, "rival");
    const drifted = await world.until("the condition Drifted", () => world.condition("apps", "Drifted"));
    expect(drifted.message).toContain("rival undid 3 heals");
    await settle();
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "won" });
    await world.deliver("apps", configMap("a", { k: "new in Git" }));
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "new in Git" });
    expect(await world.condition("apps", "Drifted")).toBeUndefined();
  });

  it("is healed also while Git holds something that cannot be built", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    world.sources.commit({ "apps/all.yaml": "a: [" });
    await world.untilFailed("apps", "all.yaml");
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "9" } });
    await world.until("the edit to be healed", async () => {
      return (dataOf(await world.get("", "ConfigMap", "a")) as { k: string }).k === "1";
    });
    expect(await world.condition("apps")).toMatchObject({ status: "False", reason: "BuildFailed" });
  });

  it("of different causes is no fight", async () => {
    await world.deliver("apps", configMap("a", { k: "1", l: "1" }));
    const target = await world.target("", "ConfigMap", "a");
    for (const data of [{ k: "2" }, { l: "2" }, { k: "3" }, { l: "3" }, { k: "4" }]) {
      await world.edit(target, { data });
      await world.until("the edit to be healed", async () => {
        return JSON.stringify(dataOf(await world.get("", "ConfigMap", "a"))) === '{"k":"1","l":"1"}';
      });
    }
  });
});

describe("invariant 6: values of Secrets", () => {
  it("appear in no event and no condition", async () => {
    const secret = (value: string): string =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "s", namespace: "shop" },
        stringData: { p: value },
      });
    await world.deliver("apps", secret("first-value"), {}, { annotations: { "keelson.dev/drift": "warn" } });
    await world.edit(await world.target("", "Secret", "s"), { data: { p: btoa("edited-value") } });
    const drifted = await world.until("the condition Drifted", () => world.condition("apps", "Drifted"));
    expect(drifted.message).toContain("data.p (hidden) → (hidden)");
    await world.until("an event", async () => (await world.events()).find((e) => e.reason === "DriftDetected"));
    const told = JSON.stringify([
      await world.events(),
      await world.kustomization("apps"),
      world.logs,
      world.engine.snapshot(),
    ]);
    for (const value of ["first-value", "edited-value"]) {
      expect(told).not.toContain(value);
      expect(told).not.toContain(btoa(value));
    }
  });
});

describe("what a person deletes with kubectl", () => {
  it("a definition: it and its objects come back", async () => {
    await world.deliver("apps", definition("Widget", "widgets") + JSON.stringify(widget("w")));
    const uid = (await world.get("example.test", "Widget", "w"))?.metadata.uid;
    await world.remove(await world.target("apiextensions.k8s.io", "CustomResourceDefinition", "widgets.example.test"));
    await world.until("the widget to be back", async () => {
      const live = await world.get("example.test", "Widget", "w").catch(() => undefined);
      return live !== undefined && live.metadata.uid !== uid;
    });
  });

  it("an object that a finalizer holds: its end is waited for, visibly", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }, { finalizers: ["example.test/hold"] }));
    const target = await world.target("", "ConfigMap", "a");
    const uid = (await world.get("", "ConfigMap", "a"))?.metadata.uid;
    await world.remove(target);
    const waiting = await world.untilFailed("apps", "ConfigMap/shop/a: is being deleted");
    expect(waiting.message).toContain("nothing need be done");
    await world.edit(target, { metadata: { finalizers: null } });
    await world.until("a to be back", async () => {
      const live = await world.get("", "ConfigMap", "a");
      return live !== undefined && live.metadata.uid !== uid;
    });
    await world.untilReady("apps");
  });

  it("a namespace: it and what was in it come back", async () => {
    const life = new AbortController();
    await startLife({ cluster: world.cluster, clock: realClock, signal: life.signal, caCertificate: "" });
    const inside = configMap("inside", { k: "1" }).replace('"namespace":"shop"', '"namespace":"gone"');
    await world.deliver("apps", `${JSON.stringify(namespace("gone"))}\n---\n${inside}`);
    const uid = (await world.get("", "Namespace", "gone"))?.metadata.uid;
    await world.remove(await world.target("", "Namespace", "gone"));
    await world.until(
      "the object to be back",
      async () => {
        const back = await world.get("", "Namespace", "gone");
        return back?.metadata.uid !== uid && (await world.get("", "ConfigMap", "inside", "gone")) !== undefined;
      },
      15_000,
    );
    await world.untilReady("apps");
    life.abort();
  });
});

describe("invariant 8: one that is broken harms no other", () => {
  it("forty broken deliveries do not stop one that works", async () => {
    const files: { [path: string]: string } = { "good/a.yaml": configMap("good", {}) };
    const broken = Array.from({ length: 40 }, (_, i) => `bad-${i}`);
    for (const name of broken) files[`${name}/a.yaml`] = "a: [";
    const revision = world.sources.commit(files);
    await world.apply(...broken.map((name) => kustomization(name)), kustomization("good"));
    await world.untilReady("good", revision);
  });
});
