// Waits for objects as Helm 4.3 does with its default strategy: by watches, with kstatus' judgement (pkg/kube/statuswait.go).
// A failed object ends its own wait, not that of the others; the wait's own end names all that is not as it should be.

import { setMaxListeners } from "node:events";
import { Informer, type Resource } from "#cluster";
import { assess, type HealthExpressions, type KStatus } from "#health";
import { fieldOf, isObject, type Json, type Manifest, textOf } from "#kernel";
import { releaseFault } from "./faults.ts";
import { kstatusMessage } from "./kstatus-words.ts";
import { failedForMs } from "./limits.ts";
import type { ReleaseObject } from "./objects.ts";
import type { Run } from "./run.ts";

export type Judgement = { status: KStatus; message: string };

/** Judges an object as the server has it; undefined is one that is not there. */
export type Judge = (live: Manifest | undefined) => Judgement;

export type WaitUntil = {
  judge: Judge;
  desired: "Current" | "NotFound";
  timeoutMs: number;
  /** A failure counts only once it has lasted. */
  isPatient?: boolean;
  /** Words for the end in place of kstatus' own: of the first that failed, or none in time. */
  conclude?: (failed: Judgement | undefined) => string;
};

/** kstatus; with `jobs` a Job is current only when it is complete. */
export function readyJudge(run: Run, options: { jobs: boolean; expressions?: readonly HealthExpressions[] }): Judge {
  const { jobs, expressions } = options;
  return (live) => {
    const now = run.context.clock.now();
    const health = assess(live, { now, ...(expressions === undefined ? {} : { expressions }) });
    const message = expressions === undefined ? kstatusMessage(live, health) : health.message;
    if (live?.kind !== "Job" || live.apiVersion !== "batch/v1" || !jobs) return { status: health.kstatus, message };
    return { status: jobStatus(live), message: hookJudge(live).message };
  };
}

/** For hooks: a Job or Pod is done when it has run; whatever else is done when it is there. */
export function hookJudge(live: Manifest | undefined): Judgement {
  if (live === undefined) return { status: "NotFound", message: "Resource not found" };
  if (live.kind === "Job") {
    const status = jobStatus(live);
    return {
      status,
      message: status === "Failed" ? jobFailure(live) : status === "Current" ? "Job Completed" : "Job in progress",
    };
  }
  if (live.kind === "Pod" && live.apiVersion === "v1") {
    const phase = isObject(live["status"]) ? live["status"]["phase"] : undefined;
    if (phase === "Succeeded") return { status: "Current", message: `pod ${live.metadata.name} succeeded` };
    if (phase === "Failed") return { status: "Failed", message: `pod ${live.metadata.name} failed` };
    return { status: "InProgress", message: "Pod in progress" };
  }
  return { status: "Current", message: "Resource is current" };
}

/** The same by Helm 3's rules and in its words: what is deleted meanwhile has run, too. */
export function legacyHookJudge(): Judge {
  let isSeen = false;
  return (live) => {
    if (live === undefined) return isSeen ? { status: "Current", message: "" } : hookJudge(live);
    isSeen = true;
    const { status } = hookJudge(live);
    const failure = live.kind === "Job" ? `: ${reasonOf(live, "Failed")}` : "";
    return { status, message: `${live.kind.toLowerCase()} ${live.metadata.name} failed${failure}` };
  };
}

/** Its conclusion. */
export function legacyConclusion(failed: Judgement | undefined): string {
  return failed?.message ?? "timed out waiting for the condition";
}

/** Until nothing of it is left. */
export function goneJudge(live: Manifest | undefined): Judgement {
  return live === undefined
    ? { status: "NotFound", message: "Resource not found" }
    : { status: "Terminating", message: "Resource scheduled for deletion" };
}

function conditionIsTrue(live: Manifest, type: string): boolean {
  return trueCondition(live, type) !== undefined;
}

function trueCondition(live: Manifest, type: string): Json | undefined {
  const conditions = fieldOf(live, "status", "conditions");
  if (!Array.isArray(conditions)) return undefined;
  return conditions.find((each) => isObject(each) && each["type"] === type && each["status"] === "True");
}

function reasonOf(live: Manifest, type: string): string {
  return textOf(trueCondition(live, type), "reason");
}

function jobStatus(live: Manifest): KStatus {
  if (conditionIsTrue(live, "Complete")) return "Current";
  return conditionIsTrue(live, "Failed") ? "Failed" : "InProgress";
}

function jobFailure(live: Manifest): string {
  const completions = textOf(live, "spec", "completions") || textOf(live, "spec", "parallelism") || "1";
  return `Job Failed. failed: ${textOf(live, "status", "failed") || "0"}/${completions}`;
}

/** Resolves once all are as desired; throws a Fault that names those that are not when time is up or one has failed. */
export async function waitFor(run: Run, objects: readonly ReleaseObject[], until: WaitUntil): Promise<void> {
  if (objects.length === 0) return;
  const wait = new Wait(run, objects, until);
  await wait.settled();
}

class Wait {
  readonly #run: Run;
  readonly #until: WaitUntil;
  readonly #objects: readonly ReleaseObject[];
  readonly #informers = new Map<string, Informer<Manifest>>();
  readonly #stop = new AbortController();
  #look: () => void = () => {};
  #told = "";
  /** Since when nothing has been waited for but what has failed. */
  #failedSinceMs: number | undefined;
  /** Why a kind cannot be watched at all. */
  #refused: string | undefined;

  constructor(run: Run, objects: readonly ReleaseObject[], until: WaitUntil) {
    this.#run = run;
    this.#until = until;
    this.#objects = objects;
    // Each kind's watch listens; Node takes more than ten for a leak and says so.
    setMaxListeners(0, this.#stop.signal);
  }

  async settled(): Promise<void> {
    const { clock } = this.#run.context;
    let isLate = false;
    try {
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (this.#refused !== undefined || this.#isSettled()) resolve();
        };
        const end = (): void => {
          isLate = true;
          resolve();
        };
        this.#look = look;
        const cancel = clock.after(this.#until.timeoutMs, end);
        this.#stop.signal.addEventListener("abort", cancel);
        this.#run.signal.addEventListener("abort", () => resolve(), { signal: this.#stop.signal });
        if (this.#run.signal.aborted) resolve();
        this.#watch(look);
      });
    } finally {
      this.#stop.abort();
    }
    this.#run.checkGoing();
    this.#conclude(isLate);
  }

  /** One watch for each kind and namespace. */
  #watch(look: () => void): void {
    for (const { resource, namespace, names } of groupsOf(this.#objects)) {
      const [only] = names;
      const wanted = new Set(names);
      const informer = new Informer<Manifest>({
        cluster: this.#run.context.cluster,
        clock: this.#run.context.clock,
        resource,
        ...(resource.isNamespaced ? { namespace } : {}),
        ...(names.length === 1 ? { fieldSelector: `metadata.name=${only as string}` } : {}),
        keep: (object) =>
          wanted.has(object.metadata.name) ? object : { ...object, metadata: { name: object.metadata.name } },
        failed: (status) => {
          if (status.code !== 403 && status.code !== 401) return;
          this.#refused = status.message;
          look();
        },
      });
      this.#informers.set(groupKey(resource, namespace), informer);
      informer.subscribe({ changed: look, deleted: look });
      void informer.synced.then(look);
      void informer.run(this.#stop.signal);
    }
  }

  #judge({ resource, target }: ReleaseObject): Judgement | undefined {
    const informer = this.#informers.get(groupKey(resource, target.namespace));
    if (informer?.isSynced !== true) return undefined;
    return this.#until.judge(informer.get(target.namespace, target.name));
  }

  #isSettled(): boolean {
    let waiting: { object: ReleaseObject; judgement: Judgement } | undefined;
    let hasFailed = false;
    for (const object of this.#objects) {
      const judgement = this.#judge(object);
      if (judgement === undefined) return false;
      if (judgement.status === this.#until.desired) continue;
      if (judgement.status === "Failed" && this.#until.desired === "Current") {
        hasFailed = true;
        continue;
      }
      waiting ??= { object, judgement };
    }
    if (waiting === undefined) return !hasFailed || this.#hasLasted();
    this.#failedSinceMs = undefined;
    this.#tell(waiting.object, waiting.judgement);
    return false;
  }

  /** A Deployment that goes back from a version that failed says so a little longer. */
  #hasLasted(): boolean {
    if (this.#until.isPatient !== true) return true;
    const { clock } = this.#run.context;
    if (this.#failedSinceMs === undefined) {
      this.#failedSinceMs = clock.now();
      this.#stop.signal.addEventListener(
        "abort",
        clock.after(failedForMs, () => this.#look()),
      );
    }
    return clock.now() - this.#failedSinceMs >= failedForMs;
  }

  #tell({ ref }: ReleaseObject, { status, message }: Judgement): void {
    const key = `${ref.kind}/${ref.namespace}/${ref.name} ${status} ${message}`;
    if (key === this.#told) return;
    this.#told = key;
    this.#run.tell({ type: "waiting", ref, status, message });
  }

  #conclude(isLate: boolean): void {
    if (this.#refused !== undefined) throw releaseFault("release-wait-failed", this.#refused);
    const { desired, conclude } = this.#until;
    if (conclude !== undefined) {
      const found = this.#objects.map((object) => this.#judge(object));
      if (found.every((each) => each?.status === desired)) return;
      throw releaseFault("release-wait-failed", conclude(found.find((each) => each?.status === "Failed")));
    }
    const lines: string[] = [];
    for (const object of this.#objects) {
      const { status, message } = this.#judge(object) ?? { status: "Unknown", message: "" };
      if (status === desired) continue;
      const { kind, namespace, name } = object.ref;
      const what = desired === "Current" ? "not ready" : "still exists";
      lines.push(`resource ${kind}/${namespace}/${name} ${what}. status: ${status}, message: ${message}`);
    }
    if (isLate && lines.length > 0) lines.push("context deadline exceeded");
    if (lines.length > 0) throw releaseFault("release-wait-failed", lines.join("\n"));
  }
}

function groupKey({ group, plural }: Resource, namespace: string): string {
  return `${group}/${plural}/${namespace}`;
}

function groupsOf(objects: readonly ReleaseObject[]): { resource: Resource; namespace: string; names: string[] }[] {
  const groups = new Map<string, { resource: Resource; namespace: string; names: string[] }>();
  for (const { resource, target } of objects) {
    const key = groupKey(resource, target.namespace);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { resource, namespace: target.namespace, names: [target.name] });
    else if (!group.names.includes(target.name)) group.names.push(target.name);
  }
  return [...groups.values()];
}
