// The engine over all deliveries: reads them through their dialects, decides when each is looked at, runs the passes and
// reports. It knows no kind; everything it must remember stands in Git or in the Kubernetes API.

import { setMaxListeners } from "node:events";
import { formatDuration } from "#api/flux";
import { runController, type Pass, type Priority, type ReconcileResult, WorkQueue } from "#controller";
import { type Fault, faultFrom, formatFault, type Manifest, refKey, refOf } from "#kernel";
import { Bumps } from "./bumps.ts";
import { attemptOf, bumpReport, carry, type Carriers } from "./carrying.ts";
import { Claims } from "./claims.ts";
import { dependencyWorld, requireDependencies } from "./dependencies.ts";
import { Delays } from "./delays.ts";
import { Dependents } from "./dependents.ts";
import { Describing } from "./describing.ts";
import { describeDrift, whyResting } from "./drift-log.ts";
import { Decryptions, noServices } from "./decryption.ts";
import { masked, maskedOutcomes } from "./masker.ts";
import { finalise, setFinalizers, whyKept } from "./finalise.ts";
import { pinHold } from "./guard.ts";
import { goesByItself } from "./health.ts";
import { Identities } from "./identities.ts";
import { type Journal, noJournal } from "./journal.ts";
import { Kinds } from "./kinds.ts";
import { concurrentPasses, conflictRetryMs, releaseAfterMs, soonRetryMs, targetBusyRetryMs } from "./limits.ts";
import { Live, type LiveNote } from "./live.ts";
import { EngineLooking, type Looking } from "./looking.ts";
import {
  type Delivery,
  deliveryKey,
  targetKey,
  type Dialect,
  type Hold,
  type Outcome,
  type Phase,
  type Report,
} from "./model.ts";
import { type PassContext, type PassResult, prepare, type Reach, runPass, type SourceArtifact } from "./pass.ts";
import { requireArtifact, wantedArtifact, wantedRevision } from "./pins.ts";
import { patientCluster } from "./patient-cluster.ts";
import type { DeliveryOptions, Engine } from "./ports.ts";
import { RenderDesk } from "./render-desk.ts";
import { type DeliverySnapshot, type EngineSnapshot, objectsOf, type ObjectSnapshot, snapshotOf } from "./snapshot.ts";
import { isChange, Reporter, type Served } from "./reporter.ts";
import { type DeliveryState, kindsOf, newState } from "./state.ts";
import { Targets } from "./targets.ts";
import { isBeingUninstalled } from "./uninstalling.ts";
import { Revisions } from "./revisions.ts";
import { isWaitingForOthers, priorityOf, waitsForHealth, withNewestStatus } from "./triggers.ts";

/** Starts the engine; it runs until the signal aborts. */
export function startDelivery(options: DeliveryOptions): Engine {
  return new DeliveryEngine(options);
}

class DeliveryEngine implements Engine {
  readonly ended: Promise<void>;
  readonly looking: Looking;
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
  readonly #revisions: Revisions;
  readonly #carriers: Carriers;
  readonly #bumps: Bumps;
  readonly #dependents = new Dependents();
  readonly #delays: Delays;
  #isReleasing = false;

  constructor(options: DeliveryOptions) {
    const { clock, signal, random = Math.random } = options;
    const cluster = patientCluster(options.cluster, { clock, signal, random });
    this.#options = { ...options, cluster };
    this.#delays = new Delays(options);
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
    const through = { targets: this.#targets, identities: this.#identities };
    this.looking = new EngineLooking({ ...options, home: cluster, states: this.#states }, through);
    this.#desk = new RenderDesk(options.pool, options.remotes, () => this.#states.size);
    this.#decryptions = new Decryptions(options.decryption ?? noServices(clock), this.#home);
    this.#journal = options.journal ?? noJournal;
    this.#reporter = new Reporter({ ...options, cluster, journal: this.#journal, logged: (text) => this.#log(text) });
    this.#claims = new Claims({
      deliveries: () => this.#deliveries(),
      revisionOf: (delivery) => wantedRevision(delivery, options.artifacts),
      render: (key) => this.#renderOnly(key),
    });
    this.#carriers = { desk: this.#desk, decryptions: this.#decryptions, claims: this.#claims };
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
    const isBusy = (): boolean => this.#queue.size > 0;
    this.#bumps = new Bumps({ clock, isBusy, write: (key) => this.#writeBump(key), signal });
    this.#revisions = new Revisions({
      artifacts: options.artifacts,
      cluster,
      state: (key) => this.#states.get(key),
      isRunning: (key) => this.#queue.isRunning(key),
      holdsElsewhere: ({ desired }) => desired !== undefined && this.#desk.holdsElsewhere(desired.rendering),
      enqueue: (key, priority) => this.#queue.add(key, priority),
      carry: (state, artifact) => this.#carry(state, artifact),
    });
    const unsubscribe = options.artifacts.subscribe((source) => {
      this.#revisions.changed(source).catch((thrown: unknown) => this.#log(formatFault(thrown)));
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

  counts(): ReturnType<Engine["counts"]> {
    return { ...this.#desk.counts, statusWrites: this.#reporter.statusWrites, carried: this.#revisions.carried };
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
      passed: this.#options.passed,
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
    const known = state ?? newState(delivery, object, this.#options.clock.now());
    this.#states.set(key, Object.assign(known, { delivery, object }));
    this.#revisions.place(known);
    this.#dependents.set(
      key,
      delivery.dependsOn.map((dependency) => dependency.key),
    );
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
    this.#revisions.remove(key);
    this.#dependents.delete(key);
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

  /** Where a delivery's objects are, as far as is known without asking. */
  #reachOf(delivery: Delivery): Reach {
    return this.#targets.known(delivery) ?? this.#home;
  }

  #targetChanged(target: string): void {
    for (const { delivery } of this.#states.values()) {
      if (targetKey(delivery.target) === target) this.#queue.add(delivery.key, "revision");
    }
  }

  #carry(state: DeliveryState, artifact: SourceArtifact): void {
    const { key } = state.delivery;
    carry(state, artifact, this.#carriers);
    this.#tellOf(state);
    this.#bumps.add(key);
    for (const dependent of this.#dependents.of(key)) {
      if (isWaitingForOthers(this.#states.get(dependent))) this.#queue.add(dependent, "revision");
    }
  }

  /** A pass that runs says all there is to say. */
  async #writeBump(key: string): Promise<void> {
    const state = this.#states.get(key);
    if (state === undefined || this.#queue.isRunning(key)) return;
    const artifact = this.#options.artifacts.get(state.delivery.source);
    const report = bumpReport(state, artifact, this.#options.clock.now());
    if (report === undefined) return;
    this.#reporter.noteApproval(state.delivery, report.revision ?? "");
    await this.#report(state, report);
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
      const artifact = await requireArtifact(state.delivery, this.#options.artifacts);
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
      return this.#failed(state, masked(faultFrom(thrown), state), maskedOutcomes(outcomes, state));
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

  /** Says that work on something new begins. True when it is news. */
  #announce(state: DeliveryState, artifact: SourceArtifact, priority: Priority): boolean {
    const { delivery } = state;
    const announced = attemptOf(delivery, artifact.revision);
    if (state.announced === announced) return false;
    const isFirst = state.announced === "";
    const served = this.#servedBy(delivery);
    if (state.phase === "checking" && state.attemptedRevision !== artifact.revision)
      this.#reporter.tellCanceled(state, served);
    state.announced = announced;
    state.beganMs = this.#options.clock.now();
    state.checkingSinceMs = undefined;
    state.attemptedRevision = artifact.revision;
    if (delivery.guard.pinnedRevision === undefined) state.hold = undefined;
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
      ...this.#carriers,
      cluster: this.#identities.clusterFor(delivery.identity, reach.cluster),
      state,
      artifact,
      home: this.#home,
      revisions: this.#revisions,
      clock,
      signal,
      superseded: pass.superseded,
      ownerLabel: dialect.ownerLabel,
      isThorough: pass.priority === "periodic" || pass.priority === "spec" || isAsked || state.applied === undefined,
      isAsked,
      begins,
      moved: (phase: Phase, waitingFor?: string) => this.#move(state, phase, waitingFor),
      recordInventory: async (inventory: DeliveryState["inventory"]) => {
        state.inventory = inventory;
        await this.#report(state, { phase: state.phase, revision: artifact.revision, inventory });
      },
      artifactAt: async (source, revision) => this.#options.artifacts.at?.(source, revision),
      logged: (message) => this.#log(message),
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
    const wasStanding = state.isReady;
    const wasReady = wasStanding && state.revision === artifact.revision;
    const wasHealthy = wasReady || !state.lastFault.startsWith("health-");
    this.#reporter.tellOutcomes(state, served, maskedOutcomes(result.outcomes, state));
    state.lastFault = "";
    state.passingFailures = 0;
    this.#tellPin(state, artifact.revision);
    const { inventory, isHealthy, isHealthKept } = result;
    const { revision, originRevision } = artifact;
    const about = { revision, originRevision, inventory, isHealthy, isHealthKept, startedMs: state.beganMs };
    if (result.waits !== undefined) {
      state.isReady = false;
      state.checkingSinceMs ??= this.#options.clock.now();
      void this.#report(state, { ...about, phase: "checking", waitingFor: result.waits.text, isNews: done.isNews });
      return { requeueAfterMs: result.waits.remainingMs };
    }
    const isNews = done.isNews || !wasReady || result.outcomes.some((outcome) => isChange(outcome));
    const isBump = wasStanding && state.bumpedTo === revision && result.outcomes.length === 0;
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
    return { requeueAfterMs: this.#delays.jittered(delivery.intervalMs) };
  }

  /** A pinned delivery is what it is to be, and says that it takes nothing newer. */
  #tellPin(state: DeliveryState, revision: string): void {
    const hold = pinHold(state.delivery.guard);
    if (hold === undefined) state.hold = undefined;
    else this.#reporter.tellHold(state, this.#servedBy(state.delivery), { revision, hold });
  }

  /** Nothing new is applied: what was applied stays ready, and guarded. */
  #held(state: DeliveryState, artifact: SourceArtifact, result: PassResult, hold: Hold): ReconcileResult {
    const { delivery } = state;
    const served = this.#servedBy(delivery);
    const { revision } = artifact;
    this.#reporter.tellOutcomes(state, served, maskedOutcomes(result.outcomes, state));
    const isNews = state.hold?.message !== hold.message;
    this.#reporter.tellHold(state, served, { revision, hold });
    // Those who wait for it can say why.
    if (isNews) this.#wakeDependents(delivery.key);
    void this.#report(state, { phase: "held", revision, waitingFor: hold.message });
    const untilMs = hold.untilMs === undefined ? Infinity : hold.untilMs - this.#options.clock.now();
    return { requeueAfterMs: Math.max(soonRetryMs, Math.min(untilMs, this.#delays.jittered(delivery.intervalMs))) };
  }

  #failed(state: DeliveryState, fault: Fault, outcomes: readonly Outcome[]): ReconcileResult {
    const { delivery } = state;
    // Somebody else wrote at the same time: routine, and over with the next look.
    if (fault.code === "conflict") return { requeueAfterMs: this.#delays.backOff(state, conflictRetryMs) };
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
    if (fault.code === "cluster-failed") return { requeueAfterMs: this.#delays.backOff(state, soonRetryMs) };
    if (fault.code === "terminating") return { requeueAfterMs: soonRetryMs };
    return { requeueAfterMs: isWaiting ? delivery.dependencyRetryMs : delivery.retryIntervalMs };
  }

  async #finalise(state: DeliveryState, signal: AbortSignal): Promise<ReconcileResult> {
    const { delivery } = state;
    const served = this.#servedBy(delivery);
    const { dialect, resource } = served;
    if (!(state.object.metadata.finalizers ?? []).includes(dialect.finalizer)) return;
    const isUninstalled = await isBeingUninstalled(this.#home, resource);
    const held = isUninstalled ? undefined : whyKept(state);
    if (held !== undefined) {
      this.#reporter.tellHold(state, served, { revision: state.revision ?? "", hold: held });
      void this.#report(state, { phase: "held", waitingFor: held.message });
      return { requeueAfterMs: this.#delays.jittered(delivery.intervalMs) };
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

  async #renderOnly(key: string): Promise<void> {
    const state = this.#states.get(key);
    if (state === undefined || state.delivery.isDeleting) return;
    const artifact = await wantedArtifact(state.delivery, this.#options.artifacts);
    if (artifact === undefined) return;
    await prepare({ ...this.#carriers, revisions: this.#revisions, home: this.#home }, state, artifact);
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
    if (state !== undefined) this.#tellOf(state);
  }

  #tellOf(state: DeliveryState): void {
    if (this.#listeners.size === 0) return;
    const snapshot = snapshotOf(state);
    for (const listener of this.#listeners) listener(snapshot);
  }

  #wakeDependents(key: string): void {
    for (const dependent of this.#dependents.of(key)) this.#queue.add(dependent, "revision");
  }

  #servedBy(delivery: Delivery): Served {
    const served = this.#served.get(`${delivery.ref.group}/${delivery.ref.kind}`);
    if (served === undefined) throw new Error(`nothing serves ${delivery.ref.kind}`);
    return served;
  }

  *#deliveries(): Iterable<Delivery> {
    for (const state of this.#states.values()) if (!state.delivery.isDeleting) yield state.delivery;
  }

  /** Ends watches of kinds that nobody delivers any more, once for all that go at about the same time. */
  #releaseLater(): void {
    if (this.#isReleasing) return;
    this.#isReleasing = true;
    this.#options.clock.after(releaseAfterMs, () => {
      this.#isReleasing = false;
      this.#home.live.release(kindsOf(this.#states.values()));
    });
  }

  #log(message: string): void {
    this.#options.logged?.(message);
  }
}
