// batch/Job and batch/CronJob. For kstatus a Job is done once it runs; Flux waits until it is complete or suspended.

import { conditionsOf, type Manifest } from "#kernel";
import { isTrueAt, numberAt, textAt } from "./fields.ts";
import { current, failed, type Finding, inProgress, share } from "./health.ts";

export function assessJob(object: Manifest): Finding {
  const completions = numberAt(object, "spec.completions", numberAt(object, "spec.parallelism", 1));
  const succeeded = numberAt(object, "status.succeeded", 0);
  for (const { type, status, message } of conditionsOf(object)) {
    if (status !== "True") continue;
    if (type === "Complete")
      return current(`complete: ${share(succeeded, completions, "pod")} succeeded`, "JobComplete");
    if (type === "Failed") return failed("JobFailed", message || "has failed");
    if (type === "Suspended")
      return { ...running(object, "is suspended"), status: "suspended", reason: "JobSuspended", waits: "Current" };
  }
  const active = numberAt(object, "status.active", 0);
  return running(object, `${share(succeeded, completions, "pod")} succeeded, ${active} running`);
}

function running(object: Manifest, message: string): Finding {
  if (textAt(object, "status.startTime", "") === "") return inProgress("JobNotStarted", "has not started yet");
  return { kstatus: "Current", status: "progressing", waits: "InProgress", reason: "JobRunning", message };
}

export function assessCronJob(object: Manifest): Finding {
  if (isTrueAt(object, "spec.suspend")) return { ...current("is suspended", "CronJobSuspended"), status: "suspended" };
  const last = textAt(object, "status.lastScheduleTime", "");
  return current(last === "" ? "has not run yet" : `last ran at ${last}`);
}
