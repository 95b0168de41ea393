// Drift by watch: releases that are compared with their objects hear at once when one of these was changed or is gone. An
// event is judged by metadata alone; whether it is drift is found by comparing.

import { type Cluster, Informer, type Resource } from "#cluster";
import type { Clock, Manifest } from "#kernel";
import { originNameLabel, originNamespaceLabel } from "./names.ts";

export type DriftWatchOptions = {
  clock: Clock;
  signal: AbortSignal;
  /** Told which release should be compared. */
  moved: (release: { namespace: string; name: string }) => void;
};

type Watch = { ending: AbortController; releases: Set<string> };

export class DriftWatch {
  readonly #options: DriftWatchOptions;
  readonly #watches = new Map<string, Watch>();

  constructor(options: DriftWatchOptions) {
    this.#options = options;
  }

  /** How many watches are open. */
  get size(): number {
    return this.#watches.size;
  }

  /** From now on a release hears of its objects of these kinds, and of no others. */
  follow(release: string, cluster: Cluster, resources: readonly Resource[]): void {
    const wanted = new Map(resources.map((resource) => [watchKey(cluster, resource), resource]));
    for (const [key, resource] of wanted) this.#open(key, cluster, resource).releases.add(release);
    for (const [key, watch] of this.#watches) {
      if (!wanted.has(key) && watch.releases.delete(release) && watch.releases.size === 0) this.#end(key, watch);
    }
  }

  leave(release: string): void {
    for (const [key, watch] of this.#watches)
      if (watch.releases.delete(release) && watch.releases.size === 0) this.#end(key, watch);
  }

  #open(key: string, cluster: Cluster, resource: Resource): Watch {
    const known = this.#watches.get(key);
    if (known !== undefined) return known;
    const { clock, signal, moved } = this.#options;
    const watch: Watch = { ending: new AbortController(), releases: new Set() };
    this.#watches.set(key, watch);
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
      if (watch.releases.has(`${namespace}/${name}`)) moved({ namespace, name });
    };
    informer.subscribe({
      changed: (object, previous) => {
        if (previous !== undefined && hasMoved(object, previous)) tell(object);
      },
      deleted: tell,
    });
    void informer.run(AbortSignal.any([signal, watch.ending.signal]));
    return watch;
  }

  #end(key: string, watch: Watch): void {
    watch.ending.abort();
    this.#watches.delete(key);
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
