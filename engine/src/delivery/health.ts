// Whether what was applied is healthy, judged from the watch: all of it, or the objects that the delivery names.

import { formatRef, refKey, type VersionedRef } from "#kernel";
import type { Health } from "#health";
import type { Kinds } from "./kinds.ts";
import type { Live } from "./live.ts";
import type { Delivery } from "./model.ts";
import type { Applied } from "./state.ts";

export type Verdict = {
  is: "healthy" | "progressing" | "failed";
  /** Objects that are not healthy yet, and why. */
  waitingFor: { ref: VersionedRef; reason: string }[];
  checkedCount: number;
};

/** The objects whose health a delivery waits for. */
export function awaitedRefs(delivery: Delivery, applied: Applied): readonly VersionedRef[] {
  if (delivery.wait.kind === "none") return [];
  const refs = delivery.wait.kind === "all" ? applied.refs : delivery.wait.refs;
  const own = refKey(delivery.ref);
  return refs.filter((ref) => !applied.skipped.has(refKey(ref)) && refKey(ref) !== own);
}

/** Fails as soon as one object has failed; healthy once all are. */
export async function judge(
  refs: readonly VersionedRef[],
  delivery: Delivery,
  world: { live: Live; kinds: Kinds },
): Promise<Verdict> {
  const owned = new Set(delivery.wait.kind === "some" ? [] : refs.map(refKey));
  const verdict: Verdict = { is: "healthy", waitingFor: [], checkedCount: refs.length };
  for (const ref of refs) {
    if (!owned.has(refKey(ref))) await watchNamed(ref, delivery, world);
    const health = world.live.health(ref);
    if (health?.waits === "Current") continue;
    const hasFailed = health?.waits === "Failed";
    if (hasFailed) verdict.is = "failed";
    else if (verdict.is === "healthy") verdict.is = "progressing";
    const entry = { ref, reason: describe(health) };
    if (hasFailed) verdict.waitingFor.unshift(entry);
    else verdict.waitingFor.push(entry);
  }
  return verdict;
}

/** A named object may belong to anybody, and may not exist yet. */
async function watchNamed(ref: VersionedRef, delivery: Delivery, world: { live: Live; kinds: Kinds }): Promise<void> {
  const resource = await world.kinds.find(ref.version === "" ? { group: ref.group, kind: ref.kind } : ref);
  if (resource === undefined) return;
  await world.live.watchOther(resource, ref, delivery.key);
}

function describe(health: Health | undefined): string {
  return health === undefined ? "does not exist yet" : health.message;
}

/** `Kind/ns/name (reason), …`, the first few. */
export function listWaiting(waiting: Verdict["waitingFor"], most: number): string {
  const shown = waiting.slice(0, most).map(({ ref, reason }) => `${formatRef(ref)} (${reason})`);
  const more = waiting.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}
