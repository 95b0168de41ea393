// Deletes what the plan prunes, and tells what was left.

import type { Cluster } from "#cluster";
import { type Clock, faultFrom, formatRef, type Manifest, refKey, type VersionedRef } from "#kernel";
import { departed, planPrune, type Policy } from "#plan";
import { clusterFault, isTransient } from "./cluster-faults.ts";
import type { Kinds } from "./kinds.ts";
import { concurrentRequests } from "./limits.ts";
import type { Live } from "./live.ts";
import type { Outcome } from "./model.ts";
import { mapLimited } from "./map-limited.ts";
import { outcomeOf } from "./apply.ts";

export type RemoveContext = {
  cluster: Cluster;
  kinds: Kinds;
  live: Live;
  clock: Clock;
  signal: AbortSignal;
  policy: Policy;
  inventory: readonly VersionedRef[];
  desired: readonly VersionedRef[];
  claimant: (ref: VersionedRef) => string | undefined;
};

/** One outcome for every object that left the inventory and still lived. A failed one must stay in the inventory. */
export async function removeDeparted(context: RemoveContext): Promise<Outcome[]> {
  const gone = departed(context.inventory, context.desired);
  if (gone.length === 0 || !context.policy.isPruned) return [];
  const live = new Map<string, Manifest>();
  const unread: Outcome[] = [];
  await mapLimited(gone, concurrentRequests, async (ref) => {
    try {
      const object = await read(context, ref);
      if (object !== undefined) live.set(refKey(ref), object);
    } catch (thrown) {
      const fault = faultFrom(thrown);
      if (fault.code === "cluster-failed") throw fault;
      unread.push(outcomeOf(ref, "failed", fault.message));
    }
  });
  const outcomes: Outcome[] = unread;
  for (const step of planPrune({ ...context, live })) {
    if (step.action === "prune") outcomes.push(await remove(context, step.ref, live.get(refKey(step.ref))));
    else outcomes.push(outcomeOf(step.ref, "skipped", step.reason));
    context.live.forget(step.ref);
  }
  return outcomes;
}

async function read(context: RemoveContext, ref: VersionedRef): Promise<Manifest | undefined> {
  const resource = await context.kinds.find(ref).then((found) => found ?? context.kinds.find({ ...ref, version: "" }));
  // A kind that is no longer served has no objects any more.
  if (resource === undefined) return undefined;
  const target = { resource, namespace: resource.isNamespaced ? ref.namespace : "", name: ref.name };
  const found = await context.cluster.get(target, context.signal);
  if (found.ok) return found.value;
  if (found.status.code === 404) return undefined;
  throw clusterFault(found.status, "could not be read", formatRef(ref));
}

async function remove(context: RemoveContext, ref: VersionedRef, live: Manifest | undefined): Promise<Outcome> {
  context.live.forget(ref);
  const target = await context.kinds.target(ref);
  const uid = live?.metadata.uid ?? "";
  const answer = await context.cluster.delete(target, {
    propagation: "Background",
    ...(uid === "" ? {} : { preconditions: { uid } }),
  });
  if (answer.ok || answer.status.code === 404) return outcomeOf(ref, "pruned", "is no longer in Git");
  if (isTransient(answer.status)) throw clusterFault(answer.status, "could not be deleted", formatRef(ref));
  return outcomeOf(ref, "failed", answer.status.message);
}

/** Those of the objects that have not gone yet. */
export async function stillThere(context: RemoveContext, refs: readonly VersionedRef[]): Promise<VersionedRef[]> {
  const found = await mapLimited(refs, concurrentRequests, async (ref) => ((await read(context, ref)) ? [ref] : []));
  return found.flat();
}
