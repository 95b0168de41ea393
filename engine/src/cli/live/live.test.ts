import { describe, expect, it } from "vitest";
import { ManualClock, type Manifest } from "#kernel";
import { memoryIo } from "../io.ts";
import { drawFrame } from "./draw.ts";
import { Screen } from "./screen.ts";
import { LiveState, rowOf } from "./state.ts";

type Shape = { ready?: string; reason?: string; message?: string; spec?: object; extra?: object[]; observed?: number };

function delivery(name: string, shape: Shape): Manifest {
  const ready = { type: "Ready", status: shape.ready, reason: shape.reason ?? "", message: shape.message ?? "" };
  return {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { name, namespace: "flux-system", generation: 1 },
    spec: shape.spec ?? {},
    status: {
      observedGeneration: shape.observed ?? 1,
      lastAppliedRevision: "main@sha1:6c4d3e9d1f0f8c2f3f4b5a697887766554433221",
      inventory: { entries: [{ id: "shop_web_apps_Deployment", v: "v1" }] },
      conditions: [...(shape.ready === undefined ? [] : [ready]), ...(shape.extra ?? [])],
    },
  };
}

describe("a row", () => {
  const reconciling = { type: "Reconciling", status: "True", reason: "Progressing", message: "Running health checks" };
  const cases: [string, Shape, string, string][] = [
    ["is working while nobody has looked", {}, "working", "waiting to be reconciled"],
    ["is ready", { ready: "True" }, "ready", ""],
    [
      "is working while the spec is newer than the status",
      { ready: "True", observed: 0, message: "x" },
      "working",
      "x",
    ],
    ["is working while a pass goes on", { ready: "Unknown", extra: [reconciling] }, "working", "Running health checks"],
    ["waits for a dependency", { ready: "False", reason: "DependencyNotReady", message: "edge" }, "waiting", "edge"],
    ["has failed", { ready: "False", reason: "BuildFailed", message: "a\nb" }, "failed", "a; b"],
    ["is suspended", { ready: "True", spec: { suspend: true } }, "suspended", "suspended"],
    [
      "is held while a revision waits for somebody",
      {
        ready: "True",
        extra: [{ type: "Held", status: "True", message: "revision main@sha1:6c4d3e9d waits for approval" }],
      },
      "held",
      "held: revision main@sha1:6c4d3e9d waits for approval",
    ],
    [
      "has drifted and is left alone",
      { ready: "True", extra: [{ type: "Drifted", status: "True", message: "replicas" }] },
      "drifted",
      "replicas",
    ],
  ];
  for (const [name, shape, mark, text] of cases) {
    it(name, () => {
      const row = rowOf(delivery("shop", shape));
      expect([row.mark, row.text, row.revision, row.objects]).toEqual([mark, text, "6c4d3e9d", 1]);
    });
  }
});

function frame(state: LiveState, rows = 40): string[] {
  const output = { style: (_: string, text: string) => text, columns: 80, rows };
  return drawFrame({ state, title: "Keelson", footer: ["below"], output, formatTime: () => "12:00:00" });
}

describe("the view", () => {
  it("puts what others depend on above them", () => {
    const state = new LiveState();
    state.put(delivery("apps", { ready: "True", spec: { dependsOn: [{ name: "edge" }] } }));
    state.put(delivery("edge", { ready: "True", spec: { dependsOn: [{ name: "crds" }] } }));
    state.put(delivery("crds", { ready: "True" }));
    state.put(delivery("flux-system", { ready: "True" }));
    expect(state.deliveries().map((row) => row.name)).toEqual(["flux-system", "crds", "edge", "apps"]);
    expect(state.isSettled()).toBe(true);
  });

  it("survives a circle of dependencies", () => {
    const state = new LiveState();
    state.put(delivery("a", { ready: "True", spec: { dependsOn: [{ name: "b" }] } }));
    state.put(delivery("b", { ready: "True", spec: { dependsOn: [{ name: "a" }] } }));
    expect(state.deliveries().length).toBe(2);
  });

  it("draws rows, happenings and footer, none wider than the terminal", () => {
    const state = new LiveState();
    state.put(delivery("flux-system", { ready: "True" }));
    state.put(delivery("shop", { ready: "False", reason: "BuildFailed", message: "x".repeat(200) }));
    const event: Manifest = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: "e", uid: "1" },
      type: "Warning",
      message: "build failed\nin line 3",
      lastTimestamp: "2026-01-01T00:00:00Z",
      involvedObject: { kind: "Kustomization", name: "shop" },
    };
    state.happened(event, true);
    state.happened({ ...event, metadata: { name: "f", uid: "2" }, message: "before this start" }, false);
    state.happened({ ...event, metadata: { name: "g", uid: "3" }, reason: "ReconciliationSucceeded" }, true);
    const lines = frame(state);
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(lines).toEqual([
      "Keelson",
      "",
      "  Deliveries 1 of 2 ready",
      "  ✔ flux-system  6c4d3e9d  1 object",
      `  ✗ shop         6c4d3e9d  1 object    ${"x".repeat(39)}`,
      `                                       ${"x".repeat(39)}`,
      `                                       ${"x".repeat(38)}…`,
      "",
      "  Lately",
      "    12:00:00  shop: build failed; in line 3",
      "",
      "below",
    ]);
  });

  it("shows the last commit of a ready source, also one from before this start", () => {
    const state = new LiveState();
    state.put({ ...delivery("fleet", { ready: "True" }), kind: "GitRepository" });
    const about = { kind: "GitRepository", namespace: "flux-system", name: "fleet" };
    const event = (uid: string, time: string, message: string): Manifest => ({
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: uid, uid },
      lastTimestamp: time,
      involvedObject: about,
      message,
    });
    state.happened(event("1", "2026-01-02T00:00:00Z", "stored artifact for commit 'web: five pods'"), false);
    state.happened(event("2", "2026-01-01T00:00:00Z", "stored artifact for commit 'older'"), false);
    expect(state.sources().map((row) => row.text)).toEqual(["web: five pods"]);
    expect(state.lately()).toEqual([]);
  });

  it("counts what a pass did to many objects, and names what it did to few", () => {
    const state = new LiveState();
    const event = (uid: string, message: string): Manifest => ({
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: uid, uid },
      lastTimestamp: `2026-01-01T00:00:0${uid}Z`,
      involvedObject: { kind: "Kustomization", namespace: "flux-system", name: "shop" },
      message,
    });
    state.happened(
      event("1", "Namespace/shop created; Service/shop/web created; Deployment/shop/web configured"),
      true,
    );
    state.happened(event("2", "Deployment/shop/web configured"), true);
    state.happened(event("3", "one; two; three"), true);
    expect(state.lately().map((one) => one.text)).toEqual([
      "shop: 2 objects created, 1 configured",
      "shop: Deployment/shop/web configured",
      "shop: one; two; three",
    ]);
  });

  it("keeps what is not ready in sight when there are too many", () => {
    const state = new LiveState();
    for (let n = 10; n < 60; n++) state.put(delivery(`d${n}`, { ready: n === 55 ? "False" : "True" }));
    const text = frame(state, 20).join("\n");
    expect(text).toContain("✗ d55");
    expect(text).toMatch(/and \d+ more/);
    expect(frame(state, 20).length).toBeLessThanOrEqual(20);
  });
});

describe("the screen", () => {
  it("writes nothing when nothing changed", () => {
    const io = memoryIo({ clock: new ManualClock(), isTerminal: true });
    const screen = new Screen(io.stdout);
    screen.draw(["a", "b"]);
    const before = io.text().stdout;
    screen.draw(["a", "b"]);
    expect(io.text().stdout).toBe(before);
  });

  it("leaves what was said once above what it draws", () => {
    const io = memoryIo({ clock: new ManualClock(), isTerminal: true });
    const screen = new Screen(io.stdout);
    screen.draw(["a"]);
    screen.say(["once"]);
    screen.draw(["b"]);
    screen.draw(["c"]);
    expect(io.text().stdout).toMatch(/a.*\[1Aonce.*\n.*b.*\[1Ac/s);
    expect(screen.hasRoom(Array.from({ length: 39 }, () => "x"))).toBe(true);
    expect(screen.hasRoom(Array.from({ length: 40 }, () => "x"))).toBe(false);
  });

  it("goes up over wrapped lines too", () => {
    const io = memoryIo({ clock: new ManualClock(), isTerminal: true });
    const screen = new Screen(io.stdout);
    screen.draw(["a", "b".repeat(250)]);
    screen.draw(["c"]);
    expect(io.text().stdout).toContain("\u001B[4Ac");
  });
});
