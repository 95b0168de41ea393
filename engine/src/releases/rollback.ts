// Goes back to an earlier revision: its manifest, hooks and values become a new one (pkg/action/rollback.go of Helm 4.3).

import { type Fault, faultFrom } from "#kernel";
import type { ActionResult, Release, ReleaseContext, RollbackOptions } from "./contract.ts";
import { releaseFault } from "./faults.ts";
import { HookRunner } from "./hooks.ts";
import { descriptionLengthMost } from "./limits.ts";
import { buildObjects, KnownKinds, type ReleaseObject, setOwner } from "./objects.ts";
import { ObjectWriter } from "./object-writer.ts";
import { failPending, isPending } from "./pending.ts";
import { checkName } from "./names.ts";
import { serverSideFor, straysOf } from "./revisions.ts";
import { Run, setStatus } from "./run.ts";
import { Waiter } from "./waiter.ts";

export async function rollback(context: ReleaseContext, options: RollbackOptions): Promise<ActionResult> {
  const run = new Run(context, options);
  try {
    return await new Rollback(run, options).perform();
  } catch (thrown) {
    return run.failed(faultFrom(thrown));
  }
}

type Step = { current: Release; history: readonly Release[]; isResumed: boolean };

class Rollback {
  readonly #run: Run;
  readonly #options: RollbackOptions;
  readonly #kinds: KnownKinds;
  readonly #waiter: Waiter;
  readonly #created: ReleaseObject[] = [];
  /** True when the objects could not all be written: what was made is cleaned up then, and stays where only the wait failed, as in Helm. */
  #isHalfDone = false;

  constructor(run: Run, options: RollbackOptions) {
    this.#run = run;
    this.#options = options;
    this.#kinds = new KnownKinds(run.context.cluster);
    this.#waiter = new Waiter(run, options.wait ?? "hookOnly", this.#kinds);
  }

  async perform(): Promise<ActionResult> {
    const { name, description = "", revision = 0, onPending = "refuse" } = this.#options;
    if (Array.from(description).length > descriptionLengthMost)
      throw releaseFault(
        "release-options",
        `description must be ${descriptionLengthMost} characters or less, got ${Array.from(description).length}`,
      );
    checkName(name);
    const history = await this.#run.context.storage.history(name);
    const last = history.at(-1);
    if (last === undefined) throw releaseFault("release-absent", "release: not found");
    if (isPending(last) && onPending !== "refuse") {
      const before = history.slice(0, -1);
      const current = before.at(-1);
      if (onPending === "resume" && current !== undefined && isSame(last, revision))
        return this.#carryOut(last, { current, history: before, isResumed: true });
      await failPending(this.#run, last, this.#kinds);
    }
    return this.#carryOut(this.#prepare(history, last, revision), { current: last, history, isResumed: false });
  }

  #prepare(history: readonly Release[], last: Release, revision: number): Release {
    const wanted = revision === 0 ? last.version - 1 : revision;
    const good = history.find(({ version }) => version === wanted);
    if (good === undefined)
      throw releaseFault("release-absent", `release has no ${wanted} version`, {
        hint: "keelson helm history names those that are kept",
      });
    const serverSide = serverSideFor(this.#options.serverSide, good);
    const { notes } = good.info;
    return {
      name: last.name,
      namespace: last.namespace,
      chart: good.chart,
      ...(good.config === undefined ? {} : { config: good.config }),
      info: {
        ...(last.info.first_deployed === undefined ? {} : { first_deployed: last.info.first_deployed }),
        last_deployed: this.#run.time(),
        status: "pending-rollback",
        rollback_revision: wanted,
        description: this.#options.description || `Rollback to ${wanted}`,
        ...(notes === undefined ? {} : { notes }),
      },
      version: last.version + 1,
      labels: { ...good.labels },
      manifest: good.manifest,
      ...(good.hooks === undefined ? {} : { hooks: good.hooks?.map((hook) => ({ ...hook })) ?? null }),
      apply_method: serverSide ? "ssa" : "csa",
    };
  }

  async #carryOut(release: Release, { current, history, isResumed }: Step): Promise<ActionResult> {
    if (this.#options.isDryRun) return this.#run.done(release);
    if (!isResumed) await this.#run.create(release, this.#options.maxHistory);
    const originals = await this.#build(current, "current");
    const targets = await this.#build(release, "new");
    const strays = await straysOf(history, deployedOr(history, current), this.#kinds);
    try {
      await this.#perform(release, current, { originals, targets, strays });
    } catch (thrown) {
      return this.#fail(release, thrown);
    }
    for (const one of await this.#run.context.storage.history(release.name))
      if (one.info.status === "deployed" && one.version !== release.version) {
        setStatus(one, "superseded", one.info.description ?? "");
        await this.#run.record(one);
      }
    setStatus(release, "deployed", release.info.description ?? "");
    await this.#run.record(release);
    return this.#run.done(release);
  }

  async #build(release: Release, which: string): Promise<ReleaseObject[]> {
    return buildObjects(release.manifest, this.#kinds, release.namespace).catch((thrown: unknown) => {
      const fault = faultFrom(thrown);
      throw releaseFault(
        "release-unknown-kind",
        `unable to build kubernetes objects from ${which} release manifest: ${fault.message}`,
        { cause: fault, disposition: fault.disposition },
      );
    });
  }

  async #perform(
    release: Release,
    current: Release,
    sides: { originals: ReleaseObject[]; targets: ReleaseObject[]; strays: ReleaseObject[] },
  ): Promise<void> {
    const { disableHooks, forceReplace, forceConflicts } = this.#options;
    const serverSide = release.apply_method === "ssa";
    const tools = { kinds: this.#kinds, waiter: this.#waiter, serverSide, action: "rollback" as const };
    const hooks = new HookRunner(this.#run, release, tools);
    const writer = new ObjectWriter(this.#run, {
      serverSide,
      takesOverClientSide: true,
      ...(forceReplace === undefined ? {} : { forceReplace }),
      ...(forceConflicts === undefined ? {} : { forceConflicts }),
    });
    if (!disableHooks) await hooks.execute("pre-rollback");
    setOwner(sides.targets, release);
    await writer.updateAll(sides, release, this.#created).catch(async (thrown: unknown) => {
      this.#isHalfDone = true;
      // A revision whose objects were half replaced is in force no more.
      setStatus(current, "superseded", current.info.description ?? "");
      await this.#run.record(current);
      throw thrown;
    });
    await this.#waiter.ready(sides.targets).catch(async (thrown: unknown) => {
      await this.#run.record(current);
      throw new WaitFailed(faultFrom(thrown));
    });
    if (!disableHooks) await hooks.execute("post-rollback");
  }

  async #fail(release: Release, thrown: unknown): Promise<ActionResult> {
    const { name } = release;
    const isWait = thrown instanceof WaitFailed;
    const cause = isWait ? thrown.fault : faultFrom(thrown);
    setStatus(release, "failed", `${isWait ? "Release" : "Rollback"} ${JSON.stringify(name)} failed: ${cause.message}`);
    await this.#run.record(release);
    const fault = isWait
      ? releaseFault("release-wait-failed", `release ${name} failed: ${cause.message}`, { cause })
      : cause;
    if (this.#options.cleanupOnFail && this.#isHalfDone && this.#created.length > 0)
      await new ObjectWriter(this.#run, { serverSide: true }).removeAll(this.#created, "Background");
    return this.#run.failed(fault, release);
  }
}

/** What was written did not come up: Helm says so in other words. */
class WaitFailed extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** The pending rollback goes where this one is to go. */
function isSame({ info }: Release, revision: number): boolean {
  return info.status === "pending-rollback" && (revision === 0 || info.rollback_revision === revision);
}

function deployedOr(history: readonly Release[], current: Release): Release {
  return history.filter(({ info }) => info.status === "deployed").at(-1) ?? current;
}
