import { describe, expect, it } from "vitest";
import type { Card } from "./api.ts";
import { markOf, wordsOf } from "./mark.ts";

const card: Card = {
  kind: "Kustomization",
  namespace: "flux-system",
  name: "apps",
  key: "Kustomization/flux-system/apps",
  role: "delivery",
  ready: "True",
  reason: "ReconciliationSucceeded",
  message: "Applied revision: main@sha1:6c4d3e9d",
  revision: "main@sha1:6c4d3e9d",
  isSuspended: false,
  isReconciling: false,
  phase: "",
  waitingFor: "",
  path: "./apps",
  objects: 3,
  drift: [],
  dependsOn: [],
  url: "",
};

describe("a card", () => {
  const cases: [string, Partial<Card>, string, string][] = [
    ["says nothing where all is well", {}, "ready", ""],
    ["is suspended whatever else it is", { isSuspended: true, ready: "False" }, "suspended", "suspended"],
    ["has failed, and says why", { ready: "False", message: "no such path" }, "failed", "no such path"],
    ["waits for a dependency", { phase: "waiting", waitingFor: "edge" }, "waiting", "waits for edge"],
    ["works, and says on what", { phase: "rendering" }, "working", "rendering"],
    ["is checked, and says what for", { phase: "checking", waitingFor: "web" }, "working", "waits for web"],
    ["has drifted and was left alone", { drift: ["replicas 3 → 5"] }, "drifted", "replicas 3 → 5"],
    ["is new", { ready: "", message: "" }, "working", "not looked at yet"],
  ];
  for (const [name, change, mark, words] of cases)
    it(name, () => expect([markOf({ ...card, ...change }), wordsOf({ ...card, ...change })]).toEqual([mark, words]));
});
