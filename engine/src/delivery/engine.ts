// The engine over all deliveries: reads them through their dialects, decides when each is looked at, runs the passes and
// reports. It knows no kind; everything it must remember stands in Git or in the Kubernetes API.

import { setMaxListeners } from "node:events";
import { formatDuration } from "#api/flux";
import { runController, type Pass, type Priority, type ReconcileResult, WorkQueue } from "#controller";
import { type Fault, faultFrom, formatFault, type Manifest, refKey, refOf } from "#kernel";
import { Claims } from "./claims.ts";
import { dependencyWorld, requireDependencies, sameSource } from "./dependencies.ts";
import { Describing } from "./describing.ts";
import { describeDrift, whyResting } from "./drift-log.ts";
import { Decryptions, noServices } from "./decryption.ts";
import { DeliveryFault } from "./faults.ts";
import { masked, maskedOutcomes } from "./masker.ts";
import { finalise, setFinalizers } from "./finalise.ts";
import { whyDeletionHeld } from "./guard.ts";
import { goesByItself } from "./health.ts";
import { Identities } from "./identities.ts";
import { type Journal, noJournal } from "./journal.ts";
import { Kinds } from "./kinds.ts";
import { concurrentPasses, conflictRetryMs, releaseAfterMs, soonRetryMs, targetBusyRetryMs } from "./limits.ts";
import { Live, type LiveNote } from "./live.ts";
import {
  type Delivery,
  deliveryKey,
  targetKey,
  type Dialect,
  type Hold,
  type Outcome,
  type Phase,
  type Report,
  type SourceRef,
} from "./model.ts";
import { type PassContext, type PassResult, prepare, type Reach, runPass, type SourceArtifact } from "./pass.ts";
import { patientCluster } from "./patient-cluster.ts";
import type { DeliveryOptions, Engine } from "./ports.ts";
import { RenderDesk } from "./render-desk.ts";
import { type DeliverySnapshot, type EngineSnapshot, objectsOf, type ObjectSnapshot, snapshotOf } from "./snapshot.ts";
import { isChange, Reporter, type Served } from "./reporter.ts";
import { type DeliveryState, newState } from "./state.ts";
import { Targets } from "./targets.ts";
import { isBeingUninstalled } from "./uninstalling.ts";
import { isSettled, priorityOf, readsTheSame, waitsForHealth, withNewestStatus } from "./triggers.ts";

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
  /** Where the deliveries live, and most of their objects. */
  readonly #home: Reach;
  readonly #desk: RenderDesk;
  readonly #decryptions: Decryptions;
  readonly #claims: Claims;
  readonly #journal: Journal;
  readonly #reporter: Reporter;
  readonly #describing: Describing;
  readonly #identities: Identities;
  readonly #targets: Targets;
  #isReleasing = false;

  constructor(options: DeliveryOptions) {
    const { clock, signal, random = Math.random } = options;
    const cluster = patientCluster(options.cluster, { clock, signal, random });
    this.#options = { ...options, cluster };
    // Every watch ends with the engine: one listener a kind.
    setMaxListeners(0, signal);
    this.#queue = new WorkQueue({ clock, ...(options.random === undefined ? {} : { random: options.random }) });
    const expressions = (key: string) => this.#states.get(key)?.delivery.healthExpressions ?? [];
    const noted = (note: LiveNote): void => this.#noted(note);
    const live = new Live({ cluster, clock, signal, expressions, noted });
    this.#home = { cluster, kinds: new Kinds(cluster), live };
    const services = options.decryption?.services;
    this.#targets = new Targets({
      home: this.#home,
      clock,
      signal,
      expressions,
      noted,
      ...(services === undefined ? {} : { services }),
      changed: (target) => this.#targetChanged(target),
    });
    this.#identities = new Identities(cluster, this.#home.kinds);
    this.#desk = new RenderDesk(options.pool, options.remotes, () => this.#states.size);
    this.#decryptions = new Decryptions(options.decryption ?? noServices(clock), this.#home);
    this.#journal = options.journal ?? noJournal;
    const logged = (message: string): void => this.#log(message);
    this.#reporter = new Reporter({ ...options, cluster, journal: this.#journal, logged });
    this.#claims = new Claims({
      deliveries: () => this.#deliveries(),
      revisionOf: (delivery) => options.artifacts.get(delivery.source)?.revision,
      render: (key) => this.#renderOnly(key),
    });
    this.#describing = new Describing({
      cluster,
      kinds: this.#home.kinds,
      clock,
      signal,
      served: (kind, served) => this.#served.set(`${kind.group}/${kind.kind}`, served),
      described: (dialect, object, previous) => this.#described(dialect, object, previous),
      vanished: (object) => this.#forget(deliveryKey(refOf(object))),
      variablesChanged: (kind, object) => this.#variablesChanged(kind, object),
      definitionsChanged: () => this.#definitionsChanged(),
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
    return state === undefined ? [] : objectsOf(state, this.#reachOf(state.delivery).live);
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
    const watches = this.#describing.run(dialects);
    await runController({
      name: "delivery",
      queue: this.#queue,
      clock,
      concurrency: concurrentPasses,
      reconcile: (key, stop, pass) => this.#reconcile(key, stop, pass),
      failed: (key, fault) => this.#log(`${key}: ${formatFault(fault)}`),
      signal,
    });
    await watches;
    await this.#reporter.flush();
  }

  #variablesChanged(kind: string, object: Manifest): void {
    const { name, namespace } = object.metadata;
    for (const { delivery, isConfirmed, phase } of this.#states.values()) {
      const isRead = delivery.watched.some((f) => f.kind === kind && f.name === name && f.namespace === namespace);
      if (isRead && (isConfirmed || phase === "failed")) this.#queue.add(delivery.key, "spec");
    }
  }

  /** A kind that something waits for may be served now. */
  #definitionsChanged(): void {
    this.#journal.kindsChanged?.();
    for (const { lastFault, delivery } of this.#states.values()) {
      if (/^dependency-not-ready |no matches for kind/.test(lastFault)) this.#queue.add(delivery.key, "drift");
    }
  }

  #described(dialect: Dialect, seen: Manifest, previous: Manifest | undefined): void {
    const key = deliveryKey(refOf(seen));
    const object = withNewestStatus(seen, this.#states.get(key)?.object);
    const reading = dialect.read(object);
    if (reading.is !== "delivery") {
      this.#forget(key);
      const ref = refOf(object);
      const served = this.#served.get(`${ref.group}/${ref.kind}`);
      if (served !== undefined && reading.is === "refused") this.#reporter.refuse(object, served, reading.fault);
      return;
    }
    const { delivery } = reading;
    const state = this.#states.get(key);
    // What it waits for may be named otherwise now.
    if (state !== undefined && state.delivery.generation !== delivery.generation) {
      this.#reachOf(state.delivery).live.leave(key);
      this.#home.live.leave(key);
    }
    if (state === undefined) this.#states.set(key, newState(delivery, object, this.#options.clock.now()));
    else Object.assign(state, { delivery, object });
    const priority = priorityOf(delivery, object, state === undefined ? undefined : previous);
    if (priority !== undefined) this.#queue.add(key, priority);
    // Those who wait for it to exist, and those who now are in a cycle with it.
    if (priority === "spec") this.#wakeDependents(key);
    this.#tell(key);
  }

  #forget(key: string): void {
    const state = this.#states.get(key);
    if (state === undefined) return;
    this.#states.delete(key);
    this.#decryptions.forget(key);
    this.#queue.remove(key);
    this.#claims.forget(key);
    const { live } = this.#reachOf(state.delivery);
    for (const ref of state.inventory) live.forget(ref);
    for (const one of new Set([live, this.#home.live])) one.leave(key);
    this.#targets.keep([...this.#states.values()].map((other) => other.delivery));
    this.#releaseLater();
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
      const holds = await readsTheSame(state, open);
      // A newer revision has its own look at all of them.
      if (this.#options.artifacts.get(source)?.revision !== artifact.revision) return;
      if (holds && isSettled(state)) unmoved.push(state);
      else this.#queue.add(state.delivery.key, "revision");
    }
    for (const state of unmoved) this.#bump(state, artifact.revision);
  }

  /** Where a delivery's objects are, as far as is known without asking. */
  #reachOf(delivery: Delivery): Reach {
    return this.#targets.known(delivery) ?? this.#home;
  }

  #targetChanged(target: string): void {
    for (const { delivery } of this.#states.values()) {
      if (targetKey(delivery.target) === target) this.#queue.add(delivery.key, "revision");
    }
  }

  /** What was applied is what this revision says: dependents may go on at once. */
  #bump(state: DeliveryState, revision: string): void {
    if (state.applied !== undefined) state.applied = { ...state.applied, revision };
    state.revision = revision;
    state.bumpedTo = revision;
    this.#tell(state.delivery.key);
    this.#queue.add(state.delivery.key, "status");
  }

  #noted(note: LiveNote): void {
    const state = this.#states.get(note.delivery);
    if (state === undefined) return;
    if (note.what === "health") {
      if (waitsForHealth(state)) this.#queue.add(note.delivery, "drift");
      return;
    }
    // A Job that is removed once it is done is made again at the interval, as in Flux, not at once and for ever.
    if (note.what === "gone" && goesByItself(state.guarded?.byKey.get(refKey(note.ref))?.manifest)) return;
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
    if (state.delivery.isDeleting) return this.#finalise(state, signal);
    if (state.delivery.isSuspended) {
      void this.#report(state, { phase: "suspended" });
      return;
    }
    const outcomes: Outcome[] = [];
    // A pass that goes on waiting for health belongs to the attempt before it.
    if (state.phase !== "checking") state.beganMs = this.#options.clock.now();
    try {
      await this.#ensureFinalizer(state);
      const artifact = await this.#artifactOf(state.delivery);
      await requireDependencies(
        state,
        artifact.revision,
        dependencyWorld(this.#home, this.#options.clock, (other) => this.#states.get(other)),
      );
      let isNews = false;
      const begins = (): void => {
        isNews = this.#announce(state, artifact, pass.priority);
      };
      const result = await this.#targets.with(state.delivery, (reach) =>
        runPass(this.#context(state, artifact, { reach, pass, signal, begins }), outcomes),
      );
      this.#reporter.tellMacs(state, this.#servedBy(state.delivery));
      if (result.hold !== undefined) return this.#held(state, artifact, result, result.hold);
      return this.#succeeded(state, { artifact, result, isNews });
    } catch (thrown) {
      if (signal.aborted) return;
      return this.#failed(state, masked(faultFrom(thrown), state.masker), maskedOutcomes(outcomes, state.masker));
    }
  }

  async #ensureFinalizer(state: DeliveryState): Promise<void> {
    const { dialect, resource } = this.#servedBy(state.delivery);
    const finalizers = state.object.metadata.finalizers ?? [];
    if (finalizers.includes(dialect.finalizer)) return;
    if (await isBeingUninstalled(this.#home, resource)) return;
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
    const served = this.#servedBy(delivery);
    if (state.phase === "checking" && state.attemptedRevision !== artifact.revision)
      this.#reporter.tellCanceled(state, served);
    state.announced = announced;
    state.beganMs = this.#options.clock.now();
    state.checkingSinceMs = undefined;
    state.attemptedRevision = artifact.revision;
    state.hold = undefined;
    const { remembered } = delivery;
    const isResumed =
      isFirst &&
      remembered.isReady &&
      remembered.attemptedRevision === artifact.revision &&
      remembered.observedGeneration === delivery.generation &&
      remembered.handledRequest === delivery.request;
    // After a restart, what was ready and is unchanged is confirmed silently.
    if (isResumed && priority !== "person") return false;
    this.#reporter.noteApproval(delivery, artifact.revision);
    if (state.isReady && state.bumpedTo === artifact.revision) return true;
    const { revision, originRevision } = artifact;
    void this.#report(state, { phase: "rendering", revision, originRevision });
    return true;
  }

  #context(
    state: DeliveryState,
    artifact: SourceArtifact,
    run: { reach: Reach; pass: Pass; signal: AbortSignal; begins: () => void },
  ): PassContext {
    const { delivery } = state;
    const { dialect } = this.#servedBy(delivery);
    const { clock } = this.#options;
    const { reach, pass, signal, begins } = run;
    const isAsked = pass.priority === "person";
    if (isAsked) state.heals.clear();
    return {
      ...reach,
      cluster: this.#identities.clusterFor(delivery.identity, reach.cluster),
      state,
      artifact,
      home: this.#home,
      desk: this.#desk,
      decryptions: this.#decryptions,
      claims: this.#claims,
      clock,
      signal,
      superseded: pass.superseded,
      ownerLabel: dialect.ownerLabel,
      isThorough: pass.priority === "periodic" || pass.priority === "spec" || isAsked || !state.isConfirmed,
      isAsked,
      begins,
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
    done: { artifact: SourceArtifact; result: PassResult; isNews: boolean },
  ): ReconcileResult {
    const { artifact, result } = done;
    const { delivery } = state;
    const served = this.#servedBy(delivery);
    const wasReady = state.isReady && state.revision === artifact.revision;
    const wasHealthy = wasReady || !state.lastFault.startsWith("health-");
    this.#reporter.tellOutcomes(state, served, maskedOutcomes(result.outcomes, state.masker));
    state.lastFault = "";
    state.passingFailures = 0;
    state.hold = undefined;
    const { inventory, isHealthy } = result;
    const { revision, originRevision } = artifact;
    const about = { revision, originRevision, inventory, isHealthy, startedMs: state.beganMs };
    if (result.waits !== undefined) {
      state.isReady = false;
      state.checkingSinceMs ??= this.#options.clock.now();
      void this.#report(state, { ...about, phase: "checking", waitingFor: result.waits.text, isNews: done.isNews });
      return { requeueAfterMs: result.waits.remainingMs };
    }
    const isNews = done.isNews || !wasReady || result.outcomes.some((outcome) => isChange(outcome));
    const isBump = wasReady && state.bumpedTo === revision && result.outcomes.length === 0;
    const report = { ...about, phase: "ready" as const, isApplied: true, isNews, isBump };
    if (isHealthy === true && !wasReady && (!wasHealthy || state.checkingSinceMs !== undefined)) {
      const message = `Health check passed in ${formatDuration(this.#reporter.reportOf(state, report).checkedMs)}`;
      this.#reporter.tell(state, served, { reason: "Progressing", message });
    }
    state.isReady = true;
    state.isConfirmed = true;
    state.revision = artifact.revision;
    void this.#report(state, report);
    state.checkingSinceMs = undefined;
    if (result.outcomes.some((outcome) => outcome.word === "pruned")) this.#releaseLater();
    if (!wasReady) this.#wakeDependents(delivery.key);
    return { requeueAfterMs: this.#jittered(delivery.intervalMs) };
  }

  /** Nothing new is applied: what was applied stays ready, and guarded. */
  #held(state: DeliveryState, artifact: SourceArtifact, result: PassResult, hold: Hold): ReconcileResult {
    const { delivery } = state;
    const served = this.#servedBy(delivery);
    const { revision } = artifact;
    this.#reporter.tellOutcomes(state, served, result.outcomes);
    const isNews = state.hold?.message !== hold.message;
    this.#reporter.tellHold(state, served, { revision, hold });
    // Those who wait for it can say why.
    if (isNews) this.#wakeDependents(delivery.key);
    void this.#report(state, { phase: "held", revision, waitingFor: hold.message });
    const untilMs = hold.untilMs === undefined ? Infinity : hold.untilMs - this.#options.clock.now();
    return { requeueAfterMs: Math.max(soonRetryMs, Math.min(untilMs, this.#jittered(delivery.intervalMs))) };
  }

  #failed(state: DeliveryState, fault: Fault, outcomes: readonly Outcome[]): ReconcileResult {
    const { delivery } = state;
    // Somebody else wrote at the same time: routine, and over with the next look.
    if (fault.code === "conflict") return { requeueAfterMs: this.#backOff(state, conflictRetryMs) };
    if (fault.code === "cluster-busy") return { requeueAfterMs: targetBusyRetryMs };
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
      startedMs: state.beganMs,
      isNews,
    });
    state.checkingSinceMs = undefined;
    if (fault.disposition === "stall") return undefined;
    if (fault.code === "cluster-failed") return { requeueAfterMs: this.#backOff(state, soonRetryMs) };
    if (fault.code === "terminating") return { requeueAfterMs: soonRetryMs };
    return { requeueAfterMs: isWaiting ? delivery.dependencyRetryMs : delivery.retryIntervalMs };
  }

  async #finalise(state: DeliveryState, signal: AbortSignal): Promise<ReconcileResult> {
    const { delivery } = state;
    const served = this.#servedBy(delivery);
    const { dialect, resource } = served;
    if (!(state.object.metadata.finalizers ?? []).includes(dialect.finalizer)) return;
    const isUninstalled = await isBeingUninstalled(this.#home, resource);
    const held = isUninstalled ? undefined : this.#whyKept(state);
    if (held !== undefined) {
      this.#reporter.tellHold(state, served, { revision: state.revision ?? "", hold: held });
      void this.#report(state, { phase: "held", waitingFor: held.message });
      return { requeueAfterMs: this.#jittered(delivery.intervalMs) };
    }
    this.#move(state, "deleting");
    this.#claims.forget(delivery.key);
    try {
      if (!isUninstalled) await this.#claims.refresh(delivery.key);
      const canAct = (await this.#identities.exists(delivery)) && (await this.#targets.exists(delivery));
      const finish = (reach: Reach): Promise<boolean> =>
        finalise({
          ...reach,
          cluster: this.#identities.clusterFor(delivery.identity, reach.cluster),
          state,
          resource,
          canAct,
          isUninstalled,
          signal,
          home: this.#options.cluster,
          finalizer: dialect.finalizer,
          manager: dialect.statusManager,
          clock: this.#options.clock,
          claimant: (ref) => this.#claims.other(ref, delivery.key),
          tell: (note) => this.#reporter.tell(state, served, note),
        });
      // A cluster that does not answer holds up the end of what has something to delete there, and of nothing else.
      const isAsked = canAct && delivery.deletion.isPruned && !delivery.isSuspended && state.inventory.length > 0;
      const isDone = isAsked ? await this.#targets.with(delivery, finish) : await finish(this.#home);
      return isDone ? undefined : { requeueAfterMs: soonRetryMs };
    } catch (thrown) {
      return this.#failed(state, faultFrom(thrown), []);
    }
  }

  /** Why a deletion that would take everything with it waits. */
  #whyKept({ delivery, inventory }: DeliveryState): Hold | undefined {
    if (!delivery.deletion.isPruned || delivery.isSuspended) return undefined;
    return whyDeletionHeld(delivery.guard, { uid: delivery.uid, inventoryCount: inventory.length });
  }

  async #renderOnly(key: string): Promise<void> {
    const state = this.#states.get(key);
    const artifact = state === undefined ? undefined : this.#options.artifacts.get(state.delivery.source);
    if (state === undefined || artifact === undefined || state.delivery.isDeleting) return;
    const [desk, decryptions] = [this.#desk, this.#decryptions];
    await prepare({ desk, decryptions, home: this.#home, claims: this.#claims }, state, artifact);
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

  #servedBy(delivery: Delivery): Served {
    const served = this.#served.get(`${delivery.ref.group}/${delivery.ref.kind}`);
    if (served === undefined) throw new Error(`nothing serves ${delivery.ref.kind}`);
    return served;
  }

  *#deliveries(): Iterable<Delivery> {
    for (const state of this.#states.values()) if (!state.delivery.isDeleting) yield state.delivery;
  }

  /** Doubles with each failure in a row that says nothing about the delivery, up to its own retry interval. */
  #backOff(state: DeliveryState, leastMs: number): number {
    const delayMs = Math.min(leastMs * 2 ** Math.min(state.passingFailures, 16), state.delivery.retryIntervalMs);
    state.passingFailures += 1;
    return this.#jittered(delayMs);
  }

  #jittered(intervalMs: number): number {
    const { random = Math.random, jitterPercent = 5 } = this.#options;
    const part = jitterPercent / 100;
    return Math.round(intervalMs * (1 - part + 2 * part * random()));
  }

  /** Ends watches of kinds that nobody delivers any more, once for all that go at about the same time. */
  #releaseLater(): void {
    if (this.#isReleasing) return;
    this.#isReleasing = true;
    this.#options.clock.after(releaseAfterMs, () => {
      this.#isReleasing = false;
      const kinds = new Set<string>();
      for (const { inventory, desired } of this.#states.values()) {
        const wanted = [...(desired?.manifests ?? [])].map((manifest) => refOf(manifest));
        for (const { group, kind } of [...inventory, ...wanted]) kinds.add(`${group}/${kind}`);
      }
      this.#home.live.release(kinds);
    });
  }

  #log(message: string): void {
    this.#options.logged?.(message);
  }
}
