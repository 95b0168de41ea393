// What leaves the inventory is deleted: only what we created (it is in the inventory and its live labels still name this
// delivery), only when nobody else states it, in the reverse order of application.

import { type Manifest, refKey, type VersionedRef } from "#kernel";
import { uniqueRefs } from "./inventory.ts";
import { compareForApply, stageOf } from "./order.ts";
import type { Policy, Step } from "./plan.ts";

export type PruneInput = {
  inventory: readonly VersionedRef[];
  /** What is desired now. */
  desired: readonly VersionedRef[];
  /** Live objects by refKey; absent means gone. */
  live: ReadonlyMap<string, Manifest>;
  policy: Policy;
  /** The other delivery that states an object, as people read it. */
  claimant: (ref: VersionedRef) => string | undefined;
};

/** References that left the inventory, in reverse order of application. */
export function departed(inventory: readonly VersionedRef[], desired: readonly VersionedRef[]): VersionedRef[] {
  const kept = new Set(desired.map(refKey));
  return uniqueRefs(inventory)
    .filter((ref) => !kept.has(refKey(ref)))
    .sort((a, b) => stageOf(b) - stageOf(a) || compareForApply(b, a));
}

/** True when every mark of the delivery stands on the live object. */
export function hasMarks(live: Manifest, marks: Policy["marks"]): boolean {
  const labels = live.metadata.labels ?? {};
  const entries = Object.entries(marks);
  return entries.length > 0 && entries.every(([label, value]) => labels[label] === value);
}

/** One step for every object that left the inventory and still lives. */
export function planPrune(input: PruneInput): Step[] {
  if (!input.policy.isPruned) return [];
  return departed(input.inventory, input.desired).flatMap((ref) => {
    const live = input.live.get(refKey(ref));
    if (live === undefined) return [];
    const kept = whyKept(ref, live, input);
    return [stepFor(ref, kept === undefined ? "prune" : "skip", kept ?? "is no longer in Git")];
  });
}

function whyKept(ref: VersionedRef, live: Manifest, input: PruneInput): string | undefined {
  if (!hasMarks(live, input.policy.marks)) return "is not deleted: its labels no longer name this delivery";
  const claimant = input.claimant(ref);
  if (claimant !== undefined) return `is not deleted: ${claimant} states it now`;
  const switches = input.policy.switches(live);
  if (!switches.isPruned) return "is not deleted: pruning is switched off on it";
  if (!switches.isReconciled) return "is not deleted: reconciliation is switched off on it";
  if (switches.mode === "ignore") return "is not deleted: it is ignored by its mark";
  return undefined;
}

function stepFor(ref: VersionedRef, action: "prune" | "skip", reason: string): Step {
  return { action, ref, reason, changes: [], isDrift: false, needsTakeOver: false };
}
