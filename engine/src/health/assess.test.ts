import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deepFreeze, type Manifest } from "#kernel";
import { assess } from "./assess.ts";

const folder = new URL("./testdata/assess/", import.meta.url);
const now = Date.UTC(2026, 5, 1);

function readCase(name: string): Manifest {
  return deepFreeze(JSON.parse(readFileSync(new URL(`${name}/object.json`, folder), "utf8")) as Manifest);
}

function checkGolden(name: string): void {
  const health = assess(readCase(name), { now });
  const file = new URL(`${name}/expected.json`, folder);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, `${JSON.stringify(health, null, 2)}\n`);
  expect(health).toEqual(JSON.parse(readFileSync(file, "utf8")));
}

describe("health of an object", () => {
  it.each(readdirSync(folder))("%s", checkGolden);

  it("of an object that is not there is missing", () => {
    expect(assess(undefined, { now })).toMatchObject({ status: "missing", kstatus: "NotFound" });
  });

  it("survives objects of any shape", () => {
    const object = fc.record({ spec: fc.anything(), status: fc.anything() });
    fc.assert(
      fc.property(object, fc.constantFrom(...kinds), (rest, [apiVersion, kind]) => {
        const health = assess({ apiVersion, kind, metadata: { name: "x", generation: 1 }, ...rest }, { now });
        expect(health.message).not.toBe("");
      }),
    );
  });
});

const kinds: [string, string][] = [
  ["apps/v1", "Deployment"],
  ["apps/v1", "ReplicaSet"],
  ["apps/v1", "StatefulSet"],
  ["apps/v1", "DaemonSet"],
  ["v1", "Pod"],
  ["v1", "Service"],
  ["v1", "PersistentVolumeClaim"],
  ["batch/v1", "Job"],
  ["batch/v1", "CronJob"],
  ["policy/v1", "PodDisruptionBudget"],
  ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
  ["example.com/v1", "Widget"],
];

const oracle = `${process.env["KEELSON_ORACLES"] ?? ""}/kstatus`;

/** What kstatus says of each object; one process for all. */
function askKstatus(objects: readonly Manifest[]): string[] {
  const input = `${objects.map((object) => JSON.stringify(object)).join("\n")}\n`;
  const answer = spawnSync(oracle, { input, encoding: "utf8", maxBuffer: 1e9 });
  return answer.stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { status: string }).status);
}

describe.skipIf(!existsSync(oracle))("kstatus", () => {
  it("says the same of every recorded object", () => {
    const names = readdirSync(folder);
    const objects = names.map(readCase);
    const said = askKstatus(objects);
    expect(objects.map((object, i) => `${names[i]} ${assess(object, { now: Date.now() }).kstatus}`)).toEqual(
      names.map((name, i) => `${name} ${said[i]}`),
    );
  });

  it("says the same of objects with arbitrary counts and conditions", () => {
    const objects = fc.sample(arbitraryObject, { numRuns: 5000, seed: 7 }) as unknown as Manifest[];
    const said = askKstatus(objects);
    objects.forEach((object, i) => {
      expect({ object, kstatus: assess(object, { now: Date.now() }).kstatus }).toEqual({ object, kstatus: said[i] });
    });
  });
});

const count = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined });
const text = (...values: string[]) => fc.option(fc.constantFrom(...values), { nil: undefined });

const conditionTypes =
  "Ready Reconciling Stalled Available Progressing Complete Failed Suspended Established NamesAccepted ReplicaFailure PodScheduled".split(
    " ",
  );

const countNames =
  "replicas readyReplicas updatedReplicas availableReplicas currentReplicas active failed succeeded fullyLabeledReplicas desiredNumberScheduled currentNumberScheduled updatedNumberScheduled numberAvailable numberReady".split(
    " ",
  );

const arbitraryCondition = fc.record({
  type: fc.constantFrom(...conditionTypes),
  status: fc.constantFrom("True", "False", "Unknown"),
  reason: fc.constantFrom("ProgressDeadlineExceeded", "NewReplicaSetAvailable", "Unschedulable", "Installing", "Other"),
});

const arbitraryStatus = fc.record({
  ...Object.fromEntries(countNames.map((name) => [name, count])),
  observedGeneration: fc.option(fc.constantFrom(1, 1, 1, 2), { nil: undefined }),
  phase: text("Pending", "Running", "Succeeded", "Failed", "Bound", "Lost"),
  startTime: text("2026-01-01T00:00:00Z"),
  currentRevision: text("a", "b"),
  updateRevision: text("a", "b"),
  conditions: fc.array(arbitraryCondition, { maxLength: 3 }),
  containerStatuses: fc.array(
    fc.record({
      name: fc.constant("c"),
      state: fc.record({ waiting: fc.record({ reason: text("CrashLoopBackOff") }) }),
    }),
    { maxLength: 2 },
  ),
});

const arbitraryObject = fc
  .tuple(fc.constantFrom(...kinds), arbitraryStatus, count, count, text("OnDelete"))
  .map((parts) => {
    const [[apiVersion, kind], status, replicas, partition, strategy] = parts;
    const updateStrategy = { type: strategy, ...(partition === undefined ? {} : { rollingUpdate: { partition } }) };
    const metadata = { name: "x", generation: 1, creationTimestamp: "2020-01-01T00:00:00Z" };
    return JSON.parse(
      JSON.stringify({ apiVersion, kind, metadata, spec: { replicas, updateStrategy }, status }),
    ) as Manifest;
  });
