// What grows from stated objects: ReplicaSets, Pods, Jobs, and the like, by their owners' uids. Watched over the whole cluster
// only while somebody looks at a delivery, and for a while after.

import { type Cluster, Informer } from "#cluster";
import type { Clock } from "#kernel";
import { grownLingerMs } from "./limits.ts";
import { entryOf, type ObjectEntry } from "./object-entries.ts";
import { isShownAlike } from "./object-index.ts";

const grownKinds = [
  { group: "apps", kind: "ReplicaSet" },
  { group: "", kind: "Pod" },
  { group: "batch", kind: "Job" },
  { group: "apps", kind: "ControllerRevision" },
  { group: "discovery.k8s.io", kind: "EndpointSlice" },
  { group: "", kind: "PersistentVolumeClaim" },
];

export type GrownOptions = {
  cluster: Cluster;
  clock: Clock;
  signal: AbortSignal;
  changed: (entry: ObjectEntry) => void;
};

type Running = { ending: AbortController; synced: Promise<void> };

export class Grown {
  readonly #options: GrownOptions;
  readonly #entries = new Map<string, ObjectEntry>();
  readonly #byUid = new Map<string, ObjectEntry>();
  readonly #byParent = new Map<string, Set<string>>();
  #running: Running | undefined;
  #readers = 0;
  #cancelEnd: () => void = () => {};

  constructor(options: GrownOptions) {
    this.#options = options;
  }

  get(id: string): ObjectEntry | undefined {
    return this.#entries.get(id);
  }

  byUid(uid: string): ObjectEntry | undefined {
    return this.#byUid.get(uid);
  }

  /** Keeps the watches open until the function returned is called, and a while longer. */
  hold(): () => void {
    this.#cancelEnd();
    this.#readers += 1;
    this.#running ??= this.#start();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#readers -= 1;
      if (this.#readers === 0) this.#cancelEnd = this.#options.clock.after(grownLingerMs, () => this.#end());
    };
  }

  async synced(): Promise<void> {
    await this.#running?.synced;
  }

  /** All that grew from an object, however far down, parents first. */
  below(uid: string): ObjectEntry[] {
    const found: ObjectEntry[] = [];
    const queue = [uid];
    for (let parent = queue.shift(); parent !== undefined; parent = queue.shift())
      for (const id of this.#byParent.get(parent) ?? []) {
        const entry = this.#entries.get(id);
        if (entry === undefined || found.includes(entry)) continue;
        found.push(entry);
        queue.push(entry.uid);
      }
    return found;
  }

  #start(): Running {
    const ending = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, ending.signal]);
    return { ending, synced: this.#follow(signal) };
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { cluster, clock } = this.#options;
    const discovery = await cluster.discover();
    if (!discovery.ok) return;
    const synced = grownKinds.flatMap(({ group, kind }) => {
      const resource = discovery.value.byKind(group, kind);
      if (resource === undefined) return [];
      const keep = (object: Parameters<typeof entryOf>[0]): ObjectEntry =>
        entryOf(object, resource.plural, clock.now());
      const informer = new Informer<ObjectEntry>({ cluster, resource, clock, keep });
      informer.subscribe({ changed: (entry) => this.#put(entry), deleted: (entry) => this.#remove(entry) });
      void informer.run(signal);
      return [informer.synced];
    });
    const isOver = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    await Promise.race([Promise.all(synced), isOver]);
  }

  #end(): void {
    this.#running?.ending.abort();
    this.#running = undefined;
    for (const map of [this.#entries, this.#byUid, this.#byParent]) map.clear();
  }

  #put(entry: ObjectEntry): void {
    if (entry.parentUid === "") return;
    const before = this.#entries.get(entry.id);
    if (before !== undefined && before.uid !== entry.uid) this.#drop(before);
    this.#entries.set(entry.id, entry);
    this.#byUid.set(entry.uid, entry);
    this.#byParent.set(entry.parentUid, (this.#byParent.get(entry.parentUid) ?? new Set()).add(entry.id));
    if (before === undefined || !isShownAlike(before, entry)) this.#options.changed(entry);
  }

  #remove(entry: ObjectEntry): void {
    const known = this.#entries.get(entry.id);
    if (known === undefined) return;
    this.#options.changed(known);
    this.#drop(known);
  }

  #drop(entry: ObjectEntry): void {
    this.#entries.delete(entry.id);
    this.#byUid.delete(entry.uid);
    const siblings = this.#byParent.get(entry.parentUid);
    siblings?.delete(entry.id);
    if (siblings?.size === 0) this.#byParent.delete(entry.parentUid);
  }
}
