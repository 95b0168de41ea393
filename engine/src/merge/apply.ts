// Server-side apply and the tracking of other writes, with the answers of kube-apiserver 1.36: merged object and managedFields, or
// conflicts in its words. Nothing given is changed; the result shares with it what did not change.

import { equalJson, formatTime, isObject, type Json, type JsonObject, type ManagedFieldsEntry } from "#kernel";
import { empty, type FieldSet, formatPath } from "./field-set.ts";
import { allowedByLastApplied, writeLastApplied } from "./last-applied.ts";
import {
  capUpdates,
  decodeManagers,
  describeManager,
  encodeManagers,
  entriesOf,
  type Manager,
  managerKey,
  type Managers,
  ownedAs,
  stripUnowned,
} from "./managers.ts";
import { applyOwnership, type Change, type Conflict, updateOwnership, type Versions } from "./ownership.ts";
import { type ObjectType, shapeOf } from "./shape.ts";
import { formatTypeErrors, validateShape } from "./typed-validate.ts";
import { zeroOf } from "./zero.ts";

/** What every write has in common. */
export type WriteContext = {
  /** The field manager; "" stands for `unknown`. */
  manager: string;
  /** "" for the object itself, else `status`, `scale`, … */
  subresource?: string;
  /** The schema of the request's version; undefined: none is known, all is deduced. */
  type: ObjectType;
  nowMs: number;
  /** Fields that the server resets in this request, so that nobody comes to own them. */
  ignored?: FieldSet;
  /** They are ignored in the version of the request alone: whoever knows the object in another version sees them change. */
  ignoresInOwnVersion?: boolean;
  /** The object in another served version with that version's schema; undefined when it is not served. */
  convert?:
    | ((object: JsonObject, apiVersion: string) => { object: JsonObject; type: ObjectType } | undefined)
    | undefined;
};

export type ApplyRequest = WriteContext & {
  /** The object as it stands, in the version of the manifest; undefined creates. */
  live: JsonObject | undefined;
  manifest: JsonObject;
  isForced: boolean;
};

export type ConflictCause = { reason: "FieldManagerConflict"; message: string; field: string };

export type ApplyResult =
  | {
      ok: true;
      object: JsonObject /** False when nothing but times could differ: then `object` is `live`. */;
      isChanged: boolean;
    }
  | { ok: false; reason: "Conflict"; message: string; causes: ConflictCause[]; conflicts: Conflict[] }
  /** BadRequest: HTTP 400. Invalid: the manifest does not fit its schema, HTTP 500 as the real server has it. */
  | { ok: false; reason: "BadRequest" | "Invalid"; message: string };

/** Applies a manifest as its manager. */
export function applyManifest(request: ApplyRequest): ApplyResult {
  const { live, manifest, type } = request;
  const refusal = refuseManifest(manifest, type);
  if (refusal !== undefined) return refusal;
  const change = changeFor(request, manifest["apiVersion"] as string, "Apply");
  const start = live ?? startOf(manifest, type);
  const decoded = decodeManagers(entriesOf(live));
  if (typeof decoded === "string")
    return { ok: false, reason: "BadRequest", message: `failed to decode managed fields: ${decoded}` };
  change.managers = decoded.size === 0 && live !== undefined ? beforeFirstApply(change, live, request) : decoded;
  const isTracked = change.managers.size > 0 || live === undefined;
  const bare = withoutManagedFields(start);
  const applied = applyConfig(change, bare, request);
  if (!applied.ok) return refuseConflicts(applied.conflicts);
  const { managers } = applied;
  const object = request.manager === "kubectl" ? writeLastApplied(applied.object, manifest) : applied.object;
  // What kubectl is noted to have applied last is written after the merge, and makes no time.
  finishSelf(managers, change, equalJson(applied.object, bare) ? undefined : formatTime(request.nowMs));
  return settle(live, withManagedFields(object, managers), isTracked);
}

/** Forced, once every conflict is with what kubectl recorded as its own client-side apply. */
function applyConfig(change: Change, live: JsonObject, request: ApplyRequest): ReturnType<typeof applyOwnership> {
  const { manifest: config, isForced } = request;
  const first = applyOwnership(change, live, { config, isForced });
  if (first.ok || request.manager !== "kubectl") return first;
  const allowed = allowedByLastApplied(live, change.versions);
  if (allowed === undefined) return first;
  const conflicts = first.conflicts.filter(({ path }) => !allowed.has(path));
  if (conflicts.length > 0) return { ok: false, conflicts };
  return applyOwnership(change, live, { config, isForced: true });
}

function refuseManifest(manifest: JsonObject, type: ObjectType): ApplyResult | undefined {
  const metadata = isObject(manifest["metadata"]) ? manifest["metadata"] : {};
  if (metadata["managedFields"] !== undefined && metadata["managedFields"] !== null)
    return { ok: false, reason: "BadRequest", message: "metadata.managedFields must be nil" };
  const errors = validateShape(manifest, shapeOf(type));
  if (errors.length === 0) return undefined;
  const message = `failed to create typed patch object (${describeObject(manifest)}): ${formatTypeErrors(errors)}`;
  return { ok: false, reason: "Invalid", message };
}

function describeObject(object: JsonObject): string {
  const metadata = isObject(object["metadata"]) ? object["metadata"] : {};
  const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
  const version = text(object["apiVersion"]);
  const groupVersion = version.includes("/") ? version : `/${version}`;
  return `${text(metadata["namespace"])}/${text(metadata["name"])}; ${groupVersion}, Kind=${text(object["kind"])}`;
}

/** What stands before anything was set: for Go's types, the zero value of the kind. */
function startOf(object: JsonObject, type: ObjectType): JsonObject {
  const start = type === undefined ? {} : { ...zeroOf(type.schemas, type.root) };
  start["apiVersion"] = object["apiVersion"] as Json;
  start["kind"] = object["kind"] as Json;
  return start;
}

function changeFor(context: WriteContext, apiVersion: string, operation: Manager["operation"]): Change {
  const { convert, subresource = "" } = context;
  const versions: Versions = {
    apiVersion,
    shape: shapeOf(context.type),
    convert:
      convert &&
      ((object, version) => {
        const view = convert(object, version);
        return view && { object: view.object, shape: shapeOf(view.type) };
      }),
  };
  const manager = context.manager === "" ? "unknown" : context.manager;
  const self = { manager, operation, apiVersion, subresource };
  const { ignored = empty, ignoresInOwnVersion = false } = context;
  return { versions, ignored, ignoresInOwnVersion, managers: new Map(), self, selfKey: managerKey(self) };
}

/** An object that nobody tracked is taken to be set by one manager before the first apply. */
function beforeFirstApply(change: Change, live: JsonObject, { type, nowMs }: WriteContext): Managers {
  const self: Manager = { ...change.self, manager: "before-first-apply", operation: "Update" };
  const bare = withoutManagedFields(live);
  const start = startOf(bare, type);
  const { set } = updateOwnership({ ...change, managers: new Map(), self }, start, bare);
  const key = managerKey(self);
  const managers: Managers = new Map([[key, { ...self, set, time: formatTime(nowMs) }]]);
  stripOwned(managers, key);
  return managers;
}

function stripOwned(managers: Managers, key: string): void {
  const owned = managers.get(key);
  if (owned === undefined) return;
  const set = stripUnowned(owned.set);
  if (set.isEmpty) managers.delete(key);
  else if (set !== owned.set) managers.set(key, ownedAs(owned, set));
}

/** Strips what nobody owns from the caller's entry and stamps it. A set equal to its last one is that one, as it was read. */
function finishSelf(managers: Managers, { managers: before, selfKey }: Change, time: string | undefined): void {
  stripOwned(managers, selfKey);
  const owned = managers.get(selfKey);
  if (owned === undefined) return;
  const finished = ownedAs(owned, owned.set);
  finished.time = time ?? owned.time;
  const last = before.get(selfKey);
  if (last?.set.equals(owned.set)) {
    finished.set = last.set;
    finished.read = last.read;
  }
  managers.set(selfKey, finished);
}

function refuseConflicts(conflicts: Conflict[]): ApplyResult {
  const causes = conflicts.map(
    ({ manager, path }): ConflictCause => ({
      reason: "FieldManagerConflict",
      message: `conflict with ${describeManager(manager)}`,
      field: formatPath(path),
    }),
  );
  return { ok: false, reason: "Conflict", message: conflictMessage(conflicts), causes, conflicts };
}

function conflictMessage(conflicts: readonly Conflict[]): string {
  const [only] = conflicts;
  if (conflicts.length === 1 && only !== undefined)
    return `Apply failed with 1 conflict: conflict with ${describeManager(only.manager)}: ${formatPath(only.path)}`;
  const lines: string[] = [];
  let last = "";
  for (const { manager, path } of conflicts) {
    if (managerKey(manager) !== last) lines.push(`conflicts with ${describeManager(manager)}:`);
    last = managerKey(manager);
    lines.push(`- ${formatPath(path)}`);
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}

export function withoutManagedFields(object: JsonObject): JsonObject {
  const metadata = object["metadata"];
  if (!isObject(metadata) || metadata["managedFields"] === undefined) return object;
  const { managedFields: _, ...rest } = metadata;
  const bare = { ...object };
  bare["metadata"] = rest;
  return bare;
}

function withManagedFields(object: JsonObject, managers: Managers): JsonObject {
  return setEntries(object, encodeManagers(managers));
}

/** The object with these entries; without the field when there are none. */
export function setEntries(object: JsonObject, entries: readonly ManagedFieldsEntry[]): JsonObject {
  const bare = withoutManagedFields(object);
  if (entries.length === 0) return bare;
  const metadata = isObject(bare["metadata"]) ? { ...bare["metadata"] } : {};
  metadata["managedFields"] = entries as unknown as Json;
  const next = { ...bare };
  next["metadata"] = metadata;
  return next;
}

/** The live object itself when the new one differs from it in times alone. */
function settle(live: JsonObject | undefined, next: JsonObject, isTracked: boolean): ApplyResult {
  if (live !== undefined && isTracked && isSameButTimes(live, next))
    return { ok: true, object: live, isChanged: false };
  return { ok: true, object: next, isChanged: true };
}

/** True when two objects are equal but for the times in managedFields: such a write is not stored. */
export function isSameButTimes(live: JsonObject, next: JsonObject): boolean {
  const [before, after] = [entriesOf(live), entriesOf(next)];
  if (before.length !== after.length || !isEqualBut("metadata", live, next)) return false;
  const [own, others] = [live["metadata"], next["metadata"]];
  const isMetadataSame =
    isObject(own) && isObject(others) ? isEqualBut("managedFields", own, others) : equalJson(own, others);
  return isMetadataSame && before.every((entry, index) => isEqualBut("time", asFields(entry), asFields(after[index])));
}

function asFields(entry: ManagedFieldsEntry | undefined): JsonObject {
  return entry as unknown as JsonObject;
}

/** True when two objects have the same members, whatever the one of this name is. */
function isEqualBut(name: string, left: JsonObject, right: JsonObject): boolean {
  let count = 0;
  for (const key in left) {
    if (key === name) continue;
    count++;
    if (!Object.hasOwn(right, key) || !equalJson(left[key], right[key])) return false;
  }
  for (const key in right) if (key !== name) count--;
  return count === 0;
}

export type UpdateRequest = WriteContext & {
  /** undefined: this is a create. */
  live: JsonObject | undefined;
  /** The object as it is to be stored, in the version of the request; its own managedFields are heard as the API server hears them. */
  next: JsonObject;
};

/** Whether an object could be merged by the schema at all: its values have the types that this says. */
export function fitsType(object: JsonObject, type: ObjectType): boolean {
  return validateShape(object, shapeOf(type)).length === 0;
}

/** `next` with managedFields that say who set what: for create, update and patch. */
export function trackUpdate(request: UpdateRequest): JsonObject {
  const { live, next } = request;
  const change = changeFor(request, next["apiVersion"] as string, "Update");
  change.managers = managersOfUpdate(request);
  // What was never tracked, or was reset on purpose, stays untracked until it is applied.
  if (change.managers.size === 0 && live !== undefined) return withoutManagedFields(next);
  const bare = withoutManagedFields(next);
  const start = live === undefined ? startOf(next, request.type) : withoutManagedFields(live);
  const { managers, set } = updateOwnership(change, start, bare);
  const own = stripUnowned(set);
  if (!own.isEmpty) {
    const previous = managers.get(change.selfKey)?.set ?? empty;
    managers.set(change.selfKey, { ...change.self, set: own.union(previous), time: formatTime(request.nowMs) });
  }
  capUpdates(managers);
  return withManagedFields(bare, managers);
}

function managersOfUpdate({ live, next, subresource = "" }: UpdateRequest): Managers {
  const stored = (): Managers => {
    const managers = decodeManagers(entriesOf(live));
    return typeof managers === "string" ? new Map() : managers;
  };
  if (subresource !== "") return stored();
  const metadata = isObject(next["metadata"]) ? next["metadata"] : {};
  const given = metadata["managedFields"];
  if (Array.isArray(given) && isReset(given)) return new Map();
  const managers = decodeManagers(entriesOf(next));
  return typeof managers === "string" || managers.size === 0 ? stored() : managers;
}

/** An empty list, or one empty entry, asks to forget all managers. */
function isReset(entries: readonly Json[]): boolean {
  if (entries.length === 0) return true;
  const [only] = entries;
  return entries.length === 1 && isObject(only) && Object.keys(only).length === 0;
}
