// A served resource: how clients name it, where and in which form it is stored, and what its kind does on writes. Built-in
// kinds and custom resources both become this.

import type { Identity, Resource } from "#cluster";
import type { JsonObject, Manifest, SchemaRef, SchemaSet } from "#kernel";
import type { FieldError, PrinterColumn } from "#api/crd";
import type { Conversion } from "./conversion.ts";

/** What versions of one resource share: one place in the store, in one version. */
export type Storage = {
  group: string;
  plural: string;
  kind: string;
  /** The version objects are written in. */
  apiVersion: string;
  isNamespaced: boolean;
};

/** What a kind's own rules are told of the request. */
export type WriteContext = {
  identity: Identity;
  namespace: string;
  isDryRun: boolean;
  /** RFC 3339, whole seconds. */
  now: string;
  newUid: () => string;
  /** Tells whoever writes, whatever becomes of the write. */
  warn: (text: string) => void;
};

/** What a write of a part takes over from the object that stands there, and what is wrong with the part. */
export type PartRules = {
  prepare: (draft: Manifest, live: Manifest) => void;
  /** Why this object has no such part: told alone. */
  refuse?: (live: Manifest) => FieldError[];
  validate: (draft: Manifest, live: Manifest) => FieldError[];
};

/** A kind's own rules. Drafts are the server's own copies, in the version of the request, and may be changed. */
export type Strategy = {
  /** `status` is written through its subresource alone. */
  hasStatus: boolean;
  hasGeneration: boolean;
  /** Whether later changes are counted, where that is not as `hasGeneration` says. */
  countsChanges?: boolean;
  /** Dependents stay when a deletion does not say what becomes of them; the text warns of it. */
  orphansByDefault?: string;
  /** A change of labels counts as a change of the object. */
  countsLabels?: boolean;
  /** So does a change of annotations. */
  countsAnnotations?: boolean;
  /** The member below which an empty list or map that is stated counts as a change: Go tells it from one that is absent. */
  countsWhenEmpty?: string;
  /** Changes are counted as they were asked for, before the kind drops what it does not keep. */
  countsDropped?: boolean;
  /** An update without resourceVersion is accepted. */
  allowsUnconditionalUpdate: boolean;
  /** A PUT on what does not exist creates it. */
  allowsCreateOnUpdate: boolean;
  /** A deletion of an object that has no finalizers still waits this long, as pods do; undefined: gone at once. */
  graceSeconds?: (object: Manifest) => number | undefined;
  /** The defaults of the version's decoder. Must be idempotent. */
  applyDefaults?: (draft: Manifest) => void;
  /** What the decoder makes of a new object when it is read again, after every rule has looked at it. */
  complete?: (draft: Manifest) => void;
  prepareCreate?: (draft: Manifest, context: WriteContext) => void;
  prepareUpdate?: (draft: Manifest, live: Manifest, context: WriteContext) => void;
  /** What a write of the status, or of another part that stands in it, may change of it. */
  prepareStatus?: (draft: Manifest, live: Manifest, part: { subresource: string; now: string }) => void;
  /** Parts of the object that are written by themselves, by subresource. */
  parts?: Readonly<Record<string, PartRules>>;
  /** What else the first deletion does to the object that stays. */
  prepareDelete?: (draft: Manifest, now: string) => void;
  validate?: (draft: Manifest, live: Manifest | undefined) => FieldError[];
  /** What is wrong with an object whose status, or another part that stands in it, was written. */
  validateStatus?: (draft: Manifest, live: Manifest, subresource: string) => FieldError[];
  /** Warnings for whoever writes the status. */
  statusWarnings?: (draft: Manifest) => string[];
  /** A new object keeps the status that it came with. */
  keepsNewStatus?: boolean;
  /** What a write of the object or of a part of it cannot set, by subresource; absent: `status`, or `spec` for the status. */
  resetFields?: Readonly<Record<string, readonly string[]>>;
  /** Warnings for whoever writes the object. */
  warnings?: (draft: Manifest, live: Manifest | undefined) => string[];
  /** Told to whoever uses this version at all. */
  deprecation?: string;
  /** More label-like fields for field selectors than metadata.name and metadata.namespace. */
  selectableFields?: (object: Manifest) => Readonly<Record<string, string>>;
};

/** A subresource: the kind it speaks and what may be done with it. */
export type Subresource = { group: string; version: string; kind: string; verbs: readonly string[] };

/** Where a scale subresource finds its numbers in the object, as JSON paths without the leading dot. */
export type ScalePaths = { specReplicas: string; statusReplicas: string; labelSelector?: string };

export type Served = {
  resource: Resource;
  storage: Storage;
  subresources: Readonly<Record<string, Subresource>>;
  strategy: Strategy;
  schemas: SchemaSet | undefined;
  schema: SchemaRef | undefined;
  /** Both directions between the stored version and this one; absent where only apiVersion differs. */
  convert?: { fromStorage: (object: Manifest) => Manifest; toStorage: (object: Manifest) => Manifest };
  /** Where a webhook converts: what `convert` needs is asked for beforehand. */
  conversion?: Conversion;
  scale?: ScalePaths;
  /** Present for custom resources. */
  custom?: {
    columns: readonly PrinterColumn[];
    /** openAPIV3Schema as the definition has it. */
    schema: JsonObject | undefined;
    /** Told to whoever uses a deprecated version. */
    deprecationWarning: string | undefined;
    /** The revision of the definition: what was stored before it may not be as its schemas want it. */
    since: number;
    /** The schema of a version of the definition, served or not. */
    typeOf: (apiVersion: string) => { schemas: SchemaSet; root: SchemaRef } | undefined;
    /** A stored object with the defaults of the version it is stored in, and without what that does not know. */
    whole: (object: Manifest) => Manifest;
    /** An object of this version without what the version does not know. */
    pruned: (object: Manifest) => Manifest;
  };
};

/** Group and version as objects state them. */
export function apiVersionOf(served: Served): string {
  const { group, version } = served.resource;
  return group === "" ? version : `${group}/${version}`;
}

/** The prefix of all keys of a resource. No group or plural can hold a slash. */
export function storagePrefix(storage: { group: string; plural: string }): string {
  return `${storage.group === "" ? "core" : storage.group}/${storage.plural}/`;
}

/** The last key that was asked for: a write asks for its own again and again, and the same string is hashed only once. */
let last: { storage: Storage; namespace: string; name: string; key: string } | undefined;

export function storageKey(storage: Storage, namespace: string, name: string): string {
  if (last?.storage === storage && last.name === name && last.namespace === namespace) return last.key;
  const place = storage.isNamespaced ? `${namespace}/${name}` : name;
  const key = `${storagePrefix(storage)}${place}`;
  last = { storage, namespace, name, key };
  return key;
}

/** All that is served, by group, version and plural. */
export class ResourceTable {
  readonly #served = new Map<string, Served>();
  /** Counts changes, so that what is derived from the table knows when it is stale. */
  generation = 0;

  /** Built when first asked for after a change. */
  #byPlural: Map<string, Served[]> | undefined;
  #known: Set<string> | undefined;

  add(served: Served): void {
    this.#changed();
    this.#served.set(tableKey(served.resource.group, served.resource.version, served.resource.plural), served);
  }

  remove(group: string, version: string, plural: string): void {
    if (this.#served.delete(tableKey(group, version, plural))) this.#changed();
  }

  #changed(): void {
    this.generation++;
    this.#byPlural = undefined;
    this.#known = undefined;
  }

  /** Where the objects of a resource are kept, whatever the version. */
  storage(group: string, plural: string): Storage | undefined {
    return this.#named(plural).findLast(({ storage }) => storage.group === group && storage.plural === plural)?.storage;
  }

  find(group: string, version: string, plural: string): Served | undefined {
    for (const served of this.#named(plural))
      if (served.resource.version === version && served.resource.group === group) return served;
    return undefined;
  }

  /** All of this plural: few, so that looking through them costs less than making a key for one. */
  #named(plural: string): readonly Served[] {
    this.#byPlural ??= byPlural(this.#served.values());
    return this.#byPlural.get(plural) ?? none;
  }

  findKind(group: string, version: string, kind: string): Served | undefined {
    for (const served of this.#served.values()) {
      const resource = served.resource;
      if (resource.kind === kind && resource.group === group && resource.version === version) return served;
    }
    return undefined;
  }

  /** Something of this version is served, or its group is Kubernetes' own: what is missed there is told as an object is. */
  isKnown(group: string, version: string): boolean {
    this.#known ??= new Set(
      [...this.#served.values()].map(({ resource, custom }) =>
        custom === undefined ? resource.group : `${resource.group}/${resource.version}`,
      ),
    );
    return this.#known.has(group) || this.#known.has(`${group}/${version}`);
  }

  values(): Served[] {
    return [...this.#served.values()];
  }
}

const none: readonly Served[] = [];

function byPlural(all: Iterable<Served>): Map<string, Served[]> {
  const found = new Map<string, Served[]>();
  for (const served of all) {
    const { plural } = served.resource;
    found.set(plural, [...(found.get(plural) ?? []), served]);
  }
  return found;
}

function tableKey(group: string, version: string, plural: string): string {
  return `${group}\0${version}\0${plural}`;
}
