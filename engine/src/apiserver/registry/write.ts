// create and update: from a client's body, or a change to what stands there, to one durable write. The order of steps is
// kube-apiserver's: decode, defaults, the kind's own preparation, admission, ownership, validation, store.

import { applyDefaults, type FieldError } from "#api/crd";
import { checkShape } from "./body-shape.ts";
import { asJson, copyJson, equalJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import { schemaFor } from "#api/kubernetes";
import { fillZeros, isSameButTimes } from "#merge";

import { generateNameAttemptsMax, generateNameBaseMax, patchAttemptsMax } from "./limits.ts";
import { isBare, validateChangedFinalizers, validateChangedMetadata, validateNewMetadata } from "./metadata.ts";
import { asOwn } from "./own.ts";
import { trackOwnership } from "./ownership.ts";
import {
  alreadyExists,
  badRequest,
  conflict,
  DecodeRefusal,
  invalid,
  modifiedText,
  notFound,
  otherUidText,
  plainError,
  type Refusal,
} from "./refusal.ts";
import type { Admission, Registry, WriteCall } from "./registry.ts";
import { finishDeletion } from "./remove.ts";
import { apiVersionOf, type Served, storageKey, type WriteContext } from "./resource.ts";
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
  options: { hasOwnership?: boolean; isPosted?: boolean } = {},
): Promise<Manifest> {
  // What an apply made of a manifest that was looked at has the shape of its type, and nobody else holds it.
  const isMade = options.hasOwnership === true && typeof call.served.schema === "string";
  const draft = isMade ? place(call, body) : startDraft(call, body);
  const base = draft.metadata.generateName ?? "";
  const isGenerated = (draft.metadata.name ?? "") === "" && base !== "";
  // Whoever replaces or applies what is not there may make it with a deletion under way: its next change is its end.
  if (options.isPosted !== false) for (const name of unsettable) delete (draft.metadata as unknown as JsonObject)[name];
  for (let attempt = 1; ; attempt++) {
    const next = isGenerated ? asOwn(draft) : draft;
    const name = isGenerated ? base.slice(0, generateNameBaseMax) + registry.newSuffix() : draft.metadata.name;
    const created = await insert(registry, call, next, { hasOwnership: options.hasOwnership === true, name });
    if (created !== undefined) return created;
    if (isGenerated && attempt < generateNameAttemptsMax) continue;
    const taken = registry.collection(call.served.storage).get(storageKey(call.served.storage, call.namespace, name));
    throw alreadyExists(call.served.resource, name, taken?.object.metadata.deletionTimestamp !== undefined);
  }
}

/** undefined: the name is taken. `name`: given to the decoded object, so that what defaults make of a name they make of one that was asked for. */
async function insert(
  registry: Registry,
  call: WriteCall,
  body: Manifest,
  { hasOwnership, name }: { hasOwnership: boolean; name: string },
): Promise<Manifest | undefined> {
  const { served } = call;
  const context = contextOf(registry, call);
  const own = hasOwnership ? undefined : (decoded: Manifest) => tracked(registry, call, undefined, decoded);
  const draft = decodeObject(call, body, hasOwnership, own);
  if (draft.metadata.name !== name) draft.metadata.name = name;
  delete (draft.metadata as unknown as JsonObject)["selfLink"];
  resetSystemMetadata(draft, served, context);
  if (served.strategy.hasStatus && served.strategy.keepsNewStatus !== true) resetStatus(registry, served, draft);
  const mutating = mutate(registry, call, draft, undefined);
  if (mutating !== undefined) await mutating;
  served.strategy.prepareCreate?.(draft, context);
  const ofMetadata = validateNewMetadata(draft, served);
  const wrong = [
    ...validateSchema(call, draft, undefined, ofMetadata),
    ...(served.strategy.validate?.(draft, undefined) ?? []),
  ];
  refuseIfInvalid(served, draft, [
    ...checked(registry, call, draft, undefined),
    ...(isBare(served) && wrong.length > 0 ? wrong : [...ofMetadata, ...wrong]),
  ]);
  const validating = validateAdmission(registry, call, draft, undefined);
  if (validating !== undefined) await validating;
  for (const warning of served.strategy.warnings?.(draft, undefined) ?? []) call.warn(warning);
  if ((draft.metadata.resourceVersion ?? "") !== "")
    throw plainError("resourceVersion should not be set on objects to be created");
  served.strategy.complete?.(draft);
  const key = storageKey(served.storage, call.namespace, draft.metadata.name);
  if (call.isDryRun) return registry.collection(served.storage).get(key) === undefined ? draft : undefined;
  return putObject(registry, { served, key, draft, revision: 0 });
}

function mutate(
  { admission }: Registry,
  call: WriteCall,
  draft: Manifest,
  live: Manifest | undefined,
): Promise<void> | undefined {
  return eachInTurn(admission, 0, (rule) => rule.mutate(draft, live, call));
}

/** `draft` is undefined on a deletion. */
export function validateAdmission(
  { admission }: Registry,
  call: WriteCall,
  draft: Manifest | undefined,
  live: Manifest | undefined,
): Promise<void> | undefined {
  return eachInTurn(admission, 0, (rule) => rule.validate(draft, live, call));
}

function checked({ admission }: Registry, call: WriteCall, draft: Manifest, live: Manifest | undefined): FieldError[] {
  return admission.flatMap((rule) => rule.check?.(draft, live, call) ?? []);
}

/** Waits only for rules that do: most answer at once. undefined: all have. */
function eachInTurn(
  rules: readonly Admission[],
  from: number,
  ask: (rule: Admission) => void | Promise<void>,
): Promise<void> | undefined {
  for (let at = from; at < rules.length; at++) {
    const pending = ask(rules[at] as Admission);
    if (pending !== undefined) return pending.then(() => eachInTurn(rules, at + 1, ask));
  }
  return undefined;
}

/**
 * The body as it belongs here: right kind, right namespace, right name. `isTyped`: what follows checks it against its schema. Where a
 * decoder makes an object of its own of it, the draft shares what it does not change with the body.
 */
export function startDraft(call: WriteCall, body: Manifest, { isTyped = false }: { isTyped?: boolean } = {}): Manifest {
  const draft = typeof call.served.schema === "string" ? withOwnMetadata(body) : asOwn(body);
  checkShape(call.served, asJson(draft), {
    isTyped: isTyped && call.served.custom === undefined,
    isData: call.isData === true,
  });
  checkTypeMeta(call.served, draft);
  draft.apiVersion = apiVersionOf(call.served);
  draft.kind = call.served.resource.kind;
  draft.metadata ??= { name: "" };
  return place(call, draft);
}

/** The draft with the namespace and name of the request; refused where it says others. */
function place(call: WriteCall, draft: Manifest): Manifest {
  const { resource } = call.served;
  if (resource.isNamespaced) {
    if ((draft.metadata.namespace ?? "") === "") draft.metadata.namespace = call.namespace;
    else if (draft.metadata.namespace !== call.namespace)
      throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  } else delete draft.metadata.namespace;
  if (call.name !== "") {
    if ((draft.metadata.name ?? "") === "") draft.metadata.name = call.name;
    else if (draft.metadata.name !== call.name)
      throw badRequest(
        `the name of the object (${draft.metadata.name}) does not match the name on the URL (${call.name})`,
      );
  }
  return draft;
}

function withOwnMetadata(body: Manifest): Manifest {
  const draft = { ...body };
  if (isObject(body.metadata)) draft.metadata = { ...body.metadata };
  return draft;
}

/** The name that the server's own code gives to its table of kinds, as errors show it. */
const scheme = "pkg/runtime/scheme.go:111";

/** Refuses a body of another kind or version. */
function checkTypeMeta(served: Served, draft: Manifest): void {
  const expected = { apiVersion: apiVersionOf(served), kind: served.resource.kind };
  const apiVersion = (draft.apiVersion ?? "") === "" ? expected.apiVersion : draft.apiVersion;
  const kind = (draft.kind ?? "") === "" ? expected.kind : draft.kind;
  if (apiVersion === expected.apiVersion && kind === expected.kind) return;
  if (served.custom !== undefined && apiVersion === expected.apiVersion)
    throw invalid({ group: served.resource.group, kind }, draft.metadata?.name ?? "", [
      { type: "Invalid", field: "kind", value: kind, detail: `must be ${expected.kind}` },
    ]);
  const { group, version } = splitVersion(apiVersion);
  const isKnown = schemaFor(group, version, kind) !== undefined;
  if (served.custom !== undefined || (isKnown && kind === expected.kind && group === served.resource.group)) {
    if (apiVersion !== expected.apiVersion)
      throw badRequest(
        `the API version in the data (${apiVersion}) does not match the expected API version (${expected.apiVersion})`,
      );
  }
  const why = isKnown
    ? `converting (${version}.${kind}) to (${served.resource.group.split(".")[0] || "core"}.${expected.kind}): unknown conversion`
    : `no kind "${kind}" is registered for version "${apiVersion}" in scheme "${scheme}"`;
  throw new DecodeRefusal(`${kind} in version "${version}" cannot be handled as a ${expected.kind}`, why);
}

/** The decoded object with its ownership; to be changed further. */
function tracked(registry: Registry, call: WriteCall, live: Manifest | undefined, decoded: Manifest): Manifest {
  const result = trackOwnership(registry, call, live, decoded);
  return typeof call.served.schema === "string" ? result : asOwn(result);
}

function splitVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  return { group: slash < 0 ? "" : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** What nobody can give an object that is posted; not even its ownership is noted. */
const unsettable = ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"];

function resetSystemMetadata(draft: Manifest, served: Served, context: WriteContext): void {
  const metadata = draft.metadata;
  metadata.uid = context.newUid();
  metadata.creationTimestamp = context.now;
  if (served.strategy.hasGeneration) metadata.generation = 1;
}

/** A new object has the status that Go writes for one of which nothing is set; one of a custom kind, the default of what is stored. */
function resetStatus(registry: Registry, served: Served, draft: Manifest): void {
  delete draft.status;
  const [group = "", version = ""] = served.storage.apiVersion.split("/");
  const stored = served.custom === undefined ? served : registry.table.find(group, version, served.resource.plural);
  if (stored?.schemas === undefined || stored.schema === undefined) return;
  const { schemas, schema } = stored;
  const initial = stored.custom === undefined ? fillZeros({}, schemas, schema) : applyDefaults({}, schemas, schema);
  if (isObject(initial) && initial.status !== undefined) draft.status = copyJson(initial.status);
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
    if (asked !== "" && !/^\d+$/.test(asked))
      throw plainError(`strconv.ParseUint: parsing ${JSON.stringify(asked)}: invalid syntax`);
    if (!change.retries) refuseOtherUid(call, wanted, live);
    if (asked !== "" && asked !== live.metadata.resourceVersion)
      throw conflict(served.resource, call.name, modifiedText);
    if (asked === "" && !served.strategy.allowsUnconditionalUpdate) throw versionRequired(call, wanted);
    const draft = await prepareChange(registry, call, {
      wanted,
      live,
      hasOwnership: change.hasOwnership === true,
    });
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
async function unchanged(registry: Registry, call: WriteCall, live: Manifest): Promise<Manifest> {
  await validateAdmission(registry, call, live, live);
  return live;
}

/** Here kube-apiserver names the resource where it else names the kind. */
function versionRequired(call: WriteCall, wanted: Manifest): Refusal {
  // What cannot be decoded is told first.
  decodeObject(call, wanted, true);
  const { group, plural } = call.served.resource;
  return invalid({ group, kind: plural }, call.name, [
    { type: "Invalid", field: "metadata.resourceVersion", value: 0, detail: "must be specified for an update" },
  ]);
}

type Preparation = { wanted: Manifest; live: Manifest; hasOwnership: boolean };

async function prepareChange(
  registry: Registry,
  call: WriteCall,
  { wanted, live, hasOwnership }: Preparation,
): Promise<Manifest> {
  const { served } = call;
  const { strategy } = served;
  const own = hasOwnership ? undefined : (decoded: Manifest) => tracked(registry, call, live, decoded);
  const draft = decodeObject(call, wanted, hasOwnership, own);
  keepSystemMetadata(draft, live);
  const { subresource } = call;
  const isStatus = subresource === "status" || subresource === "approval";
  if (isStatus) {
    keepAllButStatus(served, draft, live);
    strategy.prepareStatus?.(draft, live, { subresource, now: registry.now() });
  } else if (strategy.hasStatus && subresource !== "binding") {
    if (live.status === undefined) delete draft.status;
    else draft.status = copyJson(live.status as Json);
  }
  const part = strategy.parts?.[subresource];
  part?.prepare(draft, live);
  const mutating = mutate(registry, call, draft, live);
  if (mutating !== undefined) await mutating;
  const count = (): void => {
    if ((strategy.countsChanges ?? strategy.hasGeneration) && subresource !== "binding")
      setOrDelete(draft.metadata, "generation", nextGeneration(draft, live, strategy, wanted) || undefined);
  };
  if (strategy.countsDropped === true) count();
  if (call.subresource === "") strategy.prepareUpdate?.(draft, live, contextOf(registry, call));
  if (strategy.countsDropped !== true) count();
  refuseIfInvalid(served, draft, part?.refuse?.(live) ?? []);
  // kube-apiserver checks metadata twice on an update, once for all kinds and once for its own: each error has two causes.
  const metadataErrors = validateChangedMetadata(draft, live, served);
  refuseIfInvalid(served, draft, [
    ...metadataErrors,
    ...checked(registry, call, draft, live),
    ...metadataErrors,
    ...validateChangedFinalizers(draft, served),
    ...(call.subresource === "" || part !== undefined || served.custom !== undefined
      ? validateSchema(call, draft, live, metadataErrors)
      : []),
    ...(part?.validate(draft, live) ?? []),
    ...(call.subresource === "" ? (strategy.validate?.(draft, live) ?? []) : []),
    ...(isStatus ? (strategy.validateStatus?.(draft, live, subresource) ?? []) : []),
  ]);
  const validating = validateAdmission(registry, call, draft, live);
  if (validating !== undefined) await validating;
  if (call.subresource === "") for (const warning of strategy.warnings?.(draft, live) ?? []) call.warn(warning);
  if (call.subresource === "status") for (const warning of strategy.statusWarnings?.(draft) ?? []) call.warn(warning);
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
  // What is left out stays; what is stated and differs is refused by the checks that follow.
  if ((next.uid ?? "") === "") next.uid = old.uid as string;
  next.creationTimestamp = old.creationTimestamp as string;
  delete (next as Record<string, unknown>).selfLink;
  setOrDelete(next, "generation", old.generation);
  if (old.deletionTimestamp !== undefined) {
    next.deletionTimestamp = old.deletionTimestamp;
    setOrDelete(next, "deletionGracePeriodSeconds", old.deletionGracePeriodSeconds);
  }
}

function setOrDelete<T extends object, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value === undefined) delete target[key];
  else target[key] = value;
}

/**
 * A status write changes status. Of the rest a custom resource keeps everything; Kubernetes' own kinds keep all but metadata, and
 * of that what their reset fields name.
 */
function keepAllButStatus(served: Served, draft: Manifest, live: Manifest): void {
  const { status, metadata } = draft;
  for (const key of Object.keys(draft)) if (!(key in live)) delete draft[key];
  for (const [key, value] of Object.entries(asJson(live))) draft[key] = copyJson(value);
  if (status === undefined) delete draft.status;
  else draft.status = status;
  const kept = served.strategy.resetFields?.status ?? [];
  if (served.custom !== undefined || kept.includes("metadata")) {
    setOrDelete(draft.metadata, "managedFields", metadata.managedFields);
    return;
  }
  draft.metadata = metadata;
  for (const path of kept) {
    const [part, name] = path.split(".");
    if (part === "metadata" && name !== undefined)
      setOrDelete(asJson(draft).metadata as JsonObject, name, (asJson(live).metadata as JsonObject)[name]);
  }
}

/** One more when anything but metadata and status changed. */
// oxlint-disable-next-line max-params -- an object before and after, as it was asked for, and the rules of its kind
function nextGeneration(draft: Manifest, live: Manifest, strategy: Served["strategy"], wanted: Manifest): number {
  const told = strategy.countsWhenEmpty;
  if (told !== undefined && statesEmpty(asJson(wanted)[told])) return (live.metadata.generation ?? 0) + 1;
  const { hasStatus, countsLabels, countsAnnotations } = strategy;
  const old = live.metadata.generation ?? 0;
  const isSameMeaning = equalJson(meaningOf(draft, hasStatus), meaningOf(live, hasStatus));
  const areLabelsSame =
    countsLabels !== true || equalJson(draft.metadata.labels ?? {}, (live.metadata.labels ?? {}) as JsonObject);
  const areNotesSame =
    countsAnnotations !== true ||
    equalJson(draft.metadata.annotations ?? {}, (live.metadata.annotations ?? {}) as JsonObject);
  return isSameMeaning && areLabelsSame && areNotesSame ? old : old + 1;
}

/** Whether a list or the labels of a selector are stated empty anywhere below. */
function statesEmpty(value: Json | undefined, name = ""): boolean {
  if (Array.isArray(value)) return value.length === 0 || value.some((one) => statesEmpty(one));
  if (!isObject(value)) return false;
  const members = Object.entries(value);
  return (name === "matchLabels" && members.length === 0) || members.some(([key, one]) => statesEmpty(one, key));
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
    warn: call.warn,
  };
}
