import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { asManifest, type JsonObject, type Manifest } from "#kernel";
import { dataOf, definition, deployment, healthyStatus, kustomize, settle, widget } from "./samples.contract.ts";
import { configMap, kustomization, World } from "./world.contract.ts";

// Conditions are waited for; a busy machine may take its time.
vi.setConfig({ testTimeout: 120_000 });

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

describe("one commit", () => {
  it("travels all the way: applied, in the inventory, ready", async () => {
    const revision = await world.deliver("apps", configMap("a", { k: "1" }));
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
    await world.deliver("apps", configMap("a", { k: "1" }) + configMap("b", {}));
    await world.deliver("apps", configMap("a", { k: "2" }));
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "2" });
    expect(await world.get("", "ConfigMap", "b")).toBeUndefined();
  });

  it("brings definitions and objects of their kinds together", async () => {
    await world.deliver("apps", definition("Widget", "widgets") + JSON.stringify(widget("w")));
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

describe("a heal", () => {
  it("right after an apply leaves history and health as they are said", async () => {
    const spec = { wait: true };
    for (const k of ["1", "2", "3"]) {
      await world.deliver("apps", configMap("a", { k }), spec);
      await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "by hand" } });
      await world.until(
        "it to be healed",
        async () => JSON.stringify(dataOf(await world.get("", "ConfigMap", "a"))) === JSON.stringify({ k }),
      );
      await world.untilReady("apps");
      expect(await world.condition("apps", "Healthy")).toMatchObject({ status: "True", reason: "Succeeded" });
      expect((await world.kustomization("apps"))["history"]).toHaveLength(Number(k));
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
    const waiting = await world.untilFailed("apps", "dependency 'flux-system/base' not found");
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
    await world.deliver("apps", configMap("a", {}));
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
    await world.deliver("apps", configMap("a", { k: "1" }));
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
    await world.deliver("apps", configMap("a", {}), rest);
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
    await world.deliver("apps", text, {
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

describe("what is left out", () => {
  it("Flux's own controllers, visibly", async () => {
    const controller = deployment("source-controller", 1);
    controller.metadata.labels = { "app.kubernetes.io/part-of": "flux" };
    const revision = await world.deliver("apps", `${JSON.stringify(controller)}\n---\n${configMap("a", {})}`);
    expect(await world.get("apps", "Deployment", "source-controller")).toBeUndefined();
    const ready = await world.condition("apps");
    expect(ready?.message).toBe(
      `Applied revision: ${revision} (left out, since Keelson does their work: source-controller)`,
    );
  });

  it("kinds whose turn comes later say so", async () => {
    await world.apply(
      asManifest({
        apiVersion: "image.toolkit.fluxcd.io/v1",
        kind: "ImageRepository",
        metadata: { name: "o", namespace: "shop" },
        spec: { interval: "1m", image: "example.test/x" },
      }),
    );
    await world.until("the condition", async () => {
      const object = await world.get("image.toolkit.fluxcd.io", "ImageRepository", "o");
      return JSON.stringify(object?.["status"] ?? "").includes(
        "ImageRepository is not reconciled by this version of Keelson yet",
      );
    });
  });
});
