// The engine as others see it: plain data, for the live view and the console.

import { formatRef, refKey, type VersionedRef } from "#kernel";
import type { Health } from "#health";
import type { Live } from "./live.ts";
import type { DriftNote, Hold, Phase } from "./model.ts";
import type { DeliveryState } from "./state.ts";

export type DeliverySnapshot = {
  key: string;
  ref: VersionedRef;
  /** `Kustomization/flux-system/apps` */
  label: string;
  source: { kind: string; namespace: string; name: string };
  path: string;
  phase: Phase;
  phaseSinceMs: number;
  /** What it waits for, in words. */
  waitingFor: string | undefined;
  /** The last result, in words. */
  message: string;
  revision: string | undefined;
  isReady: boolean;
  isSuspended: boolean;
  drift: readonly DriftNote[];
  /** What is kept from being applied for now; without a revision: its deletion. */
  held?: { reason: Hold["reason"]; message: string; revision: string; untilMs?: number };
  objectsCount: number;
  dependsOn: readonly string[];
};

export type ObjectSnapshot = { ref: VersionedRef; health: Health | undefined };

export type EngineSnapshot = { deliveries: DeliverySnapshot[] };

const none: readonly never[] = [];

export function snapshotOf(state: DeliveryState): DeliverySnapshot {
  const { delivery } = state;
  return {
    key: delivery.key,
    ref: delivery.ref,
    label: formatRef(delivery.ref),
    source: delivery.source,
    path: delivery.path,
    phase: state.phase,
    phaseSinceMs: state.phaseSinceMs,
    waitingFor: state.waitingFor,
    message: state.message,
    revision: state.revision,
    isReady: state.isReady,
    isSuspended: delivery.isSuspended,
    drift: state.drift.size === 0 ? none : [...state.drift.values()],
    ...(state.hold === undefined ? {} : { held: { ...state.hold, ...(delivery.isDeleting ? { revision: "" } : {}) } }),
    objectsCount: state.inventory.length,
    dependsOn: delivery.dependsOn.length === 0 ? none : delivery.dependsOn.map((dependency) => dependency.key),
  };
}

/** The applied objects of a delivery with their health. */
export function objectsOf(state: DeliveryState, live: Live): ObjectSnapshot[] {
  const skipped = state.applied?.skipped ?? new Set<string>();
  return state.inventory.map((ref) => ({ ref, health: skipped.has(refKey(ref)) ? undefined : live.health(ref) }));
}
