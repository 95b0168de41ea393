// Job: pods until as many have succeeded as it asks for, or too many have failed. Follows kube-controller-manager
// (pkg/controller/job, 1.36), without its tracking finalizers: what has ended is counted from the pods and the status.

import { WorkQueue } from "#controller";
import { equalJson, type Json } from "#kernel";
import { claim } from "./claiming.ts";
import { isTrue } from "./conditions.ts";
import { burst, retryBackOff, timerMaxMs } from "./limits.ts";
import { countJob, type Counts, finishedAtMs, jobStatus, verdictOf } from "./job-counting.ts";
import { failureCounts, indexOf } from "./job-rules.ts";
import { isActive } from "./pod-facts.ts";
import { podFromTemplate } from "./replica-sets.ts";
import type { Container, Job, Pod, PodSpec } from "./types.ts";
import { keyOf } from "./watched-kind.ts";
import { controllerManager, type World } from "./world.ts";

const component = "job-controller";
const indexAnnotation = "batch.kubernetes.io/job-completion-index";

export class Jobs {
  readonly queue: WorkQueue;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.queue = new WorkQueue({ clock: world.clock, backOff: retryBackOff });
  }

  start(): void {
    const { pods, jobs } = this.#world;
    jobs.subscribe((current) => {
      if (current !== undefined) this.queue.add(keyOf(current), "spec");
    });
    pods.subscribe((current, previous) => {
      const pod = current ?? previous;
      const owner = pod?.metadata.ownerReferences?.find(({ controller }) => controller === true);
      if (pod !== undefined && owner?.kind === "Job")
        this.queue.add(`${pod.metadata.namespace ?? ""}/${owner.name}`, "drift");
    });
  }

  async reconcile(key: string): Promise<{ requeueAfterMs: number } | undefined> {
    const { jobs, pods, clock } = this.#world;
    const job = jobs.byKey(key);
    if (job === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
    const finishedMs = finishedAtMs(job);
    if (finishedMs !== undefined) return this.#expire(job, finishedMs);
    if (job.spec.selector !== undefined) await claim({ owner: job, selector: job.spec.selector, kind: pods });
    const counts = countJob(job, pods.ownedBy(job));
    const verdict = verdictOf(job, counts, clock.now());
    if (verdict !== undefined || job.spec.suspend === true) await this.#stop(counts.active);
    else await this.#fill(job, counts);
    await this.#report(job);
    const deadlineMs = job.spec.activeDeadlineSeconds === undefined ? undefined : job.spec.activeDeadlineSeconds * 1000;
    if (verdict !== undefined || deadlineMs === undefined || job.status?.startTime === undefined) return undefined;
    const leftMs = Date.parse(job.status.startTime) + deadlineMs + 1000 - clock.now();
    return { requeueAfterMs: Math.min(Math.max(leftMs, 1000), timerMaxMs) };
  }

  /** A finished Job is deleted after its time to live. */
  async #expire(job: Job, finishedMs: number): Promise<{ requeueAfterMs: number } | undefined> {
    if (job.spec.ttlSecondsAfterFinished === undefined) return undefined;
    const leftMs = finishedMs + job.spec.ttlSecondsAfterFinished * 1000 - this.#world.clock.now();
    if (leftMs > 0) return { requeueAfterMs: Math.min(leftMs, timerMaxMs) };
    await this.#world.jobs.delete(job, { propagation: "Foreground" });
    return undefined;
  }

  async #stop(active: readonly Pod[]): Promise<void> {
    for (const pod of active) await this.#world.pods.delete(pod);
  }

  async #fill(job: Job, counts: Counts): Promise<void> {
    const parallelism = job.spec.parallelism ?? 1;
    const left =
      job.spec.completions === undefined
        ? counts.succeeded > 0
          ? 0
          : parallelism
        : job.spec.completions - counts.succeeded - (counts.failedIndexes?.size ?? 0);
    const wanted = Math.min(parallelism, left);
    // Where only what has failed is replaced, what is still going holds its place.
    const waitsForEnd = (job.spec.podReplacementPolicy ?? "TerminatingOrFailed") === "Failed";
    const missing = wanted - counts.active.length - (waitsForEnd ? counts.terminating : 0);
    if (counts.active.length > wanted) await this.#stop(counts.active.slice(wanted));
    // A failed pod's successor waits until the failed one's end is in the status, so that no failure is lost.
    if (missing > 0)
      for (const index of nextIndexes(job, counts, Math.min(missing, burst))) await this.#create(job, index);
  }

  async #create(job: Job, index: number | undefined): Promise<void> {
    const { pods, events } = this.#world;
    const draft = podFromTemplate(job as never, job.spec.template);
    if (index !== undefined) {
      draft.metadata.generateName = `${job.metadata.name}-${index}-`;
      const told = failureCounts(job, pods.ownedBy(job), index);
      draft.metadata.annotations = { ...draft.metadata.annotations, [indexAnnotation]: String(index), ...told };
      draft.metadata.labels = { ...draft.metadata.labels, [indexAnnotation]: String(index) };
      draft.spec = indexedSpec(draft.spec, `${job.metadata.name}-${index}`);
    }
    const pod = await pods.create(draft, controllerManager);
    if (pod === undefined) return;
    events.tell(job, {
      type: "Normal",
      reason: "SuccessfulCreate",
      message: `Created pod: ${pod.metadata.name}`,
      component,
    });
  }

  async #report(job: Job): Promise<void> {
    const { jobs, pods, clock, events } = this.#world;
    const fresh = jobs.byKey(keyOf(job));
    if (fresh === undefined) return;
    const status = jobStatus(fresh, pods.ownedBy(fresh), clock.now());
    if (equalJson(JSON.parse(JSON.stringify(status)) as Json, (fresh.status ?? {}) as Json)) return;
    await jobs.updateStatus(fresh, status, controllerManager);
    const conditions = status.conditions ?? [];
    if (isTrue(conditions, "Complete"))
      events.tell(job, { type: "Normal", reason: "Completed", message: "Job completed", component });
    const failed = conditions.find(({ type, status: is }) => type === "Failed" && is === "True");
    if (failed !== undefined)
      events.tell(job, {
        type: "Warning",
        reason: failed.reason ?? "Failed",
        message: failed.message ?? "",
        component,
      });
  }
}

/** Every container is told its index, as in Kubernetes. */
function indexedSpec(spec: PodSpec, hostname: string): PodSpec {
  const fieldPath = `metadata.labels['${indexAnnotation}']`;
  const variable = { name: "JOB_COMPLETION_INDEX", valueFrom: { fieldRef: { fieldPath } } };
  const told = (container: Container): Container => ({
    ...container,
    env: [...(container.env ?? []).filter(({ name }) => name !== variable.name), variable],
  });
  const initContainers = spec.initContainers?.map(told);
  return {
    ...spec,
    hostname,
    containers: spec.containers.map(told),
    ...(initContainers === undefined ? {} : { initContainers }),
  };
}

/** undefined: the Job is not indexed. */
function nextIndexes(job: Job, counts: Counts, count: number): (number | undefined)[] {
  if (job.spec.completionMode !== "Indexed") return Array.from({ length: count }, () => undefined);
  const taken = new Set([
    ...counts.active.filter(isActive).map(indexOf),
    ...counts.doneIndexes,
    ...(counts.failedIndexes ?? []),
  ]);
  const indexes: number[] = [];
  for (let index = 0; index < (job.spec.completions ?? 0) && indexes.length < count; index++)
    if (!taken.has(index)) indexes.push(index);
  return indexes;
}
