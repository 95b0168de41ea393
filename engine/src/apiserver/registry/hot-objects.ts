// Which stored objects are kept decoded: the ones used last, up to so many bytes. All others stand in the store alone, and are
// decoded when somebody looks; what is shown is the same either way.

import type { Manifest } from "#kernel";

/** Gives the object of a write, decoded and frozen. */
export type Reader = (key: string, revision: number) => Manifest;

/** The present state of one key. */
export class StoredObject {
  readonly key: string;
  readonly revision: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Bytes, about, that it takes decoded. */
  readonly weight: number;
  readonly #hot: HotObjects;
  readonly #read: Reader;
  #object: Manifest | undefined;
  /** Another state, or none, stands in its place: only who began before still looks at it. */
  #isPast = false;

  constructor(
    { key, revision, weight, object }: { key: string; revision: number; weight: number; object: Manifest },
    { hot, read }: { hot: HotObjects; read: Reader },
  ) {
    this.key = key;
    this.revision = revision;
    this.weight = weight;
    this.labels = object.metadata.labels ?? none;
    this.#hot = hot;
    this.#read = read;
    this.#object = object;
  }

  /** The object, kept decoded from now on. */
  get object(): Manifest {
    this.#object ??= this.#read(this.key, this.revision);
    this.#hot.use(this);
    return this.#object;
  }

  /** The object where it is kept decoded; the look is not counted as use. */
  get decoded(): Manifest | undefined {
    return this.#object;
  }

  /** The object, for a look at many: what is cold stays so unless there is room. */
  glimpse(): Manifest {
    if (this.#object !== undefined) return this.#object;
    if (!this.#isPast && this.#hot.hasRoom(this.weight)) return this.object;
    return this.#read(this.key, this.revision);
  }

  /** It was replaced, or removed. */
  retire(): void {
    this.#isPast = true;
    this.#hot.drop(this);
  }

  /** Forgets the decoded object. */
  cool(): void {
    this.#object = undefined;
  }
}

/** A state of one key that another has replaced: read when somebody looks, kept for nobody. */
export class PastObject {
  readonly key: string;
  readonly revision: number;
  readonly #read: Reader;
  #object: Manifest | undefined;

  constructor({ key, revision }: { key: string; revision: number }, read: Reader) {
    this.key = key;
    this.revision = revision;
    this.#read = read;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.object.metadata.labels ?? none;
  }

  get object(): Manifest {
    this.#object ??= this.#read(this.key, this.revision);
    return this.#object;
  }

  get decoded(): Manifest | undefined {
    return this.#object;
  }

  glimpse(): Manifest {
    return this.object;
  }
}

const none: Readonly<Record<string, string>> = Object.freeze({});

export class HotObjects {
  /** The one used longest ago first. */
  readonly #held = new Set<StoredObject>();
  readonly #weightMax: number;
  #weight = 0;

  constructor(weightMax: number) {
    this.#weightMax = weightMax;
  }

  hasRoom(weight: number): boolean {
    return this.#weight + weight <= this.#weightMax;
  }

  /** Notes that the object was used just now. */
  use(stored: StoredObject): void {
    if (!this.#held.delete(stored)) this.#weight += stored.weight;
    this.#held.add(stored);
    if (this.#weight <= this.#weightMax) return;
    for (const oldest of this.#held) {
      if (this.#weight <= this.#weightMax || oldest === stored) break;
      this.drop(oldest);
    }
  }

  /** The object is not kept decoded any more. */
  drop(stored: StoredObject): void {
    if (this.#held.delete(stored)) this.#weight -= stored.weight;
    stored.cool();
  }
}
