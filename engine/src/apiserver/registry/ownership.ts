// Who owns which field: what every write leaves in metadata.managedFields, and server-side apply.

import {
  applyManifest,
  fieldSetOf,
  fitsType,
  type FieldSet,
  type ObjectType,
  trackUpdate,
  type WriteContext as MergeContext,
} from "#merge";
import { asJson, asManifest, equalJson, type JsonObject, type Manifest } from "#kernel";
import { applyConflict, badRequest, plainError, Refusal } from "./refusal.ts";
import type { Registry, WriteCall } from "./registry.ts";
import { apiVersionOf, type Served } from "./resource.ts";

/** What a request for the object itself, or for its status, cannot set. */
const statusSet: FieldSet = fieldSetOf(["status"]);
const specSet: FieldSet = fieldSetOf(["spec"]);
const allButStatusSet: FieldSet = fieldSetOf(["spec"], ["metadata"]);
const nothing: FieldSet = fieldSetOf();

export function objectTypeOf(served: Served): ObjectType {
  return served.schemas === undefined || served.schema === undefined
    ? undefined
    : { schemas: served.schemas, root: served.schema };
}

/** The draft with the fields recorded that this write set or changed. */
export function trackOwnership(
  registry: Registry,
  call: WriteCall,
  live: Manifest | undefined,
  draft: Manifest,
): Manifest {
  const liveJson = live === undefined ? undefined : asJson(live);
  if (hasOddStatus(call, live, draft)) return withoutManagers(draft);
  try {
    return asManifest(trackUpdate({ ...contextOf(registry, call, live), live: liveJson, next: asJson(draft) }));
  } catch (error) {
    // An update is not refused for what its managers cannot be compared in: they are forgotten.
    if (error instanceof Refusal) return withoutManagers(draft);
    throw error;
  }
}

/**
 * A status that its schema cannot hold is dropped by whoever writes the object itself, and refused by nobody; but it cannot be compared,
 * and so the real server forgets who wrote what.
 */
function hasOddStatus({ served, subresource }: WriteCall, live: Manifest | undefined, draft: Manifest): boolean {
  if (served.custom === undefined || !served.strategy.hasStatus || subresource !== "") return false;
  const { apiVersion, kind, status } = asJson(draft);
  if (status === undefined || apiVersion === undefined || kind === undefined) return false;
  if (live !== undefined && equalJson(status, asJson(live).status ?? null)) return false;
  return !fitsType({ apiVersion, kind, status }, objectTypeOf(served));
}

function withoutManagers(draft: Manifest): Manifest {
  const { managedFields: _, ...metadata } = draft.metadata;
  return { ...draft, metadata };
}

/** The object that applying the manifest gives; frozen parts of `live` may be shared with it. */
export function applyOver(
  registry: Registry,
  call: WriteCall,
  live: Manifest | undefined,
  { manifest, isForced }: { manifest: Manifest; isForced: boolean },
): Manifest {
  // All members written out: spreading would cost more than the rest of this function.
  const { manager, subresource, type, nowMs, ignored, ignoresInOwnVersion, convert } = contextOf(registry, call, live);
  const result = applyManifest({
    manager,
    subresource,
    type,
    nowMs,
    ignored,
    ignoresInOwnVersion,
    convert,
    live: live === undefined ? undefined : asJson(live),
    manifest: asJson(manifest),
    isForced,
  });
  if (result.ok) return asManifest(result.object);
  if (result.reason === "Conflict") throw applyConflict(result.message, result.causes);
  throw result.reason === "BadRequest" ? badRequest(result.message) : plainError(result.message);
}

function contextOf(registry: Registry, call: WriteCall, live: Manifest | undefined): Required<MergeContext> {
  const { served, subresource } = call;
  const convert = hasForeignVersions(served, live) ? converter(registry, served) : undefined;
  return {
    manager: call.fieldManager,
    subresource,
    type: objectTypeOf(served),
    nowMs: registry.clock.now(),
    ignored: ignoredBy(served, subresource),
    ignoresInOwnVersion: served.custom !== undefined,
    convert,
  };
}

const resetSets = new Map<string, FieldSet>();

/** A set of paths, each a text with dots. */
function resetSet(paths: readonly string[]): FieldSet {
  const key = paths.join();
  let known = resetSets.get(key);
  if (known === undefined) resetSets.set(key, (known = fieldSetOf(...paths.map((path) => path.split(".")))));
  return known;
}

function ignoredBy(served: Served, subresource: string): FieldSet {
  const own = served.strategy.resetFields?.[subresource];
  if (own !== undefined) return resetSet(own);
  if (subresource === "") return served.strategy.hasStatus ? statusSet : nothing;
  if (subresource !== "status") return nothing;
  return served.custom === undefined ? specSet : allButStatusSet;
}

const none: readonly never[] = [];

/** True when some manager wrote in another version than this request's. */
function hasForeignVersions(served: Served, live: Manifest | undefined): boolean {
  const own = apiVersionOf(served);
  for (const entry of live?.metadata.managedFields ?? none) if (entry.apiVersion !== own) return true;
  return false;
}

/** Shows an object of the request's version as another served version has it. */
function converter(registry: Registry, served: Served): NonNullable<MergeContext["convert"]> {
  const { group, kind } = served.resource;
  return (object, apiVersion) => {
    const slash = apiVersion.indexOf("/");
    const other = registry.table.findKind(
      slash < 0 ? "" : apiVersion.slice(0, slash),
      apiVersion.slice(slash + 1),
      kind,
    );
    if (other === undefined && served.custom !== undefined) return unservedView(served.custom, object, apiVersion);
    if (other === undefined || other.storage.group !== served.storage.group || group === undefined) return undefined;
    return { object: convertBetween(served, other, object), type: objectTypeOf(other) };
  };
}

/** A version that the definition has and does not serve is known; one that it has no more stops whoever would have to compare in it. */
function unservedView(
  { typeOf }: NonNullable<Served["custom"]>,
  object: JsonObject,
  apiVersion: string,
): { object: JsonObject; type: ObjectType } {
  const type = typeOf(apiVersion);
  if (type === undefined) throw plainError(`request to convert CR to an invalid group/version: ${apiVersion}`);
  return { object: { ...object, apiVersion }, type };
}

function convertBetween(from: Served, to: Served, object: JsonObject): JsonObject {
  const stored = from.convert?.toStorage(asManifest(object)) ?? asManifest(object);
  const view = to.convert?.fromStorage(stored) ?? stored;
  return { ...asJson(view), apiVersion: apiVersionOf(to) };
}
