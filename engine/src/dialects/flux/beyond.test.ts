// What Flux's users have asked for in vain: dependencies on anything, revisions that wait for a window or an approval, a
// limit for deletions, and a log of it all.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keelsonDefinitions } from "#api/keelson";
import { guardMarks } from "#delivery";
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

const ksTarget = () => world.target(kustomize, "Kustomization", "apps", "flux-system");

async function annotate(annotations: JsonObject): Promise<void> {
  await world.edit(await ksTarget(), { metadata: { annotations } }, "keelson-cli");
}

const held = (name = "apps") => world.until("a hold", () => world.condition(name, "Held"));

describe("a dependency on an object of another kind", () => {
  const dependsOn = (item: string): JsonObject => ({ annotations: { "keelson.dev/depends-on": item } });

  it("is met once it is healthy, without anybody asking again", async () => {
    world.sources.commit({ "apps/a.yaml": configMap("a", {}) });
    const item = "- {apiVersion: apps/v1, kind: Deployment, name: web, namespace: shop}";
    await world.apply(kustomization("apps", {}, dependsOn(item)));
    await world.untilFailed("apps", "dependency 'Deployment/shop/web' not found");
    await world.apply(deployment("web", 1));
    await world.untilFailed("apps", "dependency 'Deployment/shop/web' is not ready: ");
    const status = { ...(await world.target("apps", "Deployment", "web")), subresource: "status" };
    await world.edit(status, healthyStatus, "kcm");
    await world.untilReady("apps");
  });

  it("by an expression, on a kind that is served only later", async () => {
    world.sources.commit({ "apps/a.yaml": configMap("a", {}) });
    const item =
      "- {apiVersion: example.test/v1, kind: Widget, name: w, namespace: shop, readyExpr: 'dep.spec.size > 2'}";
    await world.apply(kustomization("apps", {}, dependsOn(item)));
    await world.untilFailed("apps", "not found");
    const define = asManifest(JSON.parse(definition("Widget", "widgets").replace("---", "")) as JsonObject);
    await world.apply(define);
    await world.apply(asManifest({ ...widget("w"), spec: { size: 2 } }));
    world.engine.reconcile(`${kustomize}/Kustomization/flux-system/apps`);
    await world.untilFailed("apps", "its readyExpr is false");
    await world.edit(await world.target("example.test", "Widget", "w"), { spec: { size: 3 } }, "somebody");
    await world.untilReady("apps");
  });

  it("that cannot be read is refused with what to write", async () => {
    world.sources.commit({ "apps/a.yaml": configMap("a", {}) });
    await world.apply(kustomization("apps", {}, dependsOn("{kind: Deployment}")));
    await world.untilFailed("apps", "write a YAML list");
    expect(await world.condition("apps", "Stalled")).toMatchObject({ status: "True", reason: "InvalidSpec" });
  });
});

describe("a revision that needs approval", () => {
  it("waits visibly, what was applied stays guarded, and only the approved one passes", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    await annotate({ [guardMarks.approval]: "required" });
    const applied = world.revision();
    world.sources.commit({ "apps/all.yaml": configMap("a", { k: "2" }) });
    expect((await held()).reason).toBe("ApprovalRequired");
    expect(await world.condition("apps")).toMatchObject({ status: "True", message: `Applied revision: ${applied}` });
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "9" } });
    await world.until("the old content", async () => {
      return JSON.stringify(dataOf(await world.get("", "ConfigMap", "a"))) === '{"k":"1"}';
    });
    const third = world.sources.commit({ "apps/all.yaml": configMap("a", { k: "3" }) });
    await world.until("the newer one to be held", async () => (await held()).message.includes(third));
    const seen = world.engine.snapshot().deliveries[0];
    expect(seen?.held).toMatchObject({ reason: "ApprovalRequired", revision: third });
    await annotate({ [guardMarks.approvedRevision]: third, [guardMarks.approvedBy]: "ada" });
    await world.untilReady("apps", third);
    await world.until("nothing to be held", async () => world.engine.snapshot().deliveries[0]?.held === undefined);
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "3" });
    expect(await world.condition("apps", "Held")).toBeUndefined();
    world.sources.commit({ "apps/all.yaml": configMap("a", { k: "4" }) });
    await held();
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "3" });
  });

  it.each([
    ["a revision is held", configMap("a", { k: "2" }), { [guardMarks.approval]: "required" }],
    ["a revision cannot be built", "a: [", {}],
  ])("what was applied stays guarded while %s, also after a restart", async (_, text, annotations) => {
    await world.deliver("apps", configMap("a", { k: "1" }) + configMap("b", { k: "1" }));
    await annotate(annotations);
    world.sources.commit({ "apps/all.yaml": text });
    const isHeld = async (): Promise<boolean> =>
      (await world.condition("apps", "Held")) !== undefined || (await world.condition("apps"))?.status === "False";
    await world.until("it to be held", isHeld);
    await world.stopEngine();
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "9" } });
    await world.remove(await world.target("", "ConfigMap", "b"));
    world.startEngine();
    const isHealed = (name: string) => async () =>
      JSON.stringify(dataOf(await world.get("", "ConfigMap", name))) === '{"k":"1"}';
    await world.until("what was changed meanwhile to be healed", isHealed("a"));
    await world.until("what was deleted meanwhile to be healed", isHealed("b"));
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "8" } });
    await world.until("what is changed now to be healed", isHealed("a"));
  });

  it("is not asked for where a commit changes nothing of it, also after a restart", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    await annotate({ [guardMarks.approval]: "required" });
    const files = { "apps/all.yaml": configMap("a", { k: "1" }), "other.txt": "x" };
    await world.untilReady("apps", world.sources.commit(files));
    await world.stopEngine();
    const revision = world.sources.commit({ ...files, "other.txt": "y" });
    world.startEngine();
    await world.untilReady("apps", revision);
    expect(await world.condition("apps", "Held")).toBeUndefined();
  });

  it("is waited for by a dependent of the same source", async () => {
    world.sources.commit({ "apps/a.yaml": configMap("a", {}), "next/a.yaml": configMap("n", {}) });
    await world.apply(kustomization("apps"), kustomization("next", { dependsOn: [{ name: "apps" }] }));
    await world.untilReady("next");
    await annotate({ [guardMarks.approval]: "required" });
    world.sources.commit({ "apps/a.yaml": configMap("a", { k: "2" }), "next/a.yaml": configMap("n", { k: "2" }) });
    await held();
    await world.untilFailed("next", "revision is not up to date: revision ");
  });
});

describe("a pinned delivery", () => {
  const valueIs = (value: string) => async () =>
    JSON.stringify(dataOf(await world.get("", "ConfigMap", "a"))) === `{"k":"${value}"}`;
  const pinAt = (revision: string | null): Promise<void> =>
    annotate({ [guardMarks.pinnedRevision]: revision, [guardMarks.pinnedBy]: revision === null ? null : "ada" });

  it("goes back to that revision and stays there, guarded, also after a restart, until the pin is removed", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    const first = world.revision();
    await world.untilReady("apps", world.sources.commit({ "apps/all.yaml": configMap("a", { k: "2" }) }));
    await pinAt(first);
    await world.untilReady("apps", first);
    await world.until("the earlier content", valueIs("1"));
    const hold = await held();
    expect(hold.reason).toBe("Pinned");
    expect(hold.message).toContain(`pinned at revision ${first} by ada: nothing newer is applied`);
    world.sources.commit({ "apps/all.yaml": configMap("a", { k: "3" }) });
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "9" } });
    await world.until("its drift to be healed", valueIs("1"));
    await world.stopEngine();
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "8" } });
    const last = world.sources.commit({ "apps/all.yaml": configMap("a", { k: "4" }) });
    world.startEngine();
    await world.until("what was changed meanwhile to be healed", valueIs("1"));
    await pinAt(null);
    await world.untilReady("apps", last);
    await world.until("what is offered", valueIs("4"));
    await world.until("the hold to end", async () => (await world.condition("apps", "Held")) === undefined);
  });

  it("passes approvals and windows with the revision that it is pinned at", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    const first = world.revision();
    await world.untilReady("apps", world.sources.commit({ "apps/all.yaml": configMap("a", { k: "2" }) }));
    await annotate({ [guardMarks.approval]: "required", [guardMarks.freeze]: "* * * * * for 1h" });
    await pinAt(first);
    await world.until("the earlier content", valueIs("1"));
  });

  it("says so when that revision cannot be had, and changes nothing", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    await pinAt(`main@sha1:${"0".repeat(40)}`);
    await world.untilFailed("apps", "does not have revision");
    expect(dataOf(await world.get("", "ConfigMap", "a"))).toEqual({ k: "1" });
    await pinAt(null);
    await world.untilReady("apps");
  });
});

describe("a freeze", () => {
  it("holds what is new for as long as it lasts", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    await annotate({ [guardMarks.freeze]: "* * * * * for 1h" });
    const revision = world.sources.commit({ "apps/all.yaml": configMap("a", { k: "2" }) });
    expect((await held()).message).toMatch(/waits for the freeze to end, until \d{4}-/);
    await annotate({ [guardMarks.freeze]: null as unknown as string });
    await world.untilReady("apps", revision);
  });

  it("that cannot be read refuses the object", async () => {
    await world.deliver("apps", configMap("a", { k: "1" }));
    await annotate({ [guardMarks.freeze]: "on weekends" });
    await world.untilFailed("apps", "is no window");
  });
});

describe("a limit for deletions", () => {
  const many = (count: number): string => Array.from({ length: count }, (_, i) => configMap(`c${i}`, {})).join("");

  it("holds a revision that would delete more, until it is approved", async () => {
    await world.deliver("apps", many(6), {}, { annotations: { [guardMarks.pruneLimit]: "50%" } });
    await world.untilReady("apps", world.sources.commit({ "apps/all.yaml": many(4) }));
    const revision = world.sources.commit({ "apps/all.yaml": many(1) });
    expect((await held()).message).toContain("would delete 3 of 4 objects, more than 50% at once");
    await settle();
    expect(await world.get("", "ConfigMap", "c3")).toBeDefined();
    await annotate({ [guardMarks.approvedRevision]: revision });
    await world.untilReady("apps", revision);
    expect(await world.get("", "ConfigMap", "c3")).toBeUndefined();
  });

  it("counts nothing that another delivery states now", async () => {
    const limit = { annotations: { [guardMarks.pruneLimit]: "0" } };
    world.sources.commit({ "apps/all.yaml": many(3), "other/all.yaml": configMap("o", {}) });
    await world.apply(kustomization("apps", {}, limit), kustomization("other"));
    await world.untilReady("apps");
    await world.untilReady("other");
    const revision = world.sources.commit({
      "apps/all.yaml": many(1),
      "other/all.yaml": many(3).slice(many(1).length),
    });
    await world.untilReady("apps", revision);
    await world.untilReady("other", revision);
    expect(await world.get("", "ConfigMap", "c2")).toBeDefined();
  });

  it("holds the deletion of the whole delivery as well", async () => {
    await world.deliver("apps", many(3), {}, { annotations: { [guardMarks.pruneLimit]: "2" } });
    await world.remove(await ksTarget());
    expect((await held()).message).toContain("its deletion would delete 3 objects");
    await settle();
    expect(await world.get("", "ConfigMap", "c0")).toBeDefined();
    const object = await world.get(kustomize, "Kustomization", "apps", "flux-system");
    await annotate({ [guardMarks.approvedDeletion]: object?.metadata.uid ?? "" });
    await world.until("it to be gone", async () => {
      return (await world.get(kustomize, "Kustomization", "apps", "flux-system")) === undefined;
    });
    expect(await world.get("", "ConfigMap", "c0")).toBeUndefined();
  });
});

describe("the log of a delivery", () => {
  type Log = Manifest & { [list: string]: { [field: string]: unknown }[] | undefined };
  const log = async () => (await world.get("keelson.dev", "DeliveryLog", "kustomization-apps", "flux-system")) as Log;

  it("keeps applies, heals, holds, approvals, and goes with its delivery", async () => {
    await world.apply(...keelsonDefinitions());
    await world.resource("keelson.dev", "DeliveryLog");
    await world.stopEngine();
    world.startEngine();
    await world.deliver("apps", configMap("a", { k: "1" }));
    await world.edit(await world.target("", "ConfigMap", "a"), { data: { k: "9" } });
    await annotate({ [guardMarks.approval]: "required" });
    const revision = world.sources.commit({ "apps/all.yaml": configMap("a", { k: "2" }) });
    await held();
    await annotate({ [guardMarks.approvedRevision]: revision, [guardMarks.approvedBy]: "ada" });
    await world.untilReady("apps", revision);
    const found = await world.until("the log", async () => {
      const seen = await log();
      return seen?.["approvals"] !== undefined && (seen["applies"]?.length ?? 0) >= 2 ? seen : undefined;
    });
    expect(found["applies"]?.[0]).toMatchObject({ revision, result: "ReconciliationSucceeded" });
    expect(found["heals"]?.[0]).toMatchObject({ object: "ConfigMap/shop/a", managers: "kubectl-edit" });
    expect(found["heals"]?.[0]?.["fields"]).toContain('data.k "1" → "9"');
    expect(found["holds"]?.[0]).toMatchObject({ revision, reason: "ApprovalRequired" });
    expect(found["approvals"]).toMatchObject([{ revision, by: "ada" }]);
    expect(found.metadata.ownerReferences).toMatchObject([{ kind: "Kustomization", name: "apps" }]);
  });
});
