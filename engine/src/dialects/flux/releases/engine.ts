// The loop over HelmReleases: what describes and feeds them is watched, each is looked at when something about it changed, and
// at its interval. All that must be remembered stands in the objects and in Helm's storage.

import { setMaxListeners } from "node:events";
import { fluxFinalizer, type HelmRelease, helmGroup, sourceGroup, watchLabel } from "#api/flux";
import type { Resource } from "#cluster";
import { type Priority, type ReconcileResult, runController, WorkQueue } from "#controller";
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
  withNewestStatus,
} from "#delivery";
import type { SourceName } from "#artifacts";
import type { GoMap } from "#formats/gotemplate";
import { formatFault, type Manifest, refOf, splitApiVersion } from "#kernel";
import type { LookupAnswer, Release } from "#releases";
import { dependenciesOf } from "../depends-on.ts";
import { Attempt } from "./attempt.ts";
import { applyChart, removeChart, wantedChart } from "./chart-object.ts";
import { Charts } from "./charts.ts";
import { detectsDrift } from "./drift.ts";
import { DriftWatch } from "./drift-watch.ts";
import { ReleaseKindFault } from "./faults.ts";
import { finalise } from "./finalise.ts";
import { Gate } from "./gate.ts";
import { type WatchedKind, KindWatch } from "./kind-watch.ts";
import { EngineReleaseLooking, type ReleaseLooking } from "./looking.ts";
import { busyReleasesMost, concurrentReleases, driftPauseMs, requeueBackOff } from "./limits.ts";
import { type Followed, LookupWatch } from "./lookups.ts";
import { chartObjectOf, chartSourceOf, helmManager } from "./names.ts";
import { type ReleaseSettings, type ReleasesOptions, settingsOf } from "./options.ts";
import { actingAs, intervalOf, type PassContext, type PassEnd, reconcileRelease } from "./pass.ts";
import { targetOf } from "./targets.ts";
import { releaseKey, whyWaiting } from "./release-dependencies.ts";
import { type ReleaseSnapshotView, snapshotOfRelease } from "./view.ts";
import { openValues, readsFilesOf } from "./values-files.ts";
import { readValues } from "./values-reader.ts";
import { beginWait, isOutdated, newState, type ReleaseRun, type Wait } from "./run-state.ts";
import { artifactOf, dependsOn, isChartedBy, isReady, offerOf, priorityOf, readiness, readsObject } from "./wakes.ts";

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

/** Sources of charts, by kind. */
const sourceKinds = ["HelmChart", "OCIRepository", "ExternalArtifact"] as const;

class ReleaseEngine implements Releases {
  readonly ended: Promise<void>;
  readonly looking: ReleaseLooking;
  readonly #options: ReleasesOptions;
  readonly #settings: ReleaseSettings;
  readonly #states = new Map<string, ReleaseRun>();
  readonly #sources = new Map<string, Manifest>();
  readonly #resources = new Map<string, Resource>();
  readonly #listeners = new Set<(changed: ReleaseSnapshotView) => void>();
  readonly #queue: WorkQueue;
  readonly #delays: Delays;
  readonly #home: Reach;
  readonly #targets: Targets;
  readonly #identities: Identities;
  readonly #events: EventWriter;
  readonly #statuses: StatusWriter;
  readonly #charts: Charts;
  readonly #driftWatch: DriftWatch;
  readonly #lookups: LookupWatch;
  readonly #gate = new Gate(busyReleasesMost);
  readonly #decryptions: Decryptions;
  readonly #journal: Journal;

  constructor(options: ReleasesOptions) {
    const { cluster, clock, signal, random } = options;
    this.#options = options;
    this.#settings = settingsOf(options.settings);
    setMaxListeners(0, signal);
    this.#queue = new WorkQueue({ clock, random });
    this.#delays = new Delays(options);
    const noted = ({ delivery }: { delivery: string }): void => this.#wake(delivery, "drift");
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
      changed: () => this.#wakeAll((object) => object.spec.kubeConfig !== undefined),
    });
    this.#identities = new Identities(cluster, this.#home.kinds);
    this.#decryptions = new Decryptions(options.decryption ?? noServices(clock), this.#home);
    this.#journal = options.journal ?? noJournal;
    this.#events = new EventWriter({ cluster, clock, component: helmManager, told: options.told });
    const failed = (object: Manifest, { message }: { message: string }): void =>
      this.#log(`status of ${labelOf(object)} was not written: ${message}`);
    this.#statuses = new StatusWriter({ cluster, clock, signal, failed });
    this.#charts = new Charts(options.artifacts);
    this.looking = new EngineReleaseLooking({
      find: (key) => this.#states.get(key),
      source: (name) => this.#sources.get(`${name.kind}/${name.namespace}/${name.name}`),
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
    const moved = (release: { namespace: string; name: string }): void => {
      const key = `${release.namespace}/${release.name}`;
      if (this.#states.has(key)) this.#queue.addAfter(key, "drift", driftPauseMs);
    };
    this.#driftWatch = new DriftWatch({ clock, signal, moved });
    const lookedUp = (key: string, afterMs: number): void => {
      if (this.#states.has(key)) this.#queue.addAfter(key, "drift", afterMs);
    };
    this.#lookups = new LookupWatch({ clock, signal, moved: lookedUp });
    const unsubscribe = options.artifacts.subscribe((source) => this.#filesChanged(source));
    this.ended = this.#run().finally(unsubscribe);
  }

  snapshot(): ReleaseSnapshotView[] {
    return [...this.#states.values()].map((state) => snapshotOfRelease(state));
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
    const watching = new KindWatch({ cluster, kinds: this.#home.kinds, clock, signal, defined }).run(this.#watched());
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

  #watched(): WatchedKind[] {
    const { watchSelector } = this.#settings;
    const releases: WatchedKind = {
      group: helmGroup,
      kind: "HelmRelease",
      ...(watchSelector === undefined ? {} : { labelSelector: watchSelector }),
      served: (resource) => void this.#resources.set("HelmRelease", resource),
      changed: (object, previous) => this.#described(object, previous),
      deleted: (object) => this.#forget(object),
    };
    const sources = sourceKinds.map(
      (kind): WatchedKind => ({
        group: sourceGroup,
        kind,
        served: (resource) => void this.#resources.set(kind, resource),
        changed: (object, previous) => this.#sourceChanged(object, previous),
        deleted: (object) => void this.#sources.delete(sourceKey(object)),
      }),
    );
    const values = (["ConfigMap", "Secret"] as const).map((kind): WatchedKind => {
      const changed = (object: Manifest): void => this.#valuesChanged(kind, object);
      const selection = { labelSelector: `${watchLabel}=Enabled`, isMetadataOnly: true };
      return { group: "", kind, ...selection, changed, deleted: changed };
    });
    return [releases, ...sources, ...values];
  }

  #described(seen: Manifest, previous: Manifest | undefined): void {
    const key = keyOf(seen);
    const state = this.#states.get(key);
    const object = withNewestStatus(seen, state?.object);
    if (state === undefined) this.#states.set(key, newState(object));
    else state.object = object;
    const priority = priorityOf(object, previous);
    if (priority !== undefined) {
      if (state !== undefined) state.repeats = 0;
      this.#queue.add(key, priority);
    }
    if (previous === undefined || readiness(object) !== readiness(previous)) this.#wakeDependents(key);
    this.#endOutdatedWait(key);
    this.#tell(key);
  }

  #forget(object: Manifest): void {
    const key = keyOf(object);
    this.#states.delete(key);
    this.#queue.remove(key);
    this.#driftWatch.leave(key);
    this.#lookups.leave(key);
    this.#decryptions.forget(key);
    this.#home.live.leave(key);
    this.#targets.keep([...this.#states.values()].map((state) => ({ target: targetOf(state.object, this.#settings) })));
    this.#wakeDependents(key);
  }

  /** Those that wait for a release, as soon as it is ready or gone. */
  #wakeDependents(key: string): void {
    this.#wakeAll((object) => dependsOn(object, key) && !isReady(object));
  }

  #wakeAll(isConcerned: (object: HelmRelease) => boolean): string[] {
    const concerned = [...this.#states].filter(([, { object }]) => isConcerned(object as unknown as HelmRelease));
    for (const [key] of concerned) this.#queue.add(key, "revision");
    return concerned.map(([key]) => key);
  }

  #inputsChanged(isConcerned: (object: HelmRelease) => boolean): void {
    for (const key of this.#wakeAll(isConcerned)) {
      const state = this.#states.get(key);
      if (state !== undefined) state.inputs += 1;
      this.#endOutdatedWait(key);
    }
  }

  /** What is newer need not wait for the health of what is older; what is the same goes on waiting. */
  #endOutdatedWait(key: string): void {
    const state = this.#states.get(key);
    const wait = state?.wait;
    if (state === undefined || wait?.isWaiting !== true) return;
    const { object, inputs } = state;
    if (isOutdated(wait, { object, inputs, artifact: artifactOf(this.#chartSource(object)) })) wait.ending.abort();
  }

  #chartSource(object: Manifest): Manifest | undefined {
    const name = chartSourceOf(object as unknown as HelmRelease);
    return name === undefined ? undefined : this.#sources.get(`${name.kind}/${name.namespace}/${name.name}`);
  }

  #wake(key: string, priority: Priority): void {
    if (this.#states.has(key)) this.#queue.add(key, priority);
  }

  #sourceChanged(object: Manifest, previous: Manifest | undefined): void {
    const key = sourceKey(object);
    this.#sources.set(key, object);
    if (previous === undefined || offerOf(object) !== offerOf(previous))
      for (const release of this.#wakeAll((one) => isChartedBy(one, key))) this.#endOutdatedWait(release);
  }

  /** Those that take values files from a source. */
  #filesChanged(source: SourceName): void {
    this.#inputsChanged((release) => readsFilesOf(release, source));
  }

  #valuesChanged(kind: "ConfigMap" | "Secret", object: Manifest): void {
    this.#inputsChanged((release) => readsObject(release, kind, object));
  }

  async #reconcile(key: string, stop: AbortSignal): Promise<ReconcileResult> {
    const state = this.#states.get(key);
    const resource = this.#resources.get("HelmRelease");
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
      removeChart: () => this.#removeChart(context.attempt),
    });
    if (end === undefined) return;
    await context.attempt.finish({ isObserved: false });
    return this.#after(state, { next: "back-off", message: end });
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
      makeChart: () => this.#makeChart(attempt),
      whyWaiting: () => this.#whyWaiting(key, attempt),
      source: () => {
        const source = this.#chartSource(object as unknown as Manifest);
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
        this.#endOutdatedWait(key);
        state.waitingFor = `${event.ref.kind} ${event.ref.namespace}/${event.ref.name}: ${event.message}`;
        this.#tell(key);
      },
      lookups: {
        markOf: (version) => this.#lookups.markOf(key, version),
        mayUpgrade: () => this.#lookups.mayUpgrade(key),
        follow: (seen, reach) => this.#followLookups(key, seen, reach),
      },
      settled: (release, reach, objects) => this.#settled(key, { object, release, reach, objects }),
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

  /** What is compared with the cluster is watched from now on. */
  async #settled(
    key: string,
    {
      object,
      release,
      reach,
      objects,
    }: { object: HelmRelease; release: Release | undefined; reach: Reach; objects: readonly Manifest[] },
  ): Promise<void> {
    if (!detectsDrift(object) || release === undefined) return this.#driftWatch.leave(key);
    const resources = new Map<string, Resource>();
    for (const one of objects) {
      const [group = "", version = ""] = one.apiVersion.includes("/")
        ? one.apiVersion.split("/")
        : ["", one.apiVersion];
      const resource = await reach.kinds.find({ group, version, kind: one.kind });
      if (resource !== undefined) resources.set(`${group}/${one.kind}`, resource);
    }
    this.#driftWatch.follow(key, reach.cluster, [...resources.values()]);
  }

  /** What a chart looked up is watched by our own rights; what it may read it was asked as whoever acts. */
  async #followLookups(
    key: string,
    seen: { version: number; mark: string; lookups: readonly LookupAnswer[] } | undefined,
    { cluster, kinds }: Reach,
  ): Promise<void> {
    if (seen === undefined) return this.#lookups.leave(key);
    const followed: Followed[] = [];
    for (const { apiVersion, kind, namespace, name } of seen.lookups) {
      const resource = await kinds.find({ ...splitApiVersion(apiVersion), kind });
      if (resource !== undefined) followed.push({ resource, namespace, name });
    }
    this.#lookups.follow(key, seen, { cluster, followed });
  }

  async #makeChart(attempt: Attempt): Promise<void> {
    const { object, status } = attempt;
    const place = chartObjectOf(object);
    const label = place === undefined ? undefined : `${place.namespace}/${place.name}`;
    if (status.helmChart !== undefined && status.helmChart !== "" && status.helmChart !== label)
      await this.#removeChart(attempt);
    const wanted = wantedChart(object);
    if (wanted === undefined || label === undefined) return;
    const resource = this.#resources.get("HelmChart") ?? (await this.#home.kinds.target(refOfChart(label))).resource;
    const live = this.#sources.get(`HelmChart/${label}`);
    const { object: made, word } = await applyChart(this.#home.cluster, resource, { wanted, live });
    if (word !== "unchanged") {
      this.#sources.set(`HelmChart/${label}`, withNewestStatus(made, live));
      const { kind, name } = object.spec.chart?.spec.sourceRef ?? { kind: "", name: "" };
      const [reason, verb] =
        word === "created" ? ["HelmChartCreated", "Created"] : ["HelmChartConfigured", "Configured"];
      const message = `${verb} HelmChart/${label} with SourceRef '${kind}/${place?.namespace ?? ""}/${name}'`;
      attempt.tell({ reason, message });
    }
    attempt.status.helmChart = label;
  }

  async #removeChart(attempt: Attempt): Promise<void> {
    const { helmChart = "" } = attempt.status;
    if (helmChart === "" || attempt.object.spec.suspend === true) return;
    const { resource } = await this.#home.kinds.target(refOfChart(helmChart));
    if (await removeChart(this.#home.cluster, resource, helmChart))
      attempt.tell({ reason: "HelmChartDeleted", message: `deleted HelmChart '${helmChart}'` });
    delete attempt.status.helmChart;
  }

  async #whyWaiting(key: string, { object }: Attempt): Promise<string | undefined> {
    const self = object as unknown as Manifest;
    const dependencies = dependenciesOf(self, object.spec, this.#settings);
    if (dependencies.length === 0) return undefined;
    const nowMs = this.#options.clock.now();
    return whyWaiting({ self, dependencies, nowMs, read: (dependency) => this.#readDependency(key, dependency) });
  }

  async #readDependency(key: string, { ref }: Dependency): Promise<Manifest | string> {
    const known = ref.kind === "HelmRelease" ? this.#states.get(`${ref.namespace}/${ref.name}`)?.object : undefined;
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
    const state = this.#states.get(key);
    if (state === undefined) return;
    const view = snapshotOfRelease(state);
    for (const listener of this.#listeners) listener(view);
  }

  #log(message: string): void {
    this.#options.logged?.(message);
  }
}

function refOfChart(label: string) {
  const [namespace = "", name = ""] = label.split("/");
  return { group: sourceGroup, version: "v1", kind: "HelmChart", namespace, name };
}

function keyOf({ metadata }: Manifest): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

function labelOf(object: Manifest): string {
  return `HelmRelease/${keyOf(object)}`;
}

function sourceKey(object: Manifest): string {
  return `${object.kind}/${keyOf(object)}`;
}
