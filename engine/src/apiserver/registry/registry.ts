// What every verb works on: the table of resources, their collections, the store under them, time and ids.

import type { FieldError } from "#api/crd";
import type { Identity } from "#cluster";
import { type Clock, formatTime, type Manifest } from "#kernel";
import { Compacted, type Store } from "#store";
import type { Codec } from "./codec.ts";
import { Collection, type Fresh } from "./collection.ts";
import { HotObjects } from "./hot-objects.ts";
import { hotWeightMax, recentWeightMax } from "./limits.ts";
import { RecentBudget } from "./recent-budget.ts";
import { RecentTexts } from "./recent-texts.ts";
import { expired, type Refusal } from "./refusal.ts";
import { apiVersionOf, ResourceTable, type Served, type Storage, storageKey, storagePrefix } from "./resource.ts";

/** One request on a resource, after authentication. `namespace` is "" for all namespaces and for cluster scope. */
export type Call = {
  identity: Identity;
  served: Served;
  namespace: string;
  /** "" for requests on the collection. */
  name: string;
  /** "" for the object itself. */
  subresource: string;
};

export type WriteCall = Call & {
  fieldManager: string;
  isDryRun: boolean;
  fieldValidation: "Ignore" | "Warn" | "Strict";
  /** Members that the body states more than once. */
  duplicates?: readonly string[];
  /** Takes a note for the audit log. */
  annotate?: (key: string, value: string) => void;
  /** The body is a patch of the object. */
  isPatch?: boolean;
  /** What is written is data that Go takes over, not text that it decodes: a strategic merge patch, an apply. */
  isData?: boolean;
  /** Takes a warning for the client. */
  warn: (text: string) => void;
};

/** Rules that look beyond one kind: they may change a draft, or refuse it by throwing a Refusal. */
export type Admission = {
  /** Called after the kind's defaults, before validation. `live` is undefined on creation. */
  mutate(draft: Manifest, live: Manifest | undefined, call: WriteCall): void | Promise<void>;
  /** What is wrong with a draft for reasons beyond its kind: told together with what its kind finds. */
  check?(draft: Manifest, live: Manifest | undefined, call: WriteCall): FieldError[];
  /** Called last. `draft` is undefined on deletion. */
  validate(draft: Manifest | undefined, live: Manifest | undefined, call: WriteCall): void | Promise<void>;
};

export type RegistryOptions = {
  store: Store;
  codec: Codec;
  clock: Clock;
  newUid: () => string;
  /** Five characters for generateName. */
  newSuffix: () => string;
  /** Bytes, about, of the objects that are kept decoded. */
  hotWeight?: number;
};

export class Registry {
  readonly table: ResourceTable = new ResourceTable();
  readonly store: Store;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly newUid: () => string;
  readonly newSuffix: () => string;
  readonly admission: Admission[] = [];
  readonly texts: RecentTexts = new RecentTexts();
  /** Objects by the bytes that were made of them, until their write is durable. */
  readonly fresh: Map<Uint8Array, Fresh> = new Map<Uint8Array, Fresh>();
  readonly hot: HotObjects;
  readonly recent: RecentBudget = new RecentBudget(recentWeightMax);
  readonly #collections = new Map<string, Collection>();
  /** The same by the storage that was asked for. Begun anew whenever a collection comes or goes. */
  #byStorage = new WeakMap<Storage, Collection>();
  readonly #views = new WeakMap<Manifest, Map<string, Manifest>>();

  constructor(options: RegistryOptions) {
    this.store = options.store;
    this.codec = options.codec;
    this.clock = options.clock;
    this.newUid = options.newUid;
    this.newSuffix = options.newSuffix;
    this.hot = new HotObjects(options.hotWeight ?? hotWeightMax);
  }

  /** RFC 3339, whole seconds. */
  now(): string {
    return formatTime(this.clock.now());
  }

  collection(storage: Storage): Collection {
    return this.#byStorage.get(storage) ?? this.#find(storage);
  }

  #find(storage: Storage): Collection {
    const prefix = storagePrefix(storage);
    let found = this.#collections.get(prefix);
    if (found === undefined || found.storage.apiVersion !== storage.apiVersion) {
      found?.close();
      found = new Collection(storage, this);
      this.#collections.set(prefix, found);
      this.#byStorage = new WeakMap();
    }
    this.#byStorage.set(storage, found);
    return found;
  }

  /** Forgets the decoded objects of a resource that is served no more. */
  drop(storage: Storage): void {
    const prefix = storagePrefix(storage);
    this.#collections.get(prefix)?.close();
    this.#collections.delete(prefix);
    this.#byStorage = new WeakMap();
  }

  /** The stored object of a built-in kind, frozen, for the server's own rules. */
  lookup(group: string, plural: string, namespace: string, name: string): Manifest | undefined {
    const storage = this.table.storage(group, plural);
    return storage === undefined
      ? undefined
      : this.collection(storage).get(storageKey(storage, namespace, name))?.object;
  }

  /** Resolves once what a request reads is at hand in its version; undefined: it is. */
  prepare({ served, namespace, name }: Call): Promise<void> | undefined {
    const { conversion, storage } = served;
    if (conversion === undefined) return undefined;
    const collection = this.collection(storage);
    const prefix = storagePrefix(storage) + (namespace === "" || !storage.isNamespaced ? "" : `${namespace}/`);
    const found = name === "" ? collection.range(prefix) : [collection.get(storageKey(storage, namespace, name))];
    const objects = [...found].flatMap((stored) => (stored === undefined ? [] : [stored.object]));
    return conversion.prepare(objects, apiVersionOf(served));
  }

  /** A stored object in the version of the request; frozen and shared. */
  view(served: Served, object: Manifest): Manifest {
    const apiVersion = apiVersionOf(served);
    const { custom } = served;
    const isAsWanted = object.apiVersion === apiVersion && object.kind === served.resource.kind;
    if (isAsWanted && (custom === undefined || Number(object.metadata.resourceVersion) > custom.since)) return object;
    let views = this.#views.get(object);
    if (views === undefined) this.#views.set(object, (views = new Map()));
    const key = custom === undefined ? apiVersion : `${apiVersion} ${custom.since}`;
    let view = views.get(key);
    if (view === undefined) views.set(key, (view = viewOf(served, object)));
    return view;
  }

  /** Turns the store's Compacted into the 410 of the API. */
  orExpired<T>(revision: number, read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw expiredBy(error, revision);
    }
  }

  /** The same of a list, which is told in words of its own. */
  orListExpired<T>(refusal: () => Refusal, read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw error instanceof Compacted ? refusal() : error;
    }
  }

  /** The same of what is read as it is taken. */
  *eachOrExpired<T>(revision: number, items: Iterable<T>): Iterable<T> {
    try {
      yield* items;
    } catch (error) {
      throw expiredBy(error, revision);
    }
  }

  close(): void {
    for (const collection of this.#collections.values()) collection.close();
  }
}

/** A custom object is shown as the schemas of now have it, whatever they were when it was written. */
function viewOf(served: Served, object: Manifest): Manifest {
  const { custom, convert } = served;
  const apiVersion = apiVersionOf(served);
  if (custom === undefined) return convert?.fromStorage(object) ?? { ...object, apiVersion };
  const whole = custom.whole(object);
  if (object.apiVersion === apiVersion) return whole;
  return custom.pruned(convert?.fromStorage(object) ?? { ...whole, apiVersion });
}

function expiredBy(error: unknown, revision: number): unknown {
  return error instanceof Compacted ? expired(`too old resource version: ${revision} (${error.oldest})`) : error;
}
