// The waits of an action by its strategy. `hookOnly` waits for hooks alone.

import { pause } from "#cluster";
import { fieldOf } from "#kernel";
import type { WaitStrategy } from "./contract.ts";
import { releaseFault } from "./faults.ts";
import { legacyErrorsMost, legacyPollMs } from "./limits.ts";
import { LookFailed, legacyReady, type Readiness } from "./legacy-ready.ts";
import { type KnownKinds, nameOf, type ReleaseObject } from "./objects.ts";
import type { Run } from "./run.ts";
import { goneJudge, hookJudge, legacyConclusion, legacyHookJudge, readyJudge, waitFor } from "./wait.ts";

export class Waiter {
  readonly #run: Run;
  readonly #strategy: WaitStrategy;
  readonly #kinds: KnownKinds;

  constructor(run: Run, strategy: WaitStrategy, kinds: KnownKinds) {
    this.#run = run;
    this.#strategy = strategy;
    this.#kinds = kinds;
  }

  /** The same waits by another strategy. */
  as(strategy: WaitStrategy): Waiter {
    return new Waiter(this.#run, strategy, this.#kinds);
  }

  /** Until the release's objects are ready; Jobs count as done only where that is asked for. */
  async ready(objects: readonly ReleaseObject[], timeoutMs: number = this.#run.timeoutMs): Promise<void> {
    if (this.#strategy === "hookOnly") return;
    const jobs = this.#run.options.waitForJobs ?? false;
    if (this.#strategy === "legacy") return this.#poll(objects, timeoutMs, jobs);
    const { expressions } = this.#run.options;
    const judge = readyJudge(this.#run, { jobs, ...(expressions === undefined ? {} : { expressions }) });
    const waited = objects.filter(({ manifest, ref }) => ref.kind !== "Deployment" || !isPaused(manifest));
    await waitFor(this.#run, waited, { judge, desired: "Current", timeoutMs, isPatient: true });
  }

  /** Until a hook has run. */
  async hook(objects: readonly ReleaseObject[]): Promise<void> {
    const { timeoutMs } = this.#run;
    if (this.#strategy !== "legacy")
      return waitFor(this.#run, objects, { judge: hookJudge, desired: "Current", timeoutMs });
    const conclude = legacyConclusion;
    for (const object of objects.filter(({ ref }) => /^(Job|Pod)$/.test(ref.kind)))
      await waitFor(this.#run, [object], { judge: legacyHookJudge(), desired: "Current", timeoutMs, conclude });
  }

  /** Until the objects are gone; `hookOnly` does not wait unless it must. */
  async gone(objects: readonly ReleaseObject[], isNeeded = false): Promise<void> {
    if (this.#strategy === "hookOnly" && !isNeeded) return;
    await waitFor(this.#run, objects, { judge: goneJudge, desired: "NotFound", timeoutMs: this.#run.timeoutMs });
  }

  /** Looks every other second at one object after the other, until all were ready in one go. */
  async #poll(objects: readonly ReleaseObject[], timeoutMs: number, checkJobs: boolean): Promise<void> {
    const { clock, cluster } = this.#run.context;
    const end = clock.now() + timeoutMs;
    const errors = new Map<ReleaseObject, number>();
    for (;;) {
      this.#run.checkGoing();
      const waiting = await this.#firstUnready(objects, { cluster, kinds: this.#kinds, checkJobs }, errors);
      if (waiting === undefined) return;
      this.#run.tell({ type: "waiting", ref: waiting.object.ref, status: "InProgress", message: waiting.message });
      if (clock.now() + legacyPollMs > end)
        throw releaseFault("release-wait-failed", "context deadline exceeded", {
          hint: `${nameOf(waiting.object)}: ${waiting.message}`,
        });
      await pause(clock, legacyPollMs, this.#run.signal);
    }
  }

  async #firstUnready(
    objects: readonly ReleaseObject[],
    look: Parameters<typeof legacyReady>[1],
    errors: Map<ReleaseObject, number>,
  ): Promise<{ object: ReleaseObject; message: string } | undefined> {
    for (const object of objects) {
      let found: Readiness;
      try {
        found = await legacyReady(object, look);
      } catch (thrown) {
        if (!(thrown instanceof LookFailed)) throw thrown;
        const count = (errors.get(object) ?? 0) + 1;
        errors.set(object, count);
        if (!thrown.isPassing || count > legacyErrorsMost) throw releaseFault("release-wait-failed", thrown.message);
        return { object, message: thrown.message };
      }
      errors.delete(object);
      if (!found.isReady) return { object, message: found.message };
    }
    return undefined;
  }
}

function isPaused(manifest: ReleaseObject["manifest"]): boolean {
  return fieldOf(manifest, "spec", "paused") === true;
}
