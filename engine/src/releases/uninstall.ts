// Removes a release's objects, and its records unless they are to be kept (pkg/action/uninstall.go of Helm 4.3). Objects with
// the resource policy `keep`, and those that are not the release's own, stay.

import { parseYaml } from "#formats/yaml";
import { type Fault, faultFrom, fieldOf, textOf } from "#kernel";
import { splitManifests, uninstallOrder } from "#render/helm";
import type { ActionResult, Release, ReleaseContext, UninstallOptions } from "./contract.ts";
import { releaseFault } from "./faults.ts";
import { HookRunner } from "./hooks.ts";
import { buildObjects, KnownKinds, type ReleaseObject } from "./objects.ts";
import { ObjectWriter, type Propagation } from "./object-writer.ts";
import { ownershipProblems } from "./ownership.ts";
import { checkName } from "./names.ts";
import { Run, setStatus } from "./run.ts";
import { Waiter } from "./waiter.ts";

export async function uninstall(context: ReleaseContext, options: UninstallOptions): Promise<ActionResult> {
  const run = new Run(context, options);
  try {
    return await new Uninstall(run, options).perform();
  } catch (thrown) {
    return run.failed(faultFrom(thrown));
  }
}

const propagations: { readonly [name in NonNullable<UninstallOptions["propagation"]>]: Propagation } = {
  background: "Background",
  foreground: "Foreground",
  orphan: "Orphan",
};

class Uninstall {
  readonly #run: Run;
  readonly #options: UninstallOptions;
  readonly #kinds: KnownKinds;
  readonly #waiter: Waiter;

  constructor(run: Run, options: UninstallOptions) {
    this.#run = run;
    this.#options = options;
    this.#kinds = new KnownKinds(run.context.cluster);
    this.#waiter = new Waiter(run, options.wait ?? "hookOnly", this.#kinds);
  }

  async perform(): Promise<ActionResult> {
    const { name, ignoreNotFound, keepHistory } = this.#options;
    checkName(name);
    const history = await this.#run.context.storage.history(name);
    const release = history.at(-1);
    if (release === undefined) {
      if (ignoreNotFound) return this.#run.done(nothing(this.#options));
      throw releaseFault("release-absent", `uninstall: Release not loaded: ${name}: release: not found`);
    }
    if (this.#options.isDryRun) return this.#run.done(release, await this.#preview(release));
    if (release.info.status === "uninstalled") {
      if (keepHistory)
        throw releaseFault("release-absent", `the release named ${JSON.stringify(name)} is already deleted`);
      await this.#purge(history);
      return this.#run.done(release);
    }
    return this.#carryOut(release, history);
  }

  async #carryOut(release: Release, history: readonly Release[]): Promise<ActionResult> {
    const { disableHooks, keepHistory, description, propagation = "background" } = this.#options;
    // How far a former try came counts only where it was one of the same kind.
    if (release.info.status !== "uninstalling") delete release.keelson;
    release.info = { ...release.info, deleted: this.#run.time() };
    setStatus(release, "uninstalling", "Deletion in progress (or silently failed)");
    const tools = { kinds: this.#kinds, waiter: this.#waiter, serverSide: true, action: "uninstall" as const };
    const hooks = new HookRunner(this.#run, release, tools);
    if (!disableHooks) await this.#orKeepStatus(release, () => hooks.execute("pre-delete"));
    await this.#run.record(release);
    const { owned, kept } = await this.#sort(release);
    const writer = new ObjectWriter(this.#run, { serverSide: true });
    const refused = await writer.removeAll(owned, propagations[propagation]);
    if (refused.length > 0)
      throw releaseFault("release-delete-failed", `failed to delete release: ${release.name}`, {
        hint: refused.map(({ message }) => message).join("; "),
      });
    const failures: Fault[] = [];
    const collect = (thrown: unknown): void => void failures.push(faultFrom(thrown));
    await this.#waiter.gone(owned).catch(collect);
    if (!disableHooks) await hooks.execute("post-delete").catch(collect);
    setStatus(release, "uninstalled", description || "Uninstallation complete");
    if (keepHistory) await this.#keep(release, history);
    else await this.#purge(history).catch(collect);
    if (failures.length === 0) return this.#run.done(release, kept);
    const messages = failures.map(({ message }) => message).join("; ");
    const fault = releaseFault(
      "release-delete-failed",
      `uninstallation completed with ${failures.length} error(s): ${messages}`,
    );
    return this.#run.failed(fault, release);
  }

  /** A hook that fails leaves the release as it is stored: uninstalling. The next try runs it anew. */
  async #orKeepStatus(release: Release, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (thrown) {
      delete release.keelson;
      await this.#run.record(release);
      throw thrown;
    }
  }

  async #keep(release: Release, history: readonly Release[]): Promise<void> {
    await this.#run.record(release);
    for (const one of history)
      if (one !== release && one.info.status === "deployed") {
        setStatus(one, "superseded", one.info.description ?? "");
        await this.#run.record(one);
      }
  }

  /** The newest goes last: as long as it stands, a next try knows what is left to do. */
  async #purge(history: readonly Release[]): Promise<void> {
    for (const { name, version } of history) await this.#run.context.storage.delete(name, version);
  }

  async #preview(release: Release): Promise<string> {
    const { owned, kept } = await this.#sort(release);
    for (const { ref } of owned) this.#run.note({ ref, action: "deleted" });
    return kept;
  }

  /** What may go, in the order in which it goes, and Helm's words on what stays. */
  async #sort(release: Release): Promise<{ owned: ReleaseObject[]; kept: string }> {
    const { keep, remove } = byPolicy(release);
    const words: string[] = [];
    if (keep.length > 0)
      words.push(`These resources were kept due to the resource policy:\n${keep.map(line).join("")}`);
    const objects = await buildObjects(
      remove.map(({ text }) => `\n---\n${text}`).join(""),
      this.#kinds,
      release.namespace,
    );
    const owned: ReleaseObject[] = [];
    const foreign: ReleaseObject[] = [];
    const unknown: { object: ReleaseObject; message: string }[] = [];
    for (const object of objects) {
      const answer = await this.#run.context.cluster.get(object.target);
      if (!answer.ok && answer.status.code !== 404) unknown.push({ object, message: answer.status.message });
      else if (answer.ok) (ownershipProblems(answer.value, release).length === 0 ? owned : foreign).push(object);
    }
    if (foreign.length > 0)
      words.push(
        `${foreign.length} resource(s) were not deleted because they are not owned by this release:\n${foreign.map(({ ref }) => line(ref)).join("")}`,
      );
    if (unknown.length > 0)
      words.push(
        `${unknown.length} resource(s) were not deleted because their ownership could not be verified:\n${unknown.map(({ object, message }) => `[${object.ref.kind}] ${object.ref.name}: ${message}\n`).join("")}`,
      );
    for (const object of [...foreign, ...unknown.map(({ object }) => object)])
      this.#run.note({ ref: object.ref, action: "kept" });
    return { owned, kept: words.join("\n") };
  }
}

function line({ kind, name }: { kind: string; name: string }): string {
  return `[${kind}] ${name}\n`;
}

type Document = { text: string; kind: string; name: string; policy: string | undefined };

const rank: ReadonlyMap<string, number> = new Map(uninstallOrder.map((kind, at) => [kind, at]));

/** The documents in the order of their removal, and those that are to stay. */
function byPolicy(release: Release): { keep: Document[]; remove: Document[] } {
  const documents = splitManifests(release.manifest).map(readDocument);
  const sorted = documents.toSorted((a, b) => {
    const [first, second] = [rank.get(a.kind), rank.get(b.kind)];
    if (first === undefined && second === undefined) return a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0;
    if (first === undefined || second === undefined) return first === undefined ? 1 : -1;
    return first - second;
  });
  return {
    keep: sorted.filter(({ policy }) => policy === "keep"),
    // Another policy than keep is left alone in either way, as in Helm.
    remove: sorted.filter(({ policy }) => policy === undefined),
  };
}

function readDocument(text: string): Document {
  let data: unknown;
  try {
    data = parseYaml(text);
  } catch (cause) {
    throw releaseFault("release-delete-failed", "corrupted release record. You must manually delete the resources", {
      cause,
    });
  }
  const policy = fieldOf(data, "metadata", "annotations", "helm.sh/resource-policy");
  return {
    text,
    kind: textOf(data, "kind"),
    name: textOf(data, "metadata", "name"),
    policy: typeof policy === "string" ? policy.trim().toLowerCase() : undefined,
  };
}

/** The answer where there was nothing to remove. */
function nothing({ name, namespace }: UninstallOptions): Release {
  return {
    name,
    namespace,
    version: 0,
    info: { status: "uninstalled" },
    chart: { metadata: {}, lock: null, templates: null, values: null, schema: null, files: null },
    manifest: "",
    labels: {},
  };
}
