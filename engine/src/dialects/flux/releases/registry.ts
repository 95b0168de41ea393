// The releases and the sources of their charts, as their watches saw them last. Whom a change concerns is woken, and what is waited
// for is given up where something else is wanted by now.

import { type HelmRelease, helmGroup, sourceGroup, watchLabel } from "#api/flux";
import type { Resource } from "#cluster";
import type { SourceName } from "#artifacts";
import type { Priority, WorkQueue } from "#controller";
import { withNewestStatus } from "#delivery";
import type { Manifest } from "#kernel";
import type { WatchedKind } from "./kind-watch.ts";
import { chartSourceOf } from "./names.ts";
import { isOutdated, newState, type ReleaseRun } from "./run-state.ts";
import { readsFilesOf } from "./values-files.ts";
import {
  artifactOf,
  dependsOn,
  isChartedBy,
  isGuarded,
  isReady,
  offerOf,
  priorityOf,
  readiness,
  readsObject,
} from "./wakes.ts";

/** Sources of charts, by kind. */
const sourceKinds = ["HelmChart", "OCIRepository", "ExternalArtifact"] as const;

export type RegistryOptions = {
  queue: WorkQueue;
  /** Which HelmReleases there are for us, by label; undefined: all. */
  watchSelector: string | undefined;
  /** Told of a release whose object is another now. */
  changed: (key: string) => void;
  /** Told of one that is gone. */
  forgotten: (key: string) => void;
};

export class ReleaseRegistry {
  /** By `namespace/name`. */
  readonly states: ReadonlyMap<string, ReleaseRun>;
  readonly #states = new Map<string, ReleaseRun>();
  readonly #sources = new Map<string, Manifest>();
  readonly #resources = new Map<string, Resource>();
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.states = this.#states;
  }

  /** What serves a kind; undefined: its definition is not there yet. */
  resource(kind: "HelmRelease" | (typeof sourceKinds)[number]): Resource | undefined {
    return this.#resources.get(kind);
  }

  source({ kind, namespace, name }: SourceName): Manifest | undefined {
    return this.#sources.get(`${kind}/${namespace}/${name}`);
  }

  /** A source as it was just written, of which its watch tells later. */
  noteSource(object: Manifest): void {
    this.#sources.set(sourceKey(object), object);
  }

  chartSource(object: Manifest): Manifest | undefined {
    const name = chartSourceOf(object as unknown as HelmRelease);
    return name === undefined ? undefined : this.source(name);
  }

  /** What is to be watched for it. */
  watched(): WatchedKind[] {
    const { watchSelector } = this.#options;
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
      const changed = (object: Manifest): void => this.#inputsChanged((one) => readsObject(one, kind, object));
      const selection = { labelSelector: `${watchLabel}=Enabled`, isMetadataOnly: true };
      return { group: "", kind, ...selection, changed, deleted: changed };
    });
    return [releases, ...sources, ...values];
  }

  wake(key: string, priority: Priority, afterMs = 0): void {
    if (this.#states.has(key)) this.#options.queue.addAfter(key, priority, afterMs);
  }

  /** The keys of those that were woken. */
  wakeAll(isConcerned: (object: HelmRelease) => boolean): string[] {
    const concerned = [...this.#states].filter(([, { object }]) => isConcerned(object as unknown as HelmRelease));
    for (const [key] of concerned) this.#options.queue.add(key, "revision");
    return concerned.map(([key]) => key);
  }

  /** Another file may be in a source: those that take values files from it are woken. */
  filesChanged(source: SourceName): void {
    this.#inputsChanged((release) => readsFilesOf(release, source));
  }

  /** What is newer need not wait for the health of what is older; what is the same goes on waiting. */
  endOutdatedWait(key: string): void {
    const state = this.#states.get(key);
    const wait = state?.wait;
    if (state === undefined || wait?.isWaiting !== true) return;
    const { object, inputs } = state;
    if (isGuarded(object)) return;
    if (isOutdated(wait, { object, inputs, artifact: artifactOf(this.chartSource(object)) })) wait.ending.abort();
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
      this.#options.queue.add(key, priority);
    }
    if (previous === undefined || readiness(object) !== readiness(previous)) this.#wakeDependents(key);
    this.endOutdatedWait(key);
    this.#options.changed(key);
  }

  #forget(object: Manifest): void {
    const key = keyOf(object);
    this.#states.delete(key);
    this.#options.queue.remove(key);
    this.#options.forgotten(key);
    this.#wakeDependents(key);
  }

  /** Those that wait for a release, as soon as it is ready or gone. */
  #wakeDependents(key: string): void {
    this.wakeAll((object) => dependsOn(object, key) && !isReady(object));
  }

  #inputsChanged(isConcerned: (object: HelmRelease) => boolean): void {
    for (const key of this.wakeAll(isConcerned)) {
      const state = this.#states.get(key);
      if (state !== undefined) state.inputs += 1;
      this.endOutdatedWait(key);
    }
  }

  #sourceChanged(object: Manifest, previous: Manifest | undefined): void {
    const key = sourceKey(object);
    this.#sources.set(key, object);
    if (previous === undefined || offerOf(object) !== offerOf(previous))
      for (const release of this.wakeAll((one) => isChartedBy(one, key))) this.endOutdatedWait(release);
  }
}

function keyOf({ metadata }: Manifest): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

function sourceKey(object: Manifest): string {
  return `${object.kind}/${keyOf(object)}`;
}
