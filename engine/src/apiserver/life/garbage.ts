// Garbage collection by owner references: background, foreground and orphan, decided as kube-controller-manager does
// (pkg/controller/garbagecollector, 1.36). One key is one object's uid; a pass looks at that object and, where it waits
// for its dependents, wakes them. Before anything is deleted, each of its owners is proven absent by a fresh read.

import type { Cluster, DeleteOptions, Target } from "#cluster";
import { WorkQueue } from "#controller";
import { type Clock, type OwnerReference, splitApiVersion } from "#kernel";
import { refused } from "./faults.ts";
import { retryBackOff } from "./limits.ts";
import { fieldManager, foregroundFinalizer, orphanFinalizer } from "./names.ts";
import type { Member, Population } from "./population.ts";

/** What each owner reference of an object means for it. */
export type Owners = {
  /** The owner exists and stays. */
  solid: OwnerReference[];
  /** There is no such owner. */
  dangling: OwnerReference[];
  /** The owner is being deleted and waits for its dependents. */
  waiting: OwnerReference[];
};

export class GarbageCollector {
  readonly queue: WorkQueue;
  readonly #cluster: Cluster;
  readonly #population: Population;

  constructor(options: { cluster: Cluster; clock: Clock; population: Population }) {
    this.#cluster = options.cluster;
    this.#population = options.population;
    this.queue = new WorkQueue({ clock: options.clock, backOff: retryBackOff });
  }

  /** Every object with an owner is looked at once, then whatever changes in a way that matters. */
  start(): void {
    this.#population.subscribe({
      changed: (current, previous) => {
        if (needsLook(current, previous)) this.queue.add(current.uid, "drift");
        // An owner that waits may have lost a dependent that no longer names it.
        if (previous !== undefined && previous.owners !== current.owners) this.#wakeOwners(previous);
      },
      deleted: (last) => {
        this.queue.remove(last.uid);
        for (const dependent of this.#population.dependentsOf(last.uid)) this.queue.add(dependent.uid, "drift");
        this.#wakeOwners(last);
      },
    });
  }

  async reconcile(uid: string): Promise<void> {
    const member = this.#population.byUid(uid);
    if (member === undefined) return;
    if (member.isDeleting && member.finalizers.includes(orphanFinalizer)) return this.#orphan(member);
    if (member.isDeleting && member.finalizers.includes(foregroundFinalizer)) return this.#awaitDependents(member);
    if (!member.isDeleting && member.owners.length > 0) return this.#judge(member);
  }

  #wakeOwners(member: Member): void {
    for (const { uid } of member.owners) {
      const owner = this.#population.byUid(uid);
      if (owner?.isDeleting === true) this.queue.add(uid, "drift");
    }
  }

  /** Takes the owner out of its dependents' references, then lets it go. */
  async #orphan(owner: Member): Promise<void> {
    for (const dependent of this.#population.dependentsOf(owner.uid))
      await this.#setOwners(
        dependent,
        dependent.owners.filter(({ uid }) => uid !== owner.uid),
      );
    await this.#removeFinalizer(owner, orphanFinalizer);
  }

  /** Goes once nothing that blocks it is left; the rest becomes ordinary garbage then. */
  async #awaitDependents(owner: Member): Promise<void> {
    const blocking = this.#population
      .dependentsOf(owner.uid)
      .filter(({ owners }) =>
        owners.some((reference) => reference.uid === owner.uid && reference.blockOwnerDeletion === true),
      );
    if (blocking.length === 0) return this.#removeFinalizer(owner, foregroundFinalizer);
    for (const dependent of blocking) if (!waitsForDependents(dependent)) this.queue.add(dependent.uid, "drift");
  }

  async #judge(member: Member): Promise<void> {
    const owners = await this.#classify(member);
    if (owners === undefined) return;
    if (owners.solid.length > 0) {
      if (owners.solid.length < member.owners.length) await this.#setOwners(member, owners.solid);
      return;
    }
    const dependents = this.#population.dependentsOf(member.uid);
    if (owners.waiting.length === 0 || dependents.length === 0)
      return this.#delete(member, { propagation: propagationOf(member) });
    // Two that wait for each other would wait for ever: this one stops blocking its owner.
    if (dependents.some(waitsForDependents)) await this.#setOwners(member, member.owners.map(unblocking));
    await this.#delete(member, { propagation: "Foreground", preconditions: { uid: member.uid } });
  }

  /** undefined: an owner's kind is not served, or lives in a namespace while the object does not. Nothing is done then. */
  async #classify(member: Member): Promise<Owners | undefined> {
    const owners: Owners = { solid: [], dangling: [], waiting: [] };
    for (const reference of member.owners) {
      const known = this.#population.byUid(reference.uid);
      const isNear = known !== undefined && (known.namespace === "" || known.namespace === member.namespace);
      if (isNear && isOfKind(known, reference)) {
        owners[known.isDeleting && waitsForDependents(known) ? "waiting" : "solid"].push(reference);
        continue;
      }
      const found = await this.#find(member, reference);
      if (found === "unknown") return undefined;
      owners[found].push(reference);
    }
    return owners;
  }

  /** Asks the server for an owner that the watches do not show, as it may be newer than they are. */
  async #find(member: Member, reference: OwnerReference): Promise<keyof Owners | "unknown"> {
    const { group, version } = splitApiVersion(reference.apiVersion);
    const resource = this.#population.discovery?.byKind(group, reference.kind, version);
    if (resource === undefined) return "unknown";
    if (resource.isNamespaced && member.namespace === "") return "unknown";
    const namespace = resource.isNamespaced ? member.namespace : "";
    const answer = await this.#cluster.get({ resource, namespace, name: reference.name });
    if (!answer.ok) {
      if (answer.status.code === 404) return "dangling";
      throw refused(`reading ${reference.kind} ${reference.name}, an owner,`, answer.status);
    }
    const { uid, deletionTimestamp, finalizers } = answer.value.metadata;
    if (uid !== reference.uid) return "dangling";
    return deletionTimestamp !== undefined && finalizers?.includes(foregroundFinalizer) === true ? "waiting" : "solid";
  }

  async #delete(member: Member, options: DeleteOptions): Promise<void> {
    const preconditions = { uid: member.uid, resourceVersion: member.resourceVersion };
    const answer = await this.#cluster.delete(targetOf(member), { preconditions, ...options });
    if (answer.ok || answer.status.code === 404) return;
    throw refused(`deleting ${nameOf(member)}, whose owners are gone,`, answer.status);
  }

  async #setOwners(member: Member, owners: readonly OwnerReference[]): Promise<void> {
    await this.#patch(member, { ownerReferences: owners.length === 0 ? null : owners });
  }

  async #removeFinalizer(member: Member, finalizer: string): Promise<void> {
    const finalizers = member.finalizers.filter((other) => other !== finalizer);
    await this.#patch(member, { finalizers: finalizers.length === 0 ? null : finalizers });
  }

  /** The version in the patch makes a stale view a conflict, which is tried again with a newer one. */
  async #patch(member: Member, metadata: Record<string, unknown>): Promise<void> {
    const { uid, resourceVersion } = member;
    const patch = { metadata: { uid, resourceVersion, ...metadata } } as never;
    const answer = await this.#cluster.patch(targetOf(member), { type: "merge", patch }, { fieldManager });
    if (answer.ok || answer.status.code === 404) return;
    throw refused(`changing the metadata of ${nameOf(member)}`, answer.status);
  }
}

function needsLook(current: Member, previous: Member | undefined): boolean {
  if (current.isDeleting) return waitsForDependents(current) || current.finalizers.includes(orphanFinalizer);
  return current.owners.length > 0 && (previous === undefined || !equalOwners(previous.owners, current.owners));
}

function equalOwners(a: readonly OwnerReference[], b: readonly OwnerReference[]): boolean {
  return a.length === b.length && a.every(({ uid }, i) => uid === b[i]?.uid);
}

function unblocking(reference: OwnerReference): OwnerReference {
  return { ...reference, blockOwnerDeletion: false };
}

function waitsForDependents(member: Member): boolean {
  return member.isDeleting && member.finalizers.includes(foregroundFinalizer);
}

/** A reference must name the owner's own group and kind, or it means another object. */
function isOfKind(owner: Member, reference: OwnerReference): boolean {
  return (
    owner.resource.kind === reference.kind &&
    owner.resource.group === splitApiVersion(reference.apiVersion).group &&
    owner.name === reference.name
  );
}

function propagationOf(member: Member): "Orphan" | "Foreground" | "Background" {
  if (member.finalizers.includes(orphanFinalizer)) return "Orphan";
  return member.finalizers.includes(foregroundFinalizer) ? "Foreground" : "Background";
}

function targetOf(member: Member): Target {
  return { resource: member.resource, namespace: member.namespace, name: member.name };
}

function nameOf(member: Member): string {
  return `${member.resource.kind} ${member.namespace === "" ? "" : `${member.namespace}/`}${member.name}`;
}
