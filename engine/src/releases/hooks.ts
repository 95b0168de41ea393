// Runs a release's hooks for one event: by weight and name, each until it is done, with their deletion and log policies
// (pkg/action/hooks.go of Helm 4.3). How far each came is stored before and after every step, so that whoever goes on after a
// kill waits for what is under way and runs nothing twice.

import { type Fault, faultFrom, type Manifest } from "#kernel";
import type { HookEvent } from "#render/helm";
import type { HookPhase, HookProgress, Release, ReleaseAction, ReleaseHook } from "./contract.ts";
import { releaseFault } from "./faults.ts";
import { copyHookLogs } from "./hook-logs.ts";
import { buildObjects, type KnownKinds, type ReleaseObject } from "./objects.ts";
import { ObjectWriter } from "./object-writer.ts";
import type { Run } from "./run.ts";
import type { Waiter } from "./waiter.ts";

export type HookTools = { kinds: KnownKinds; waiter: Waiter; serverSide: boolean; action: ReleaseAction };

/** A hook that ran and did not succeed: its policies count. One that could not be made keeps everything as it is. */
type Failure = { fault: Fault; hasRun: boolean; at: number };

export class HookRunner {
  readonly #run: Run;
  readonly #release: Release;
  readonly #tools: HookTools;
  readonly #writer: ObjectWriter;

  constructor(run: Run, release: Release, tools: HookTools) {
    this.#run = run;
    this.#release = release;
    this.#tools = tools;
    this.#writer = new ObjectWriter(run, { serverSide: tools.serverSide });
  }

  /** Throws a Fault when one fails. `beforeRemoval` comes between the last hook's end and the removal of their objects. */
  async execute(event: HookEvent, beforeRemoval?: () => Promise<void>): Promise<void> {
    const hooks = hooksFor(this.#release, event);
    if (hooks.length === 0) return;
    const failure = await this.#runAll(event, hooks);
    await beforeRemoval?.();
    if (failure === undefined) return this.#cleanUp(hooks);
    if (failure.hasRun) await this.#cleanUpFailed(hooks, failure.at);
    throw failure.fault;
  }

  async #runAll(event: HookEvent, hooks: readonly ReleaseHook[]): Promise<Failure | undefined> {
    for (const [at, hook] of hooks.entries()) {
      this.#run.checkGoing();
      let hasRun = false;
      try {
        await this.#runOne(event, at, hook, () => {
          hasRun = true;
        });
      } catch (thrown) {
        return { fault: faultFrom(thrown), hasRun, at };
      }
    }
    return undefined;
  }

  async #runOne(event: HookEvent, at: number, hook: ReleaseHook, made: () => void): Promise<void> {
    const key = `${event}#${at}`;
    const before = this.#progress()[key];
    if (before?.state === "done") return;
    // Helm's default.
    if ((hook.delete_policies ?? []).length === 0) hook.delete_policies = ["before-hook-creation"];
    const objects = await this.#build(hook, event);
    if (!(await this.#isUnderWay(objects, before, hook))) await this.#make(event, key, { hook, objects });
    made();
    if (this.#progress()[key]?.state !== "done") await this.#await(event, hook, objects);
    await this.#finish(event, key, hook);
  }

  /** True when a process before this one has made the hook's object; it may have ended since. */
  async #isUnderWay(
    objects: readonly ReleaseObject[],
    before: HookProgress | undefined,
    hook: ReleaseHook,
  ): Promise<boolean> {
    if (before === undefined) return false;
    const live = await this.#uids(objects);
    if (before.state === "created" && live === "") {
      this.#run.warn(`hook ${hook.path} ran and is gone; it is not run again`);
      before.state = "done";
      return true;
    }
    return live !== "" && (before.state === "created" || live !== before.before);
  }

  async #make(
    event: HookEvent,
    key: string,
    { hook, objects }: { hook: ReleaseHook; objects: readonly ReleaseObject[] },
  ): Promise<void> {
    await this.#remove(hook, "before-hook-creation", true);
    hook.last_run = { started_at: this.#run.time(), phase: "Running" };
    this.#progress()[key] = { state: "started", before: await this.#uids(objects) };
    await this.#run.record(this.#release);
    this.#tell(event, hook, "Running");
    const uids: string[] = [];
    try {
      for (const object of objects) uids.push((await this.#writer.create(object)).metadata.uid ?? "");
    } catch (thrown) {
      const fault = faultFrom(thrown);
      this.#mark(hook, "Failed");
      this.#tell(event, hook, "Failed", fault.message);
      throw releaseFault("release-hook-failed", `warning: Hook ${event} ${hook.path} failed: ${fault.message}`, {
        cause: fault,
      });
    }
    this.#progress()[key] = { ...(this.#progress()[key] as HookProgress), state: "created", uid: uids.join(" ") };
    await this.#run.record(this.#release);
  }

  async #await(event: HookEvent, hook: ReleaseHook, objects: readonly ReleaseObject[]): Promise<void> {
    try {
      await this.#tools.waiter.hook(objects);
    } catch (thrown) {
      const fault = faultFrom(thrown);
      this.#mark(hook, "Failed");
      this.#tell(event, hook, "Failed", fault.message);
      await this.#logs(hook, "hook-failed");
      throw releaseFault("release-hook-failed", fault.message, { cause: fault });
    }
  }

  async #finish(event: HookEvent, key: string, hook: ReleaseHook): Promise<void> {
    this.#mark(hook, "Succeeded");
    this.#progress()[key] = { before: "", ...this.#progress()[key], state: "done" };
    await this.#run.record(this.#release);
    this.#tell(event, hook, "Succeeded");
  }

  /** All have succeeded: the last made goes first. */
  async #cleanUp(hooks: readonly ReleaseHook[]): Promise<void> {
    for (const hook of hooks.toReversed()) {
      await this.#logs(hook, "hook-succeeded");
      await this.#remove(hook, "hook-succeeded");
    }
  }

  async #cleanUpFailed(hooks: readonly ReleaseHook[], at: number): Promise<void> {
    try {
      await this.#remove(hooks[at] as ReleaseHook, "hook-failed");
      for (const hook of hooks.slice(0, at)) await this.#remove(hook, "hook-succeeded");
    } catch (thrown) {
      this.#run.warn(`error deleting the hook resource on hook failure: ${faultFrom(thrown).message}`);
    }
  }

  async #remove(hook: ReleaseHook, policy: string, isAwaited = false): Promise<void> {
    // A definition would take all its objects with it.
    if (hook.kind === "CustomResourceDefinition" || !(hook.delete_policies ?? []).includes(policy)) return;
    const objects = await this.#build(hook, "deleting");
    const failures = await this.#writer.removeAll(objects, "Background");
    if (failures.length > 0)
      throw releaseFault("release-delete-failed", failures.map(({ message }) => message).join("; "));
    await this.#tools.waiter.gone(objects, isAwaited);
  }

  #build(hook: ReleaseHook, what: string): Promise<ReleaseObject[]> {
    return buildObjects(hook.manifest, this.#tools.kinds, this.#release.namespace).catch((thrown: unknown) => {
      const fault = faultFrom(thrown);
      const message = `unable to build kubernetes object for ${what} hook ${hook.path}: ${fault.message}`;
      throw releaseFault("release-hook-failed", message, { cause: fault, disposition: fault.disposition });
    });
  }

  /** The uids of the objects that stand and will not go; "" when one of them is absent. */
  async #uids(objects: readonly ReleaseObject[]): Promise<string> {
    const uids: string[] = [];
    for (const { target } of objects) {
      const answer = await this.#run.context.cluster.get(target);
      if (!answer.ok && answer.status.code !== 404)
        throw releaseFault("release-cluster-failed", `reading hook ${target.name}: ${answer.status.message}`);
      if (!answer.ok || isGoing(answer.value)) return "";
      uids.push(answer.value.metadata.uid ?? "");
    }
    return uids.join(" ");
  }

  #progress(): { [key: string]: HookProgress } {
    const { action } = this.#tools;
    if (this.#release.keelson?.action !== action) this.#release.keelson = { action, hooks: {} };
    return this.#release.keelson.hooks;
  }

  #mark(hook: ReleaseHook, phase: HookPhase): void {
    hook.last_run = { ...hook.last_run, completed_at: this.#run.time(), phase };
  }

  #tell(event: HookEvent, { name, kind }: ReleaseHook, phase: HookPhase, message?: string): void {
    this.#run.tell({ type: "hook", event, hook: name, kind, phase, ...(message === undefined ? {} : { message }) });
  }

  async #logs(hook: ReleaseHook, policy: "hook-succeeded" | "hook-failed"): Promise<void> {
    if ((hook.output_log_policies ?? []).includes(policy))
      await copyHookLogs(this.#run, hook, { kinds: this.#tools.kinds, namespace: this.#release.namespace });
  }
}

function isGoing(live: Manifest): boolean {
  return (live.metadata.deletionTimestamp ?? "") !== "";
}

/** The hooks of an event in the order in which they run: the stored order is that of their kinds. */
export function hooksFor(release: Release, event: HookEvent): ReleaseHook[] {
  return (release.hooks ?? [])
    .filter(({ events }) => events.includes(event))
    .toSorted((a, b) => (a.weight ?? 0) - (b.weight ?? 0) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Says what failed before its own words. */
export function during(what: string): (thrown: unknown) => never {
  return (thrown) => {
    const fault = faultFrom(thrown);
    throw releaseFault("release-hook-failed", `${what}${fault.message}`, {
      cause: fault,
      disposition: fault.disposition,
    });
  };
}
