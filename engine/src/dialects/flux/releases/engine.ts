// The loop over HelmReleases: what describes and feeds them is watched, each is looked at when something about it changed, and
// at its interval. All that must be remembered stands in the objects and in Helm's storage.

import { setMaxListeners } from "node:events";
import { fluxFinalizer, type HelmRelease } from "#api/flux";
import type { Resource } from "#cluster";
import { type ReconcileResult, runController, WorkQueue } from "#controller";
import {
  Decryptions,
  Delays,
  type Dependency,
  EventWriter,
  Identities,
  type Journal,
  type JournalEntry,
  Kinds,
  Live,
  noJournal,
  noServices,
  type Reach,
  StatusWriter,
  Targets,
} from "#delivery";
import type { GoMap } from "#formats/gotemplate";
import { formatFault, type Manifest, refOf } from "#kernel";
import { dependenciesOf } from "../depends-on.ts";
import { Attempt } from "./attempt.ts";
import { MadeCharts } from "./chart-object.ts";
import { Charts } from "./charts.ts";
import { ReleaseKindFault } from "./faults.ts";
import { finalise } from "./finalise.ts";
import { FollowedObjects } from "./followed.ts";
import { Gate } from "./gate.ts";
import { KindWatch } from "./kind-watch.ts";
import { EngineReleaseLooking, type ReleaseLooking } from "./looking.ts";
import { busyReleasesMost, concurrentReleases, requeueBackOff } from "./limits.ts";
import { helmManager } from "./names.ts";
import { type ReleaseSettings, type ReleasesOptions, settingsOf } from "./options.ts";
import { actingAs } from "./acting.ts";
import { intervalOf, reconcileRelease } from "./pass.ts";
import type { PassContext, PassEnd } from "./pass-context.ts";
import { ReleaseRegistry } from "./registry.ts";
import { targetOf } from "./targets.ts";
import { releaseKey, whyWaiting } from "./release-dependencies.ts";
import { type ReleaseSnapshotView, snapshotOfRelease } from "./view.ts";
import { openValues } from "./values-files.ts";
import { readValues } from "./values-reader.ts";
import { beginWait, type ReleaseRun, type Wait } from "./run-state.ts";
import { artifactOf } from "./wakes.ts";

export type Releases = {
  snapshot(): ReleaseSnapshotView[];
  /** Looks at a release now: `namespace/name`. */
  reconcile(key: string): void;
  /** Told after each change of one release. The function returned ends it. */
  subscribe(listener: (changed: ReleaseSnapshotView) => void): () => void;
  /** Looks into it without changing anything. */
  readonly looking: ReleaseLooking;
  /** Resolved when the signal has aborted and all work has ended. */
  readonly ended: Promise<void>;
};

export function startReleases(options: ReleasesOptions): Releases {
  return new ReleaseEngine(options);
}

type PassParts = { attempt: Attempt; wait: Wait; stop: AbortSignal; leave: () => void };

class ReleaseEngine implements Releases {
  readonly ended: Promise<void>;
  readonly looking: ReleaseLooking;
  readonly #options: ReleasesOptions;
  readonly #settings: ReleaseSettings;
  readonly #registry: ReleaseRegistry;
  readonly #listeners = new Set<(changed: ReleaseSnapshotView) => void>();
  readonly #queue: WorkQueue;
  readonly #delays: Delays;
  readonly #home: Reach;
  readonly #targets: Targets;
  readonly #identities: Identities;
  readonly #events: EventWriter;
  readonly #statuses: StatusWriter;
  readonly #charts: Charts;
  readonly #madeCharts: MadeCharts;
  readonly #followed: FollowedObjects;
  readonly #gate = new Gate(busyReleasesMost);
  readonly #decryptions: Decryptions;
  readonly #journal: Journal;

  constructor(options: ReleasesOptions) {
    const { cluster, clock, signal, random } = options;
    this.#options = options;
    this.#settings = settingsOf(options.settings);
    setMaxListeners(0, signal);
    this.#queue = new WorkQueue({ clock, random });
    this.#registry = new ReleaseRegistry({
      queue: this.#queue,
      watchSelector: this.#settings.watchSelector,
      changed: (key) => this.#tell(key),
      forgotten: (key) => this.#forgotten(key),
    });
    this.#delays = new Delays(options);
    const noted = ({ delivery }: { delivery: string }): void => this.#registry.wake(delivery, "drift");
    const expressions = (): [] => [];
    this.#home = { cluster, kinds: new Kinds(cluster), live: new Live({ cluster, clock, signal, expressions, noted }) };
    const services = (options.decryption ?? noServices(clock)).services;
    this.#targets = new Targets({
      home: this.#home,
      clock,
      signal,
      expressions,
      noted,
      services,
      changed: () => this.#registry.wakeAll((object) => object.spec.kubeConfig !== undefined),
    });
    this.#identities = new Identities(cluster, this.#home.kinds);
    this.#decryptions = new Decryptions(options.decryption ?? noServices(clock), this.#home);
    this.#journal = options.journal ?? noJournal;
    this.#events = new EventWriter({ cluster, clock, component: helmManager, told: options.told });
    const failed = (object: Manifest, { message }: { message: string }): void =>
      this.#log(`status of ${labelOf(object)} was not written: ${message}`);
    this.#statuses = new StatusWriter({ cluster, clock, signal, failed });
    this.#charts = new Charts(options.artifacts);
    this.#madeCharts = new MadeCharts({
      cluster,
      kinds: this.#home.kinds,
      seen: (name) => this.#registry.source(name),
      written: (chart) => this.#registry.noteSource(chart),
    });
    this.looking = new EngineReleaseLooking({
      find: (key) => this.#registry.states.get(key),
      source: (name) => this.#registry.source(name),
      charts: this.#charts,
      settings: this.#settings,
      targets: this.#targets,
      identities: this.#identities,
      home: this.#home,
      decryptions: this.#decryptions,
      artifacts: options.artifacts,
      renderer: options.renderer,
      clock,
      signal,
    });
    this.#followed = new FollowedObjects({
      clock,
      signal,
      moved: (key, afterMs) => this.#registry.wake(key, "drift", afterMs),
    });
    const unsubscribe = options.artifacts.subscribe((source) => this.#registry.filesChanged(source));
    this.ended = this.#run().finally(unsubscribe);
  }

  snapshot(): ReleaseSnapshotView[] {
    return [...this.#registry.states.values()].map((state) => snapshotOfRelease(state));
  }

  reconcile(key: string): void {
    this.#queue.add(key, "person");
  }

  subscribe(listener: (changed: ReleaseSnapshotView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #run(): Promise<void> {
    const { cluster, clock, signal } = this.#options;
    const defined = (): void => this.#journal.kindsChanged?.();
    const watch = new KindWatch({ cluster, kinds: this.#home.kinds, clock, signal, defined });
    const watching = watch.run(this.#registry.watched());
    await runController({
      name: "releases",
      queue: this.#queue,
      clock,
      concurrency: concurrentReleases,
      reconcile: (key, stop) => this.#reconcile(key, stop),
      failed: (key, fault) => this.#log(`HelmRelease/${key}: ${formatFault(fault)}`),
      passed: (key, _, tookMs) => this.#options.passed?.(key, tookMs),
      signal,
    });
    await watching;
    this.#targets.close();
    for (const writer of [this.#statuses, this.#events, this.#journal]) await writer.flush();
  }

  #forgotten(key: string): void {
    this.#followed.leave(key);
    this.#decryptions.forget(key);
    this.#home.live.leave(key);
    const targets = [...this.#registry.states.values()].map(({ object }) => ({
      target: targetOf(object, this.#settings),
    }));
    this.#targets.keep(targets);
  }

  async #reconcile(key: string, stop: AbortSignal): Promise<ReconcileResult> {
    const state = this.#registry.states.get(key);
    const resource = this.#registry.resource("HelmRelease");
    if (state === undefined || resource === undefined) return;
    const leave = await this.#gate.enter();
    state.isRunning = true;
    try {
      return await this.#look(key, state, { stop, leave, resource });
    } finally {
      leave();
      state.isRunning = false;
      state.wait = undefined;
      state.waitingFor = undefined;
      this.#tell(key);
    }
  }

  async #look(
    key: string,
    state: ReleaseRun,
    how: { stop: AbortSignal; leave: () => void; resource: Resource },
  ): Promise<ReconcileResult> {
    const { clock } = this.#options;
    const { resource } = how;
    state.object = this.#statuses.newest(key, state.object);
    const attempt = new Attempt({
      clock,
      resource,
      object: () => state.object,
      writeStatus: (wish) => this.#statuses.write(key, wish),
      tell: (event) => this.#events.write(event),
      note: (entry) => this.#note(state.object, entry),
      masked: (text) => state.masker.mask(text),
    });
    const wait = beginWait(state);
    const context = this.#context(key, state, { attempt, wait, ...how });
    if (state.object.metadata.deletionTimestamp !== undefined) return this.#finalise(state, context, resource);
    await this.#ensureFinalizer(state, resource);
    if (attempt.object.spec.suspend === true) {
      await attempt.finish({ isObserved: true });
      return;
    }
    const end = await reconcileRelease(context);
    if (how.stop.aborted) return;
    if (wait.ending.signal.aborted) this.#tellCanceled(attempt);
    const isObserved = end.next === "interval" || end.next === "never" || this.#isRetry(attempt, end);
    await attempt.finish({ isObserved });
    return this.#after(state, end);
  }

  /** A retry that is planned has observed the generation, one that waits for something has not. */
  #isRetry(attempt: Attempt, end: PassEnd): boolean {
    return end.next === "later" && attempt.conditions.get("Reconciling")?.reason === "ProgressingWithRetry";
  }

  #after(state: ReleaseRun, end: PassEnd): ReconcileResult {
    switch (end.next) {
      case "interval":
        state.repeats = 0;
        return { requeueAfterMs: this.#delays.jittered(intervalOf(state.object as unknown as HelmRelease)) };
      case "never":
        state.repeats = 0;
        return undefined;
      case "later":
        return { requeueAfterMs: this.#delays.jittered(end.afterMs) };
      case "held": {
        state.repeats = 0;
        const intervalMs = this.#delays.jittered(intervalOf(state.object as unknown as HelmRelease));
        const leftMs = end.untilMs === undefined ? Infinity : end.untilMs - this.#options.clock.now();
        return { requeueAfterMs: Math.max(requeueBackOff.leastMs, Math.min(leftMs, intervalMs)) };
      }
      case "again":
      case "back-off": {
        if (end.next === "back-off") this.#log(`${labelOf(state.object)}: ${end.message}`);
        const delayMs = Math.min(requeueBackOff.mostMs, requeueBackOff.leastMs * 2 ** Math.min(state.repeats, 16));
        state.repeats += 1;
        return { requeueAfterMs: delayMs };
      }
    }
  }

  async #finalise(state: ReleaseRun, context: PassContext, resource: Resource): Promise<ReconcileResult> {
    const end = await finalise(context, {
      object: state.object,
      home: this.#home,
      resource,
      canAct: () => this.#canAct(context.attempt.object),
      removeChart: () => this.#madeCharts.remove(context.attempt),
    });
    if (end === undefined) return;
    await context.attempt.finish({ isObserved: false });
    return this.#after(state, end);
  }

  /** False when who acted, or what names the cluster, is gone: then nothing is done there any more. */
  async #canAct(object: HelmRelease): Promise<boolean> {
    const identity = actingAs(object, this.#settings);
    const target = targetOf(object as unknown as Manifest, this.#settings);
    return (await this.#identities.exists({ identity, target })) && this.#targets.exists({ target });
  }

  async #ensureFinalizer(state: ReleaseRun, resource: Resource): Promise<void> {
    const { finalizers = [], name, namespace = "", resourceVersion } = state.object.metadata;
    if (finalizers.includes(fluxFinalizer)) return;
    const patch = {
      metadata: {
        finalizers: [...finalizers, fluxFinalizer],
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
    };
    const options = { fieldManager: helmManager };
    const answer = await this.#home.cluster.patch({ resource, namespace, name }, { type: "merge", patch }, options);
    if (answer.ok) {
      state.object = { ...state.object, metadata: { ...answer.value.metadata } };
      return;
    }
    if (answer.status.code === 404) return;
    throw new ReleaseKindFault({
      code: "release-refused",
      disposition: "retry",
      at: labelOf(state.object),
      message: `the finalizer could not be set: ${answer.status.message}`,
    });
  }

  #context(key: string, state: ReleaseRun, { attempt, wait, stop, leave }: PassParts): PassContext {
    const { object } = attempt;
    return {
      attempt,
      settings: this.#settings,
      clock: this.#options.clock,
      charts: this.#charts,
      renderer: this.#options.renderer,
      signal: AbortSignal.any([stop, wait.ending.signal]),
      isStopping: () => stop.aborted,
      makeChart: () => this.#madeCharts.make(attempt),
      whyWaiting: () => this.#whyWaiting(key, attempt),
      source: () => {
        const source = this.#registry.chartSource(object as unknown as Manifest);
        wait.artifact = artifactOf(source);
        return source;
      },
      values: () => {
        wait.inputs = state.inputs;
        return this.#values(key, state, object);
      },
      target: (run) =>
        this.#targets.with({ target: targetOf(state.object, this.#settings) }, (reach) =>
          run({ ...reach, acting: this.#identities.clusterFor(actingAs(object, this.#settings), reach.cluster) }),
        ),
      onEvent: (event) => {
        if (event.type !== "waiting") return;
        // Others may use the processor.
        leave();
        wait.isWaiting = true;
        this.#registry.endOutdatedWait(key);
        state.waitingFor = `${event.ref.kind} ${event.ref.namespace}/${event.ref.name}: ${event.message}`;
        this.#tell(key);
      },
      lookups: this.#followed.lookupsOf(key),
      settled: (objects, reach) => this.#followed.followObjects(key, { object, objects, reach }),
    };
  }

  async #values(key: string, state: ReleaseRun, object: HelmRelease): Promise<GoMap> {
    const keys = this.#decryptions;
    const opened = await openValues(object, {
      key,
      decryptions: keys,
      cluster: this.#home.cluster,
      masker: state.masker,
      sources: this.#options.artifacts,
    });
    return readValues(object, this.#home, opened);
  }

  async #whyWaiting(key: string, { object }: Attempt): Promise<string | undefined> {
    const self = object as unknown as Manifest;
    const dependencies = dependenciesOf(self, object.spec, this.#settings);
    if (dependencies.length === 0) return undefined;
    const nowMs = this.#options.clock.now();
    return whyWaiting({ self, dependencies, nowMs, read: (dependency) => this.#readDependency(key, dependency) });
  }

  async #readDependency(key: string, { ref }: Dependency): Promise<Manifest | string> {
    const known =
      ref.kind === "HelmRelease" ? this.#registry.states.get(`${ref.namespace}/${ref.name}`)?.object : undefined;
    if (known !== undefined) return known;
    const resource =
      (await this.#home.kinds.find(ref)) ?? (await this.#home.kinds.find({ group: ref.group, kind: ref.kind }));
    if (resource === undefined) return `no matches for kind "${ref.kind}"`;
    const namespace = resource.isNamespaced ? ref.namespace : "";
    if (ref.kind !== "HelmRelease") await this.#home.live.watchOther(resource, { ...ref, namespace }, key);
    const answer = await this.#home.cluster.get({ resource, namespace, name: ref.name });
    return answer.ok ? answer.value : answer.status.message;
  }

  #note(object: Manifest, entry: JournalEntry): void {
    this.#journal.note({ key: releaseKey(object), ref: refOf(object), uid: object.metadata.uid ?? "" }, entry);
  }

  /** Something newer came while only health was waited for: what was given up has not failed. */
  #tellCanceled(attempt: Attempt): void {
    attempt.clearFailures();
    attempt.conditions.remove("Stalled");
    const { name } = attempt.object.metadata;
    const by = `HelmRelease/${attempt.namespace}/${name}`;
    attempt.conditions.set("Ready", "False", {
      reason: "HealthCheckCanceled",
      message: `New reconciliation triggered by ${by}`,
    });
    const message = `Health checks canceled due to new reconciliation triggered by ${by}`;
    attempt.tell({ reason: "HealthCheckCanceled", message });
  }

  #tell(key: string): void {
    const state = this.#registry.states.get(key);
    if (state === undefined) return;
    const view = snapshotOfRelease(state);
    for (const listener of this.#listeners) listener(view);
  }

  #log(message: string): void {
    this.#options.logged?.(message);
  }
}

function keyOf({ metadata }: Manifest): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

function labelOf(object: Manifest): string {
  return `HelmRelease/${keyOf(object)}`;
}
