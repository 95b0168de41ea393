// The objects of one stored resource, shared frozen: reads and watches of every client are served from here. The ones used last are
// kept decoded. It follows the store's events, so it shows only what is durable.

import { asJson, assert, deepFreeze, type Manifest } from "#kernel";
import { firstAtOrAfter, type Store, type StoreEvent } from "#store";
import type { Codec } from "./codec.ts";
import { type HotObjects, PastObject, StoredObject } from "./hot-objects.ts";
import { pastWeightMax, recentChangesMax } from "./limits.ts";
import type { RecentBudget, Rememberer } from "./recent-budget.ts";
import type { RecentTexts } from "./recent-texts.ts";
import type { Storage } from "./resource.ts";
import { storagePrefix } from "./resource.ts";
import { adopt } from "./stored.ts";
import { decodedWeight } from "./weight.ts";

/** One durable write, as watchers see it. `object` is frozen; of a deletion it is the last state with the new version. */
export type Change = {
  type: "ADDED" | "MODIFIED" | "DELETED";
  key: string;
  object: Manifest;
  previous: Manifest | undefined;
  revision: number;
};

/** What is read as it is taken; undefined: nothing this time, let others have their turn. */
export type Past<T> = Iterable<T | undefined>;

/** What was just written: the object, given away, and its text before it was sealed. */
export type Fresh = { object: Manifest; text: Uint8Array };

/** Where objects come from; `fresh` has those that were just written, by their bytes. */
export type Source = {
  store: Store;
  codec: Codec;
  fresh: ReadonlyMap<Uint8Array, Fresh>;
  texts: RecentTexts;
  hot: HotObjects;
  recent: RecentBudget;
};

/** The state of one key, now or at a past version. */
export type Stored = Pick<StoredObject, "key" | "revision" | "labels" | "decoded" | "object" | "glimpse">;

export class Collection implements Rememberer {
  readonly storage: Storage;
  readonly #store: Store;
  readonly #codec: Codec;
  readonly #fresh: ReadonlyMap<Uint8Array, Fresh>;
  readonly #texts: RecentTexts;
  readonly #prefix: string;
  readonly #hot: HotObjects;
  readonly #objects = new Map<string, StoredObject>();
  /** Keys in order; undefined after one came or went, until the next list. */
  #keys: string[] | undefined;
  #recent: Change[] = [];
  /** Bytes, about, of the objects in `#recent`. */
  #recentWeight = 0;
  readonly #budget: RecentBudget;
  /** Every change after this revision is in `#recent`. */
  #recentSince: number;
  readonly #watchers = new Set<(changes: readonly Change[]) => void>();
  readonly #stop: () => void;

  constructor(storage: Storage, { store, codec, fresh, texts, hot, recent }: Source) {
    this.storage = storage;
    this.#store = store;
    this.#codec = codec;
    this.#fresh = fresh;
    this.#texts = texts;
    this.#hot = hot;
    this.#budget = recent;
    this.#prefix = storagePrefix(storage);
    for (const entry of store.range(this.#prefix).entries) {
      const object = this.#decode(entry.key, entry.value, entry.revision);
      const weight = decodedWeight(asJson(object), entry.value.length);
      this.#keep({ key: entry.key, revision: entry.revision, weight, object });
    }
    this.#recentSince = store.revision;
    this.#stop = store.watch(this.#prefix, store.revision, (events) => this.#receive(events));
  }

  get(key: string): Stored | undefined {
    return this.#objects.get(key);
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Objects whose key begins with the prefix, in order, from `from` on. */
  *range(prefix: string, from?: string): Iterable<Stored> {
    this.#keys ??= [...this.#objects.keys()].sort();
    const keys = this.#keys;
    for (let index = firstAtOrAfter(keys, from ?? prefix); index < keys.length; index++) {
      const key = keys[index] as string;
      if (!key.startsWith(prefix)) return;
      const stored = this.#objects.get(key);
      if (stored !== undefined) yield stored;
    }
  }

  /** The same at a past revision. Throws Compacted. */
  rangeAt(revision: number, prefix: string, from?: string): Stored[] {
    return this.#store.keys(prefix, { revision, ...(from === undefined ? {} : { from }) }).map((then) => {
      const present = this.#objects.get(then.key);
      return present?.revision === then.revision ? present : new PastObject(then, this.#read);
    });
  }

  /** Delivers each change from now on as it becomes durable; the ones before it since `since` are taken from `past`. Throws Compacted. */
  watch(since: number, deliver: (changes: readonly Change[]) => void): { past: Past<Change>; stop: () => void } {
    const past = this.#recentAfter(since) ?? this.#past(this.#store.history(this.#prefix, since));
    this.#watchers.add(deliver);
    const stop = (): void => {
      this.#watchers.delete(deliver);
    };
    return { past, stop };
  }

  /** undefined: they are not remembered, or too much for a slow reader to hold on to. */
  #recentAfter(since: number): Change[] | undefined {
    if (since < this.#recentSince) return undefined;
    const after = this.#recent.filter((change) => change.revision > since);
    const weight = (this.#recentWeight / Math.max(1, this.#recent.length)) * after.length;
    return weight <= pastWeightMax ? after : undefined;
  }

  close(): void {
    this.#stop();
    this.#watchers.clear();
    for (const stored of this.#objects.values()) this.#hot.drop(stored);
    this.#budget.leave(this);
  }

  get recentWeight(): number {
    return this.#recentWeight;
  }

  forgetOlder(): void {
    this.#forgetRecent(Math.max(1, this.#recent.length - (this.#recent.length >> 1)));
  }

  /** Takes the new state of a key. */
  #keep(state: { key: string; revision: number; weight: number; object: Manifest }): void {
    const before = this.#objects.get(state.key);
    before?.retire();
    const stored = new StoredObject(state, { hot: this.#hot, read: this.#read });
    this.#objects.set(state.key, stored);
    this.#hot.use(stored);
  }

  readonly #read = (key: string, revision: number): Manifest =>
    this.#decode(key, this.#store.valueAt(revision), revision);

  *#past(history: Iterable<readonly StoreEvent[]>): Past<Change> {
    for (const events of history) {
      for (const event of events) yield this.#change(event, undefined);
      yield undefined;
    }
  }

  #receive(events: readonly StoreEvent[]): void {
    const changes: Change[] = [];
    let sum = 0;
    for (const event of events) {
      const known = this.#objects.get(event.key);
      const change = this.#change(event, known?.object);
      const weight = event.type === "put" ? decodedWeight(asJson(change.object), event.value.length) : 0;
      sum += weight;
      changes.push(change);
      if (event.type === "put")
        this.#keep({
          key: event.key,
          revision: event.revision,
          weight,
          object: change.object,
        });
      else if (known !== undefined) {
        known.retire();
        this.#objects.delete(event.key);
      }
      if (change.type !== "MODIFIED") this.#keys = undefined;
    }
    this.#remember(changes, sum);
    for (const watcher of this.#watchers) watcher(changes);
  }

  /** Keeps the changes for those who begin a little in the past, as many as are cheap to keep. */
  #remember(changes: readonly Change[], weight: number): void {
    this.#recent.push(...changes);
    this.#recentWeight += weight;
    this.#budget.count(this, weight);
    if (this.#recent.length > recentChangesMax * 2) this.#forgetRecent(this.#recent.length - recentChangesMax);
  }

  /** Forgets so many of the oldest; what they weigh is taken for their share. */
  #forgetRecent(count: number): void {
    const share = count / this.#recent.length;
    const dropped = this.#recent.splice(0, count);
    const last = dropped.at(-1);
    if (last === undefined) return;
    this.#recentSince = last.revision;
    const weight = this.#recent.length === 0 ? this.#recentWeight : this.#recentWeight * share;
    this.#recentWeight -= weight;
    this.#budget.count(this, -weight);
  }

  #change(event: StoreEvent, known: Manifest | undefined): Change {
    const { key, revision } = event;
    const previous = known ?? this.#previous(event);
    if (event.type === "put") {
      const object = this.#decode(key, event.value, revision);
      return { type: previous === undefined ? "ADDED" : "MODIFIED", key, object, previous, revision };
    }
    assert(previous !== undefined, "a deletion has a state before it");
    const metadata = { ...previous.metadata, resourceVersion: String(revision) };
    return { type: "DELETED", key, object: deepFreeze({ ...previous, metadata }), previous, revision };
  }

  #previous(event: StoreEvent): Manifest | undefined {
    const value = event.previous;
    return value === undefined ? undefined : this.#decode(event.key, value, event.revision - 1);
  }

  #decode(key: string, value: Uint8Array, revision: number): Manifest {
    const fresh = this.#fresh.get(value);
    if (fresh !== undefined && fresh.object.apiVersion === this.storage.apiVersion && !Object.isFrozen(fresh.object)) {
      this.#texts.keep(revision, fresh.text);
      return adopt(fresh.object, revision);
    }
    const object = this.#codec.decode(key, value);
    object.apiVersion = this.storage.apiVersion;
    object.metadata.resourceVersion = String(revision);
    return deepFreeze(object);
  }
}
