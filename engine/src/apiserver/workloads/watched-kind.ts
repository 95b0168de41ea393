// All objects of one kind, as the watch and our own writes show them: whichever is newer. So a loop never acts on a view
// older than its own last write, and no expectation needs to be kept. Managed fields are not held: they are half the size.

import { type Answer, type Cluster, type DeleteOptions, Informer, type Resource, type Target } from "#cluster";
import type { Clock, Manifest } from "#kernel";
import { refused } from "./faults.ts";
import { endedMax } from "./limits.ts";

export type KindListener<T> = (current: T | undefined, previous: T | undefined) => void;

const nothing: ReadonlyMap<string, never> = new Map<string, never>();

export class WatchedKind<T extends Manifest> {
  readonly resource: Resource;
  readonly synced: Promise<void>;
  readonly #cluster: Cluster;
  readonly #informer: Informer<T>;
  readonly #byNamespace = new Map<string, Map<string, T>>();
  /** Controlling owner's uid → what it owns. */
  readonly #byOwner = new Map<string, Map<string, T>>();
  /** By namespace, what nobody controls. */
  readonly #unowned = new Map<string, Map<string, T>>();
  /** uids of objects that our own delete removed and whose event has not come yet. */
  readonly #removed = new Set<string>();
  /** uids whose deletion the watch has reported, newest last: an answer that arrives after it must not bring them back. */
  readonly #ended = new Set<string>();
  readonly #listeners = new Set<KindListener<T>>();

  constructor(cluster: Cluster, clock: Clock, resource: Resource) {
    this.#cluster = cluster;
    this.resource = resource;
    this.#informer = new Informer({ cluster, clock, resource, keep: withoutManagedFields<T> });
    this.synced = this.#informer.synced;
    this.#informer.subscribe({
      changed: (current, previous) => this.#seen(current, previous),
      deleted: (last) => this.#gone(last),
    });
  }

  run(signal: AbortSignal): void {
    void this.#informer.run(signal);
  }

  get(namespace: string, name: string): T | undefined {
    return this.#byNamespace.get(namespace)?.get(name);
  }

  /** By `namespace/name`, the keys of all queues here. */
  byKey(key: string): T | undefined {
    const slash = key.indexOf("/");
    return this.get(key.slice(0, slash), key.slice(slash + 1));
  }

  inNamespace(namespace: string): T[] {
    return [...(this.#byNamespace.get(namespace) ?? nothing).values()];
  }

  *values(): IterableIterator<T> {
    for (const objects of this.#byNamespace.values()) yield* objects.values();
  }

  /** What names `owner` as its controller. */
  ownedBy(owner: Manifest): T[] {
    return [...(this.#byOwner.get(owner.metadata.uid ?? "") ?? nothing).values()];
  }

  /** What names no controller. */
  unownedIn(namespace: string): T[] {
    return [...(this.#unowned.get(namespace) ?? nothing).values()];
  }

  /** Called for each object held, then for what the watch reports. Own writes are held at once and reported with their event. */
  subscribe(listener: KindListener<T>): void {
    for (const object of this.values()) listener(object, undefined);
    this.#listeners.add(listener);
  }

  /** undefined: refused because it is there already, or because its namespace is going. */
  async create(object: T, fieldManager: string): Promise<T | undefined> {
    const target = this.#targetOf(object);
    const answer = await this.#cluster.create(target, object, { fieldManager });
    if (answer.ok) return this.#hold(withoutManagedFields<T>(answer.value));
    const { code, message } = answer.status;
    if (code === 409 || (code === 403 && message.includes("being terminated"))) return undefined;
    throw refused(`creating ${this.#nameOf(object)}`, answer.status);
  }

  async update(object: T, fieldManager: string, subresource?: string): Promise<T> {
    const target = { ...this.#targetOf(object), ...(subresource === undefined ? {} : { subresource }) };
    return this.#written(await this.#cluster.update(target, object, { fieldManager }), object);
  }

  updateStatus(object: T, status: unknown, fieldManager: string): Promise<T> {
    return this.update({ ...object, status }, fieldManager, "status");
  }

  async mergePatch(object: T, patch: object, fieldManager: string): Promise<T> {
    const body = { type: "merge" as const, patch: patch as never };
    return this.#written(await this.#cluster.patch(this.#targetOf(object), body, { fieldManager }), object);
  }

  /** Deletes exactly this object, not another that has taken its name. */
  async delete(object: T, options: DeleteOptions = {}): Promise<void> {
    const preconditions = { uid: object.metadata.uid ?? "" };
    const answer = await this.#cluster.delete(this.#targetOf(object), { preconditions, ...options });
    if (!answer.ok && answer.status.code !== 404 && answer.status.code !== 409)
      throw refused(`deleting ${this.#nameOf(object)}`, answer.status);
    const left = answer.ok ? answer.value : undefined;
    if (left !== undefined && left.metadata.deletionTimestamp !== undefined) this.#hold(withoutManagedFields<T>(left));
    else if (this.get(object.metadata.namespace ?? "", object.metadata.name)?.metadata.uid === object.metadata.uid) {
      this.#removed.add(object.metadata.uid ?? "");
      this.#drop(object);
    }
  }

  #written(answer: Answer<Manifest>, object: T): T {
    if (answer.ok) return this.#hold(withoutManagedFields<T>(answer.value));
    throw refused(`writing ${this.#nameOf(object)}`, answer.status);
  }

  #seen(current: T, previous: T | undefined): void {
    if (this.#removed.has(current.metadata.uid ?? "")) return;
    const held = this.#hold(current);
    for (const listener of this.#listeners) listener(held, previous);
  }

  #gone(last: T): void {
    const { uid = "" } = last.metadata;
    this.#removed.delete(uid);
    this.#ended.add(uid);
    if (this.#ended.size > endedMax)
      for (const oldest of this.#ended) {
        this.#ended.delete(oldest);
        break;
      }
    const held = this.get(last.metadata.namespace ?? "", last.metadata.name);
    if (held?.metadata.uid === last.metadata.uid) this.#drop(last);
    for (const listener of this.#listeners) listener(undefined, last);
  }

  /** Keeps the newer of what is held and what is given; returns it. */
  #hold(object: T): T {
    const { namespace = "", name, uid } = object.metadata;
    if (this.#ended.has(uid ?? "")) return object;
    const objects = this.#byNamespace.get(namespace) ?? new Map<string, T>();
    const held = objects.get(name);
    if (held?.metadata.uid === uid && held !== undefined && versionOf(held) > versionOf(object)) return held;
    if (held !== undefined) this.#unlink(held);
    objects.set(name, object);
    this.#byNamespace.set(namespace, objects);
    const owner = ownerUidOf(object);
    const [index, key] = owner === undefined ? [this.#unowned, namespace] : [this.#byOwner, owner];
    const owned = index.get(key) ?? new Map<string, T>();
    owned.set(keyOf(object), object);
    index.set(key, owned);
    return object;
  }

  #drop(object: T): void {
    const { namespace = "", name } = object.metadata;
    const held = this.get(namespace, name);
    if (held !== undefined) this.#unlink(held);
    const objects = this.#byNamespace.get(namespace);
    objects?.delete(name);
    if (objects?.size === 0) this.#byNamespace.delete(namespace);
  }

  #unlink(held: T): void {
    const owner = ownerUidOf(held);
    const [index, key] = owner === undefined ? [this.#unowned, held.metadata.namespace ?? ""] : [this.#byOwner, owner];
    const owned = index.get(key);
    owned?.delete(keyOf(held));
    if (owned?.size === 0) index.delete(key);
  }

  #targetOf({ metadata }: T): Target {
    return { resource: this.resource, namespace: metadata.namespace ?? "", name: metadata.name ?? "" };
  }

  #nameOf(object: T): string {
    return `${this.resource.kind} ${keyOf(object)}`;
  }
}

/** `namespace/name`. */
export function keyOf({ metadata }: Manifest): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

export function ownerUidOf(object: Manifest): string | undefined {
  return object.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}

function versionOf(object: Manifest): number {
  return Number(object.metadata.resourceVersion ?? 0);
}

function withoutManagedFields<T extends Manifest>(object: Manifest): T {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata } as T;
}
