// A release that holds back what is new: by approval, pause, windows and limits, on the embedded server and, where it is at hand, on
// a real one. What is applied stays guarded meanwhile, and what was begun is brought to an end.

import { describe, expect, it, vi } from "vitest";
import type { HelmReleaseSpec } from "#api/flux";
import { guardMarks, heldRevision } from "#delivery";
import type { JsonObject } from "#kernel";
import { deployedRevision, revisionOf } from "./holds.ts";
import { plain, Scene } from "./scene.contract.ts";
import { helmRelease, homes, suiteWorld } from "./world.contract.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const approval = { [guardMarks.approval]: "required" };

/** As many ConfigMaps as the values say. */
const counted = {
  "templates/all.yaml": `{{- range until (int .Values.count) }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ $.Release.Name }}-{{ . }}"}
{{- end }}
`,
};

describe.each(homes)("a release that holds back what is new $title", ({ begin }) => {
  const world = suiteWorld(begin);

  const annotate = async (name: string, annotations: { [mark: string]: string | null }) =>
    world.edit(await world.releaseTarget(name), { metadata: { annotations } }, "test");
  const change = async (name: string, spec: Partial<HelmReleaseSpec>) =>
    world.edit(await world.releaseTarget(name), { spec } as JsonObject, "test");
  const held = (name: string, reason: string, text = "") =>
    world.until(`${name} to hold: ${reason} ${text}`, async () => {
      const found = await world.condition(name, "Held");
      return found?.status === "True" && found.reason === reason && found.message.includes(text) ? found : undefined;
    });
  const settings = async (name: string, key: string): Promise<unknown> => (await world.data(`${name}-settings`))?.[key];
  const install = async (name: string, spec: Partial<HelmReleaseSpec>, files = plain): Promise<Scene> => {
    const scene = new Scene(world, name);
    await scene.install(spec, files);
    return scene;
  };

  it("waits for an approval visibly, stays guarded meanwhile, and lets that one pass", async () => {
    const scene = await install("apart", { driftDetection: { mode: "enabled" }, values: { greeting: "one" } });
    await annotate("apart", approval);
    await change("apart", { values: { greeting: "two" } });
    const first = heldRevision((await held("apart", "ApprovalRequired")).message);
    expect(first).toMatch(/^1\.0\.0@sha256:[0-9a-f]{64}$/);
    const ready = await world.condition("apart");
    expect(ready).toMatchObject({ status: "True", reason: "InstallSucceeded" });
    expect(ready?.message).toContain("shop/apart.v1 with chart apart@1.0.0");
    await world.edit(await world.target("", "ConfigMap", "apart-settings"), { data: { greeting: "by hand" } }, "test");
    await world.until("the drift to be healed", async () => (await settings("apart", "greeting")) === "one");
    await change("apart", { values: { greeting: "three" } });
    const third = await world.until("the newer one to be held", async () => {
      const revision = heldRevision((await world.condition("apart", "Held"))?.message ?? "");
      return revision === first ? undefined : revision;
    });
    expect(world.releases?.snapshot().find(({ ref }) => ref.name === "apart")).toMatchObject({ phase: "held" });
    expect(await scene.history()).toBe("v1 deployed install");
    await annotate("apart", { [guardMarks.approvedRevision]: third, [guardMarks.approvedBy]: "ada" });
    await world.until("what was approved", async () => (await settings("apart", "greeting")) === "three");
    await world.untilDone("apart");
    expect(await world.condition("apart", "Held")).toBeUndefined();
    await change("apart", { values: { greeting: "four" } });
    await held("apart", "ApprovalRequired");
    expect(await scene.history()).toBe("v2 deployed upgrade, v1 superseded -");
    const log = await world.until("the log", async () => {
      const found = await world.get("keelson.dev", "DeliveryLog", "helmrelease-apart");
      return found?.["approvals"] === undefined ? undefined : found;
    });
    expect(log["approvals"]).toMatchObject([{ revision: third, by: "ada" }]);
  });

  it("says no more once what is there is what is wanted again", async () => {
    await install("taken-back", { values: { greeting: "one" } });
    await annotate("taken-back", approval);
    await change("taken-back", { values: { greeting: "two" } });
    await held("taken-back", "ApprovalRequired");
    await change("taken-back", { values: { greeting: "one" } });
    await world.untilDone("taken-back");
    expect(await world.condition("taken-back", "Held")).toBeUndefined();
  });

  it("holds the first install, too, until its pause is over", async () => {
    const scene = new Scene(world, "asleep");
    scene.offer("1.0.0");
    await scene.apply({}, { annotations: { [guardMarks.pause]: "a migration" } });
    await held("asleep", "Paused", "a migration");
    expect((await world.status("asleep")).history).toBeUndefined();
    expect(await world.stored("asleep", 1)).toBeUndefined();
    await annotate("asleep", { [guardMarks.pause]: null });
    await world.untilDone("asleep");
    expect(await scene.history()).toBe("v1 deployed install");
  });

  it("goes on by itself when a window closes", async () => {
    await install("frozen", { values: { greeting: "one" } });
    // Every minute is in it, for as long as it stands there.
    await annotate("frozen", { [guardMarks.freeze]: "* * * * * for 2m" });
    await change("frozen", { values: { greeting: "two" } });
    await held("frozen", "FreezeWindow", "until");
    expect(await settings("frozen", "greeting")).toBe("one");
    await annotate("frozen", { [guardMarks.freeze]: null });
    await world.until("it to go on", async () => (await settings("frozen", "greeting")) === "two");
  });

  it("deletes no more than its limit without an approval", async () => {
    await install("many", { values: { count: 5 } }, counted);
    await annotate("many", { [guardMarks.pruneLimit]: "40%" });
    await change("many", { values: { count: 3 } });
    await world.until("two to be gone", async () => (await world.get("", "ConfigMap", "many-3")) === undefined);
    await world.untilDone("many");
    await change("many", { values: { count: 1 } });
    const { message } = await held("many", "PruneLimitExceeded", "would delete 2 of 3 objects, more than 40% at once");
    expect(await world.get("", "ConfigMap", "many-2")).toBeDefined();
    await annotate("many", { [guardMarks.approvedRevision]: heldRevision(message) ?? "" });
    await world.until("two to be gone", async () => (await world.get("", "ConfigMap", "many-1")) === undefined);
  });

  it("keeps all of it where its deletion would take more than the limit", async () => {
    const scene = await install("kept", { values: { count: 4 } }, counted);
    await annotate("kept", { [guardMarks.pruneLimit]: "2" });
    await world.remove(await world.releaseTarget("kept"));
    const { message } = await held("kept", "PruneLimitExceeded", "its deletion would delete 4 objects");
    expect(await world.get("", "ConfigMap", "kept-3")).toBeDefined();
    const uid = (await world.release("kept"))?.metadata.uid ?? "";
    expect(message).toContain(uid);
    await annotate("kept", { [guardMarks.approvedDeletion]: uid });
    await world.until("it to be gone", async () => (await world.release("kept")) === undefined);
    expect(await scene.world.get("", "ConfigMap", "kept-3")).toBeUndefined();
  });

  it("does not leave its former place before it may", async () => {
    const scene = await install("moved", { values: { greeting: "one" } });
    await annotate("moved", approval);
    await change("moved", { releaseName: "elsewhere" });
    const { message } = await held("moved", "ApprovalRequired");
    expect(await settings("moved", "greeting")).toBe("one");
    expect(await scene.history()).toBe("v1 deployed install");
    await annotate("moved", { [guardMarks.approvedRevision]: heldRevision(message) ?? "" });
    await world.until("it to be elsewhere", async () => (await settings("elsewhere", "greeting")) === "one");
    expect(await world.data("moved-settings")).toBeUndefined();
  });

  it("still goes back from what failed", async () => {
    const remediation = { retries: 1 };
    const scene = await install("failing", { timeout: "5s", upgrade: { remediation }, values: { greeting: "one" } });
    await change("failing", { values: { greeting: "two", broken: true } });
    await world.until("the upgrade", async () => (await settings("failing", "greeting")) === "two");
    await annotate("failing", { [guardMarks.pause]: "true" });
    await world.until("the way back", async () => (await settings("failing", "greeting")) === "one");
    await held("failing", "Paused");
    expect(await scene.history()).toContain("deployed");
  });

  it("is stalled by what cannot be read, and says where it stands", async () => {
    const scene = new Scene(world, "wrong");
    scene.offer("1.0.0");
    await scene.apply({}, { annotations: { [guardMarks.pruneLimit]: "a few" } });
    await world.untilCondition("wrong", { type: "Stalled", status: "True", reason: "InvalidSpec", text: "no limit" });
    await annotate("wrong", { [guardMarks.pruneLimit]: null });
    await world.untilDone("wrong");
  });

  it("is held and guarded after a restart as before", async () => {
    await install("restarted", { driftDetection: { mode: "enabled" }, values: { greeting: "one" } });
    await annotate("restarted", approval);
    await change("restarted", { values: { greeting: "two" } });
    await held("restarted", "ApprovalRequired");
    await world.stop();
    await world.edit(await world.target("", "ConfigMap", "restarted-settings"), { data: { greeting: "x" } }, "test");
    world.start();
    await world.until("the drift to be healed", async () => (await settings("restarted", "greeting")) === "one");
    await held("restarted", "ApprovalRequired");
  });
});

describe("the revision of a release", () => {
  const object = helmRelease("web", {
    values: { a: 1 },
    commonMetadata: { labels: { team: "blue" } },
  }) as unknown as Parameters<typeof revisionOf>[0]["object"];
  const asked = { object, chart: { name: "web", version: "1.0.0" }, values: { a: 1 } };

  it("is another with other values, another chart, another place, or other marks on its objects", () => {
    const others = [
      { ...asked, values: { a: 2 } },
      { ...asked, chart: { name: "web", version: "1.0.1" } },
      { ...asked, chart: { name: "shop", version: "1.0.0" } },
      { ...asked, object: { ...object, spec: { ...object.spec, releaseName: "other" } } },
      { ...asked, object: { ...object, spec: { ...object.spec, commonMetadata: {} } } },
    ];
    const revisions = [asked, ...others].map(revisionOf);
    expect(new Set(revisions).size).toBe(revisions.length);
    expect(revisionOf({ ...asked, object: { ...object, spec: { ...object.spec, timeout: "1s" } } })).toBe(revisions[0]);
  });

  it("is unknown of what failed", () => {
    expect(deployedRevision({})).toBeUndefined();
  });
});
