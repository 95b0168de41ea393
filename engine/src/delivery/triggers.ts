// What a change of a describing object means for its delivery, and which deliveries a change elsewhere concerns.

import type { Priority } from "#controller";
import { type Manifest, readsHold } from "#kernel";
import { isNewer } from "./live.ts";
import type { Delivery } from "./model.ts";
import { type OpenTree, withNeeds } from "./render-desk.ts";
import type { DeliveryState } from "./state.ts";

/** True for a delivery that goes on as soon as some object is healthy. */
export function waitsForHealth(state: DeliveryState): boolean {
  return state.phase === "checking" || /^(health|dependency-not)-/.test(state.lastFault);
}

/** True for a delivery that goes on as soon as what it depends on is ready. */
export function isWaitingForOthers(state: DeliveryState | undefined): boolean {
  return state?.lastFault.startsWith("dependency-not-") === true;
}

/** True for what is ready and stands as it was last applied. */
export function isSettled(state: DeliveryState): boolean {
  return (
    state.isReady &&
    state.hold === undefined &&
    state.desired !== undefined &&
    state.applied?.digest === state.desired.digest
  );
}

/** True when nothing that the delivery read is otherwise in the tree. */
export function readsTheSame(state: DeliveryState, open: OpenTree): Promise<boolean> {
  const reads = [...(state.desired?.rendering.reads ?? []), ...(state.desired?.decryptionReads ?? [])];
  return withNeeds(open, (tree) => readsHold(reads, tree)).catch(() => false);
}

/** An event from before our last status write must not bring back the older status. */
export function withNewestStatus(seen: Manifest, known: Manifest | undefined): Manifest {
  const version = known?.metadata.resourceVersion ?? "";
  if (known === undefined || known.metadata.uid !== seen.metadata.uid) return seen;
  if (!isNewer(version, seen.metadata.resourceVersion ?? "")) return seen;
  return { ...seen, metadata: { ...seen.metadata, resourceVersion: version }, status: known["status"] };
}

/** Why a describing object asks for a look; undefined when only its status moved. */
export function priorityOf(delivery: Delivery, object: Manifest, previous: Manifest | undefined): Priority | undefined {
  if (previous === undefined) return "spec";
  if (delivery.request !== delivery.remembered.handledRequest && marksMoved(object, previous)) return "person";
  const { generation, deletionTimestamp } = object.metadata;
  const hasMoved =
    generation !== previous.metadata.generation || deletionTimestamp !== previous.metadata.deletionTimestamp;
  return hasMoved || marksMoved(object, previous) ? "spec" : undefined;
}

/** Annotations and labels do not count into the generation. */
function marksMoved(object: Manifest, previous: Manifest): boolean {
  const textOf = (manifest: Manifest): string =>
    JSON.stringify([manifest.metadata.annotations ?? {}, manifest.metadata.labels ?? {}]);
  return textOf(object) !== textOf(previous);
}
