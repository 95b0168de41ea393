// Adoption: an object without a controller that a workload's selector matches becomes its own, as after a deletion with
// `--cascade=orphan`. One whose labels no longer match is let go.

import { type Labels, matchesSelector, type Selector } from "#apiserver/life";
import type { Manifest, OwnerReference } from "#kernel";
import type { WatchedKind } from "./watched-kind.ts";
import { controllerManager } from "./world.ts";

export type ClaimOptions<T extends Manifest> = { owner: Manifest; selector: Selector; kind: WatchedKind<T> };

/** What belongs to the owner after adoption and release. */
export async function claim<T extends Manifest>({ owner, selector, kind }: ClaimOptions<T>): Promise<T[]> {
  const owned: T[] = [];
  for (const object of kind.ownedBy(owner)) {
    if (matchesSelector(selector, object.metadata.labels as Labels)) owned.push(object);
    else if (owner.metadata.deletionTimestamp === undefined) await release(owner, object, kind);
  }
  if (owner.metadata.deletionTimestamp !== undefined) return owned;
  for (const object of kind.unownedIn(owner.metadata.namespace ?? "")) {
    if (object.metadata.deletionTimestamp !== undefined) continue;
    if (!matchesSelector(selector, object.metadata.labels as Labels)) continue;
    const ownerReferences = [...(object.metadata.ownerReferences ?? []), controllerReference(owner)];
    const { uid, resourceVersion } = object.metadata;
    owned.push(
      await kind.mergePatch(object, { metadata: { uid, resourceVersion, ownerReferences } }, controllerManager),
    );
  }
  return owned;
}

async function release<T extends Manifest>(owner: Manifest, object: T, kind: WatchedKind<T>): Promise<void> {
  if (object.metadata.deletionTimestamp !== undefined) return;
  const { uid, resourceVersion } = object.metadata;
  const left = (object.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== owner.metadata.uid);
  const metadata = { uid, resourceVersion, ownerReferences: left.length === 0 ? null : left };
  await kind.mergePatch(object, { metadata }, controllerManager);
}

export function controllerReference(owner: Manifest): OwnerReference {
  const { name, uid = "" } = owner.metadata;
  const { apiVersion, kind } = owner;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}
