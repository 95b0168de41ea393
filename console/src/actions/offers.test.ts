import { describe, expect, it } from "vitest";
import { cardOf } from "../wire/samples.ts";
import type { Card, Rights } from "../wire/types.ts";
import { offersOf } from "./offers.ts";

const may: Rights = {
  reconcile: { ok: true },
  suspend: { ok: false, reason: "ada may not patch kustomizations in flux-system" },
  resume: { ok: true },
  approve: { ok: true },
  heal: { ok: true },
  accept: { ok: false, reason: "Git cannot be pushed to" },
  "roll-back": { ok: true },
};

const show = (change: Partial<Card>, rights: Rights | undefined = may): string[] =>
  offersOf(cardOf(change), rights).map(({ ask, whyNot }) => `${ask.action}${whyNot === "" ? "" : `: ${whyNot}`}`);

describe("a delivery", () => {
  it("offers to be reconciled and suspended, and says why one may not", () =>
    expect(show({})).toEqual(["reconcile", "suspend: ada may not patch kustomizations in flux-system"]));
  it("offers to be resumed when it is suspended", () =>
    expect(show({ isSuspended: true })).toEqual(["reconcile", "resume"]));
  it("offers to be resumed when it is pinned", () =>
    expect(show({ pinned: { revision: "main@sha1:1", by: "ada" } })).toEqual(["reconcile", "resume"]));
  it("offers both ways out of a drift", () => {
    const drift = [{ object: { group: "", kind: "ConfigMap", namespace: "a", name: "b" }, fields: [], by: [] }];
    expect(show({ drift }).slice(0, 2)).toEqual(["heal", "accept: Git cannot be pushed to"]);
  });
  it("offers approval of the revision that is held", () => {
    const held = { revision: "main@sha1:2", reason: "ApprovalRequired", message: "", sinceMs: 0 };
    expect(offersOf(cardOf({ held }), may)[0]?.ask).toMatchObject({ action: "approve", revision: "main@sha1:2" });
  });
  it("offers nothing that works before rights are known", () =>
    expect(offersOf(cardOf(), undefined).every(({ whyNot }) => whyNot !== "")).toBe(true));
});
