// create and update: from a client's body, or a change to what stands there, to one durable write. The order of steps is
// kube-apiserver's: decode, defaults, the kind's own preparation, admission, ownership, validation, store.

import type { FieldError } from "#api/crd";
import { checkShape } from "./body-shape.ts";
import { asJson, copyJson, equalJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import { fillZeros, isSameButTimes } from "#merge";

import { generateNameAttemptsMax, generateNameBaseMax, patchAttemptsMax } from "./limits.ts";
import { validateChangedMetadata, validateNewMetadata } from "./metadata.ts";
import { asOwn } from "./own.ts";
import { trackOwnership } from "./ownership.ts";
import {
  alreadyExists,
  badRequest,
  conflict,
  invalid,
  modifiedText,
  notFound,
  otherUidText,
  type Refusal,
} from "./refusal.ts";
import { apiVersionOf, type Registry, type WriteCall } from "./registry.ts";
import { finishDeletion } from "./remove.ts";
import { type Served, storageKey, type WriteContext } from "./resource.ts";
import { decodeObject, validateSchema } from "./schema-checks.ts";
import { putObject, removeObject } from "./stored.ts";

/** What an update starts from and what it makes of it. The draft is the maker's own; it may carry `managedFields` already. */
export type Change = {
  /** The object as it shall be, in the version of the request. `live` is frozen; so may be parts of the result. */
  make: (live: Manifest) => Manifest;
  /** Patches are tried again over a newer object; a PUT with a resourceVersion is not. */
  retries: boolean;
  /** Set by apply: ownership is already settled in the draft. */
  hasOwnership?: boolean;
};

/** Creates the object; the result is in the version of the request, and shared: not to be changed. */
export async function createObject(
  registry: Registry,
  call: WriteCall,
  body: Manifest,
  options: { hasOwnership?: boolean } = {},
): Promise<Manifest> {
  const draft = startDraft(call, body);
  const base = draft.metadata.generateName ?? "";
  const isGenerated = (draft.metadata.name ?? "") === "" && base !== "";
  for (let attempt = 1; ; attempt++) {
    const next = isGenerated ? asOwn(draft) : draft;
    if (isGenerated) next.metadata.name = base.slice(0, generateNameBaseMax) + registry.newSuffix();
    const created = await insert(registry, call, next, options.hasOwnership === true);
    if (created !== undefined) return created;
    if (!isGenerated || attempt === generateNameAttemptsMax)
      throw alreadyExists(call.served.resource, next.metadata.name);
  }
}

/** undefined: the name is taken. */
async function insert(
  registry: Registry,
  call: WriteCall,
  body: Manifest,
  hasOwnership: boolean,
): Promise<Manifest | undefined> {
  const { served } = call;
  const context = contextOf(registry, call);
  const decoded = decodeObject(call, body, hasOwnership);
  const draft = hasOwnership ? decoded : tracked(registry, call, undefined, decoded);
  resetSystemMetadata(draft, served, context);
  if (served.strategy.hasStatus) resetStatus(served, draft);
  for (const admission of registry.admission) admission.mutate(draft, undefined, call);
  served.strategy.prepareCreate?.(draft, context);
  refuseIfInvalid(served, draft, [
    ...validateNewMetadata(draft, served),
    ...validateSchema(served, draft, undefined),
    ...(served.strategy.validate?.(draft, undefined) ?? []),
  ]);
  for (const admission of registry.admission) admission.validate(draft, undefined, call);
  if ((draft.metadata.resourceVersion ?? "") !== "")
    throw badRequest("resourceVersion should not be set on objects to be created");
  const key = storageKey(served.storage, call.namespace, draft.metadata.name);
  if (call.isDryRun) return registry.collection(served.storage).get(key) === undefined ? draft : undefined;
  return putObject(registry, { served, key, draft, revision: 0 });
}

/** A copy of the body that belongs here: right kind, right namespace, right name. */
export function startDraft(call: WriteCall, body: Manifest): Manifest {
  const draft = asOwn(body);
  const { resource } = call.served;
  checkShape(call.served, asJson(draft));
  checkTypeMeta(call.served, draft);
  draft.apiVersion = apiVersionOf(call.served);
  draft.kind = resource.kind;
  draft.metadata ??= { name: "" };
  if (resource.isNamespaced) {
    if ((draft.metadata.namespace ?? "") === "") draft.metadata.namespace = call.namespace;
    else if (draft.metadata.namespace !== call.namespace)
      throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  } else if (draft.metadata.namespace === "") delete draft.metadata.namespace;
  if (call.name !== "") {
    if ((draft.metadata.name ?? "") === "") draft.metadata.name = call.name;
    else if (draft.metadata.name !== call.name)
      throw badRequest(
        `the name of the object (${draft.metadata.name}) does not match the name on the URL (${call.name})`,
      );
  }
  return draft;
}

function checkTypeMeta(served: Served, draft: Manifest): void {
  const expected = { apiVersion: apiVersionOf(served), kind: served.resource.kind };
  const apiVersion = draft.apiVersion ?? "";
  const kind = draft.kind ?? "";
  if ((apiVersion === "" || apiVersion === expected.apiVersion) && (kind === "" || kind === expected.kind)) return;
  const version = apiVersion.slice(apiVersion.indexOf("/") + 1);
  const internal = served.resource.group.split(".")[0] || "core";
  if (apiVersion !== "" && apiVersion !== expected.apiVersion)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected.apiVersion})`,
    );
  throw badRequest(
    `${kind} in version "${version}" cannot be handled as a ${expected.kind}: converting (${version}.${kind}) to (${internal}.${expected.kind}): unknown conversion`,
  );
}

/** The decoded object with its ownership; to be changed further. */
function tracked(registry: Registry, call: WriteCall, live: Manifest | undefined, decoded: Manifest): Manifest {
  const result = trackOwnership(registry, call, live, decoded);
  return typeof call.served.schema === "string" ? result : asOwn(result);
}

function resetSystemMetadata(draft: Manifest, served: Served, context: WriteContext): void {
  const metadata = draft.metadata;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete (metadata as Record<string, unknown>).selfLink;
  metadata.uid = context.newUid();
  metadata.creationTimestamp = context.now;
  if (served.strategy.hasGeneration) metadata.generation = 1;
  else delete metadata.generation;
}

/** A new object has the status that Go writes for one of which nothing is set. */
function resetStatus(served: Served, draft: Manifest): void {
  delete draft.status;
  if (served.custom !== undefined || served.schemas === undefined || served.schema === undefined) return;
  const zero = fillZeros({}, served.schemas, served.schema);
  if (isObject(zero) && zero.status !== undefined) draft.status = copyJson(zero.status);
}

/** Changes the object, or its status where the call names that subresource. The result is shared: not to be changed. */
export async function changeObject(registry: Registry, call: WriteCall, change: Change): Promise<Manifest> {
  const { served } = call;
  const key = storageKey(served.storage, call.namespace, call.name);
  const collection = registry.collection(served.storage);
  for (let attempt = 1; ; attempt++) {
    const stored = collection.get(key);
    if (stored === undefined) throw notFound(served.resource, call.name);
    const live = registry.view(served, stored.object);
    const made = change.make(live);
    if (made === live && typeof served.schema === "string") return unchanged(registry, call, live);
    // A built-in kind's decoder makes an object of its own; a custom kind's may share parts with what it is given.
    const wanted = typeof served.schema === "string" ? made : asOwn(made);
    const asked = wanted.metadata.resourceVersion ?? "";
    if (asked !== "" && asked !== live.metadata.resourceVersion)
      throw conflict(served.resource, call.name, modifiedText);
    if (asked === "" && !change.retries && !served.strategy.allowsUnconditionalUpdate) throw versionRequired(call);
    const draft = prepareChange(registry, call, { wanted, live, hasOwnership: change.hasOwnership === true });
    draft.metadata.resourceVersion = live.metadata.resourceVersion as string;
    if (isSame(draft, live)) return live;
    if (call.isDryRun) return draft;
    const { revision } = stored;
    const written = finishDeletion(served, draft)
      ? await removeObject(registry, key, draft, revision)
      : await putObject(registry, { served, key, draft, revision });
    if (written !== undefined) return written;
    if (attempt >= patchAttemptsMax || (asked !== "" && !change.retries))
      throw conflict(served.resource, call.name, modifiedText);
  }
}

/** An apply that leaves what stands there. Whoever may refuse any request still may. */
function unchanged(registry: Registry, call: WriteCall, live: Manifest): Manifest {
  for (const admission of registry.admission) admission.validate(live, live, call);
  return live;
}

/** Here kube-apiserver names the resource where it else names the kind. */
function versionRequired(call: WriteCall): Refusal {
  const { group, plural } = call.served.resource;
  return invalid({ group, kind: plural }, call.name, [
    { type: "Invalid", field: "metadata.resourceVersion", value: 0, detail: "must be specified for an update" },
  ]);
}

type Preparation = { wanted: Manifest; live: Manifest; hasOwnership: boolean };

function prepareChange(registry: Registry, call: WriteCall, { wanted, live, hasOwnership }: Preparation): Manifest {
  const { served } = call;
  const { strategy } = served;
  refuseOtherUid(call, wanted, live);
  const decoded = decodeObject(call, wanted, hasOwnership);
  const draft = hasOwnership ? decoded : tracked(registry, call, live, decoded);
  keepSystemMetadata(draft, live);
  if (call.subresource === "status") keepAllButStatus(draft, live);
  else if (strategy.hasStatus) {
    if (live.status === undefined) delete draft.status;
    else draft.status = copyJson(live.status as Json);
  }
  for (const admission of registry.admission) admission.mutate(draft, live, call);
  if (call.subresource === "") strategy.prepareUpdate?.(draft, live, contextOf(registry, call));
  if (strategy.hasGeneration) draft.metadata.generation = nextGeneration(draft, live, strategy.hasStatus);
  // kube-apiserver checks metadata twice on an update, once for all kinds and once for its own: each error has two causes.
  const metadataErrors = validateChangedMetadata(draft, live, served);
  refuseIfInvalid(served, draft, [
    ...metadataErrors,
    ...metadataErrors,
    ...(call.subresource === "" || served.custom !== undefined ? validateSchema(served, draft, live) : []),
    ...(call.subresource === "" ? (strategy.validate?.(draft, live) ?? []) : []),
  ]);
  for (const admission of registry.admission) admission.validate(draft, live, call);
  return draft;
}

function refuseOtherUid(call: WriteCall, wanted: Manifest, live: Manifest): void {
  const uid = wanted.metadata.uid ?? "";
  if (uid === "" || uid === live.metadata.uid) return;
  throw conflict(call.served.resource, call.name, otherUidText(call, uid, live.metadata.uid ?? ""));
}

function keepSystemMetadata(draft: Manifest, live: Manifest): void {
  const next = draft.metadata;
  const old = live.metadata;
  next.uid = old.uid as string;
  next.creationTimestamp = old.creationTimestamp as string;
  delete (next as Record<string, unknown>).selfLink;
  setOrDelete(next, "generation", old.generation);
  setOrDelete(next, "deletionTimestamp", old.deletionTimestamp);
  setOrDelete(next, "deletionGracePeriodSeconds", old.deletionGracePeriodSeconds);
}

function setOrDelete<T extends object, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value === undefined) delete target[key];
  else target[key] = value;
}

/** A status write changes status and, as in kube-apiserver, nothing in metadata but what ownership needs. */
function keepAllButStatus(draft: Manifest, live: Manifest): void {
  const status = draft.status;
  const managedFields = draft.metadata.managedFields;
  for (const key of Object.keys(draft)) if (!(key in live)) delete draft[key];
  for (const [key, value] of Object.entries(asJson(live))) draft[key] = copyJson(value);
  if (status === undefined) delete draft.status;
  else draft.status = status;
  setOrDelete(draft.metadata, "managedFields", managedFields);
}

/** One more when anything but metadata and status changed. */
function nextGeneration(draft: Manifest, live: Manifest, hasStatus: boolean): number {
  const old = live.metadata.generation ?? 0;
  const changed = equalJson(meaningOf(draft, hasStatus), meaningOf(live, hasStatus)) ? 0 : 1;
  return old + changed;
}

function meaningOf(object: Manifest, hasStatus: boolean): JsonObject {
  const { metadata: _metadata, ...rest } = asJson(object);
  if (hasStatus) delete rest.status;
  return rest;
}

/** True when a write would change nothing but the time an ownership entry was last touched. */
function isSame(draft: Manifest, live: Manifest): boolean {
  return isSameButTimes(asJson(live), asJson(draft));
}

export function refuseIfInvalid(served: Served, draft: Manifest, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(served.resource, draft.metadata.name ?? "", errors);
}

function contextOf(registry: Registry, call: WriteCall): WriteContext {
  return {
    identity: call.identity,
    namespace: call.namespace,
    isDryRun: call.isDryRun,
    now: registry.now(),
    newUid: registry.newUid,
  };
}
