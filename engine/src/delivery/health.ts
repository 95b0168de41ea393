// Whether what was applied is healthy, judged from the watch: all of it, or the objects that the delivery names.

import type { Cluster, Resource } from "#cluster";
import { fieldOf, formatRef, type Manifest, refKey, type VersionedRef } from "#kernel";
import type { Health } from "#health";
import type { Kinds } from "./kinds.ts";
import type { Live } from "./live.ts";
import type { Delivery } from "./model.ts";
import type { Applied } from "./state.ts";

type Waiting = { ref: VersionedRef; reason: string; status: string };

export type Verdict = {
  is: "healthy" | "progressing" | "failed";
  /** Objects that are not healthy yet, and why; those that have failed come first. */
  waitingFor: Waiting[];
  failed: Waiting[];
};

/** The objects whose health a delivery waits for: all that it has not left alone, or those it names, left alone or not. */
export function awaitedRefs(delivery: Delivery, applied: Applied): readonly VersionedRef[] {
  const { wait } = delivery;
  if (wait.kind === "none") return [];
  const own = refKey(delivery.ref);
  const refs = wait.kind === "some" ? wait.refs : applied.refs.filter((ref) => !applied.skipped.has(refKey(ref)));
  return refs.filter((ref) => refKey(ref) !== own);
}

export type HealthWorld = {
  /** The cluster as the identity that applies. */
  cluster: Cluster;
  live: Live;
  kinds: Kinds;
  /** True for what deletes itself once it is done, and for what is not brought back when somebody deletes it. */
  mayBeAbsent: (ref: VersionedRef) => boolean;
};

/** Healthy once all are. Failed as soon as one object has failed, or once nothing but failures is left to wait for. */
export async function judge(refs: readonly VersionedRef[], delivery: Delivery, world: HealthWorld): Promise<Verdict> {
  const isNamed = delivery.wait.kind === "some";
  const waiting: Waiting[] = [];
  const failed: Waiting[] = [];
  for (const named of refs) {
    const { ref, isForbidden } = isNamed
      ? await watchNamed(named, delivery, world)
      : { ref: named, isForbidden: false };
    if (isForbidden) {
      failed.push({ ref, reason: "the identity that applies may not read it", status: "Unknown" });
      continue;
    }
    const health = world.live.health(ref);
    if (health?.waits === "Current" || (health === undefined && world.mayBeAbsent(ref))) continue;
    const entry = { ref, reason: describe(health), status: health?.waits ?? "NotFound" };
    (health?.waits === "Failed" ? failed : waiting).push(entry);
  }
  const hasFailed = failed.length > 0 && (delivery.failsFast || waiting.length === 0);
  const is = hasFailed ? "failed" : waiting.length + failed.length > 0 ? "progressing" : "healthy";
  return { is, waitingFor: [...failed, ...waiting], failed };
}

/** A Job that is removed some time after it is done: that it is not there is no fault. */
export function goesByItself(manifest: Manifest | undefined): boolean {
  return manifest?.kind === "Job" && fieldOf(manifest, "spec", "ttlSecondsAfterFinished") !== undefined;
}

/**
 * A named object may belong to anybody, and may not exist yet: whoever applies must be allowed to read it, since its state
 * is told. Its reference comes without a namespace where it has none.
 */
async function watchNamed(
  named: VersionedRef,
  delivery: Delivery,
  world: HealthWorld,
): Promise<{ ref: VersionedRef; isForbidden: boolean }> {
  const { group, kind } = named;
  const resource = (await world.kinds.find(named)) ?? (await world.kinds.find({ group, kind }));
  if (resource === undefined) return { ref: named, isForbidden: false };
  const ref = resource.isNamespaced ? named : { ...named, namespace: "" };
  if (delivery.identity !== undefined && !(await mayRead(world.cluster, resource, ref)))
    return { ref, isForbidden: true };
  await world.live.watchOther(resource, ref, delivery.key);
  return { ref, isForbidden: false };
}

async function mayRead(cluster: Cluster, { group, plural }: Resource, ref: VersionedRef): Promise<boolean> {
  const { namespace, name } = ref;
  const answer = await cluster.review({ verb: "get", group, resource: plural, namespace, name });
  return answer.ok && answer.value.isAllowed;
}

function describe(health: Health | undefined): string {
  return health === undefined ? "does not exist yet" : health.message;
}

/** `Kind/ns/name (reason), …`, the first few. */
export function listWaiting(waiting: readonly Waiting[], most: number): string {
  const shown = waiting.slice(0, most).map(({ ref, reason }) => `${formatRef(ref)} (${reason})`);
  const more = waiting.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}

/** `Kind/ns/name status: 'InProgress': reason`, the first few, in Flux's form. */
export function listFailed(waiting: readonly Waiting[], most: number): string {
  const shown = waiting
    .slice(0, most)
    .map(({ ref, status, reason }) => `${formatRef(ref)} status: '${status}': ${reason}`);
  const more = waiting.length - shown.length;
  return more > 0 ? `${shown.join(", ")}, and ${more} more` : shown.join(", ");
}
