import { describe, expect, it } from "vitest";
import { ReleaseConditions } from "./conditions.ts";

function conditions(generation = 1, now = "T1"): ReleaseConditions {
  return new ReleaseConditions([], { generation, now: () => now });
}

const noTests = { isEnabled: false, isIgnored: false };
const tests = { isEnabled: true, isIgnored: false };

describe("conditions of a release", () => {
  it("stand in Flux's order", () => {
    const set = conditions();
    for (const type of ["Released", "Drifted", "Ready", "TestSuccess", "Reconciling"] as const)
      set.set(type, "True", { reason: "R", message: "" });
    expect(set.list().map(({ type }) => type)).toEqual(["Reconciling", "Ready", "Drifted", "Released", "TestSuccess"]);
  });

  it("say in Ready what the release says", () => {
    const set = conditions();
    set.set("Released", "True", { reason: "InstallSucceeded", message: "done" });
    set.set("Stalled", "True", { reason: "x", message: "" });
    set.summarize(noTests);
    expect(set.get("Ready")).toMatchObject({ status: "True", reason: "InstallSucceeded", message: "done" });
    expect(set.get("Stalled")).toBeUndefined();
  });

  it("put a remediation before the release, and call it no success", () => {
    const set = conditions();
    set.set("Released", "False", { reason: "UpgradeFailed", message: "broken" });
    set.set("Remediated", "True", { reason: "RollbackSucceeded", message: "back" });
    set.summarize(noTests);
    expect(set.get("Ready")).toMatchObject({ status: "False", reason: "RollbackSucceeded" });
  });

  it("put tests before the release, unless they are ignored", () => {
    const set = conditions();
    set.set("Released", "True", { reason: "UpgradeSucceeded", message: "" });
    set.set("TestSuccess", "False", { reason: "TestFailed", message: "" });
    set.summarize(tests);
    expect(set.get("Ready")).toMatchObject({ status: "False", reason: "TestFailed" });
    set.summarize({ isEnabled: true, isIgnored: true });
    expect(set.get("Ready")).toMatchObject({ status: "True", reason: "UpgradeSucceeded" });
    set.summarize(noTests);
    expect(set.get("TestSuccess")).toBeUndefined();
  });

  it("keep the time of what stays, and of what only gets another name", () => {
    const before = conditions();
    before.set("Remediated", "True", { reason: "RollbackSucceeded", message: "back" });
    const set = new ReleaseConditions(before.list(), { generation: 2, now: () => "T2" });
    set.set("Remediated", "True", { reason: "RollbackSucceeded", message: "back" });
    expect(set.get("Remediated")).toMatchObject({ lastTransitionTime: "T1", observedGeneration: 2 });
    set.replace("Remediated", "Released", { reason: "UpgradeSucceeded", message: "in sync" });
    expect(set.get("Released")).toMatchObject({ lastTransitionTime: "T1", status: "True" });
    expect(set.get("Remediated")).toBeUndefined();
  });
});
