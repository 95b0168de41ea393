import { describe, expect, it } from "vitest";
import { countJob, jobStatus, verdictOf } from "./job-counting.ts";
import { formatIndexes, parseIndexes } from "./job-rules.ts";
import type { Job, JobStatus, Pod } from "./types.ts";

const now = Date.UTC(2026, 0, 1);

function job(spec: Partial<Job["spec"]>, status: JobStatus = {}): Job {
  const template = { spec: { containers: [] } };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "j" },
    spec: { completions: 3, template, ...spec },
    status,
  };
}

function pods(...phases: string[]): Pod[] {
  return phases.map((phase, index) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `j-${index}`, annotations: { "batch.kubernetes.io/job-completion-index": String(index) } },
    spec: { containers: [] },
    status: { phase },
  }));
}

function verdict(subject: Job, found: Pod[]): string | undefined {
  return verdictOf(subject, countJob(subject, found), now)?.reason;
}

describe("what a Job's pods add up to", () => {
  it("is complete with enough successes, also of pods that are gone", () => {
    expect(verdict(job({}), pods("Succeeded", "Succeeded", "Running"))).toBeUndefined();
    expect(verdict(job({}), pods("Succeeded", "Succeeded", "Succeeded"))).toBe("CompletionsReached");
    expect(verdict(job({}, { succeeded: 3 }), [])).toBe("CompletionsReached");
  });

  it("has failed beyond its limit, or after its deadline", () => {
    expect(verdict(job({ backoffLimit: 1 }), pods("Failed"))).toBeUndefined();
    expect(verdict(job({ backoffLimit: 1 }), pods("Failed", "Failed"))).toBe("BackoffLimitExceeded");
    const late = { startTime: "2025-12-31T23:00:00Z" };
    expect(verdict(job({ activeDeadlineSeconds: 60 }, late), pods("Running"))).toBe("DeadlineExceeded");
  });

  it("is terminal only when no pod is left running", () => {
    const running = jobStatus(job({ backoffLimit: 0 }), pods("Failed", "Running"), now);
    expect(running.conditions?.map(({ type }) => type)).toEqual(["FailureTarget"]);
    const over = jobStatus(job({ backoffLimit: 0 }), pods("Failed", "Failed"), now);
    expect(over.conditions?.map(({ type }) => type)).toEqual(["FailureTarget", "Failed"]);
  });

  it("has no start while suspended and a new one when resumed", () => {
    const suspended = jobStatus(job({ suspend: true }, { startTime: "2025-01-01T00:00:00Z" }), [], now);
    expect(suspended.startTime).toBeUndefined();
    expect(jobStatus(job({}, suspended), [], now)).toMatchObject({ startTime: "2026-01-01T00:00:00Z" });
  });

  it("counts indexes once, and writes them as ranges", () => {
    const indexed = job({ completionMode: "Indexed" }, { completedIndexes: "0-1" });
    expect(countJob(indexed, pods("Succeeded", "Succeeded", "Running")).succeeded).toBe(2);
    expect(formatIndexes(new Set([5, 0, 1, 2, 7, 8]))).toBe("0-2,5,7,8");
    expect(parseIndexes("0-2,5,7,8")).toEqual([0, 1, 2, 5, 7, 8]);
  });
});
