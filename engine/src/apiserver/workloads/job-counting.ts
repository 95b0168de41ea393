// What a Job's pods add up to, and what that makes of the Job. Pure.

import { formatTime } from "#kernel";
import { conditionOf, isTrue, withCondition } from "./conditions.ts";
import { failedIndexesOf, failureOf, formatIndexes, indexOf, parseIndexes, successRuleOf } from "./job-rules.ts";
import { isActive, isReady, isTerminating } from "./pod-facts.ts";
import type { Condition, Job, JobStatus, Pod } from "./types.ts";

export type Counts = {
  active: Pod[];
  succeeded: number;
  failed: number;
  terminating: number;
  doneIndexes: Set<number>;
  /** undefined: failures are not counted by index. */
  failedIndexes: Set<number> | undefined;
  /** Why a failed pod ends the Job, by the Job's own rules. */
  failJob: string | undefined;
};

/** Why a Job is over. */
export type Verdict = { type: "Complete" | "Failed"; reason: string; message: string };

/** Never fewer than the status has: a pod that has ended may have been deleted since. */
export function countJob(job: Job, pods: readonly Pod[]): Counts {
  const isIndexed = job.spec.completionMode === "Indexed";
  const succeeded = pods.filter((pod) => pod.status?.phase === "Succeeded");
  const doneIndexes = new Set([...succeeded.map(indexOf), ...parseIndexes(job.status?.completedIndexes ?? "")]);
  doneIndexes.delete(-1);
  const failures = pods.filter((pod) => pod.status?.phase === "Failed").map((pod) => failureOf(job, pod));
  const failed = failures.filter(({ action }) => action !== "Ignore").length;
  return {
    active: pods.filter(isActive),
    succeeded: isIndexed ? doneIndexes.size : Math.max(succeeded.length, job.status?.succeeded ?? 0),
    failed: Math.max(failed, job.status?.failed ?? 0),
    terminating: pods.filter(
      (pod) => isTerminating(pod) && pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed",
    ).length,
    doneIndexes,
    failedIndexes: failedIndexesOf(job, pods),
    failJob: failures.find(({ action }) => action === "FailJob")?.message,
  };
}

/** undefined: it goes on. */
export function verdictOf(job: Job, counts: Counts, now: number): Verdict | undefined {
  return decided(job) ?? failureVerdict(job, counts, now) ?? successVerdict(job, counts);
}

/** What was found once stays, whatever becomes of the pods meanwhile. */
function decided({ status }: Job): Verdict | undefined {
  const known = status?.conditions?.find(
    ({ type, status: is }) => is === "True" && (type === "FailureTarget" || type === "SuccessCriteriaMet"),
  );
  if (known === undefined) return undefined;
  const { type, reason = "", message = "" } = known;
  return { type: type === "FailureTarget" ? "Failed" : "Complete", reason, message };
}

function failureVerdict(job: Job, counts: Counts, now: number): Verdict | undefined {
  const { completions, backoffLimit = 6, maxFailedIndexes, activeDeadlineSeconds: deadline, suspend } = job.spec;
  const type = "Failed";
  if (counts.failJob !== undefined) return { type, reason: "PodFailurePolicy", message: counts.failJob };
  const restarts = counts.active.reduce((sum, pod) => sum + restartsOf(pod), 0);
  if (counts.failed > backoffLimit || (restarts > 0 && restarts >= backoffLimit))
    return { type, reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit" };
  const startedMs = Date.parse(job.status?.startTime ?? "");
  if (deadline !== undefined && suspend !== true && startedMs + deadline * 1000 <= now)
    return { type, reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" };
  const failed = counts.failedIndexes?.size ?? 0;
  if (maxFailedIndexes !== undefined && failed > maxFailedIndexes) {
    const message = "Job has exceeded the specified maximal number of failed indexes";
    return { type, reason: "MaxFailedIndexesExceeded", message };
  }
  if (failed > 0 && completions !== undefined && failed + counts.succeeded >= completions)
    return { type, reason: "FailedIndexes", message: "Job has failed indexes" };
  return undefined;
}

function successVerdict(job: Job, counts: Counts): Verdict | undefined {
  const type = "Complete";
  const rule = successRuleOf(job, counts.doneIndexes);
  if (rule !== undefined) return { type, reason: "SuccessPolicy", message: `Matched rules at index ${rule}` };
  const isEnough =
    job.spec.completions === undefined
      ? counts.succeeded > 0 && counts.active.length === 0
      : counts.succeeded >= job.spec.completions;
  const message = "Reached expected number of succeeded pods";
  return isEnough ? { type, reason: "CompletionsReached", message } : undefined;
}

function restartsOf(pod: Pod): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
}

export function finishedAtMs(job: Job): number | undefined {
  const finished = job.status?.conditions?.find(
    ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
  );
  return finished === undefined ? undefined : Date.parse(finished.lastTransitionTime ?? "");
}

export function jobStatus(job: Job, pods: readonly Pod[], now: number): JobStatus {
  const counts = countJob(job, pods);
  const verdict = verdictOf(job, counts, now);
  const conditions = conditionsFor(job, counts, verdict, now);
  const isOver = isTrue(conditions, "Complete") || isTrue(conditions, "Failed");
  // What still ran when the Job failed is ended with it, and counts as failed.
  const isFailing = verdict?.type === "Failed" && !isTrue(job.status?.conditions, "FailureTarget");
  const ended = isFailing ? counts.active.length + counts.terminating : 0;
  const numbers = { active: counts.active.length, succeeded: counts.succeeded, failed: counts.failed + ended };
  return {
    ...(conditions.length === 0 ? {} : { conditions }),
    ...startOf(job, isOver, now),
    ...(isTrue(conditions, "Complete") ? { completionTime: job.status?.completionTime ?? formatTime(now) } : {}),
    ...Object.fromEntries(Object.entries(numbers).filter(([, count]) => count > 0)),
    ...(counts.doneIndexes.size > 0 ? { completedIndexes: formatIndexes(counts.doneIndexes) } : {}),
    ...(counts.failedIndexes === undefined ? {} : { failedIndexes: formatIndexes(counts.failedIndexes) }),
    terminating: counts.terminating,
    ready: counts.active.filter(isReady).length,
    uncountedTerminatedPods: {},
  };
}

/** A suspended Job has no start; a resumed one starts anew. */
function startOf(job: Job, isOver: boolean, now: number): { startTime?: string } {
  const known = job.status?.startTime;
  if (isOver) return known === undefined ? {} : { startTime: known };
  if (job.spec.suspend === true) return {};
  return { startTime: known === undefined || isResumed(job) ? formatTime(now) : known };
}

/** Suspended before, and no longer: its time counts anew. */
function isResumed(job: Job): boolean {
  return job.spec.suspend !== true && isTrue(job.status?.conditions, "Suspended");
}

function conditionsFor(job: Job, counts: Counts, verdict: Verdict | undefined, now: number): Condition[] {
  let conditions = job.status?.conditions ?? [];
  const set = (condition: Condition): void => {
    const isNew = conditionOf(conditions, condition.type)?.status !== condition.status;
    conditions = withCondition(conditions, isNew ? { ...condition, lastProbeTime: formatTime(now) } : condition, now);
  };
  if (verdict !== undefined) {
    const { type, reason, message } = verdict;
    set({ type: type === "Complete" ? "SuccessCriteriaMet" : "FailureTarget", status: "True", reason, message });
    // Terminal only when the last pod is gone, so that a successor never overlaps with it.
    if (counts.active.length === 0 && counts.terminating === 0) set({ type, status: "True", reason, message });
  } else if (job.spec.suspend === true) {
    set({ type: "Suspended", status: "True", reason: "JobSuspended", message: "Job suspended" });
  } else if (isTrue(conditions, "Suspended")) {
    set({ type: "Suspended", status: "False", reason: "JobResumed", message: "Job resumed" });
  }
  return conditions;
}
