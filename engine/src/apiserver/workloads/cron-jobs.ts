// CronJob: a Job at each time of its schedule, and no more old ones than its history allows. One timer, none polled.

import { WorkQueue } from "#controller";
import { equalJson, formatTime, type Json, type JsonObject, type Manifest } from "#kernel";
import { controllerReference } from "./claiming.ts";
import { isTrue } from "./conditions.ts";
import { nextTime, parseSchedule, type Schedule, zonedTime } from "./cron-schedule.ts";
import { finishedAtMs } from "./job-counting.ts";
import { missedStartsMax, retryBackOff, timerMaxMs } from "./limits.ts";
import type { CronJob, Job } from "./types.ts";
import { keyOf } from "./watched-kind.ts";
import { controllerManager, type World } from "./world.ts";

const component = "cronjob-controller";

export class CronJobs {
  readonly queue: WorkQueue;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.queue = new WorkQueue({ clock: world.clock, backOff: retryBackOff });
  }

  start(): void {
    const { jobs, cronJobs } = this.#world;
    cronJobs.subscribe((current) => {
      if (current !== undefined) this.queue.add(keyOf(current), "spec");
    });
    jobs.subscribe((current, previous) => {
      const job = current ?? previous;
      const owner = job?.metadata.ownerReferences?.find(({ controller }) => controller === true);
      if (job !== undefined && owner?.kind === "CronJob")
        this.queue.add(`${job.metadata.namespace ?? ""}/${owner.name}`, "drift");
    });
  }

  async reconcile(key: string): Promise<{ requeueAfterMs: number } | undefined> {
    const { cronJobs, clock } = this.#world;
    const cron = cronJobs.byKey(key);
    if (cron === undefined || cron.metadata.deletionTimestamp !== undefined) return undefined;
    await this.#trim(cron);
    const schedule = parseSchedule(cron.spec.schedule);
    let scheduled: number | undefined;
    if (cron.spec.suspend !== true) scheduled = await this.#startDue(cron, schedule);
    await this.#report(cron, scheduled);
    if (cron.spec.suspend === true) return undefined;
    const next = nextTime(schedule, clock.now(), cron.spec.timeZone);
    // A little later than the minute, so that it has surely come.
    return next === undefined ? undefined : { requeueAfterMs: Math.min(next - clock.now() + 10, timerMaxMs) };
  }

  /** Starts the newest missed run, unless it is too late or the policy forbids; its time when the schedule has been served. */
  async #startDue(cron: CronJob, schedule: Schedule): Promise<number | undefined> {
    const { clock, jobs, events } = this.#world;
    const dueMs = this.#lastDue(cron, schedule);
    if (dueMs === undefined) return undefined;
    const deadline = cron.spec.startingDeadlineSeconds;
    if (deadline !== undefined && dueMs + deadline * 1000 < clock.now()) return undefined;
    const active = this.#activeJobs(cron);
    if (active.length > 0 && cron.spec.concurrencyPolicy === "Forbid") return undefined;
    if (cron.spec.concurrencyPolicy === "Replace")
      for (const job of active) await jobs.delete(job, { propagation: "Background" });
    const job = await jobs.create(jobFor(cron, dueMs), controllerManager);
    if (job !== undefined)
      events.tell(cron, {
        type: "Normal",
        reason: "SuccessfulCreate",
        message: `Created job ${job.metadata.name}`,
        component,
      });
    return dueMs;
  }

  #lastDue(cron: CronJob, schedule: Schedule): number | undefined {
    const now = this.#world.clock.now();
    const { creationTimestamp = "" } = cron.metadata;
    const deadlineMs =
      cron.spec.startingDeadlineSeconds === undefined ? undefined : now - cron.spec.startingDeadlineSeconds * 1000;
    const sinceMs = Math.max(Date.parse(cron.status?.lastScheduleTime ?? creationTimestamp) || now, deadlineMs ?? 0);
    let due: number | undefined;
    let from = sinceMs;
    for (let missed = 0; missed <= missedStartsMax; missed++) {
      const next = nextTime(schedule, from, cron.spec.timeZone);
      if (next === undefined || next > now) return due;
      due = next;
      // After a long sleep only the newest matters: look from shortly before now.
      from = missed === missedStartsMax - 1 ? Math.max(next, now - 86_400_000) : next;
    }
    return due;
  }

  #activeJobs(cron: CronJob): Job[] {
    return this.#world.jobs.ownedBy(cron).filter((job) => finishedAtMs(job) === undefined);
  }

  async #trim(cron: CronJob): Promise<void> {
    const finished = this.#world.jobs
      .ownedBy(cron)
      .filter((job) => finishedAtMs(job) !== undefined && job.metadata.deletionTimestamp === undefined)
      .sort((a, b) => (finishedAtMs(a) ?? 0) - (finishedAtMs(b) ?? 0));
    const good = finished.filter(({ status }) => isTrue(status?.conditions, "Complete"));
    const bad = finished.filter((job) => !good.includes(job));
    const surplus = [
      ...good.slice(0, Math.max(0, good.length - (cron.spec.successfulJobsHistoryLimit ?? 3))),
      ...bad.slice(0, Math.max(0, bad.length - (cron.spec.failedJobsHistoryLimit ?? 1))),
    ];
    for (const job of surplus) await this.#world.jobs.delete(job, { propagation: "Background" });
  }

  async #report(cron: CronJob, scheduled: number | undefined): Promise<void> {
    const { cronJobs, jobs } = this.#world;
    const fresh = cronJobs.byKey(keyOf(cron));
    if (fresh === undefined) return;
    const successes = jobs.ownedBy(fresh).flatMap(({ status }) => status?.completionTime ?? []);
    const newest = [...successes, fresh.status?.lastSuccessfulTime ?? ""].sort((a, b) => (a < b ? -1 : 1)).at(-1) ?? "";
    const active = this.#activeJobs(fresh).map(referenceTo);
    const lastScheduleTime = scheduled === undefined ? fresh.status?.lastScheduleTime : formatTime(scheduled);
    const status = {
      ...(active.length === 0 ? {} : { active }),
      ...(lastScheduleTime === undefined ? {} : { lastScheduleTime }),
      ...(newest === "" ? {} : { lastSuccessfulTime: newest }),
    };
    if (equalJson(status as Json, (fresh.status ?? {}) as Json)) return;
    await cronJobs.updateStatus(fresh, status, controllerManager);
  }
}

/** Named by its minute, so that one run is never started twice. */
function jobFor(cron: CronJob, dueMs: number): Job {
  const { metadata, spec } = cron.spec.jobTemplate;
  const seconds = Math.floor(dueMs / (cron.spec.schedule.startsWith("@every") ? 1000 : 60_000));
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: `${cron.metadata.name}-${seconds}`,
      namespace: cron.metadata.namespace ?? "",
      ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
      annotations: {
        ...metadata?.annotations,
        "batch.kubernetes.io/cronjob-scheduled-timestamp": zonedTime(dueMs, cron.spec.timeZone),
      },
      ownerReferences: [controllerReference(cron)],
    },
    spec,
  };
}

function referenceTo({ apiVersion, kind, metadata }: Manifest): JsonObject {
  const { name, namespace = "", uid = "", resourceVersion = "" } = metadata;
  return { apiVersion, kind, name, namespace, uid, resourceVersion };
}
