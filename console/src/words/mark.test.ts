import { describe, expect, it } from "vitest";
import type { Card } from "../wire/types.ts";
import { cardOf } from "../wire/samples.ts";
import { markOf, whyOf, worstOf } from "./mark.ts";

describe("a card", () => {
  const drift = [
    {
      object: { group: "apps", kind: "Deployment", namespace: "shop", name: "web" },
      fields: ["spec.replicas: 3 in Git, 5 live"],
      by: ["kubectl-edit"],
    },
  ];
  const cases: [string, Partial<Card>, string, string][] = [
    ["says nothing where all is well", {}, "ready", ""],
    [
      "is pinned, and says by whom",
      { pinned: { revision: "main@sha1:0123456789abcdef0123456789abcdef01234567", by: "ada" } },
      "held",
      "pinned at main@0123456 by ada, until somebody resumes it",
    ],
    ["is suspended whatever else it is", { isSuspended: true, ready: "False" }, "suspended", ""],
    ["says why it was suspended", { isSuspended: true, suspendReason: "audit" }, "suspended", "audit"],
    ["has failed, and says why", { ready: "False", message: "no such path" }, "failed", "no such path"],
    [
      "is held",
      { held: { revision: "main@sha1:1", reason: "Paused", message: "waits for approval", sinceMs: 1 } },
      "held",
      "waits for approval",
    ],
    ["waits for a dependency", { phase: "waiting", waitingFor: "edge" }, "waiting", "waits for edge"],
    [
      "waits, as the engine says it",
      { phase: "waiting", waitingFor: "dependency 'a/b' is not ready" },
      "waiting",
      "dependency 'a/b' is not ready",
    ],
    ["works, and says on what", { phase: "rendering" }, "working", "rendering"],
    ["is checked, and says what for", { phase: "checking", waitingFor: "web" }, "working", "waits for web"],
    [
      "has drifted and was left alone",
      { drift },
      "drifted",
      "Deployment web: spec.replicas: 3 in Git, 5 live, by kubectl-edit",
    ],
    ["is new", { ready: "", message: "" }, "working", "not looked at yet"],
  ];
  for (const [name, change, mark, words] of cases)
    it(name, () => expect([markOf(cardOf(change)), whyOf(cardOf(change))]).toEqual([mark, words]));

  it("is as healthy as its worst object", () => {
    expect(worstOf({ healthy: 3, degraded: 1 })).toBe("degraded");
    expect(worstOf({})).toBe("healthy");
  });
});
