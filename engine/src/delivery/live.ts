// What is known of the objects we applied, from watches alone. For each object a fingerprint is held, not the object: its
// uid and resourceVersion, its health, and how it differs from what our last apply left.

import { type Cluster, Informer, pause, type Resource } from "#cluster";
import { assess, type Health, type HealthExpressions } from "#health";
import { type Clock, type Manifest, refKey, refOf, type VersionedRef } from "#kernel";
import { syncPatienceMs } from "./limits.ts";
import { type Touch, touchesAfter, type Version } from "./touches.ts";
import { driftFrom, type FieldChange, type OwnershipRules, type Reference, referenceOf } from "#plan";

/** What our last apply left of an object, and whose it is. */
type Known = { delivery: string; reference: Reference; rules: OwnershipRules };

type Held = {
  ref: VersionedRef;
  uid: string;
  resourceVersion: string;
  health: Health;
  changes: readonly FieldChange[];
  /** On its way out: nothing may be built on it. */
  isDeleting: boolean;
};

/** Something that a delivery should look at. */
export type LiveNote =
  | { what: "drift"; delivery: string; ref: VersionedRef; changes: readonly FieldChange[] }
  | { what: "gone"; delivery: string; ref: VersionedRef }
  | { what: "health"; delivery: string; ref: VersionedRef };

export type LiveOptions = {
  cluster: Cluster;
  clock: Clock;
  signal: AbortSignal;
  /** A delivery's own expressions of health. */
  expressions: (delivery: string) => readonly HealthExpressions[];
  noted: (note: LiveNote) => void;
};

export class Live {
  readonly #options: LiveOptions;
  readonly #watches = new Map<string, Watch>();
  readonly #unsynced = new Set<Informer<Held>>();
  readonly #known = new Map<string, Known>();
  readonly #held = new Map<string, Held>();
  /** What others did to objects of ours since our last apply; of an object that is gone, its removal alone. */
  readonly #touches = new Map<string, readonly Touch[]>();
  /** Objects that are being written: what is seen of them meanwhile may be our own doing. */
  readonly #writing = new Map<string, { isTouched: boolean }>();
  /** Objects of others whose health is waited for, with those who wait. */
  readonly #waiters = new Map<string, Set<string>>();

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#known.size;
  }

  /** Watches a kind by an owner label; resolved once the present is known, or when that takes too long to wait for. */
  watch(resource: Resource, ownerLabel: string): Promise<void> {
    return this.#start(`${resource.group}/${resource.version}/${resource.plural}`, resource, {
      labelSelector: ownerLabel,
    });
  }

  /** Watches one object that somebody else owns, for a delivery that waits for its health. */
  async watchOther(resource: Resource, ref: VersionedRef, delivery: string): Promise<void> {
    const key = refKey(ref);
    const waiters = this.#waiters.get(key) ?? new Set();
    this.#waiters.set(key, waiters.add(delivery));
    await this.#start(`one ${key}`, resource, {
      fieldSelector: `metadata.name=${ref.name}`,
      ...(ref.namespace === "" ? {} : { namespace: ref.namespace }),
    });
  }

  /** Ends the watches of objects that nobody but this delivery waited for. */
  leave(delivery: string): void {
    for (const [key, waiters] of this.#waiters) {
      if (!waiters.delete(delivery) || waiters.size > 0) continue;
      this.#waiters.delete(key);
      this.#end(`one ${key}`);
      if (!this.#known.has(key)) this.#held.delete(key);
    }
  }

  /** Ends the watches by owner of kinds (`group/Kind`) that are not among these. */
  release(kinds: ReadonlySet<string>): void {
    for (const [name, { resource }] of this.#watches) {
      if (!name.startsWith("one ") && !kinds.has(`${resource.group}/${resource.kind}`)) this.#end(name);
    }
  }

  #end(name: string): void {
    this.#watches.get(name)?.ending.abort();
    this.#watches.delete(name);
  }

  /** How many watches are open. */
  get watchesCount(): number {
    return this.#watches.size;
  }

  health(ref: VersionedRef): Health | undefined {
    return this.#held.get(refKey(ref))?.health;
  }

  /** True when the object certainly is what the apply of a manifest with this hash left. */
  isClean(ref: VersionedRef, desiredHash: string): boolean {
    const key = refKey(ref);
    const known = this.#known.get(key);
    const held = this.#held.get(key);
    if (known === undefined || held === undefined || this.#writing.has(key)) return false;
    if (held.isDeleting) return false;
    return known.reference.desiredHash === desiredHash && known.reference.uid === held.uid && held.changes.length === 0;
  }

  reference(ref: VersionedRef): Reference | undefined {
    return this.#known.get(refKey(ref))?.reference;
  }

  /** The versions that made an object differ from what our apply left. */
  touchedIn(ref: VersionedRef): Version[] {
    return (this.#touches.get(refKey(ref)) ?? []).map((touch) => touch.version);
  }

  /** To be called before an object is written; `adopt` or `written` ends it. */
  writing(ref: VersionedRef): void {
    this.#writing.set(refKey(ref), { isTouched: false });
  }

  /** Ends `writing` where nothing can be adopted. */
  written(ref: VersionedRef): void {
    this.#writing.delete(refKey(ref));
  }

  /** The object as our apply left it becomes the reference. */
  adopt(object: Manifest, options: { delivery: string; desiredHash: string; rules: OwnershipRules }): void {
    const ref = refOf(object);
    const key = refKey(ref);
    const { delivery, rules } = options;
    const reference = referenceOf(object, options.desiredHash, rules) ?? {
      uid: object.metadata.uid ?? "",
      resourceVersion: object.metadata.resourceVersion ?? "",
      desiredHash: options.desiredHash,
      recorded: "[{},[]]",
    };
    this.#known.set(key, { delivery, reference, rules });
    this.#writing.delete(key);
    this.#touches.delete(key);
    const held = this.#held.get(key);
    // What the watch has shown since is newer: it is judged when it changes again, or looked at now.
    if (held !== undefined && isNewer(held.resourceVersion, reference.resourceVersion) && held.uid === reference.uid) {
      return this.#options.noted({ what: "drift", delivery, ref, changes: [] });
    }
    this.#held.set(key, this.#judge(object));
  }

  /** The object is no longer ours to look after. */
  forget(ref: VersionedRef): void {
    const key = refKey(ref);
    this.#known.delete(key);
    this.#writing.delete(key);
    this.#touches.delete(key);
    if (!this.#waiters.has(key)) this.#held.delete(key);
  }

  #start(name: string, resource: Resource, selection: Selection): Promise<void> {
    const running = this.#watches.get(name);
    if (running !== undefined) return this.#whenSynced(running.informer);
    const { cluster, clock, signal } = this.#options;
    const informer = new Informer<Held>({
      cluster,
      resource,
      clock,
      keep: (object) => this.#judge(object),
      ...selection,
    });
    const ending = new AbortController();
    this.#watches.set(name, { informer, resource, ending });
    informer.subscribe({
      changed: (held) => this.#changed(held),
      deleted: (held) => this.#gone(held),
    });
    void informer.run(AbortSignal.any([signal, ending.signal]));
    return this.#whenSynced(informer);
  }

  /** A kind that cannot be watched (no permission, no longer served) must not hold up those who apply it. */
  async #whenSynced(informer: Informer<Held>): Promise<void> {
    if (informer.isSynced || this.#unsynced.has(informer)) return;
    const { clock, signal } = this.#options;
    const patience = new AbortController();
    const given = AbortSignal.any([signal, patience.signal]);
    await Promise.race([informer.synced, pause(clock, syncPatienceMs, given)]);
    patience.abort();
    // Waited for once: who cannot be watched now is not waited for at every pass.
    if (!informer.isSynced) this.#unsynced.add(informer);
  }

  #judge(object: Manifest): Held {
    const ref = refOf(object);
    const known = this.#known.get(refKey(ref));
    const isOurs = known !== undefined && !this.#writing.has(refKey(ref));
    return {
      ref,
      uid: object.metadata.uid ?? "",
      resourceVersion: object.metadata.resourceVersion ?? "",
      health: assess(object, { now: this.#options.clock.now(), expressions: this.#expressions(refKey(ref)) }),
      changes: isOurs ? this.#drift(known, object) : [],
      isDeleting: object.metadata.deletionTimestamp !== undefined,
    };
  }

  /** Those of the owner; for an object of others, of whoever waits for it. */
  #expressions(key: string): readonly HealthExpressions[] {
    const delivery = this.#known.get(key)?.delivery ?? this.#waiters.get(key)?.values().next().value;
    return delivery === undefined ? [] : this.#options.expressions(delivery);
  }

  #drift(known: Known, object: Manifest): readonly FieldChange[] {
    const { reference, rules } = known;
    const seen = object.metadata.resourceVersion ?? "";
    if (reference.uid === object.metadata.uid && isNewer(reference.resourceVersion, seen)) return [];
    return driftFrom(reference, object, rules);
  }

  #changed(held: Held): void {
    const key = refKey(held.ref);
    const before = this.#held.get(key);
    if (before !== undefined && before.uid === held.uid && isNewer(before.resourceVersion, held.resourceVersion))
      return;
    this.#held.set(key, held);
    const writing = this.#writing.get(key);
    if (writing !== undefined) writing.isTouched = true;
    const known = this.#known.get(key);
    const isLeaving = held.isDeleting && before?.isDeleting !== true;
    const hasMoved = isLeaving || held.changes.length > 0 || (before?.changes.length ?? 0) > 0;
    if (known !== undefined && hasMoved && writing === undefined) {
      const { uid, resourceVersion, changes } = held;
      this.#touches.set(key, touchesAfter(this.#touches.get(key) ?? [], changes, { uid, resourceVersion }));
      this.#options.noted({ what: "drift", delivery: known.delivery, ref: held.ref, changes: held.changes });
    } else if (
      // Who waits for one object may ask more of it than its health.
      this.#waiters.has(key) ||
      before === undefined ||
      before.health.waits !== held.health.waits ||
      before.health.message !== held.health.message
    ) {
      this.#noteHealth(held.ref);
    }
  }

  #gone(held: Held): void {
    const key = refKey(held.ref);
    this.#held.delete(key);
    const known = this.#known.get(key);
    if (known !== undefined && !this.#writing.has(key)) {
      const { uid, resourceVersion } = held;
      this.#touches.set(key, [{ path: "", value: undefined, version: { uid, resourceVersion } }]);
      this.#options.noted({ what: "gone", delivery: known.delivery, ref: held.ref });
    }
    this.#noteHealth(held.ref);
  }

  #noteHealth(ref: VersionedRef): void {
    const key = refKey(ref);
    const readers = new Set(this.#waiters.get(key));
    const owner = this.#known.get(key)?.delivery;
    if (owner !== undefined) readers.add(owner);
    for (const delivery of readers) this.#options.noted({ what: "health", delivery, ref });
  }
}

type Watch = { informer: Informer<Held>; resource: Resource; ending: AbortController };

type Selection = { labelSelector?: string; fieldSelector?: string; namespace?: string };

/** Resource versions are decimal numbers that grow (KEP-5504); others are never taken to be newer. */
export function isNewer(a: string, b: string): boolean {
  return a.length === b.length ? a > b : /^\d+$/.test(a) && /^\d+$/.test(b) && a.length > b.length;
}
