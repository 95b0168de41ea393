import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asManifest, type JsonObject, type Manifest } from "#kernel";
import { startLife } from "#apiserver/life";
import { configMap, kustomization, namespace, realClock, World } from "./world.contract.ts";

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

const kustomize = "kustomize.toolkit.fluxcd.io";

/** Waits long enough for anything that would happen by itself. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60));
}

async function deliver(name: string, text: string, spec: JsonObject = {}, metadata: JsonObject = {}): Promise<string> {
  const revision = world.sources.commit({ [`${name}/all.yaml`]: text });
  await world.apply(kustomization(name, spec, metadata));
  await world.untilReady(name, revision);
  return revision;
}

function dataOf(object: Manifest | undefined): unknown {
  return object?.["data"];
}

describe("one commit", () => {
  it("travels all the way: applied, in the inventory, ready", async () => {
    const revision = await deliver("apps", configMap("a", { k: "1" }));
    const live = await world.get("", "ConfigMap", "a");
    expect(dataOf(live)).toEqual({ k: "1" });
    expect(live?.metadata.labels).toEqual({ [`${kustomize}/name`]: "apps", [`${kustomize}/namespace`]: "flux-system" });
    expect(live?.metadata.managedFields?.map((entry) => entry.manager)).toEqual(["kustomize-controller"]);
    const status = await world.kustomization("apps");
    expect(status["inventory"]).toEqual({ entries: [{ id: "shop_a__ConfigMap", v: "v1" }] });
    expect(status["lastAttemptedRevision"]).toBe(revision);
    expect(status["observedGeneration"]).toBe(1);
    expect(status["history"]).toMatchObject([{ lastReconciledStatus: "ReconciliationSucceeded" }]);
    expect(await world.condition("apps")).toMatchObject({ message: `Applied revision: ${revision}` });
    expect(await world.condition("apps", "Reconciling")).toBeUndefined();
  });

  it("of another content is applied, and what left it is pruned", async () => {
    await deliver("apps", configMap("a", { k: "1" }) + configMap("b", {}));
    await deliver("apps", configMap("a", { k: "2" }));
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "2" });
    expect(await world.get("", "ConfigMap", "b")).toBeUndefined();
  });

  it("brings definitions and objects of their kinds together", async () => {
    await deliver("apps", definition("Widget", "widgets") + JSON.stringify(widget("w")));
    expect((await world.get("example.test", "Widget", "w"))?.["spec"]).toEqual({ size: 3 });
  });

  it("that moves nothing for a delivery only bumps its revision", async () => {
    const files = { "apps/all.yaml": configMap("a", { k: "1" }), "other/all.yaml": configMap("o", { k: "1" }) };
    world.sources.commit(files);
    await world.apply(kustomization("apps"));
    await world.untilReady("apps");
    const before = await world.get("", "ConfigMap", "a");
    const { rendered } = world.engine.counts();
    const revision = world.sources.commit({ ...files, "other/all.yaml": configMap("o", { k: "2" }) });
    await world.untilReady("apps", revision);
    expect(world.engine.counts().rendered).toBe(rendered);
    expect((await world.get("", "ConfigMap", "a"))?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
  });
});

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
    await deliver("apps", configMap("a", { k: "1" }));
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
    await deliver("apps", configMap("a", {}) + configMap("b", {}));
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
    await deliver("apps", configMap("a", {}) + configMap("b", {}, metadata), spec);
    await deliver("apps", configMap("a", {}), spec);
    expect(await world.get("", "ConfigMap", "b")).toBeDefined();
  });
});

describe("invariant 3: a kill changes nothing in the end", () => {
  it("an engine that starts anew writes nothing when all is as in Git", async () => {
    await deliver("apps", configMap("a", { k: "1" }));
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
    await deliver("apps", configMap("a", { k: "1" }));
    await world.stopEngine();
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "9", extra: "x" } });
    world.startEngine();
    await world.until("the edit to be healed", async () => {
      const live = await world.get("", "ConfigMap", "a");
      return JSON.stringify(dataOf(live)) === '{"k":"1"}';
    });
  });

  it("what was created before the kill and left Git after it is pruned", async () => {
    await deliver("apps", configMap("a", {}));
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
    await deliver("apps", configMap("a", { k: "1" }) + JSON.stringify(deployment("web", 2)));
    const before = [await world.get("", "ConfigMap", "a"), await world.get("apps", "Deployment", "web")];
    world.engine.reconcile(`${kustomize}/Kustomization/flux-system/apps`);
    await settle();
    const after = [await world.get("", "ConfigMap", "a"), await world.get("apps", "Deployment", "web")];
    expect(after.map((o) => o?.metadata.resourceVersion)).toEqual(before.map((o) => o?.metadata.resourceVersion));
  });
});

describe("invariant 5: fields of others", () => {
  it("that Git does not state stay", async () => {
    await deliver("apps", JSON.stringify(deployment("web", undefined)));
    const target = await world.target("apps", "Deployment", "web");
    await world.edit(target, { spec: { replicas: 7 } }, "horizontal-autoscaler");
    await deliver("apps", `${JSON.stringify(deployment("web", undefined))}\n---\n${configMap("a", {})}`);
    expect((await world.get("apps", "Deployment", "web"))?.["spec"]).toMatchObject({ replicas: 7 });
  });

  it("that kubectl set are taken over and removed", async () => {
    await deliver("apps", configMap("a", { k: "1" }));
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { extra: "x" } });
    const live = await world.until("the extra field to vanish", async () => {
      const object = await world.get("", "ConfigMap", "a");
      return JSON.stringify(dataOf(object)) === '{"k":"1"}' ? object : undefined;
    });
    expect(live.metadata.managedFields?.map((entry) => entry.manager)).toEqual(["kustomize-controller"]);
  });

  it("that kubectl set stay where the object says ssa: Merge", async () => {
    await deliver("apps", configMap("a", { k: "1" }, { annotations: { [`${kustomize}/ssa`]: "Merge" } }));
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { extra: "x" } });
    await settle();
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "1", extra: "x" });
  });
});

describe("drift", () => {
  it("is healed at once; the event names field, from, to and manager", async () => {
    await deliver("apps", configMap("a", { k: "1" }));
    const started = Date.now();
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "9" } });
    await world.until("the edit to be healed", async () => {
      return (dataOf(await world.get("", "ConfigMap", "a")) as { k: string }).k === "1";
    });
    expect(Date.now() - started).toBeLessThan(2000);
    const event = await world.until("an event", async () =>
      (await world.events()).find((e) => e.reason === "DriftHealed"),
    );
    expect(event.message).toBe('ConfigMap/shop/a: .data.k "1" → "9" (kubectl-edit); healed');
  });

  it("of a deleted object is healed by creating it again", async () => {
    await deliver("apps", configMap("a", { k: "1" }));
    await world.remove(await world.target("", "ConfigMap", "a"));
    await world.until("a to be created again", () => world.get("", "ConfigMap", "a"));
    const event = await world.until("an event", async () =>
      (await world.events()).find((e) => e.reason === "DriftHealed"),
    );
    expect(event.message).toContain("was deleted; created again");
  });

  it("of a deleted object is only reported where the delivery says warn", async () => {
    await deliver("apps", configMap("a", { k: "1" }), {}, { annotations: { "keelson.dev/drift": "warn" } });
    await world.remove(await world.target("", "ConfigMap", "a"));
    const drifted = await world.until("the condition Drifted", () => world.condition("apps", "Drifted"));
    expect(drifted.message).toBe("ConfigMap/shop/a: was deleted in the cluster");
    await settle();
    expect(await world.get("", "ConfigMap", "a")).toBeUndefined();
  });

  it("of a vanished owner label is healed", async () => {
    await deliver("apps", configMap("a", { k: "1" }));
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
    await deliver("apps", configMap("a", { k: "1" }, onObject), {}, onDelivery);
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "9" } });
    const drifted = await world.until("the condition Drifted", () => world.condition("apps", "Drifted"));
    expect(drifted.message).toContain('ConfigMap/shop/a: .data.k "9" → "1" (kubectl-edit)');
    const event = await world.until("an event", async () =>
      (await world.events()).find((e) => e.reason === "DriftDetected"),
    );
    expect(event.message).toBe('ConfigMap/shop/a: .data.k "1" → "9" (kubectl-edit); left alone');
    await settle();
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "9" });
    await deliver("apps", configMap("a", { k: "2" }, onObject), {}, onDelivery);
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "2" });
    expect(await world.condition("apps", "Drifted")).toBeUndefined();
  });

  it("that comes back three times is left until the interval, naming the rival", async () => {
    await deliver("apps", configMap("a", { k: "1" }));
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
    await deliver("apps", configMap("a", { k: "new in Git" }));
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "new in Git" });
    expect(await world.condition("apps", "Drifted")).toBeUndefined();
  });

  it("is healed also while Git holds something that cannot be built", async () => {
    await deliver("apps", configMap("a", { k: "1" }));
    world.sources.commit({ "apps/all.yaml": "a: [" });
    await world.untilFailed("apps", "all.yaml");
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "9" } });
    await world.until("the edit to be healed", async () => {
      return (dataOf(await world.get("", "ConfigMap", "a")) as { k: string }).k === "1";
    });
    expect(await world.condition("apps")).toMatchObject({ status: "False", reason: "BuildFailed" });
  });

  it("of different causes is no fight", async () => {
    await deliver("apps", configMap("a", { k: "1", l: "1" }));
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
    await deliver("apps", secret("first-value"), {}, { annotations: { "keelson.dev/drift": "warn" } });
    await world.edit(await world.target("", "Secret", "s"), { data: { p: btoa("edited-value") } });
    const drifted = await world.until("the condition Drifted", () => world.condition("apps", "Drifted"));
    expect(drifted.message).toContain(".data.p (hidden) → (hidden)");
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

describe("dependencies", () => {
  it("wait for the same revision of the same source, then go on", async () => {
    const revision = world.sources.commit({
      "base/a.yaml": configMap("base", {}),
      "apps/a.yaml": configMap("apps", {}),
    });
    await world.apply(kustomization("apps", { dependsOn: [{ name: "base" }] }));
    const waiting = await world.untilFailed("apps", "dependency 'flux-system/base' is not ready");
    expect(waiting.reason).toBe("DependencyNotReady");
    await world.apply(kustomization("base"));
    await world.untilReady("apps", revision);
  });

  it.each([
    ["dep.metadata.labels.stage == self.metadata.labels.stage", true],
    ["dep.metadata.name == 'other'", false],
  ])("with readyExpr %s are judged by it alone: %s", async (readyExpr, isMet) => {
    world.sources.commit({ "apps/a.yaml": configMap("a", {}) });
    const labels = { stage: "one" };
    await world.apply(kustomization("base", { suspend: true }, { labels }));
    await world.apply(kustomization("apps", { dependsOn: [{ name: "base", readyExpr }] }, { labels }));
    if (isMet) await world.untilReady("apps");
    else await world.untilFailed("apps", "its readyExpr is false");
  });

  it("with a bad readyExpr stall and say why", async () => {
    world.sources.commit({ "apps/a.yaml": configMap("a", {}) });
    await world.apply(kustomization("base", { suspend: true }));
    await world.apply(kustomization("apps", { dependsOn: [{ name: "base", readyExpr: "dep.(" }] }));
    const stalled = await world.until("the condition Stalled", () => world.condition("apps", "Stalled"));
    expect(stalled.reason).toBe("InvalidCELExpression");
  });

  it("in a cycle are named in the condition", async () => {
    world.sources.commit({ "a/a.yaml": "", "b/b.yaml": "" });
    await world.apply(
      kustomization("a", { dependsOn: [{ name: "b" }] }),
      kustomization("b", { dependsOn: [{ name: "a" }] }),
    );
    await world.untilFailed("a", "dependencies form a cycle: flux-system/a → flux-system/b → flux-system/a");
    await world.until("b to stall", async () => (await world.condition("b", "Stalled"))?.status === "True");
  });
});

describe("two deliveries that claim one object", () => {
  it("the first keeps it, the other says who has it, and neither harms the other", async () => {
    world.sources.commit({ "one/a.yaml": configMap("a", { by: "one" }), "two/a.yaml": configMap("a", { by: "two" }) });
    await world.apply(kustomization("one"));
    await world.untilReady("one");
    await world.apply(kustomization("two"));
    const failed = await world.untilFailed("two", "Kustomization/flux-system/one applies it as well");
    expect(failed.reason).toBe("ReconciliationFailed");
    await settle();
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ by: "one" });
    expect(await world.condition("one")).toMatchObject({ status: "True" });
  });
});

describe("health", () => {
  it("is waited for without holding anybody up, and a new revision goes ahead of it", async () => {
    world.sources.commit({ "apps/a.yaml": JSON.stringify(deployment("web", 2)), "other/a.yaml": configMap("o", {}) });
    await world.apply(kustomization("apps", { wait: true }), kustomization("other"));
    await world.until("apps to be checking", async () => {
      return (await world.condition("apps", "Reconciling"))?.message.includes("Deployment/shop/web");
    });
    await world.untilReady("other");
    const revision = world.sources.commit({ "apps/a.yaml": configMap("web", {}), "other/a.yaml": configMap("o", {}) });
    await world.untilReady("apps", revision);
  });

  it("that comes makes the delivery ready at once", async () => {
    world.sources.commit({ "apps/a.yaml": JSON.stringify(deployment("web", 1)) });
    await world.apply(kustomization("apps", { wait: true }));
    await world.until("apps to be checking", async () => world.engine.snapshot().deliveries[0]?.phase === "checking");
    await world.edit(
      { ...(await world.target("apps", "Deployment", "web")), subresource: "status" },
      healthyStatus,
      "kcm",
    );
    await world.untilReady("apps");
    expect(await world.condition("apps", "Healthy")).toMatchObject({ status: "True" });
  });

  it("that does not come in time fails and says of what", async () => {
    world.sources.commit({ "apps/a.yaml": JSON.stringify(deployment("web", 1)) });
    await world.apply(kustomization("apps", { wait: true, timeout: "200ms" }));
    const failed = await world.untilFailed("apps", "Deployment/shop/web");
    expect(failed.reason).toBe("HealthCheckFailed");
  });

  it("by the delivery's own expressions", async () => {
    world.sources.commit({ "apps/a.yaml": definition("Widget", "widgets") + JSON.stringify(widget("w")) });
    const healthCheckExprs = [{ apiVersion: "example.test/v1", kind: "Widget", current: "spec.size > 3" }];
    await world.apply(kustomization("apps", { wait: true, healthCheckExprs }));
    await world.until("apps to be checking", async () => world.engine.snapshot().deliveries[0]?.phase === "checking");
    world.sources.commit({
      "apps/a.yaml": definition("Widget", "widgets") + JSON.stringify({ ...widget("w"), spec: { size: 4 } }),
    });
    await world.untilReady("apps");
  });

  it("of named objects alone is waited for with healthChecks", async () => {
    world.sources.commit({ "apps/a.yaml": `${JSON.stringify(deployment("web", 1))}\n---\n${configMap("a", {})}` });
    const check = { apiVersion: "v1", kind: "ConfigMap", name: "later", namespace: "shop" };
    await world.apply(kustomization("apps", { healthChecks: [check] }));
    await world.until("apps to be checking", async () => world.engine.snapshot().deliveries[0]?.phase === "checking");
    await world.apply(asManifest(JSON.parse(configMap("later", {}).replace("---", "")) as JsonObject));
    await world.untilReady("apps");
  });
});

describe("a person's wishes", () => {
  it("a request is echoed, also when the run fails", async () => {
    await deliver("apps", configMap("a", {}));
    const request = (value: string): Manifest =>
      kustomization("apps", {}, { annotations: { "reconcile.fluxcd.io/requestedAt": value } });
    await world.apply(request("one"));
    await world.until("the echo", async () => (await world.kustomization("apps"))["lastHandledReconcileAt"] === "one");
    world.sources.commit({ "apps/all.yaml": "a: [" });
    await world.untilFailed("apps", "all.yaml");
    await world.apply(request("two"));
    await world.until("the echo", async () => (await world.kustomization("apps"))["lastHandledReconcileAt"] === "two");
  });

  it("suspend stops everything, resume goes on", async () => {
    await deliver("apps", configMap("a", { k: "1" }));
    await world.apply(kustomization("apps", { suspend: true }));
    await world.until("the suspension", async () => world.engine.snapshot().deliveries[0]?.isSuspended);
    const revision = world.sources.commit({ "apps/all.yaml": configMap("a", { k: "2" }) });
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "9" } });
    await settle();
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "9" });
    expect(await world.condition("apps")).toMatchObject({ status: "True" });
    await world.apply(kustomization("apps", { suspend: false }));
    await world.untilReady("apps", revision);
  });

  it.each([
    ["MirrorPrune with prune", { prune: true }, false],
    ["MirrorPrune without prune", { prune: false }, true],
    ["Delete", { prune: false, deletionPolicy: "Delete" }, false],
    ["WaitForTermination", { deletionPolicy: "WaitForTermination" }, false],
    ["Orphan", { deletionPolicy: "Orphan" }, true],
    ["suspended", { suspend: true }, true],
  ])("deletion with %s", async (_, spec: JsonObject, isKept) => {
    const { suspend, ...rest } = spec;
    await deliver("apps", configMap("a", {}), rest);
    if (suspend === true) await world.apply(kustomization("apps", spec));
    await world.remove(await world.target(kustomize, "Kustomization", "apps", "flux-system"));
    await world.until("the Kustomization to be gone", async () => {
      return (await world.get(kustomize, "Kustomization", "apps", "flux-system")) === undefined;
    });
    expect((await world.get("", "ConfigMap", "a")) !== undefined).toBe(isKept);
  });
});

describe("substitution", () => {
  it("takes variables in order, the inline ones last, and leaves marked objects", async () => {
    await world.apply(
      asManifest({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "v", namespace: "flux-system" },
        data: { a: "1", b: "1", c: "1" },
      }),
      asManifest({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "s", namespace: "flux-system" },
        data: { b: "Mg==", c: "Mg==" },
      }),
    );
    const text =
      configMap("a", { v: "v${a}${b}${c}${d:=4}" }) +
      configMap("raw", { v: "${a}" }, { annotations: { [`${kustomize}/substitute`]: "disabled" } });
    await deliver("apps", text, {
      postBuild: {
        substitute: { c: "3\n" },
        substituteFrom: [
          { kind: "ConfigMap", name: "v" },
          { kind: "Secret", name: "s" },
          { kind: "Secret", name: "none", optional: true },
        ],
      },
    });
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ v: "v1234" });
    expect(dataOf(await world.get("", "ConfigMap", "raw"))).toEqual({ v: "${a}" });
  });

  it("of an unset variable fails and names it", async () => {
    world.sources.commit({ "apps/a.yaml": configMap("a", { v: "${nothing}" }) });
    await world.apply(kustomization("apps", { postBuild: { substitute: { a: "1" } } }));
    const failed = await world.untilFailed("apps", "variable nothing is not set");
    expect(failed.message).toContain("ConfigMap/shop/a");
    expect(failed.reason).toBe("BuildFailed");
  });
});

describe("what a person deletes with kubectl", () => {
  it("a definition: it and its objects come back", async () => {
    await deliver("apps", definition("Widget", "widgets") + JSON.stringify(widget("w")));
    const uid = (await world.get("example.test", "Widget", "w"))?.metadata.uid;
    await world.remove(await world.target("apiextensions.k8s.io", "CustomResourceDefinition", "widgets.example.test"));
    await world.until("the widget to be back", async () => {
      const live = await world.get("example.test", "Widget", "w").catch(() => undefined);
      return live !== undefined && live.metadata.uid !== uid;
    });
  });

  it("a namespace: it and what was in it come back", async () => {
    const life = new AbortController();
    await startLife({ cluster: world.cluster, clock: realClock, signal: life.signal, caCertificate: "" });
    const inside = configMap("inside", { k: "1" }).replace('"namespace":"shop"', '"namespace":"gone"');
    await deliver("apps", `${JSON.stringify(namespace("gone"))}\n---\n${inside}`);
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

describe("what is left out", () => {
  it("Flux's own controllers, visibly", async () => {
    const controller = deployment("source-controller", 1);
    controller.metadata.labels = { "app.kubernetes.io/part-of": "flux" };
    const revision = await deliver("apps", `${JSON.stringify(controller)}\n---\n${configMap("a", {})}`);
    expect(await world.get("apps", "Deployment", "source-controller")).toBeUndefined();
    const ready = await world.condition("apps");
    expect(ready?.message).toBe(
      `Applied revision: ${revision} (left out, since Keelson does their work: source-controller)`,
    );
  });

  it("kinds whose turn comes later say so", async () => {
    await world.apply(
      asManifest({
        apiVersion: "source.toolkit.fluxcd.io/v1",
        kind: "OCIRepository",
        metadata: { name: "o", namespace: "shop" },
        spec: { interval: "1m", url: "oci://example.test/x" },
      }),
    );
    await world.until("the condition", async () => {
      const object = await world.get("source.toolkit.fluxcd.io", "OCIRepository", "o");
      return JSON.stringify(object?.["status"] ?? "").includes(
        "OCIRepository is not reconciled by this version of Keelson yet",
      );
    });
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

const healthyStatus: JsonObject = {
  status: {
    observedGeneration: 1,
    replicas: 1,
    updatedReplicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
    conditions: [
      {
        type: "Available",
        status: "True",
        reason: "x",
        message: "",
        lastUpdateTime: "2026-01-01T00:00:00Z",
        lastTransitionTime: "2026-01-01T00:00:00Z",
      },
      {
        type: "Progressing",
        status: "True",
        reason: "NewReplicaSetAvailable",
        message: "",
        lastUpdateTime: "2026-01-01T00:00:00Z",
        lastTransitionTime: "2026-01-01T00:00:00Z",
      },
    ],
  },
};

function deployment(name: string, replicas: number | undefined): Manifest {
  const labels = { app: name };
  return asManifest({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "shop" },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "app", image: "example.test/app:1", ports: [{ containerPort: 80 }] }] },
      },
    },
  });
}

function definition(kind: string, plural: string): string {
  return `${JSON.stringify({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.example.test` },
    spec: {
      group: "example.test",
      scope: "Namespaced",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
            },
          },
        },
      ],
    },
  })}\n---\n`;
}

function widget(name: string): JsonObject {
  return { apiVersion: "example.test/v1", kind: "Widget", metadata: { name, namespace: "shop" }, spec: { size: 3 } };
}

function bomb(): string {
  const lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"];
  for (let i = 1; i < 12; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(",")}]`,
    );
  return lines.join("\n");
}
