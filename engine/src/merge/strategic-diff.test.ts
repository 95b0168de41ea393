import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { builtinSchemas, schemaFor } from "#api/kubernetes";
import type { JsonObject } from "#kernel";
import { strategicMerge } from "./strategic.ts";
import { mergePatchBetween, threeWayMergePatch, threeWayStrategicPatch } from "./strategic-diff.ts";

const deployment = { schemas: builtinSchemas, root: schemaFor("apps", "v1", "Deployment") as string };

function workload(containers: JsonObject[], more: JsonObject = {}): JsonObject {
  return { apiVersion: "apps/v1", kind: "Deployment", spec: { template: { spec: { containers } }, ...more } };
}

/** The live object after the patch. */
function patched(original: JsonObject, modified: JsonObject, live: JsonObject): JsonObject {
  const patch = threeWayStrategicPatch({ original, modified, live }, deployment);
  const result = strategicMerge(live, patch, deployment);
  if (!result.ok) throw new Error(result.message);
  return result.value;
}

describe("a three-way strategic patch", () => {
  it("sets what the manifest says, removes what left it, and keeps what others added", () => {
    const original = workload([
      { name: "a", image: "a:1", env: [{ name: "X", value: "1" }] },
      { name: "b", image: "b" },
    ]);
    const modified = workload([
      { name: "a", image: "a:2", env: [{ name: "Y", value: "1" }] },
      { name: "c", image: "c" },
    ]);
    const live = workload([
      {
        name: "a",
        image: "a:1",
        env: [
          { name: "X", value: "1" },
          { name: "Z", value: "2" },
        ],
        tty: true,
      },
      { name: "b", image: "b" },
      { name: "injected", image: "i" },
    ]);
    expect(patched(original, modified, live)).toEqual(
      workload([
        {
          name: "a",
          image: "a:2",
          env: [
            { name: "Y", value: "1" },
            { name: "Z", value: "2" },
          ],
          tty: true,
        },
        { name: "c", image: "c" },
        { name: "injected", image: "i" },
      ]),
    );
  });

  it("replaces one of a union by another", () => {
    const rolling = { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } };
    const live = workload([{ name: "a" }], rolling);
    expect(
      patched(workload([{ name: "a" }]), workload([{ name: "a" }], { strategy: { type: "Recreate" } }), live),
    ).toEqual(workload([{ name: "a" }], { strategy: { type: "Recreate" } }));
  });

  it("is empty where the live object already is as the manifest says", () => {
    const one = workload([{ name: "a", image: "x" }]);
    const live = workload([{ name: "a", image: "x", tty: true }], { replicas: 3 });
    expect(threeWayStrategicPatch({ original: one, modified: one, live }, deployment)).toEqual({});
  });

  it("gives the manifest's own containers whatever stood there before", () => {
    const container = fc
      .uniqueArray(fc.constantFrom("a", "b", "c", "d"), { maxLength: 4 })
      .chain((names) =>
        fc.tuple(...names.map((name) => fc.constantFrom("1", "2").map((image): JsonObject => ({ name, image })))),
      );
    fc.assert(
      fc.property(container, container, (before, after) => {
        const [original, modified] = [workload(before), workload(after)];
        const result = patched(original, modified, original) as {
          spec: { template: { spec: { containers: unknown } } };
        };
        expect(result.spec.template.spec.containers).toEqual(after);
      }),
      { numRuns: 200, seed: 7 },
    );
  });
});

describe("merge patches", () => {
  it("turn one document into the other", () => {
    expect(mergePatchBetween({ a: 1, b: { c: 1, d: [1] } }, { b: { c: 2, d: [1] }, e: {} })).toEqual({
      a: null,
      b: { c: 2 },
      e: {},
    });
  });

  it("three-way, keep what others added", () => {
    const patch = threeWayMergePatch({ original: { a: 1, b: 1 }, modified: { b: 2 }, live: { a: 1, b: 1, c: 1 } });
    expect(patch).toEqual({ a: null, b: 2 });
  });
});
