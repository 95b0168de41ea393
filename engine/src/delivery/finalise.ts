// The end of a delivery: what it applied is deleted where its policy says so, then the finalizer is given back. No pass waits
// for the deletion: a later one looks whether it is through.

import type { Cluster, Resource } from "#cluster";
import { formatRef, type JsonObject, type Manifest, refKey } from "#kernel";
import { listObjects } from "./apply.ts";
import { clusterFault } from "./cluster-faults.ts";
import { DeliveryFault } from "./faults.ts";
import { whyDeletionHeld } from "./guard.ts";
import type { Hold, Outcome } from "./model.ts";
import { listChanged, type Note } from "./reporter.ts";
import { type RemoveContext, removeDeparted, stillThere } from "./remove.ts";
import type { DeliveryState } from "./state.ts";

export type FinaliseContext = Omit<RemoveContext, "policy" | "inventory" | "desired"> & {
  state: DeliveryState;
  home: Cluster;
  resource: Resource;
  finalizer: string;
  manager: string;
  /** False when the identity that applied no longer exists: then nothing is deleted, and nothing blocked. */
  canAct: boolean;
  /** True when the definition of the describing kind goes: then the tool is removed, not what it delivered. */
  isUninstalled: boolean;
  tell: (note: Note) => void;
};

/** Prunes as the deletion policy says, then removes the finalizer. False while objects are still going away. */
export async function finalise(context: FinaliseContext): Promise<boolean> {
  const { state, clock, tell } = context;
  const { delivery, inventory } = state;
  const isPruned = delivery.deletion.isPruned && !delivery.isSuspended && inventory.length > 0;
  if (isPruned && context.isUninstalled) {
    const message = `its definition is being deleted: ${inventory.length} objects are left as they are`;
    tell({ isWarning: true, reason: "Uninstalled", message });
  } else if (isPruned && !context.canAct) {
    const objects = inventory.map(formatRef).join("\n");
    tell({ isWarning: true, reason: "ReconciliationFailed", message: `unable to prune objects: \n${objects}` });
  } else if (isPruned) {
    state.removal ??= { atMs: clock.now(), refs: await removeAll(context) };
    // Only the wait gives up at the timeout: the deletions themselves have been accepted.
    const hasTime = clock.now() < state.removal.atMs + delivery.timeoutMs;
    if (delivery.deletion.isAwaited && (await stillThere(removalOf(context), state.removal.refs)).length > 0) {
      if (hasTime) return false;
      tell({ isWarning: true, reason: "ReconciliationFailed", message: "failed to wait for resources termination" });
    }
  }
  await setFinalizers(context, withoutFinalizer(state.object, context.finalizer));
  return true;
}

function removalOf(context: FinaliseContext): RemoveContext {
  const { delivery, inventory } = context.state;
  return { ...context, policy: { ...delivery.policy, isPruned: true }, inventory, desired: [] };
}

/** What was told to go. */
async function removeAll(context: FinaliseContext): Promise<Outcome["ref"][]> {
  const outcomes = await removeDeparted(removalOf(context));
  const failed = outcomes.filter((outcome) => outcome.word === "failed");
  if (failed.length > 0) {
    context.tell({ isWarning: true, reason: "PruneFailed", message: "pruning for deleted resource failed" });
    throw new DeliveryFault({ code: "prune-failed", disposition: "retry", message: listObjects(failed) });
  }
  const pruned = outcomes.filter((outcome) => outcome.word === "pruned");
  if (pruned.length > 0) context.tell({ reason: "Progressing", message: listChanged(pruned) });
  const keys = new Set(pruned.map((outcome) => refKey(outcome.ref)));
  return context.state.inventory.filter((ref) => keys.has(refKey(ref)));
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
  } else if (answer.status.code === 409) {
    throw new DeliveryFault({
      code: "conflict",
      disposition: "retry",
      message: "the object changed meanwhile; its finalizers are set at the next look",
    });
  } else if (answer.status.code !== 404) throw clusterFault(answer.status, "the finalizer could not be changed");
}

/** Why a deletion that would take everything with it waits. */
export function whyKept({ delivery, inventory }: DeliveryState): Hold | undefined {
  if (!delivery.deletion.isPruned || delivery.isSuspended) return undefined;
  return whyDeletionHeld(delivery.guard, { uid: delivery.uid, inventoryCount: inventory.length });
}
