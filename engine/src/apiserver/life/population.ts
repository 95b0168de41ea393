// The metadata of every object of every served kind, from one watch a kind. Kinds that come and go with their
// definitions are followed. This is what garbage collection and namespace deletion stand on.

import { type Cluster, type Discovery, Informer, type Resource } from "#cluster";
import type { Clock, Manifest, OwnerReference } from "#kernel";
import { discoveryDelayMs } from "./limits.ts";

/** One object, as far as owners and deletion are concerned. */
export type Member = {
  resource: Resource;
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
  owners: readonly OwnerReference[];
  finalizers: readonly string[];
  isDeleting: boolean;
};

export type PopulationListener = {
  changed(current: Member, previous: Member | undefined): void;
  deleted(last: Member): void;
};

type Watched = { resource: Resource; informer: Informer<Member>; abort: AbortController };

const none: readonly never[] = [];

export class Population {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #watched = new Map<string, Watched>();
  readonly #members = new Map<string, Member>();
  /** Owner's uid → uids of what names it as owner; the owner itself may be unknown. */
  readonly #dependents = new Map<string, Set<string>>();
  readonly #listeners = new Set<PopulationListener>();
  #discovery: Discovery | undefined;
  #isDiscoveryDue = false;

  constructor(cluster: Cluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  /** Starts the watches; resolved once every kind served now has been listed. */
  async start(signal: AbortSignal): Promise<void> {
    await this.#discover(signal);
    await Promise.race([
      Promise.all([...this.#watched.values()].map(({ informer }) => informer.synced)),
      new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true })),
    ]);
  }

  get discovery(): Discovery | undefined {
    return this.#discovery;
  }

  /** Every kind that is watched, namespaced or not. */
  resources(): Resource[] {
    return [...this.#watched.values()].map(({ resource }) => resource);
  }

  byUid(uid: string): Member | undefined {
    return this.#members.get(uid);
  }

  members(): IterableIterator<Member> {
    return this.#members.values();
  }

  dependentsOf(uid: string): Member[] {
    return [...(this.#dependents.get(uid) ?? none)].flatMap((dependent) => this.#members.get(dependent) ?? []);
  }

  subscribe(listener: PopulationListener): void {
    this.#listeners.add(listener);
    for (const member of this.#members.values()) listener.changed(member, undefined);
  }

  async #discover(signal: AbortSignal): Promise<void> {
    const answer = await this.#cluster.discover(true);
    if (signal.aborted) return;
    // Without an answer the kinds known so far stay; a later definition or the next change asks again.
    if (!answer.ok) return this.#discoverSoon(signal, 10 * discoveryDelayMs);
    this.#discovery = answer.value;
    const wanted = new Map(collectable(answer.value).map((resource) => [keyOf(resource), resource]));
    for (const [key, watched] of this.#watched) if (!wanted.has(key)) this.#drop(key, watched);
    for (const [key, resource] of wanted) if (!this.#watched.has(key)) this.#add(key, resource, signal);
  }

  #discoverSoon(signal: AbortSignal, delayMs: number = discoveryDelayMs): void {
    if (this.#isDiscoveryDue) return;
    this.#isDiscoveryDue = true;
    this.#clock.after(delayMs, () => {
      this.#isDiscoveryDue = false;
      if (!signal.aborted) void this.#discover(signal);
    });
  }

  #add(key: string, resource: Resource, signal: AbortSignal): void {
    const informer = new Informer<Member>({
      cluster: this.#cluster,
      resource,
      clock: this.#clock,
      isMetadataOnly: true,
      keep: (object) => memberOf(resource, object),
    });
    const abort = new AbortController();
    signal.addEventListener("abort", () => abort.abort(), { once: true });
    this.#watched.set(key, { resource, informer, abort });
    informer.subscribe({
      changed: (current, previous) => this.#changed(current, previous, signal),
      deleted: (last) => this.#deleted(last, signal),
    });
    void informer.run(abort.signal);
  }

  #drop(key: string, watched: Watched): void {
    watched.abort.abort();
    this.#watched.delete(key);
    for (const member of watched.informer.values()) this.#forget(member);
  }

  #changed(current: Member, previous: Member | undefined, signal: AbortSignal): void {
    const before = previous?.uid === current.uid ? previous : undefined;
    this.#members.set(current.uid, current);
    for (const { uid } of before?.owners ?? none) this.#unlink(uid, current.uid);
    for (const { uid } of current.owners) this.#link(uid, current.uid);
    for (const listener of this.#listeners) listener.changed(current, before);
    if (isDefinition(current.resource)) this.#discoverSoon(signal);
  }

  #deleted(last: Member, signal: AbortSignal): void {
    this.#forget(last);
    if (isDefinition(last.resource)) this.#discoverSoon(signal);
  }

  #forget(member: Member): void {
    this.#members.delete(member.uid);
    for (const { uid } of member.owners) this.#unlink(uid, member.uid);
    for (const listener of this.#listeners) listener.deleted(member);
  }

  #link(owner: string, dependent: string): void {
    const dependents = this.#dependents.get(owner) ?? new Set();
    dependents.add(dependent);
    this.#dependents.set(owner, dependents);
  }

  #unlink(owner: string, dependent: string): void {
    const dependents = this.#dependents.get(owner);
    dependents?.delete(dependent);
    if (dependents?.size === 0) this.#dependents.delete(owner);
  }
}

/** One version of each kind that can be listed, watched and deleted. Events own nothing and are owned by nothing. */
function collectable(discovery: Discovery): Resource[] {
  return discovery.resources.filter(
    (resource) =>
      ["list", "watch", "delete"].every((verb) => resource.verbs.includes(verb)) &&
      resource.plural !== "events" &&
      discovery.byKind(resource.group, resource.kind)?.version === resource.version,
  );
}

function keyOf(resource: Resource): string {
  return `${resource.group}/${resource.version}/${resource.plural}`;
}

function isDefinition(resource: Resource): boolean {
  return resource.plural === "customresourcedefinitions" && resource.group === "apiextensions.k8s.io";
}

function memberOf(resource: Resource, object: Manifest): Member {
  const { metadata } = object;
  return {
    resource,
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    owners: metadata.ownerReferences ?? none,
    finalizers: metadata.finalizers ?? none,
    isDeleting: metadata.deletionTimestamp !== undefined,
  };
}
