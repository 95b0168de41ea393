import { describe, expect, it } from "vitest";
import { formatFieldError } from "#api/crd";
import { deepFreeze, type JsonObject, type Manifest } from "#kernel";
import { jobStatusErrors } from "./job-status.ts";
import { jobChangeErrors } from "./job-updates.ts";
import { alignAddresses, keepPodStatus, podStatusErrors } from "./pod-status.ts";
import { podChangeErrors } from "./pod-updates.ts";

const main = { name: "main", image: "a" };

function object(kind: string, spec: JsonObject, status: JsonObject = {}): Manifest {
  return deepFreeze({ apiVersion: "v1", kind, metadata: { name: "p" }, spec, status });
}

const pod = (spec: JsonObject, status?: JsonObject): Manifest => object("Pod", { containers: [main], ...spec }, status);
const texts = (errors: Parameters<typeof formatFieldError>[0][]): string[] => errors.map(formatFieldError);

type Case = readonly [title: string, next: JsonObject, live: JsonObject, fields: readonly string[]];

const gated = { schedulingGates: [{ name: "a" }], nodeSelector: { a: "b" } };
const changes: readonly Case[] = [
  ["an image may change", { containers: [{ ...main, image: "b" }] }, {}, []],
  ["a deadline may come nearer", { activeDeadlineSeconds: 5 }, { activeDeadlineSeconds: 9 }, []],
  ["and not go away", {}, { activeDeadlineSeconds: 9 }, ["spec.activeDeadlineSeconds"]],
  ["tolerations stay", { tolerations: [] }, { tolerations: [{ key: "a" }] }, ["spec.tolerations"]],
  [
    "gates go and do not come",
    { schedulingGates: [{ name: "b" }] },
    gated,
    ["spec.schedulingGates[0].name", "spec.nodeSelector"],
  ],
  ["who is held back may look for more", { ...gated, nodeSelector: { a: "b", c: "d" } }, gated, []],
  ["who is not may not", { nodeSelector: { a: "b" } }, {}, ["spec"]],
  ["containers stay", { containers: [main, { ...main, name: "b" }] }, {}, ["spec.containers"]],
];

describe("what a change of a pod may change", () => {
  it.each(changes)("%s", (_title, next, live, fields) => {
    expect(podChangeErrors(pod(next), pod(live)).map(({ field }) => field)).toEqual(fields);
  });
});

describe("what a pod's status keeps and must not say", () => {
  it("keeps the class, and takes its one address for the list", () => {
    const draft = structuredClone(pod({}, { podIP: "10.0.0.1" }));
    alignAddresses(draft);
    keepPodStatus(draft, pod({}, { qosClass: "BestEffort" }));
    expect(draft.status).toEqual({ podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }], qosClass: "BestEffort" });
  });

  it("lets no container that has ended for good begin again", () => {
    const ended = { name: "main", state: { terminated: { exitCode: 0 } } };
    const live = pod({ restartPolicy: "OnFailure" }, { containerStatuses: [ended] });
    const draft = pod(
      { restartPolicy: "OnFailure" },
      { containerStatuses: [{ name: "main", state: { running: {} } }] },
    );
    expect(texts(podStatusErrors(draft, live))).toEqual([
      "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state",
    ]);
  });
});

describe("what a change of a Job may change", () => {
  const spec = {
    completions: 2,
    completionMode: "Indexed",
    parallelism: 2,
    template: { spec: { containers: [main] } },
  };
  const placed = { ...spec, template: { spec: { containers: [main], nodeSelector: { a: "b" } } } };

  it("its completions with its parallelism, and where it runs while it is suspended", () => {
    const job = (more: JsonObject, status?: JsonObject): Manifest => object("Job", { ...spec, ...more }, status);
    expect(jobChangeErrors(job({ completions: 3, parallelism: 3 }), job({}))).toEqual([]);
    expect(jobChangeErrors(job({ completions: 3 }), job({}))).toHaveLength(1);
    expect(jobChangeErrors(job({ template: placed.template }), job({ suspend: true }))).toEqual([]);
    expect(jobChangeErrors(job({ template: placed.template }), job({}))).toHaveLength(1);
  });

  it("is told of a status that says two things", () => {
    const conditions = ["Complete", "Failed"].map((type) => ({ type, status: "True" }));
    const errors = jobStatusErrors(object("Job", spec, { conditions }), object("Job", spec));
    expect(texts(errors)).toContain(
      "status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions",
    );
  });
});
