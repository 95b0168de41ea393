// delete and deletecollection: at once, or by a deletion timestamp while finalizers or a grace period hold the object.

import type { DeleteOptions, List, ListOptions } from "#cluster";
import { formatTime, type Manifest } from "#kernel";

import { patchAttemptsMax } from "./limits.ts";
import { foregroundFinalizer, orphanFinalizer } from "./metadata.ts";
import { asOwn } from "./own.ts";
import { listObjects } from "./read.ts";
import { badRequest, conflict, modifiedText, notFound, Refusal } from "./refusal.ts";
import type { Registry, WriteCall } from "./registry.ts";
import { putObject, removeObject } from "./stored.ts";
import { type Served, storageKey } from "./resource.ts";

/** `isGone`: the object no longer exists; else it stands with a deletion timestamp. */
export type Removal = { object: Manifest; isGone: boolean };

export async function deleteObject(registry: Registry, call: WriteCall, options: DeleteOptions): Promise<Removal> {
  const { served } = call;
  const key = storageKey(served.storage, call.namespace, call.name);
  const { orphansByDefault: orphans = "" } = served.strategy;
  if (options.propagation === undefined && orphans !== "") call.warn(orphans);
  for (let attempt = 1; ; attempt++) {
    const stored = registry.collection(served.storage).get(key);
    if (stored === undefined) throw notFound(served.resource, call.name);
    const live = registry.view(served, stored.object);
    checkPreconditions(call, live, options);
    for (const admission of registry.admission) {
      const pending = admission.validate(undefined, live, call);
      if (pending !== undefined) await pending;
    }
    const draft = markDeleted(registry, call, live, options);
    const isGone = finishDeletion(served, draft);
    if (isGone && served.strategy.graceSeconds === undefined) keepAsItWas(draft, live);
    if (options.isDryRun === true || (!isGone && isUnchanged(draft, live))) return { object: draft, isGone };
    const { revision } = stored;
    const object = isGone
      ? await removeObject(registry, key, draft, revision)
      : await putObject(registry, { served, key, draft, revision });
    if (object !== undefined) return { object, isGone };
    if (attempt >= patchAttemptsMax) throw conflict(served.resource, call.name, modifiedText);
  }
}

/** The page of a collection that was deleted, as it stood, and what became of each. */
export type Doomed = { list: List; removals: Removal[] };

/** Deletes what the selectors match. */
export async function deleteCollection(
  registry: Registry,
  call: WriteCall,
  options: DeleteOptions & Pick<ListOptions, "labelSelector" | "fieldSelector" | "limit" | "continue">,
): Promise<Doomed> {
  const { labelSelector, fieldSelector, limit } = options;
  const rest = options.continue;
  const selection = {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(limit === undefined ? {} : { limit }),
    ...(rest === undefined ? {} : { continue: rest }),
  };
  const list = listObjects(registry, call, selection);
  const { orphansByDefault: orphans = "" } = call.served.strategy;
  if (options.propagation === undefined && orphans !== "") call.warn(orphans);
  const removals = await Promise.all(list.items.map((object) => deleteQuietly(registry, call, object, options)));
  return { list, removals: removals.filter((removal) => removal !== undefined) };
}

/** What somebody else deleted meanwhile is as deleted as it should be. */
async function deleteQuietly(
  registry: Registry,
  call: WriteCall,
  object: Manifest,
  options: DeleteOptions,
): Promise<Removal | undefined> {
  const one = { ...call, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
  try {
    return await deleteObject(registry, one, options);
  } catch (error) {
    if (!(error instanceof Refusal) || error.status.code !== 404) throw error;
    return undefined;
  }
}

function checkPreconditions(call: WriteCall, live: Manifest, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { group, kind } = call.served.resource;
  // The storage names the kind here where all else names the resource.
  const named = { group, plural: kind };
  const stale = (what: string, asked: string, found: string, change: string): Refusal =>
    conflict(
      named,
      call.name,
      `the ${what} in the precondition (${asked}) does not match the ${what} in record (${found}). The object might have been ${change}`,
    );
  if (group === "" && kind === "Namespace") refuseOtherNamespace(call, live, options);
  if (uid !== undefined && uid !== live.metadata.uid)
    throw stale("UID", uid, live.metadata.uid ?? "", "deleted and then recreated");
  if (resourceVersion !== undefined && resourceVersion !== live.metadata.resourceVersion)
    throw stale("ResourceVersion", resourceVersion, live.metadata.resourceVersion ?? "", "modified");
}

/** Namespaces look at what is asked of them before their storage does, in words of their own. */
function refuseOtherNamespace(call: WriteCall, live: Manifest, { preconditions = {} }: DeleteOptions): void {
  for (const [what, name] of [
    ["UID", "uid"],
    ["ResourceVersion", "resourceVersion"],
  ] as const) {
    const [asked, found] = [preconditions[name], live.metadata[name] ?? ""];
    if (asked === undefined || asked === found) continue;
    const detail = `${what} in precondition: ${asked}, ${what} in object meta: ${found}`;
    throw conflict(call.served.resource, call.name, `Precondition failed: ${detail}`);
  }
}

/** What is gone at once was never marked: it is shown as it stood. */
function keepAsItWas({ metadata }: Manifest, live: Manifest): void {
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  if (live.metadata.generation !== undefined) metadata.generation = live.metadata.generation;
}

/** A copy of the object with what its deletion asks for: timestamp, grace, the finalizer of the propagation. */
function markDeleted(registry: Registry, call: WriteCall, live: Manifest, options: DeleteOptions): Manifest {
  const draft = asOwn(live);
  const metadata = draft.metadata;
  const { strategy, resource } = call.served;
  // Events are nobody's owners.
  const finalizers =
    resource.kind === "Event" && call.served.custom === undefined
      ? (metadata.finalizers ?? [])
      : holdsContents(call.served, live)
        ? (metadata.finalizers ?? [])
        : finalizersFor(metadata.finalizers ?? [], options, strategy.orphansByDefault);
  if (finalizers.length === 0) delete metadata.finalizers;
  else metadata.finalizers = finalizers;
  const grace = graceOf(call.served, live, options);
  const known = metadata.deletionGracePeriodSeconds;
  if (metadata.deletionTimestamp === undefined) {
    if (metadata.generation !== undefined && metadata.generation > 0) metadata.generation++;
    metadata.deletionTimestamp = formatTime(registry.clock.now() + grace * 1000);
    metadata.deletionGracePeriodSeconds = grace;
  } else if (known !== undefined && grace < known) {
    metadata.deletionTimestamp = formatTime(Date.parse(metadata.deletionTimestamp) - (known - grace) * 1000);
    metadata.deletionGracePeriodSeconds = grace;
  }
  if (live.metadata.deletionTimestamp === undefined) call.served.strategy.prepareDelete?.(draft, registry.now());
  return draft;
}

/** Grace is for kinds that have it: pods; for all others a deletion is as good as done. */
function graceOf(served: Served, live: Manifest, options: DeleteOptions): number {
  const own = served.strategy.graceSeconds?.(live);
  if (own === undefined) return 0;
  const asked = options.gracePeriodSeconds;
  if (asked !== undefined && asked < 0)
    throw badRequest(`gracePeriodSeconds: Invalid value: ${asked}: must be greater than or equal to 0`);
  return own === 0 ? 0 : (asked ?? own);
}

function finalizersFor(finalizers: readonly string[], options: DeleteOptions, orphans: string | undefined): string[] {
  const others = finalizers.filter((name) => name !== orphanFinalizer && name !== foregroundFinalizer);
  if (options.propagation === undefined)
    return orphans === undefined || others.length < finalizers.length
      ? [...finalizers]
      : [...finalizers, orphanFinalizer];
  if (options.propagation === "Orphan") return [...others, orphanFinalizer];
  return options.propagation === "Foreground" ? [...others, foregroundFinalizer] : others;
}

/** True when nothing holds a deleted object any longer: neither finalizers, nor grace, nor a namespace's contents. */
export function finishDeletion(served: Served, draft: Manifest): boolean {
  const metadata = draft.metadata;
  if (metadata.deletionTimestamp === undefined) return false;
  if ((metadata.finalizers ?? []).length > 0) return false;
  if ((metadata.deletionGracePeriodSeconds ?? 0) > 0) return false;
  return !holdsContents(served, draft);
}

/** A namespace on its way out that is not emptied yet: no further deletion changes what becomes of it. */
function holdsContents({ storage }: Served, object: Manifest): boolean {
  if (storage.group !== "" || storage.plural !== "namespaces" || object.metadata.deletionTimestamp === undefined)
    return false;
  return ((object.spec as { finalizers?: unknown[] } | undefined)?.finalizers ?? []).length > 0;
}

function isUnchanged(draft: Manifest, live: Manifest): boolean {
  return (
    live.metadata.deletionTimestamp === draft.metadata.deletionTimestamp &&
    (live.metadata.finalizers ?? []).join() === (draft.metadata.finalizers ?? []).join()
  );
}
