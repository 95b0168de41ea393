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
  /** Its neighbours among the objects that are held; it is held itself when it has any. */
  older: StoredObject | HotObjects | undefined;
  newer: StoredObject | HotObjects | undefined;

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

/**
 * The objects that are held stand in a ring that begins and ends here. A `Set` would hold them in the same order, but would have to pass
 * over all that were taken from its front each time that the oldest is asked for: a tenth of what a write costs.
 */
export class HotObjects {
  /** The one used last. */
  older: StoredObject | HotObjects = this;
  /** The one used longest ago. */
  newer: StoredObject | HotObjects = this;
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
    if (this.older === stored) return;
    if (!leave(stored)) this.#weight += stored.weight;
    stored.older = this.older;
    stored.newer = this;
    this.older.newer = stored;
    this.older = stored;
    while (this.#weight > this.#weightMax && this.newer !== stored) this.drop(this.newer as StoredObject);
  }

  /** The object is not kept decoded any more. */
  drop(stored: StoredObject): void {
    if (leave(stored)) this.#weight -= stored.weight;
    stored.cool();
  }
}

/** False: it was not held. */
function leave(stored: StoredObject): boolean {
  const { older, newer } = stored;
  if (older === undefined || newer === undefined) return false;
  older.newer = newer;
  newer.older = older;
  stored.older = undefined;
  stored.newer = undefined;
  return true;
}
