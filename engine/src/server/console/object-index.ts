// Every object of every delivery, kept current by watches: one for each kind that some inventory names, by the owner's mark.
// What a change costs does not depend on how many objects there are.

import { type Cluster, Informer, type Resource } from "#cluster";
import { helmGroup, kustomizeGroup } from "#api/flux";
import type { Health } from "#api/console";
import type { Clock } from "#kernel";
import { entryOf, type ObjectEntry } from "./object-entries.ts";

export type ObjectIndexOptions = {
  cluster: Cluster;
  clock: Clock;
  signal: AbortSignal;
  /** An object came, changed or went: its id and the delivery it belongs to. */
  changed: (id: string, owner: string) => void;
  /** True for what the inventory of its delivery names. */
  isListed: (entry: ObjectEntry) => boolean;
};

type Counts = Partial<Record<Health, number>>;

const ownerLabels = { Kustomization: `${kustomizeGroup}/name`, HelmRelease: `${helmGroup}/name` };

export class ObjectIndex {
  readonly #options: ObjectIndexOptions;
  readonly #entries = new Map<string, ObjectEntry>();
  readonly #byOwner = new Map<string, Set<string>>();
  readonly #byUid = new Map<string, string>();
  /** What bears a delivery's marks, but was made by a controller: by the delivery, then by id. */
  readonly #grown = new Map<string, Map<string, ObjectEntry>>();
  readonly #counts = new Map<string, Counts>();
  readonly #watches = new Map<string, { ending: AbortController; synced: Promise<void> }>();
  /** For each delivery the kinds of its inventory, as names of watches. */
  readonly #wanted = new Map<string, ReadonlySet<string>>();
  /** How many deliveries want a watch. */
  readonly #wants = new Map<string, number>();

  constructor(options: ObjectIndexOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): ObjectEntry | undefined {
    return this.#entries.get(id);
  }

  /** The object with a uid: what a Pod's owners lead to. */
  byUid(uid: string): ObjectEntry | undefined {
    const id = this.#byUid.get(uid);
    return id === undefined ? undefined : this.#entries.get(id);
  }

  values(): IterableIterator<ObjectEntry> {
    return this.#entries.values();
  }

  /** Objects that bear the marks of a delivery. */
  ofOwner(owner: string): ObjectEntry[] {
    return [...(this.#byOwner.get(owner) ?? [])].flatMap((id) => this.#entries.get(id) ?? []);
  }

  counts(owner: string): Counts {
    return { ...this.#counts.get(owner) };
  }

  /** Resolved when all watches that are wanted now have their first list. */
  async synced(): Promise<void> {
    await Promise.all([...this.#watches.values()].map((watch) => watch.synced));
  }

  /** Watches what a delivery of a kind holds, from now on; nothing: it is gone. */
  want(owner: string, kind: "Kustomization" | "HelmRelease", resources: readonly Resource[]): void {
    const names = new Map(resources.map((resource) => [watchName(kind, resource), resource]));
    const before = this.#wanted.get(owner) ?? new Set<string>();
    if (names.size === 0) this.#wanted.delete(owner);
    else this.#wanted.set(owner, new Set(names.keys()));
    for (const [name, resource] of names) {
      if (before.has(name)) continue;
      this.#wants.set(name, (this.#wants.get(name) ?? 0) + 1);
      if (!this.#watches.has(name)) this.#start(name, ownerLabels[kind], resource);
    }
    for (const name of before) if (!names.has(name)) this.#release(name);
    for (const entry of this.#grown.get(owner)?.values() ?? []) if (!this.#hasGrown(entry)) this.#put(entry);
  }

  #release(name: string): void {
    const left = (this.#wants.get(name) ?? 1) - 1;
    if (left > 0) {
      this.#wants.set(name, left);
      return;
    }
    this.#wants.delete(name);
    this.#watches.get(name)?.ending.abort();
    this.#watches.delete(name);
    for (const entry of this.#entries.values()) if (watchOf(entry) === name) this.#remove(entry.id);
    for (const entries of this.#grown.values())
      for (const entry of entries.values()) if (watchOf(entry) === name) this.#keepAside(entry, false);
  }

  #start(name: string, labelSelector: string, resource: Resource): void {
    const { cluster, clock, signal } = this.#options;
    const ending = new AbortController();
    const informer = new Informer<ObjectEntry>({
      cluster,
      resource,
      clock,
      labelSelector,
      keep: (object) => entryOf(object, resource.plural, clock.now()),
    });
    informer.subscribe({
      changed: (entry) => this.#put(entry),
      deleted: (entry) => {
        this.#keepAside(entry, false);
        this.#remove(entry.id);
      },
    });
    this.#watches.set(name, { ending, synced: informer.synced });
    void informer.run(AbortSignal.any([signal, ending.signal]));
  }

  #put(entry: ObjectEntry): void {
    const hasGrown = this.#hasGrown(entry);
    this.#keepAside(entry, hasGrown);
    if (hasGrown) return this.#remove(entry.id);
    const before = this.#entries.get(entry.id);
    this.#entries.set(entry.id, entry);
    if (before !== undefined && before.uid !== entry.uid) this.#byUid.delete(before.uid);
    this.#byUid.set(entry.uid, entry.id);
    if (before?.owner !== entry.owner) {
      if (before !== undefined) this.#leave(before);
      const ids = this.#byOwner.get(entry.owner) ?? new Set();
      this.#byOwner.set(entry.owner, ids.add(entry.id));
      this.#count(entry, 1);
    } else if (before.health !== entry.health) {
      this.#count(before, -1);
      this.#count(entry, 1);
    } else if (isShownAlike(before, entry)) return;
    this.#options.changed(entry.id, entry.owner);
  }

  /** Controllers copy labels to what they make (an EndpointSlice has its Service's): only what the inventory names is stated. */
  #hasGrown(entry: ObjectEntry): boolean {
    return entry.parentUid !== "" && !this.#options.isListed(entry);
  }

  #keepAside(entry: ObjectEntry, isKept: boolean): void {
    const { owner, id } = entry;
    const entries = this.#grown.get(owner);
    if (isKept) this.#grown.set(owner, (entries ?? new Map<string, ObjectEntry>()).set(id, entry));
    else if (entries?.delete(id) === true && entries.size === 0) this.#grown.delete(owner);
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#byUid.delete(entry.uid);
    this.#leave(entry);
    this.#options.changed(id, entry.owner);
  }

  #leave(entry: ObjectEntry): void {
    const ids = this.#byOwner.get(entry.owner);
    ids?.delete(entry.id);
    if (ids?.size === 0) this.#byOwner.delete(entry.owner);
    this.#count(entry, -1);
  }

  #count({ owner, health }: ObjectEntry, by: number): void {
    const counts = this.#counts.get(owner) ?? {};
    const count = (counts[health] ?? 0) + by;
    if (count <= 0) delete counts[health];
    else counts[health] = count;
    if (Object.keys(counts).length === 0) this.#counts.delete(owner);
    else this.#counts.set(owner, counts);
  }
}

function watchName(kind: string, { group, plural }: { group: string; plural: string }): string {
  return `${kind} ${group}/${plural}`;
}

function watchOf(entry: ObjectEntry): string {
  return watchName(entry.owner.split("/")[0] ?? "", { group: entry.link.group, plural: entry.plural });
}

/** True when a reader would see no difference. */
export function isShownAlike(a: ObjectEntry, b: ObjectEntry): boolean {
  return (
    a.uid === b.uid &&
    a.message === b.message &&
    a.info === b.info &&
    a.haystack === b.haystack &&
    a.health === b.health &&
    a.refers.length === b.refers.length
  );
}
