// What passes over source objects have in common: finalizer, suspension, conditions, status, events, and how an artifact is
// offered. A kind brings its work and how its faults are called; what it stores is offered before its status is written.

import {
  type ArtifactStatus,
  type Condition,
  type FluxObject,
  fluxFinalizer,
  parseDuration,
  requestedAtAnnotation,
} from "#api/flux";
import type { ReconcileResult } from "#controller";
import { type Fault, faultFrom, formatFault, formatTime, type JsonObject, type Manifest } from "#kernel";
import type { TreeHandle } from "#sources/git";
import { ConditionSet, type Mark } from "./condition-set.ts";
import { type Context, withJitter } from "./context.ts";
import { defaultTimeoutMs, dependencyRetryMs } from "./limits.ts";
import { jsonOf } from "./objects.ts";
import type { Artifact, SourceName, StoredFile } from "./store.ts";

/** Spec and status that all these kinds have. */
export type CommonSpec = { interval?: string; timeout?: string; suspend?: boolean };
export type CommonStatus = {
  observedGeneration?: number;
  conditions?: Condition[];
  artifact?: ArtifactStatus;
  lastHandledReconcileAt?: string;
};

export type FailureMark = {
  type: string;
  status: "True" | "False";
  reason: string;
  isStalled: boolean;
  also?: { type: string; reason: string; prefix?: string };
};

/** What a pass can fail at: one of these at a time. */
const failureTypes: readonly string[] = ["FetchFailed", "BuildFailed", "StorageOperationFailed"];

/** One kind of source. */
export type SourceKind<Spec extends CommonSpec, Status extends CommonStatus> = {
  work: (pass: SourcePass<Spec, Status>, signal: AbortSignal) => Promise<void>;
  /** The condition and reason that Flux has for a fault. */
  failureOf: (fault: Fault) => FailureMark;
};

/** One level-triggered pass. Faults are written into the status, then thrown on for the back-off. */
export async function reconcileSource<Spec extends CommonSpec, Status extends CommonStatus>(
  object: Manifest,
  kind: SourceKind<Spec, Status>,
  context: Context,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  if (object.metadata.deletionTimestamp !== undefined) return removeSource(object, context);
  await context.objects.setFinalizer(object, fluxFinalizer, true);
  const pass = new SourcePass<Spec, Status>(object, context);
  if (pass.spec.suspend === true) return undefined;
  const intervalMs = parseDuration(pass.spec.interval ?? "") ?? defaultTimeoutMs;
  const later = { requeueAfterMs: withJitter(intervalMs, context.random, context.jitter) };
  try {
    await pass.begin();
    await kind.work(pass, signal);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const fault = faultFrom(thrown);
    const mark = kind.failureOf(fault);
    await pass.fail(fault, mark);
    // A commit or a push may mend what the source's content caused: only asking again can tell.
    if (fault.disposition === "stall" && !mark.isStalled) return later;
    // What it waits for wakes it when it comes; the delay is for what comes without a word.
    if (fault.disposition === "wait") return { requeueAfterMs: withJitter(dependencyRetryMs, context.random) };
    throw fault;
  }
  return later;
}

/** Forgets all that a source has stored, and lets its object go. */
export async function removeSource(object: Manifest, context: Context): Promise<undefined> {
  const source = sourceNameOf(object);
  context.store.remove(source);
  await context.archives.remove(source);
  await context.snapshots.remove(source);
  await context.objects.setFinalizer(object, fluxFinalizer, false);
  return undefined;
}

export function sourceNameOf(object: Manifest): SourceName {
  return { kind: object.kind, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}

export type StoreTree = {
  revision: string;
  tree: TreeHandle;
  /** Name of the archive: `<digest>.tar.gz`. */
  file: string;
  originRevision?: string;
  metadata?: { [key: string]: string };
  /** First line of a commit's message. */
  subject?: string;
  /** Second name of the newest archive; "" for none, and then the status has no `url` of its own. */
  link?: string;
};

export type Ending = {
  /** What Ready and ArtifactInStorage say. */
  stored: Mark;
  /** Members of the status beside conditions and artifact. */
  members: JsonObject;
  /** What is told of a new artifact, and of the recovery from a failure. */
  event: Mark;
};

export class SourcePass<Spec extends CommonSpec, Status extends CommonStatus> {
  readonly object: Manifest;
  readonly context: Context;
  readonly source: SourceName;
  readonly spec: Spec;
  readonly conditions: ConditionSet;
  readonly #now: string;
  readonly #hadFailed: boolean;
  #observed: JsonObject = {};

  constructor(object: Manifest, context: Context) {
    this.object = object;
    this.context = context;
    this.source = sourceNameOf(object);
    this.spec = (object as unknown as FluxObject<Spec, Status>).spec;
    this.#now = formatTime(context.clock.now());
    const before = this.status.conditions ?? [];
    this.#hadFailed = before.some((each) => /Failed$|^IncludeUnavailable$/.test(each.type) && each.status === "True");
    this.conditions = new ConditionSet(before, { generation: this.generation, now: this.#now });
  }

  get status(): Status {
    return ((this.object as unknown as FluxObject<Spec, Status>).status ?? {}) as Status;
  }

  get generation(): number {
    return this.object.metadata.generation ?? 0;
  }

  get isNewGeneration(): boolean {
    return this.status.observedGeneration !== this.generation;
  }

  /** The artifact that the status names, if it is still there and whole. */
  get artifact(): ArtifactStatus | undefined {
    return this.status.artifact;
  }

  /** Whether somebody has asked for this pass and has no answer yet. */
  get isRequested(): boolean {
    const asked = this.object.metadata.annotations?.[requestedAtAnnotation];
    return asked !== undefined && asked !== this.status.lastHandledReconcileAt;
  }

  get timeoutMs(): number {
    return parseDuration(this.spec.timeout ?? "") ?? defaultTimeoutMs;
  }

  /** Looks whether what the status names is still stored; a new generation is said to be in progress, once. */
  async begin(): Promise<void> {
    const artifact = this.status.artifact;
    const isGone = artifact !== undefined && (await this.#isGone(artifact));
    if (isGone) {
      // Of an object that was another shard's until now, what was read from there is offered until its own is made.
      if (this.context.store.get(this.source)?.url === undefined) this.context.store.remove(this.source);
      this.conditions.remove("ArtifactInStorage");
      const message = "building artifact: disappeared from storage";
      this.conditions.progress(message, true);
      await this.writeStatus({ artifact: null, url: null }, false);
      return;
    }
    await this.#sayProgress();
    // Until there is one, whatever goes on is the building of the first.
    if (artifact === undefined) this.conditions.progress("building artifact", true);
  }

  async #sayProgress(): Promise<void> {
    const isTold = this.conditions.get("Ready")?.observedGeneration === this.generation;
    const seen = this.status.observedGeneration ?? -1;
    if (this.isNewGeneration && !isTold) {
      this.conditions.progress(`processing object: new generation ${seen} -> ${this.generation}`, false);
      await this.writeStatus({}, false);
    } else this.conditions.progress("reconciliation in progress", false);
  }

  /** Members of the status that stand there however the pass ends. */
  observe(members: JsonObject): void {
    this.#observed = members;
  }

  /** A new revision was found: what is stored is outdated until it is replaced. */
  async outdated(revisionMessage: string, reason = "NewRevision"): Promise<void> {
    if (this.artifact !== undefined)
      this.conditions.set("ArtifactOutdated", "True", { reason, message: revisionMessage });
    this.conditions.progress(`building artifact: ${revisionMessage}`, true);
    await this.writeStatus({}, false);
  }

  /** Whether this very revision is offered already. */
  isOffered(revision: string): boolean {
    return this.context.store.get(this.source)?.revision === revision && this.artifact?.revision === revision;
  }

  /** Offers files at a revision. */
  async storeTree(what: StoreTree, ending: Ending): Promise<void> {
    const { store, archives } = this.context;
    const { revision, tree, originRevision, subject, link = "latest.tar.gz" } = what;
    const artifact: Artifact = {
      ...this.source,
      revision,
      tree,
      ...(originRevision === undefined ? {} : { originRevision }),
      ...(subject === undefined ? {} : { subject }),
    };
    // Deliveries begin while the archive is written; where the disk may refuse it, what is offered stays until it stands.
    if (await archives.hasRoom()) store.put(artifact);
    const path = archives.offer(this.source, what.file, tree, link === "" ? {} : { link });
    const file = await archives.write(path);
    const stored = { path, digest: file?.digest ?? "", size: file?.size ?? 0 };
    store.put({ ...artifact, file: stored });
    await this.#finish({ revision, stored, link, metadata: what.metadata }, ending);
  }

  /** Offers a file that was kept as it came, and its files where it has such. */
  async storeFile(
    what: {
      revision: string;
      stored: StoredFile;
      link: string;
      tree?: TreeHandle;
      metadata?: { [key: string]: string };
    },
    ending: Ending,
  ): Promise<void> {
    const { revision, stored, link, tree, metadata } = what;
    this.context.store.put({ ...this.source, revision, file: stored, ...(tree === undefined ? {} : { tree }) });
    await this.#finish({ revision, stored, link, metadata }, ending);
  }

  /** What is stored stays; the status says so once more. */
  async keep(ending: Pick<Ending, "stored" | "event">, members: JsonObject = {}): Promise<void> {
    this.#mark(ending.stored);
    await this.writeStatus({ observedGeneration: this.generation, ...this.#addressed(), ...members }, true);
    if (this.#hadFailed) await this.#tell(recovery(ending.event));
  }

  /** Writes why the pass failed; the artifact stays. */
  async fail(fault: Fault, mark: FailureMark): Promise<void> {
    const hint = fault.hint === undefined ? "" : ` (${fault.hint})`;
    const message = `${formatFault(fault)}${hint}`;
    const { reason, isStalled } = mark;
    this.conditions.remove(...failureTypes);
    this.conditions.set(mark.type, mark.status, { reason, message });
    const { also } = mark;
    if (also !== undefined)
      this.conditions.set(also.type, "True", { reason: also.reason, message: `${also.prefix ?? ""}${message}` });
    this.conditions.fail({ reason, message }, isStalled);
    const observed = isStalled ? { observedGeneration: this.generation } : {};
    await this.writeStatus({ ...this.#observed, ...observed }, true);
    await this.context.objects.tell(this.object, { isWarning: true, reason, message });
  }

  /** Every end of a pass notes the request it has handled, a failed one too. */
  async writeStatus(members: JsonObject, isEnd: boolean): Promise<void> {
    const requestedAt = this.object.metadata.annotations?.[requestedAtAnnotation];
    const handled = isEnd && requestedAt !== undefined ? { lastHandledReconcileAt: requestedAt } : {};
    const all = { ...members, ...handled, conditions: this.conditions.list() as unknown as JsonObject[] };
    await this.context.objects.setStatus(this.object, all);
    // What follows in this pass compares with what now stands there.
    const next = Object.entries({ ...(this.status as unknown as JsonObject), ...all }).filter(
      ([, value]) => value !== null,
    );
    this.object["status"] = Object.fromEntries(next);
  }

  async #isGone({ path, digest, revision }: ArtifactStatus): Promise<boolean> {
    const { archives, store } = this.context;
    const state = await archives.check(path, digest ?? "");
    if (state === "whole") return false;
    // An archive of files that are still at hand is written again.
    const isMadeAgain =
      store.getTree(this.source)?.revision === revision && (await archives.write(path))?.digest === digest;
    if (state === "altered")
      await this.context.objects.tell(this.object, {
        isWarning: true,
        reason: "ArtifactVerificationFailed",
        message: `failed to verify integrity of artifact: computed digest doesn't match '${digest ?? ""}'`,
      });
    return !isMadeAgain;
  }

  async #finish(
    what: { revision: string; stored: StoredFile; link: string; metadata: { [key: string]: string } | undefined },
    ending: Ending,
  ): Promise<void> {
    const { revision, stored, link, metadata } = what;
    const before = this.artifact;
    const isUnchanged = before?.revision === revision && before.digest === stored.digest;
    const { address } = this.context;
    const folder = stored.path.slice(0, stored.path.lastIndexOf("/"));
    const artifact: ArtifactStatus = {
      ...stored,
      url: `${address}/artifacts/${stored.path}`,
      revision,
      lastUpdateTime: isUnchanged ? before.lastUpdateTime : this.#now,
      ...(metadata === undefined || Object.keys(metadata).length === 0 ? {} : { metadata }),
    };
    this.#mark(ending.stored);
    await this.writeStatus(
      {
        observedGeneration: this.generation,
        artifact: jsonOf(artifact),
        ...(link === "" ? {} : { url: `${address}/artifacts/${folder}/${link}` }),
        ...ending.members,
      },
      true,
    );
    if (!isUnchanged) await this.#tell(ending.event);
    else if (this.#hadFailed) await this.#tell(recovery(ending.event));
  }

  #mark(stored: Mark): void {
    this.conditions.remove(...failureTypes, "ArtifactOutdated");
    this.conditions.set("ArtifactInStorage", "True", stored);
    this.conditions.succeed();
  }

  /** The host part of the addresses, which another start may have changed. */
  #addressed(): JsonObject {
    const { artifact } = this;
    const { url } = this.status as { url?: string };
    if (artifact === undefined) return {};
    const base = `${this.context.address}/artifacts/`;
    const link = url?.slice(url.lastIndexOf("/") + 1) ?? "";
    const folder = artifact.path.slice(0, artifact.path.lastIndexOf("/"));
    return {
      artifact: jsonOf({ ...artifact, url: `${base}${artifact.path}` }),
      ...(link === "" ? {} : { url: `${base}${folder}/${link}` }),
    };
  }

  async #tell(event: Mark): Promise<void> {
    const { revision = "", digest = "" } = this.artifact ?? {};
    const annotations = {
      "source.toolkit.fluxcd.io/revision": revision,
      "source.toolkit.fluxcd.io/digest": digest,
    };
    await this.context.objects.tell(this.object, { isWarning: false, ...event, annotations });
  }
}

/** The event of a recovery: a chart's keeps its own reason. */
function recovery(event: Mark): Mark {
  return event.reason === "NewArtifact" ? { ...event, reason: "Succeeded" } : event;
}
