// The end of a delivery: what it applied is deleted where its policy says so, then the finalizer is given back.

import type { Cluster, Resource } from "#cluster";
import { type JsonObject, type Manifest, refKey } from "#kernel";
import { listObjects } from "./apply.ts";
import { clusterFault } from "./cluster-faults.ts";
import { DeliveryFault } from "./faults.ts";
import type { Outcome } from "./model.ts";
import { type RemoveContext, removeDeparted, waitUntilGone } from "./remove.ts";
import type { DeliveryState } from "./state.ts";

export type FinaliseContext = Omit<RemoveContext, "policy" | "inventory" | "desired"> & {
  state: DeliveryState;
  home: Cluster;
  resource: Resource;
  finalizer: string;
  manager: string;
  /** False when the identity that applied no longer exists: then nothing is deleted, and nothing blocked. */
  canAct: boolean;
};

/** Prunes as the deletion policy says, then removes the finalizer. Throws DeliveryFault while objects cannot be deleted. */
export async function finalise(context: FinaliseContext): Promise<Outcome[]> {
  const { delivery } = context.state;
  const outcomes =
    delivery.isSuspended || !context.canAct || !delivery.deletion.isPruned ? [] : await removeAll(context);
  await setFinalizers(context, withoutFinalizer(context.state.object, context.finalizer));
  return outcomes;
}

async function removeAll(context: FinaliseContext): Promise<Outcome[]> {
  const { delivery, inventory } = context.state;
  const policy = { ...delivery.policy, isPruned: true };
  const removal: RemoveContext = { ...context, policy, inventory, desired: [] };
  const outcomes = await removeDeparted(removal);
  const failed = outcomes.filter((outcome) => outcome.word === "failed");
  if (failed.length > 0) {
    throw new DeliveryFault({ code: "prune-failed", disposition: "retry", message: listObjects(failed) });
  }
  const pruned = new Set(outcomes.filter((o) => o.word === "pruned").map((o) => refKey(o.ref)));
  const gone = inventory.filter((ref) => pruned.has(refKey(ref)));
  // Only the wait gives up at the timeout: the deletions themselves have been accepted.
  if (delivery.deletion.isAwaited) await waitUntilGone(removal, gone, delivery.timeoutMs).catch(() => {});
  return outcomes;
}

function withoutFinalizer(object: Manifest, finalizer: string): string[] {
  return (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
}

export type FinalizerContext = Pick<FinaliseContext, "home" | "resource" | "manager"> & { state: DeliveryState };

/** Replaces the finalizers of the describing object; guarded by its resourceVersion. */
export async function setFinalizers(context: FinalizerContext, finalizers: string[]): Promise<void> {
  const { object } = context.state;
  const { name, namespace = "", resourceVersion } = object.metadata;
  const metadata: JsonObject = { finalizers };
  if (resourceVersion !== undefined) metadata["resourceVersion"] = resourceVersion;
  const target = { resource: context.resource, namespace, name };
  const body = { type: "merge" as const, patch: { metadata } };
  const answer = await context.home.patch(target, body, { fieldManager: context.manager });
  if (answer.ok) {
    // The next look must not act on what this write replaced.
    object.metadata.finalizers = finalizers;
    const version = answer.value.metadata.resourceVersion;
    if (version !== undefined) object.metadata.resourceVersion = version;
  } else if (answer.status.code !== 404) throw clusterFault(answer.status, "the finalizer could not be changed");
}
