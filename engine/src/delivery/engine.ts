// The engine over all deliveries: reads them through their dialects, decides when each is looked at, runs the passes and
// reports. It knows no kind; everything it must remember stands in Git or in the Kubernetes API.

import { setMaxListeners } from "node:events";
import { type Cluster, type Identity, Informer } from "#cluster";
import { runController, type Pass, type Priority, type ReconcileResult, WorkQueue } from "#controller";
import { type Clock, type Fault, faultFrom, formatFault, type Manifest, readsHold, refKey, refOf } from "#kernel";
import { Claims } from "./claims.ts";
import { sameSource } from "./dependencies.ts";
import { describeDrift, whyResting } from "./drift-log.ts";
import { DeliveryFault } from "./faults.ts";
import { finalise, setFinalizers } from "./finalise.ts";
import { Kinds } from "./kinds.ts";
import { concurrentPasses, dependencyRetryMs, kindPollMs, soonRetryMs } from "./limits.ts";
import { isNewer, Live, type LiveNote } from "./live.ts";
import {
  type Delivery,
  deliveryKey,
  type Dialect,
  type Outcome,
  type Phase,
  type Report,
  type SourceRef,
} from "./model.ts";
import { type PassResult, prepare, runPass, type SourceArtifact } from "./pass.ts";
import { RenderDesk, type RenderPool, withNeeds } from "./render-desk.ts";
import { type DeliverySnapshot, type EngineSnapshot, objectsOf, type ObjectSnapshot, snapshotOf } from "./snapshot.ts";
import { isChange, Reporter, type Served } from "./reporter.ts";
import { type DeliveryState, newState } from "./state.ts";
import { pause } from "./waiting.ts";

/** What sources offer, as the artifacts room keeps it. */
export interface ArtifactView {
  get(ref: SourceRef): SourceArtifact | undefined;
  /** Told of each source whose artifact changed. */
  subscribe(listener: (ref: SourceRef) => void): () => void;
  /** Why a source offers nothing, in words. */
  whyNot(ref: SourceRef): Promise<string>;
}

export type DeliveryOptions = {
  cluster: Cluster;
  artifacts: ArtifactView;
  dialects: readonly Dialect[];
  pool: RenderPool;
  clock: Clock;
  signal: AbortSignal;
  random?: () => number;
  /** Told of what went wrong behind the scenes, without secrets. */
  logged?: (message: string) => void;
};

/** The running engine. */
export interface Engine {
  snapshot(): EngineSnapshot;
  /** The applied objects of one delivery with their health. */
  objects(key: string): ObjectSnapshot[];
  /** Told after each change of one delivery. The function returned ends it. */
  subscribe(listener: (changed: DeliverySnapshot) => void): () => void;
  /** Looks at a delivery now. */
  reconcile(key: string): void;
  /** Resolved when the signal has aborted and all work has ended. */
  readonly ended: Promise<void>;
  /** For measurements: renderings made and reused, status writes. */
  counts(): { rendered: number; reused: number; statusWrites: number };
}

/** Starts the engine; it runs until the signal aborts. */
export function startDelivery(options: DeliveryOptions): Engine {
  return new DeliveryEngine(options);
}

class DeliveryEngine implements Engine {
  readonly ended: Promise<void>;
  readonly #options: DeliveryOptions;
  readonly #states = new Map<string, DeliveryState>();
  readonly #served = new Map<string, Served>();
  readonly #listeners = new Set<(changed: DeliverySnapshot) => void>();
  readonly #queue: WorkQueue;
  readonly #kinds: Kinds;
  readonly #live: Live;
  readonly #desk: RenderDesk;
  readonly #claims: Claims;
  readonly #reporter: Reporter;
  readonly #asIdentity = new Map<string, Cluster>();
  /** Called when some definition changed, by who waits for a kind to be served. */
  readonly #awaitingDefinition = new Set<() => void>();

  constructor(options: DeliveryOptions) {
    const { cluster, clock, signal } = options;
    this.#options = options;
    // Every watch ends with the engine: one listener a kind.
    setMaxListeners(0, signal);
    this.#queue = new WorkQueue({ clock, ...(options.random === undefined ? {} : { random: options.random }) });
    this.#kinds = new Kinds(cluster);
    this.#live = new Live({
      cluster,
      clock,
      signal,
      expressions: (key) => this.#states.get(key)?.delivery.healthExpressions ?? [],
      noted: (note) => this.#noted(note),
    });
    this.#desk = new RenderDesk(options.pool);
    this.#reporter = new Reporter({ cluster, clock, logged: (message) => this.#log(message) });
    this.#claims = new Claims({
      deliveries: () => this.#deliveries(),
      revisionOf: (delivery) => options.artifacts.get(delivery.source)?.revision,
      render: (key) => this.#renderOnly(key),
    });
    const unsubscribe = options.artifacts.subscribe((source) => {
      this.#sourceChanged(source).catch((thrown: unknown) => this.#log(formatFault(thrown)));
    });
    this.ended = this.#run().finally(unsubscribe);
  }

  snapshot(): EngineSnapshot {
    return { deliveries: [...this.#states.values()].map(snapshotOf) };
  }

  objects(key: string): ObjectSnapshot[] {
    const state = this.#states.get(key);
    return state === undefined ? [] : objectsOf(state, this.#live);
  }

  subscribe(listener: (changed: DeliverySnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  reconcile(key: string): void {
    this.#queue.add(key, "person");
  }

  counts(): { rendered: number; reused: number; statusWrites: number } {
    return { ...this.#desk.counts, statusWrites: this.#reporter.statusWrites };
  }

  async #run(): Promise<void> {
    const { clock, signal, dialects } = this.#options;
    const watches = dialects.flatMap((dialect) => [
      this.#watchDefinitions(),
      ...dialect.kinds.map((kind) => this.#watchKind(dialect, kind)),
      this.#watchVariables(dialect),
    ]);
    await runController({
      name: "delivery",
      queue: this.#queue,
      clock,
      concurrency: concurrentPasses,
      reconcile: (key, stop, pass) => this.#reconcile(key, stop, pass),
      failed: (key, fault) => this.#log(`${key}: ${formatFault(fault)}`),
      signal,
    });
    await Promise.all(watches);
    await this.#reporter.flush();
  }

  /** A kind may be served only later: its definition may come out of the first delivery itself. */
  async #watchKind(dialect: Dialect, kind: { group: string; kind: string }): Promise<void> {
    const { cluster, clock, signal } = this.#options;
    for (let delayMs: number = kindPollMs.least; !signal.aborted; delayMs = Math.min(delayMs * 2, kindPollMs.most)) {
      const resource = await this.#kinds.find(kind).catch(() => undefined);
      if (resource !== undefined) {
        this.#served.set(`${kind.group}/${kind.kind}`, { dialect, resource });
        const informer = new Informer<Manifest>({ cluster, resource, clock, keep: (object) => object });
        informer.subscribe({
          changed: (object, previous) => this.#described(dialect, object, previous),
          deleted: (object) => this.#vanished(object),
        });
        return informer.run(signal);
      }
      if (await this.#definitionOr(delayMs)) delayMs = kindPollMs.least;
    }
  }

  /** Ends after the delay, or as soon as some definition changed: then true. */
  async #definitionOr(delayMs: number): Promise<boolean> {
    const changed = new AbortController();
    const wake = (): void => changed.abort();
    this.#awaitingDefinition.add(wake);
    const { clock, signal } = this.#options;
    await pause(clock, delayMs, AbortSignal.any([signal, changed.signal]));
    this.#awaitingDefinition.delete(wake);
    return changed.signal.aborted;
  }

  async #watchDefinitions(): Promise<void> {
    const { cluster, clock, signal } = this.#options;
    const definition = { group: "apiextensions.k8s.io", kind: "CustomResourceDefinition" };
    const resource = await this.#kinds.find(definition).catch(() => undefined);
    if (resource === undefined) return;
    const informer = new Informer<true>({ cluster, resource, clock, keep: () => true, isMetadataOnly: true });
    informer.subscribe({
      changed: () => {
        for (const wake of this.#awaitingDefinition) wake();
      },
    });
    await informer.run(signal);
  }

  /** ConfigMaps and Secrets that say so are looked at as soon as they change. */
  async #watchVariables(dialect: Dialect): Promise<void> {
    const { cluster, clock, signal } = this.#options;
    const watch = async (kind: "ConfigMap" | "Secret"): Promise<void> => {
      const resource = await this.#kinds.find({ group: "", kind, version: "v1" }).catch(() => undefined);
      if (resource === undefined) return;
      const informer = new Informer<Manifest>({
        cluster,
        resource,
        clock,
        keep: (object) => object,
        labelSelector: dialect.watchSelector,
        isMetadataOnly: true,
      });
      informer.subscribe({ changed: (object) => this.#variablesChanged(kind, object) });
      await informer.run(signal);
    };
    await Promise.all([watch("ConfigMap"), watch("Secret")]);
  }

  #variablesChanged(kind: string, object: Manifest): void {
    const { name, namespace } = object.metadata;
    for (const state of this.#states.values()) {
      const from = state.delivery.substitution?.from ?? [];
      if (!state.isConfirmed) continue;
      if (from.some((f) => f.kind === kind && f.name === name && f.namespace === namespace))
        this.#queue.add(state.delivery.key, "spec");
    }
  }

  #described(dialect: Dialect, seen: Manifest, previous: Manifest | undefined): void {
    const key = deliveryKey(refOf(seen));
    const object = withNewestStatus(seen, this.#states.get(key)?.object);
    const reading = dialect.read(object);
    if (reading.is === "foreign") return;
    if (reading.is === "refused") {
      this.#forget(key);
      const ref = refOf(object);
      const served = this.#served.get(`${ref.group}/${ref.kind}`);
      if (served !== undefined) this.#reporter.refuse(object, served, reading.fault);
      return;
    }
    const { delivery } = reading;
    const state = this.#states.get(key);
    if (state === undefined) this.#states.set(key, newState(delivery, object, this.#options.clock.now()));
    else Object.assign(state, { delivery, object });
    const priority = priorityOf(delivery, object, state === undefined ? undefined : previous);
    if (priority !== undefined) this.#queue.add(key, priority);
    // Those who wait for it to exist, and those who now are in a cycle with it.
    if (priority === "spec") this.#wakeDependents(key);
    this.#tell(key);
  }

  #vanished(object: Manifest): void {
    this.#forget(deliveryKey(refOf(object)));
  }

  #forget(key: string): void {
    const state = this.#states.get(key);
    if (state === undefined) return;
    this.#states.delete(key);
    this.#queue.remove(key);
    this.#claims.forget(key);
    for (const ref of state.inventory) this.#live.forget(ref);
    this.#wakeDependents(key);
  }

  /** Those whose files changed go first; the others hold as they are, and only have their revision written, later. */
  async #sourceChanged(source: SourceRef): Promise<void> {
    const artifact = this.#options.artifacts.get(source);
    const concerned = [...this.#states.values()].filter((state) => sameSource(state.delivery.source, source));
    const settled = concerned.filter((state) => isSettled(state));
    for (const state of concerned) {
      if (artifact === undefined || !isSettled(state)) this.#queue.add(state.delivery.key, "revision");
    }
    if (artifact === undefined || settled.length === 0) return;
    const open = await artifact.source.open();
    const unmoved: DeliveryState[] = [];
    for (const state of settled) {
      const reads = state.desired?.rendering.reads ?? [];
      const holds = await withNeeds(open, (tree) => readsHold(reads, tree)).catch(() => false);
      // A newer revision has its own look at all of them.
      if (this.#options.artifacts.get(source)?.revision !== artifact.revision) return;
      if (holds && isSettled(state)) unmoved.push(state);
      else this.#queue.add(state.delivery.key, "revision");
    }
    for (const state of unmoved) this.#bump(state, artifact.revision);
  }

  /** What was applied is what this revision says: dependents may go on at once. */
  #bump(state: DeliveryState, revision: string): void {
    if (state.applied !== undefined) state.applied = { ...state.applied, revision };
    state.revision = revision;
    state.bumpedTo = revision;
    this.#queue.add(state.delivery.key, "status");
  }

  #noted(note: LiveNote): void {
    const state = this.#states.get(note.delivery);
    if (state === undefined) return;
    if (note.what === "health") {
      if (state.phase === "checking" || state.lastFault.startsWith("health-")) this.#queue.add(note.delivery, "drift");
      return;
    }
    const key = refKey(note.ref);
    const known = state.drift.get(key);
    const isSame =
      note.what === "drift" && known !== undefined && describeDrift(known.changes) === describeDrift(note.changes);
    if (isSame || state.delivery.isSuspended || state.delivery.policy.drift === "off") return;
    if (whyResting(state, note.ref, this.#options.clock.now()) !== undefined && known !== undefined) return;
    state.touched.set(key, note.ref);
    this.#queue.add(note.delivery, "drift");
  }

  async #reconcile(key: string, signal: AbortSignal, pass: Pass): Promise<ReconcileResult> {
    const state = this.#states.get(key);
    if (state === undefined) return;
    const startedMs = this.#options.clock.now();
    if (state.delivery.isDeleting) return this.#finalise(state, signal);
    if (state.delivery.isSuspended) {
      this.#move(state, "suspended");
      return;
    }
    const outcomes: Outcome[] = [];
    try {
      await this.#ensureFinalizer(state);
      const artifact = await this.#artifactOf(state.delivery);
      const isNews = this.#announce(state, artifact, pass.priority);
      const result = await runPass(this.#context(state, artifact, pass, signal), outcomes);
      return this.#succeeded(state, { artifact, result, startedMs, isNews });
    } catch (thrown) {
      if (signal.aborted) return;
      return this.#failed(state, faultFrom(thrown), outcomes, startedMs);
    }
  }

  async #ensureFinalizer(state: DeliveryState): Promise<void> {
    const { dialect, resource } = this.#servedBy(state.delivery);
    const finalizers = state.object.metadata.finalizers ?? [];
    if (finalizers.includes(dialect.finalizer)) return;
    const context = { home: this.#options.cluster, resource, manager: dialect.statusManager, state };
    await setFinalizers(context, [...finalizers, dialect.finalizer]);
  }

  async #artifactOf(delivery: Delivery): Promise<SourceArtifact> {
    const artifact = this.#options.artifacts.get(delivery.source);
    if (artifact !== undefined) return artifact;
    throw new DeliveryFault({
      code: "source-not-ready",
      disposition: "wait",
      message: await this.#options.artifacts.whyNot(delivery.source),
      hint: "this delivery goes on as soon as its source has an artifact",
    });
  }

  /** Says that work on something new begins. True when it is news. */
  #announce(state: DeliveryState, artifact: SourceArtifact, priority: Priority): boolean {
    const { delivery } = state;
    const announced = `${artifact.revision} ${delivery.generation} ${delivery.request ?? ""}`;
    if (state.announced === announced) return false;
    const isFirst = state.announced === "";
    state.announced = announced;
    state.beganMs = this.#options.clock.now();
    state.attemptedRevision = artifact.revision;
    const { remembered } = delivery;
    const isResumed =
      isFirst &&
      remembered.isReady &&
      remembered.attemptedRevision === artifact.revision &&
      remembered.observedGeneration === delivery.generation &&
      remembered.handledRequest === delivery.request;
    // After a restart, what was ready and is unchanged is confirmed silently.
    if (isResumed && priority !== "person") return false;
    if (state.isReady && state.bumpedTo === artifact.revision) return true;
    void this.#report(state, {
      phase: "rendering",
      revision: artifact.revision,
      originRevision: artifact.originRevision,
    });
    return true;
  }

  #context(state: DeliveryState, artifact: SourceArtifact, pass: Pass, signal: AbortSignal) {
    const { delivery } = state;
    const { dialect } = this.#servedBy(delivery);
    const { clock } = this.#options;
    const isAsked = pass.priority === "person";
    if (isAsked) state.heals.clear();
    return {
      state,
      artifact,
      cluster: this.#clusterFor(delivery.identity),
      home: { cluster: this.#options.cluster, kinds: this.#kinds },
      kinds: this.#kinds,
      live: this.#live,
      desk: this.#desk,
      claims: this.#claims,
      registry: { state: (key: string) => this.#states.get(key) },
      clock,
      signal,
      ownerLabel: dialect.ownerLabel,
      isThorough: pass.priority === "periodic" || pass.priority === "spec" || isAsked || !state.isConfirmed,
      isAsked,
      moved: (phase: Phase, waitingFor?: string) => this.#move(state, phase, waitingFor),
      recordInventory: async (inventory: DeliveryState["inventory"]) => {
        state.inventory = inventory;
        await this.#report(state, { phase: state.phase, revision: artifact.revision, inventory });
      },
      resting: (ref: Outcome["ref"]) => whyResting(state, ref, clock.now()),
    };
  }

  #succeeded(
    state: DeliveryState,
    done: { artifact: SourceArtifact; result: PassResult; startedMs: number; isNews: boolean },
  ): ReconcileResult {
    const { artifact, result, startedMs } = done;
    const { delivery } = state;
    const wasReady = state.isReady && state.revision === artifact.revision;
    this.#reporter.tellOutcomes(state, this.#servedBy(delivery), result.outcomes);
    state.lastFault = "";
    const about = {
      revision: artifact.revision,
      originRevision: artifact.originRevision,
      inventory: result.inventory,
      isHealthy: result.isHealthy,
      startedMs: done.isNews || !wasReady ? state.beganMs : startedMs,
    };
    if (result.waits !== undefined) {
      state.isReady = false;
      void this.#report(state, { ...about, phase: "checking", waitingFor: result.waits.text, isNews: done.isNews });
      return { requeueAfterMs: result.waits.remainingMs };
    }
    const isNews = done.isNews || !wasReady || result.outcomes.some((outcome) => isChange(outcome));
    state.isReady = true;
    state.isConfirmed = true;
    state.revision = artifact.revision;
    void this.#report(state, { ...about, phase: "ready", isApplied: true, isNews });
    if (!wasReady) this.#wakeDependents(delivery.key);
    return { requeueAfterMs: this.#jittered(delivery.intervalMs) };
  }

  #failed(state: DeliveryState, fault: Fault, outcomes: readonly Outcome[], startedMs: number): ReconcileResult {
    const { delivery } = state;
    const isWaiting = fault.disposition === "wait";
    const text = `${fault.code} ${formatFault(fault)}`;
    const isNews = state.lastFault !== text || outcomes.some(isChange);
    this.#reporter.tellOutcomes(state, this.#servedBy(delivery), outcomes);
    state.isReady = false;
    state.lastFault = text;
    void this.#report(state, {
      phase: isWaiting ? "waiting" : "failed",
      revision: state.attemptedRevision,
      fault,
      ...(isWaiting ? { waitingFor: fault.message } : {}),
      startedMs,
      isNews,
    });
    if (fault.disposition === "stall") return { requeueAfterMs: this.#jittered(delivery.intervalMs) };
    if (fault.code === "terminating" || fault.code === "cluster-failed") return { requeueAfterMs: soonRetryMs };
    return { requeueAfterMs: isWaiting ? dependencyRetryMs : this.#jittered(delivery.retryIntervalMs) };
  }

  async #finalise(state: DeliveryState, signal: AbortSignal): Promise<ReconcileResult> {
    const { delivery } = state;
    const { dialect, resource } = this.#servedBy(delivery);
    if (!(state.object.metadata.finalizers ?? []).includes(dialect.finalizer)) return;
    this.#move(state, "deleting");
    this.#claims.forget(delivery.key);
    try {
      await this.#claims.refresh(delivery.key);
      await finalise({
        state,
        home: this.#options.cluster,
        cluster: this.#clusterFor(delivery.identity),
        resource,
        finalizer: dialect.finalizer,
        manager: dialect.statusManager,
        canAct: await this.#hasIdentity(delivery),
        kinds: this.#kinds,
        live: this.#live,
        clock: this.#options.clock,
        signal,
        claimant: (ref) => this.#claims.other(ref, delivery.key),
      });
    } catch (thrown) {
      return this.#failed(state, faultFrom(thrown), [], this.#options.clock.now());
    }
  }

  /** False when the ServiceAccount that a delivery acts as does not exist any more. */
  async #hasIdentity(delivery: Delivery): Promise<boolean> {
    const account = /^system:serviceaccount:([^:]+):(.+)$/.exec(delivery.identity?.user ?? "");
    if (account === null) return true;
    const [, namespace = "", name = ""] = account;
    const ref = { group: "", version: "v1", kind: "ServiceAccount", namespace, name };
    const answer = await this.#options.cluster.get(await this.#kinds.target(ref));
    return answer.ok || answer.status.code !== 404;
  }

  async #renderOnly(key: string): Promise<void> {
    const state = this.#states.get(key);
    const artifact = state === undefined ? undefined : this.#options.artifacts.get(state.delivery.source);
    if (state === undefined || artifact === undefined || state.delivery.isDeleting) return;
    const home = { cluster: this.#options.cluster, kinds: this.#kinds };
    await prepare({ desk: this.#desk, home, claims: this.#claims }, state, artifact);
  }

  #report(state: DeliveryState, about: Partial<Report> & { phase: Phase }): Promise<void> {
    const report = this.#reporter.reportOf(state, about);
    this.#move(state, report.phase, report.waitingFor, report.fault);
    return this.#reporter.report(state, this.#servedBy(state.delivery), report);
  }

  #move(state: DeliveryState, phase: Phase, waitingFor?: string, fault?: Fault): void {
    if (state.phase !== phase) state.phaseSinceMs = this.#options.clock.now();
    state.phase = phase;
    state.waitingFor = waitingFor;
    if (fault !== undefined) state.message = formatFault(fault);
    else if (phase === "ready") state.message = "";
    this.#tell(state.delivery.key);
  }

  #tell(key: string): void {
    const state = this.#states.get(key);
    if (state === undefined) return;
    const snapshot = snapshotOf(state);
    for (const listener of this.#listeners) listener(snapshot);
  }

  #wakeDependents(key: string): void {
    for (const { delivery } of this.#states.values()) {
      if (delivery.dependsOn.some((dependency) => dependency.key === key)) this.#queue.add(delivery.key, "revision");
    }
  }

  #clusterFor(identity: Identity | undefined): Cluster {
    if (identity === undefined) return this.#options.cluster;
    const known = this.#asIdentity.get(identity.user);
    if (known !== undefined) return known;
    const cluster = this.#options.cluster.as(identity);
    this.#asIdentity.set(identity.user, cluster);
    return cluster;
  }

  #servedBy(delivery: Delivery): Served {
    const served = this.#served.get(`${delivery.ref.group}/${delivery.ref.kind}`);
    if (served === undefined) throw new Error(`nothing serves ${delivery.ref.kind}`);
    return served;
  }

  *#deliveries(): Iterable<Delivery> {
    for (const state of this.#states.values()) if (!state.delivery.isDeleting) yield state.delivery;
  }

  /** Five percent either way, as Flux does, so that what started together does not stay together. */
  #jittered(intervalMs: number): number {
    const random = this.#options.random ?? Math.random;
    return Math.round(intervalMs * (0.95 + 0.1 * random()));
  }

  #log(message: string): void {
    this.#options.logged?.(message);
  }
}

/** True for what is ready and stands as it was last applied. */
function isSettled(state: DeliveryState): boolean {
  return state.isReady && state.desired !== undefined && state.applied?.digest === state.desired.digest;
}

/** An event from before our last status write must not bring back the older status. */
function withNewestStatus(seen: Manifest, known: Manifest | undefined): Manifest {
  const version = known?.metadata.resourceVersion ?? "";
  if (known === undefined || known.metadata.uid !== seen.metadata.uid) return seen;
  if (!isNewer(version, seen.metadata.resourceVersion ?? "")) return seen;
  return { ...seen, metadata: { ...seen.metadata, resourceVersion: version }, status: known["status"] };
}

/** Why a describing object asks for a look; undefined when only its status moved. */
function priorityOf(delivery: Delivery, object: Manifest, previous: Manifest | undefined): Priority | undefined {
  if (previous === undefined) return "spec";
  if (delivery.request !== delivery.remembered.handledRequest && marksMoved(object, previous)) return "person";
  const { generation, deletionTimestamp } = object.metadata;
  const hasMoved =
    generation !== previous.metadata.generation || deletionTimestamp !== previous.metadata.deletionTimestamp;
  return hasMoved || marksMoved(object, previous) ? "spec" : undefined;
}

/** Annotations and labels do not count into the generation. */
function marksMoved(object: Manifest, previous: Manifest): boolean {
  const textOf = (manifest: Manifest): string =>
    JSON.stringify([manifest.metadata.annotations ?? {}, manifest.metadata.labels ?? {}]);
  return textOf(object) !== textOf(previous);
}
