// Installs a release: definitions, record, namespace, hooks, objects, waits, in the order of Helm 4.3 (pkg/action/install.go).

import { type Fault, faultFrom, type Manifest } from "#kernel";
import { chartDefinitions } from "#render/helm";
import type { ActionResult, InstallOptions, Release, ReleaseContext } from "./contract.ts";
import { applyDefinitions } from "./definitions.ts";
import { releaseFault } from "./faults.ts";
import { during, HookRunner } from "./hooks.ts";
import { buildObjects, KnownKinds, type ReleaseObject, setOwner } from "./objects.ts";
import { ObjectWriter } from "./object-writer.ts";
import { claim } from "./ownership.ts";
import { failPending, isPending, isSameWork } from "./pending.ts";
import { checkLabels, checkName } from "./names.ts";
import { newRelease, renderRelease } from "./prepare.ts";
import { Run, setStatus } from "./run.ts";
import { uninstall } from "./uninstall.ts";
import { upgrade } from "./upgrade.ts";
import { Waiter } from "./waiter.ts";

export async function install(context: ReleaseContext, options: InstallOptions): Promise<ActionResult> {
  const run = new Run(context, options);
  try {
    return await new Install(run, options).perform();
  } catch (thrown) {
    return run.failed(faultFrom(thrown));
  }
}

class Install {
  readonly #run: Run;
  readonly #options: InstallOptions;
  readonly #serverSide: boolean;
  readonly #kinds: KnownKinds;
  readonly #waiter: Waiter;

  constructor(run: Run, options: InstallOptions) {
    this.#run = run;
    this.#options = options;
    this.#serverSide = options.serverSide ?? true;
    this.#kinds = new KnownKinds(run.context.cluster);
    const asked = options.wait ?? "hookOnly";
    // What is to be undone when it fails must be waited for.
    this.#waiter = new Waiter(run, asked === "hookOnly" && options.rollbackOnFailure ? "watcher" : asked, this.#kinds);
  }

  async perform(): Promise<ActionResult> {
    checkName(this.#options.name, "release name check failed: ");
    const last = await this.#run.context.storage.last(this.#options.name);
    const pending = last !== undefined && isPending(last) && this.#policy !== "refuse" ? last : undefined;
    if (pending === undefined) this.#checkAvailable(last);
    checkLabels(this.#options.labels);
    if (pending !== undefined && (pending.info.status !== "pending-install" || this.#policy === "fail"))
      return this.#startOver(pending);
    if (!this.#options.isDryRun) await this.#applyDefinitions();
    const rendered = await renderRelease(this.#run.context, this.#options, { revision: 1, isUpgrade: false });
    if (pending !== undefined && !isSameWork(pending, rendered)) return this.#startOver(pending);
    const release =
      pending ??
      newRelease(rendered, {
        name: this.#options.name,
        namespace: this.#options.namespace,
        info: this.#firstInfo(),
        labels: { ...this.#options.labels },
        serverSide: this.#serverSide,
      });
    return this.#carryOut(release, { last, isResumed: pending !== undefined });
  }

  get #policy(): "refuse" | "resume" | "fail" {
    return this.#options.onPending ?? "refuse";
  }

  #firstInfo(): Release["info"] {
    const now = this.#run.time();
    return {
      first_deployed: now,
      last_deployed: now,
      status: "pending-install",
      description: "Initial install underway",
    };
  }

  #checkAvailable(last: Release | undefined): void {
    if (last === undefined || this.#options.isDryRun) return;
    const { status } = last.info;
    if (this.#options.replace && (status === "uninstalled" || status === "failed")) return;
    throw releaseFault("release-exists", "release name check failed: cannot reuse a name that is still in use", {
      hint: isPending(last) ? "if nothing is at work on it, go on with --resume" : "upgrade it, or choose another name",
    });
  }

  /** The revision that was cut off is other work: it has failed, and what it left is brought to what is asked for now. */
  async #startOver(pending: Release): Promise<ActionResult> {
    if (!this.#options.isDryRun) await failPending(this.#run, pending, this.#kinds);
    const { replace: _, createNamespace: __, ...options } = this.#options;
    return upgrade(this.#run.context, { ...options, valuesPolicy: "reset", serverSide: this.#serverSide });
  }

  async #applyDefinitions(): Promise<void> {
    const policy = this.#options.crds ?? "Create";
    if (policy === "Skip") return;
    const input = this.#options;
    const files = "rendered" in input ? input.rendered.rendering.crds : chartDefinitions(input.chart, input);
    await applyDefinitions(this.#run, files, {
      policy,
      labels: this.#options.crdLabels,
      serverSide: this.#serverSide,
      kinds: this.#kinds,
      waiter: this.#waiter,
    });
  }

  async #carryOut(
    release: Release,
    { last, isResumed }: { last: Release | undefined; isResumed: boolean },
  ): Promise<ActionResult> {
    const objects = await buildObjects(release.manifest, this.#kinds, release.namespace);
    setOwner(objects, release);
    const adopted = await this.#claimAll(objects, release);
    if (this.#options.isDryRun) {
      setStatus(release, release.info.status, "Dry run complete");
      return this.#run.done(release);
    }
    if (this.#options.createNamespace) await this.#createNamespace(release.namespace);
    if (!isResumed) {
      if (last !== undefined) await this.#replace(release, last);
      await this.#run.create(release, this.#options.maxHistory);
    }
    try {
      await this.#perform(release, { objects, adopted });
    } catch (thrown) {
      return this.#fail(release, faultFrom(thrown));
    }
    setStatus(release, "deployed", this.#options.description || "Install complete");
    await this.#run.record(release);
    return this.#run.done(release);
  }

  /** The objects that exist already. */
  async #claimAll(objects: readonly ReleaseObject[], release: Release): Promise<ReleaseObject[]> {
    const owner = {
      name: release.name,
      namespace: release.namespace,
      isFree: this.#options.takeOwnership ?? false,
      during: "install" as const,
    };
    const adopted: ReleaseObject[] = [];
    for (const object of objects) {
      if (object.target.name === "") continue;
      if ((await claim(this.#run.context.cluster, object.target, owner)) !== undefined) adopted.push(object);
    }
    return adopted;
  }

  async #createNamespace(name: string): Promise<void> {
    const manifest: Manifest = {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { name } },
      // Helm sends Go's zero value, and owns it.
      spec: {},
    };
    const resource = (await this.#kinds.discover()).byKind("", "Namespace", "v1");
    if (resource === undefined) throw releaseFault("release-unknown-kind", "the cluster serves no namespaces");
    const target = { resource, namespace: "", name };
    const ref = { group: "", version: "v1", kind: "Namespace", namespace: "", name };
    const writer = new ObjectWriter(this.#run, { serverSide: this.#serverSide });
    const before = await this.#run.context.cluster.get(target);
    if (before.ok && !this.#serverSide) return;
    await writer.create({ manifest, resource, target, ref });
    if (!before.ok) this.#run.note({ ref, action: "created" });
  }

  /** A new life of the name: numbered on, and the end of the former one is past. */
  async #replace(release: Release, last: Release): Promise<void> {
    release.version = last.version + 1;
    if (last.info.status !== "failed") await this.#run.recordAs(last, "superseded", "superseded by new release");
  }

  async #perform(
    release: Release,
    { objects, adopted }: { objects: ReleaseObject[]; adopted: ReleaseObject[] },
  ): Promise<void> {
    const { disableHooks, takeOwnership, forceReplace, forceConflicts } = this.#options;
    const tools = {
      kinds: this.#kinds,
      waiter: this.#waiter,
      serverSide: this.#serverSide,
      action: "install" as const,
    };
    const hooks = new HookRunner(this.#run, release, tools);
    if (!disableHooks) await hooks.execute("pre-install").catch(during("failed pre-install: "));
    if (adopted.length === 0) await new ObjectWriter(this.#run, { serverSide: this.#serverSide }).createAll(objects);
    else {
      const writer = new ObjectWriter(this.#run, {
        serverSide: this.#serverSide,
        takesOverClientSide: true,
        threeWayUntyped: (takeOwnership ?? false) && !this.#serverSide,
        ...(forceReplace === undefined ? {} : { forceReplace }),
        ...(forceConflicts === undefined ? {} : { forceConflicts }),
      });
      await writer.updateAll({ originals: adopted, targets: objects, strays: [] }, release, []);
    }
    await this.#waiter.ready(objects);
    if (!disableHooks) await hooks.execute("post-install").catch(during("failed post-install: "));
  }

  async #fail(release: Release, fault: Fault): Promise<ActionResult> {
    const { name, namespace, rollbackOnFailure } = this.#options;
    setStatus(release, "failed", `Release ${JSON.stringify(name)} failed: ${fault.message}`);
    await this.#run.record(release);
    if (!rollbackOnFailure) return this.#run.failed(fault, release);
    const { disableHooks, timeoutMs, wait } = this.#options;
    const undone = await uninstall(this.#run.context, {
      name,
      namespace,
      ...(disableHooks === undefined ? {} : { disableHooks }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      wait: wait === undefined || wait === "hookOnly" ? "watcher" : wait,
    });
    const message = undone.ok
      ? `release ${name} failed, and has been uninstalled due to rollback-on-failure being set: ${fault.message}`
      : `an error occurred while uninstalling the release. original install error: ${fault.message}: ${undone.fault.message}`;
    const whole = releaseFault("release-apply-failed", message, { cause: fault, disposition: fault.disposition });
    return this.#run.failed(whole, release, undone);
  }
}
