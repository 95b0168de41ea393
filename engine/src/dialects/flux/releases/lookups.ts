// What charts look up in the cluster is an input of their releases, beyond Flux: it is watched, and where a chart comes out otherwise
// with what stands there now, the release is upgraded. Charts without a `lookup` cost nothing.

import { type Cluster, Informer, type Resource } from "#cluster";
import type { Clock, Manifest } from "#kernel";
import type { GoMap, Value } from "#formats/gotemplate";
import type { LookupAnswer, Release } from "#releases";
import type { Chart } from "#render/helm";
import { lookupPauseMs, lookupRest } from "./limits.ts";
import { type BeginWatch, SharedWatches } from "./shared-watches.ts";

/** True when a template may ask: the word stands in the chart, or in values that a template may take for one. */
export function asksCluster(chart: Chart, values: GoMap): boolean {
  return chartAsks(chart) || mentionsLookup(values);
}

const asking = new WeakMap<Chart, boolean>();

function chartAsks(chart: Chart): boolean {
  const known = asking.get(chart);
  if (known !== undefined) return known;
  const asks = chart.raw.some(({ data }) => Buffer.from(data).includes("lookup")) || chart.dependencies.some(chartAsks);
  asking.set(chart, asks);
  return asks;
}

function mentionsLookup(value: Value): boolean {
  if (typeof value === "string") return value.includes("lookup");
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value as { [key: string]: Value }).some(mentionsLookup);
}

/** A lookup with the resource it asked for. */
export type Followed = Pick<LookupAnswer, "namespace" | "name"> & { resource: Resource };

export type LookupWatchOptions = {
  clock: Clock;
  signal: AbortSignal;
  /** Told which release should be rendered again, and how soon. */
  moved: (release: string, afterMs: number) => void;
};

/** What is known of a release's lookups beside its record. */
type Known = {
  /** For a record without a mark: what the answers were when it was first seen. */
  version: number;
  mark: string;
  /** When it was upgraded for them last, and how often in a row. */
  upgradedMs: number;
  upgrades: number;
  /** What was rendered for a wish: its record may be gone, after an uninstall. */
  tried?: Tried | undefined;
};

type Tried = { wish: string; release: Release };

export class LookupWatch {
  readonly #options: LookupWatchOptions;
  readonly #watches: SharedWatches;
  readonly #known = new Map<string, Known>();

  constructor(options: LookupWatchOptions) {
    this.#options = options;
    this.#watches = new SharedWatches(options.signal);
  }

  /** How many watches are open. */
  get size(): number {
    return this.#watches.size;
  }

  /** The answers with which a revision was first seen. */
  markOf(release: string, version: number): string | undefined {
    const known = this.#known.get(release);
    return known?.version === version ? known.mark : undefined;
  }

  /** What was rendered for a wish. */
  triedBy(release: string, wish: string): Release | undefined {
    const tried = this.#known.get(release)?.tried;
    return tried?.wish === wish ? tried.release : undefined;
  }

  /** Of a release that is followed. */
  noteTried(release: string, tried: Tried | undefined): void {
    const known = this.#known.get(release);
    if (known !== undefined) known.tried = tried;
  }

  /** False while a release was upgraded for its lookups a moment ago: one that moves what it looks up itself must not spin. */
  mayUpgrade(release: string): boolean {
    const { clock, moved } = this.#options;
    const known = this.#known.get(release);
    if (known === undefined) return true;
    const { leastMs, mostMs } = lookupRest;
    const sinceMs = clock.now() - known.upgradedMs;
    if (sinceMs > mostMs) known.upgrades = 0;
    const restMs = known.upgrades === 0 ? 0 : Math.min(mostMs, leastMs * 2 ** known.upgrades) - sinceMs;
    if (restMs > 0) {
      moved(release, restMs);
      return false;
    }
    known.upgradedMs = clock.now();
    known.upgrades += 1;
    return true;
  }

  /** From now on a release hears of what it looked up, and of nothing else. */
  follow(
    release: string,
    { version, mark }: { version: number; mark: string },
    { cluster, followed }: { cluster: Cluster; followed: readonly Followed[] },
  ): void {
    const before = this.#known.get(release);
    if (before?.version !== version)
      this.#known.set(release, { version, mark, upgradedMs: before?.upgradedMs ?? 0, upgrades: before?.upgrades ?? 0 });
    const begin = (each: Followed): [string, BeginWatch] => [
      watchKey(cluster, each),
      (releases, signal) => this.#begin({ cluster, ...each }, releases, signal),
    ];
    this.#watches.follow(release, new Map(followed.map(begin)));
  }

  leave(release: string): void {
    this.#known.delete(release);
    this.#watches.leave(release);
  }

  #begin(
    { cluster, resource, namespace, name }: Followed & { cluster: Cluster },
    releases: ReadonlySet<string>,
    signal: AbortSignal,
  ): void {
    const { clock, moved } = this.#options;
    const informer = new Informer<Manifest>({
      cluster,
      resource,
      clock,
      keep: (object) => object,
      isMetadataOnly: true,
      ...(resource.isNamespaced && namespace !== "" ? { namespace } : {}),
      ...(name === "" ? {} : { fieldSelector: `metadata.name=${name}` }),
    });
    const tell = (): void => {
      for (const release of releases) moved(release, lookupPauseMs);
    };
    informer.subscribe({ changed: () => informer.isSynced && tell(), deleted: tell });
    // What moved between the rendering and the watch is found by one more look.
    void informer.synced.then(tell);
    void informer.run(signal);
  }
}

function watchKey(cluster: Cluster, { resource, namespace, name }: Followed): string {
  const { group, version, plural } = resource;
  return `${cluster.name} ${group}/${version}/${plural} ${namespace}/${name}`;
}
