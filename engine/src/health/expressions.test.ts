import { describe, expect, it } from "vitest";
import type { Manifest } from "#kernel";
import { assess } from "./assess.ts";
import { checkExpressions, type HealthExpressions } from "./expressions.ts";

const sealed: HealthExpressions = {
  apiVersion: "bitnami.com/v1alpha1",
  kind: "SealedSecret",
  failed: "status.conditions.filter(e, e.type == 'Synced').all(e, e.status == 'False')",
  current: "status.conditions.filter(e, e.type == 'Synced').all(e, e.status == 'True')",
};

function secret(status: unknown, generation = 2): Manifest {
  return {
    apiVersion: "bitnami.com/v1",
    kind: "SealedSecret",
    metadata: { name: "x", generation },
    ...(status === undefined ? {} : { status }),
  };
}

const synced = (status: string) => ({ observedGeneration: 2, conditions: [{ type: "Synced", status }] });

describe("health by expressions", () => {
  it.each<[string, Manifest, string, string]>([
    ["current", secret(synced("True")), "Current", "healthy"],
    ["failed", secret(synced("False")), "Failed", "degraded"],
    ["in progress when none holds", secret(synced("Unknown")), "InProgress", "progressing"],
    ["in progress while the generation is not observed", secret(synced("True"), 3), "InProgress", "progressing"],
    ["unknown when a field it reads is absent", secret(undefined), "Unknown", "unknown"],
  ])("is %s", (_, object, kstatus, status) => {
    expect(assess(object, { now: 0, expressions: [sealed] })).toMatchObject({ kstatus, status });
  });

  it("is asked in the order in progress, failed, current", () => {
    const all = { apiVersion: "bitnami.com/v1", inProgress: "true", failed: "true", current: "true" };
    expect(assess(secret(synced("True")), { now: 0, expressions: [all] }).kstatus).toBe("InProgress");
    expect(assess(secret(synced("True")), { now: 0, expressions: [{ ...all, inProgress: "false" }] }).kstatus).toBe(
      "Failed",
    );
  });

  it("leaves other kinds and groups to their own rules", () => {
    for (const other of [
      { ...sealed, kind: "Other" },
      { ...sealed, apiVersion: "example.com/v1" },
    ])
      expect(assess(secret(synced("False")), { now: 0, expressions: [other] }).kstatus).toBe("Current");
  });

  it("says what is wrong with an expression before any object is seen", () => {
    expect(checkExpressions(sealed)).toBeUndefined();
    expect(checkExpressions({ ...sealed, current: "" })).toBe("expression current not specified");
    expect(checkExpressions({ ...sealed, failed: "status.(" })).toMatch(/^failed to parse the expression failed: /);
  });
});
