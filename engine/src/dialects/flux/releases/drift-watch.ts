// Drift by watch: releases that are compared with their objects hear at once when one of these was changed or is gone. An
// event is judged by metadata alone; whether it is drift is found by comparing.

import { type Cluster, Informer, type Resource } from "#cluster";
import type { Clock, Manifest } from "#kernel";
import { originNameLabel, originNamespaceLabel } from "./names.ts";
import { type BeginWatch, SharedWatches } from "./shared-watches.ts";

export type DriftWatchOptions = {
  clock: Clock;
  signal: AbortSignal;
  /** Told which release should be compared. */
  moved: (release: { namespace: string; name: string }) => void;
};

export class DriftWatch {
  readonly #options: DriftWatchOptions;
  readonly #watches: SharedWatches;

  constructor(options: DriftWatchOptions) {
    this.#options = options;
    this.#watches = new SharedWatches(options.signal);
  }

  /** How many watches are open. */
  get size(): number {
    return this.#watches.size;
  }

  /** From now on a release hears of its objects of these kinds, and of no others. */
  follow(release: string, cluster: Cluster, resources: readonly Resource[]): void {
    const begin = (resource: Resource): [string, BeginWatch] => [
      watchKey(cluster, resource),
      (releases, signal) => this.#begin({ cluster, resource }, releases, signal),
    ];
    this.#watches.follow(release, new Map(resources.map(begin)));
  }

  leave(release: string): void {
    this.#watches.leave(release);
  }

  #begin(
    { cluster, resource }: { cluster: Cluster; resource: Resource },
    releases: ReadonlySet<string>,
    signal: AbortSignal,
  ): void {
    const { clock, moved } = this.#options;
    const informer = new Informer<Manifest>({
      cluster,
      resource,
      clock,
      keep: (object) => object,
      labelSelector: originNameLabel,
      isMetadataOnly: true,
    });
    const tell = (object: Manifest): void => {
      const { labels = {} } = object.metadata;
      const [name = "", namespace = ""] = [labels[originNameLabel], labels[originNamespaceLabel]];
      if (releases.has(`${namespace}/${name}`)) moved({ namespace, name });
    };
    informer.subscribe({
      changed: (object, previous) => {
        if (previous !== undefined && hasMoved(object, previous)) tell(object);
      },
      deleted: tell,
    });
    void informer.run(signal);
  }
}

function watchKey({ name }: Cluster, { group, version, plural }: Resource): string {
  return `${name} ${group}/${version}/${plural}`;
}

/** A status alone does not count: what has a generation keeps it then. */
function hasMoved({ metadata: now }: Manifest, { metadata: before }: Manifest): boolean {
  if (now.uid !== before.uid || now.deletionTimestamp !== before.deletionTimestamp) return true;
  const marks = (metadata: typeof now): string => JSON.stringify([metadata.labels ?? {}, metadata.annotations ?? {}]);
  if (marks(now) !== marks(before)) return true;
  return now.generation === undefined
    ? now.resourceVersion !== before.resourceVersion
    : now.generation !== before.generation;
}
