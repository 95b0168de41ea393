// Brings a release to another chart or other values, in the order of Helm 4.3 (pkg/action/upgrade.go). What failed revisions
// since the deployed one have left is removed too where it is the release's own; Helm would forget it.

import { type Fault, faultFrom } from "#kernel";
import { chartDefinitions } from "#render/helm";
import type { ActionResult, Release, ReleaseContext, UpgradeOptions } from "./contract.ts";
import { applyDefinitions } from "./definitions.ts";
import { releaseFault } from "./faults.ts";
import { during, HookRunner } from "./hooks.ts";
import { buildObjects, difference, KnownKinds, type ReleaseObject, setOwner } from "./objects.ts";
import { ObjectWriter } from "./object-writer.ts";
import { claim } from "./ownership.ts";
import { failPending, isPending, isSameWork, refusePending } from "./pending.ts";
import { checkLabels, checkName } from "./names.ts";
import { newRelease, renderRelease } from "./prepare.ts";
import { currentOf, noDeployed, serverSideFor, straysOf } from "./revisions.ts";
import { rollback } from "./rollback.ts";
import { Run, setStatus } from "./run.ts";
import { Waiter } from "./waiter.ts";

export async function upgrade(context: ReleaseContext, options: UpgradeOptions): Promise<ActionResult> {
  const run = new Run(context, options);
  try {
    return await new Upgrade(run, options).perform();
  } catch (thrown) {
    return run.failed(faultFrom(thrown));
  }
}

/** The objects of all that is to be compared, as far as it can still be read. */
type Sides = { originals: ReleaseObject[]; targets: ReleaseObject[]; strays: ReleaseObject[] };

class Upgrade {
  readonly #run: Run;
  readonly #options: UpgradeOptions;
  readonly #kinds: KnownKinds;
  readonly #waiter: Waiter;
  /** What this action has created: goes again where a failure is to be cleaned up. */
  readonly #created: ReleaseObject[] = [];

  constructor(run: Run, options: UpgradeOptions) {
    this.#run = run;
    this.#options = options;
    this.#kinds = new KnownKinds(run.context.cluster);
    const asked = options.wait ?? "hookOnly";
    this.#waiter = new Waiter(run, asked === "hookOnly" && options.rollbackOnFailure ? "watcher" : asked, this.#kinds);
  }

  async perform(): Promise<ActionResult> {
    const { name, onPending = "refuse", labels } = this.#options;
    checkName(name);
    checkLabels(labels);
    const history = await this.#run.context.storage.history(name);
    const last = history.at(-1);
    if (last === undefined) throw noDeployed(name);
    refusePending(onPending, last);
    if (isPending(last)) {
      const resumed = onPending === "resume" ? await this.#resume(last, history) : undefined;
      if (resumed !== undefined) return resumed;
      await failPending(this.#run, last, this.#kinds);
    }
    const current = currentOf(history);
    const serverSide = serverSideFor(this.#options.serverSide, last);
    await this.#applyDefinitions(serverSide);
    const rendered = await renderRelease(this.#run.context, this.#options, {
      revision: last.version + 1,
      current,
      isUpgrade: true,
    });
    const release = newRelease(rendered, {
      name,
      namespace: current.namespace,
      info: {
        ...(current.info.first_deployed === undefined ? {} : { first_deployed: current.info.first_deployed }),
        last_deployed: this.#run.time(),
        status: "pending-upgrade",
        description: "Preparing upgrade",
      },
      labels: mergedLabels(last.labels, labels),
      serverSide,
    });
    return this.#carryOut(release, { current, history, isResumed: false });
  }

  /** Goes on with the pending revision when it is this very work; undefined when it is not. */
  async #resume(pending: Release, history: readonly Release[]): Promise<ActionResult | undefined> {
    const isInstall = pending.info.status === "pending-install";
    if (pending.info.status === "pending-rollback") return undefined;
    const before = history.slice(0, -1);
    const current = isInstall ? undefined : currentOf(before);
    const isOther = "rendered" in this.#options && this.#options.rendered.revision !== pending.version;
    if (isOther) return undefined;
    const rendered = await renderRelease(this.#run.context, this.#options, {
      revision: isInstall ? 1 : pending.version,
      isUpgrade: !isInstall,
      ...(current === undefined ? {} : { current }),
    }).catch(() => undefined);
    if (rendered === undefined || isInstall || current === undefined || !isSameWork(pending, rendered))
      return undefined;
    return this.#carryOut(pending, { current, history: before, isResumed: true });
  }

  async #applyDefinitions(serverSide: boolean): Promise<void> {
    const { crds: policy = "Skip", isDryRun } = this.#options;
    if (policy === "Skip" || isDryRun) return;
    const input = this.#options;
    const files = "rendered" in input ? input.rendered.rendering.crds : chartDefinitions(input.chart, input);
    await applyDefinitions(this.#run, files, {
      policy,
      labels: this.#options.crdLabels,
      serverSide,
      kinds: this.#kinds,
      waiter: this.#waiter,
    });
  }

  async #carryOut(
    release: Release,
    { current, history, isResumed }: { current: Release; history: readonly Release[]; isResumed: boolean },
  ): Promise<ActionResult> {
    const sides = await this.#sides(release, current, history);
    if (this.#options.isDryRun) {
      setStatus(release, release.info.status, this.#options.description || "Dry run complete");
      return this.#run.done(release);
    }
    if (!isResumed) await this.#run.create(release, this.#options.maxHistory);
    try {
      await this.#perform(release, current, sides);
    } catch (thrown) {
      return this.#fail(release, faultFrom(thrown));
    }
    await this.#supersede(history, release);
    setStatus(release, "deployed", this.#options.description || "Upgrade complete");
    await this.#run.recordSurely(release);
    return this.#run.done(release);
  }

  /** The revision that was in force; Helm leaves its description. */
  async #supersede(history: readonly Release[], release: Release): Promise<void> {
    const current = currentOf(history);
    if (current.version === release.version) return;
    setStatus(current, "superseded", current.info.description ?? "");
    await this.#run.record(current);
  }

  async #sides(release: Release, current: Release, history: readonly Release[]): Promise<Sides> {
    const namespace = release.namespace;
    const originals = await buildObjects(current.manifest, this.#kinds, namespace).catch((thrown: unknown) => {
      const fault = faultFrom(thrown);
      throw releaseFault(
        "release-unknown-kind",
        `current release manifest contains removed kubernetes api(s) for this kubernetes version and it is therefore unable to build the kubernetes objects for performing the diff. error from kubernetes: ${fault.message}`,
        { cause: fault, disposition: fault.disposition },
      );
    });
    const targets = await buildObjects(release.manifest, this.#kinds, namespace);
    setOwner(targets, release);
    const owner = {
      name: release.name,
      namespace,
      isFree: this.#options.takeOwnership ?? false,
      during: "update" as const,
    };
    for (const object of difference(targets, originals)) {
      if (object.target.name === "") continue;
      if ((await claim(this.#run.context.cluster, object.target, owner)) !== undefined) originals.push(object);
    }
    return { originals, targets, strays: await straysOf(history, current, this.#kinds) };
  }

  async #perform(release: Release, current: Release, sides: Sides): Promise<void> {
    const { disableHooks, forceReplace, forceConflicts } = this.#options;
    const serverSide = release.apply_method === "ssa";
    const tools = { kinds: this.#kinds, waiter: this.#waiter, serverSide, action: "upgrade" as const };
    const hooks = new HookRunner(this.#run, release, tools);
    const writer = new ObjectWriter(this.#run, {
      serverSide,
      takesOverClientSide: serverSide && current.apply_method !== "ssa",
      ...(forceReplace === undefined ? {} : { forceReplace }),
      ...(forceConflicts === undefined ? {} : { forceConflicts }),
    });
    if (!disableHooks) await hooks.execute("pre-upgrade").catch(during("pre-upgrade hooks failed: "));
    try {
      await writer.updateAll(sides, release, this.#created);
      await this.#waiter.ready(sides.targets);
    } catch (thrown) {
      // Helm stores the former revision again, as it is.
      await this.#run.record(current);
      throw thrown;
    }
    if (!disableHooks) await hooks.execute("post-upgrade").catch(during("post-upgrade hooks failed: "));
  }

  async #fail(release: Release, fault: Fault): Promise<ActionResult> {
    setStatus(release, "failed", `Upgrade ${JSON.stringify(release.name)} failed: ${fault.message}`);
    await this.#run.record(release);
    if (this.#options.cleanupOnFail && this.#created.length > 0) {
      const writer = new ObjectWriter(this.#run, { serverSide: true });
      const failures = await writer.removeAll(this.#created, "Background");
      if (failures.length > 0) return this.#run.failed(uncleaned(fault, failures), release);
    }
    if (!this.#options.rollbackOnFailure) return this.#run.failed(fault, release);
    return this.#goBack(release, fault);
  }

  async #goBack(release: Release, fault: Fault): Promise<ActionResult> {
    const history = await this.#run.context.storage.history(release.name);
    const good = history.filter(({ info }) => info.status === "superseded" || info.status === "deployed").at(-1);
    const say = (message: string): Fault =>
      releaseFault("release-apply-failed", message, { cause: fault, disposition: fault.disposition });
    if (good === undefined)
      return this.#run.failed(
        say(
          `unable to find a previously successful release when attempting to rollback. original upgrade error: ${fault.message}`,
        ),
        release,
      );
    const { name, namespace, wait, waitForJobs, disableHooks, forceReplace, forceConflicts, timeoutMs } = this.#options;
    const undone = await rollback(this.#run.context, {
      name,
      namespace,
      revision: good.version,
      wait: wait === undefined || wait === "hookOnly" ? "watcher" : wait,
      serverSide: this.#options.serverSide ?? "auto",
      ...(waitForJobs === undefined ? {} : { waitForJobs }),
      ...(disableHooks === undefined ? {} : { disableHooks }),
      ...(forceReplace === undefined ? {} : { forceReplace }),
      ...(forceConflicts === undefined ? {} : { forceConflicts }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    const message = undone.ok
      ? `release ${name} failed, and has been rolled back due to rollback-on-failure being set: ${fault.message}`
      : `an error occurred while rolling back the release. original upgrade error: ${fault.message}: ${undone.fault.message}`;
    return this.#run.failed(say(message), release, undone);
  }
}

function uncleaned(fault: Fault, failures: readonly Fault[]): Fault {
  const why = failures.map(({ message }) => message).join(", ");
  return releaseFault(
    "release-apply-failed",
    `an error occurred while cleaning up resources. original upgrade error: ${fault.message}: unable to cleanup resources: ${why}`,
    { cause: fault, disposition: fault.disposition },
  );
}

/** "null" takes a label away. */
function mergedLabels(
  before: { [key: string]: string },
  given: { [key: string]: string } | undefined,
): { [key: string]: string } {
  return Object.fromEntries(Object.entries({ ...before, ...given }).filter(([, value]) => value !== "null"));
}
