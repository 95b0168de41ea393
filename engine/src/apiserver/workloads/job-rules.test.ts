import { expect, it } from "vitest";
import { failedIndexesOf, failureCounts, failureOf, successRuleOf } from "./job-rules.ts";
import type { Job, Pod } from "./types.ts";

function job(spec: Partial<Job["spec"]>, failedIndexes?: string): Job {
  const template = { spec: { containers: [{ name: "c" }] } } as Job["spec"]["template"];
  const status = failedIndexes === undefined ? {} : { failedIndexes };
  return { apiVersion: "batch/v1", kind: "Job", metadata: { name: "j" }, spec: { template, ...spec }, status };
}

function failed(index: number, failures: number, exitCode = 1): Pod {
  const annotations = {
    "batch.kubernetes.io/job-completion-index": String(index),
    "batch.kubernetes.io/job-index-failure-count": String(failures),
  };
  const terminated = { exitCode, reason: "Error", startedAt: "", finishedAt: "" };
  const container = { name: "c", image: "", imageID: "", ready: false, restartCount: 0, lastState: {} };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `p-${index}`, namespace: "n", annotations },
    spec: { containers: [{ name: "c" }] },
    status: { phase: "Failed", containerStatuses: [{ ...container, state: { terminated } }] },
  };
}

const onCode = (action: "Ignore" | "FailIndex" | "FailJob", value: number): Job["spec"] =>
  job({ podFailurePolicy: { rules: [{ action, onExitCodes: { operator: "In", values: [value] } }] } }).spec;

it("an index fails after its own number of failures, and stays failed", () => {
  const one = job({ backoffLimitPerIndex: 1 }, "4");
  expect([...(failedIndexesOf(one, [failed(0, 0), failed(2, 1)]) ?? [])]).toEqual([4, 2]);
  expect(failedIndexesOf(job({}), [failed(0, 9)])).toBeUndefined();
});

it("the next pod of an index is told how often those before it failed", () => {
  const limited = { backoffLimitPerIndex: 3 };
  const ignoring = job({ ...onCode("Ignore", 7), ...limited });
  const count = "batch.kubernetes.io/job-index-failure-count";
  expect(failureCounts(job(limited), [], 0)).toEqual({ [count]: "0" });
  expect(failureCounts(job(limited), [failed(0, 0), failed(0, 1), failed(1, 2)], 0)).toEqual({ [count]: "2" });
  expect(failureCounts(ignoring, [failed(0, 1, 7)], 0)).toEqual({
    [count]: "1",
    "batch.kubernetes.io/job-index-ignored-failure-count": "1",
  });
  expect(failureCounts(job({}), [failed(0, 0)], 0)).toEqual({});
});

it("a failure is what the first rule says that it meets", () => {
  const words = "Container c for pod n/p-0 failed with exit code 3 matching FailJob rule at index 0";
  expect(failureOf(job(onCode("FailJob", 3)), failed(0, 0, 3))).toEqual({ action: "FailJob", message: words });
  expect(failureOf(job(onCode("FailJob", 3)), failed(0, 0, 4)).action).toBe("Count");
  expect(failedIndexesOf(job({ ...onCode("FailIndex", 3), backoffLimitPerIndex: 9 }), [failed(5, 0, 3)])).toEqual(
    new Set([5]),
  );
});

it("enough is what the first rule of success says", () => {
  const some = job({ successPolicy: { rules: [{ succeededIndexes: "0-1,4" }, { succeededCount: 3 }] } });
  expect(successRuleOf(some, new Set([0, 1]))).toBeUndefined();
  expect(successRuleOf(some, new Set([0, 1, 4]))).toBe(0);
  expect(successRuleOf(some, new Set([2, 3, 5]))).toBe(1);
  const part = job({ successPolicy: { rules: [{ succeededIndexes: "0-3", succeededCount: 2 }] } });
  expect(successRuleOf(part, new Set([1, 3]))).toBe(0);
});
