// What an object of ours looked like after our own apply: the fields we set, as the server stored them. The reference is
// the apply response, not the manifest, since servers default and normalise. Drift is a live object whose value at one of
// these fields differs, or that has fields of people's tools which are to be taken over.

import {
  asJson,
  decodeJson,
  encodeJson,
  equalJson,
  isObject,
  type Json,
  type JsonObject,
  type ManagedFieldsEntry,
  type Manifest,
} from "#kernel";
import { type FieldChange, showValue } from "./changes.ts";
import { withoutFields } from "./ignored.ts";
import { hasLeftovers } from "./leftovers.ts";
import { appliedEntry, childOf, type Field, fieldsIn, rivalEntries, type TakeOver } from "./managed-fields.ts";

export type Reference = {
  uid: string;
  resourceVersion: string;
  /** Hash of the manifest that was applied. */
  desiredHash: string;
  /** The recorded field set and its values, encoded: objects are many, comparisons are few. */
  recorded: string;
};

export type OwnershipRules = {
  manager: string;
  takeOver: TakeOver;
  /** JSON pointers of fields that count in no comparison. */
  ignored: readonly string[];
};

/** The reference for an object as it stands; undefined when we own nothing of it. */
export function referenceOf(live: Manifest, desiredHash: string, rules: OwnershipRules): Reference | undefined {
  const fields = appliedEntry(live.metadata.managedFields, rules.manager)?.fieldsV1;
  if (fields === undefined) return undefined;
  const counted = withoutFields(live, rules.ignored);
  const values = fieldsIn(fields, asJson(counted)).map((field) => field.value ?? null);
  return {
    uid: live.metadata.uid ?? "",
    resourceVersion: live.metadata.resourceVersion ?? "",
    desiredHash,
    recorded: encodeJson([fields, values]),
  };
}

/** How a live object differs from its reference; empty when nothing of ours was touched. */
export function driftFrom(reference: Reference, live: Manifest, rules: OwnershipRules): FieldChange[] {
  if (reference.resourceVersion === live.metadata.resourceVersion && reference.uid === live.metadata.uid) return [];
  const [fields, values] = decodeJson(reference.recorded) as [JsonObject, Json[]];
  const changes: FieldChange[] = [];
  fieldsIn(fields, asJson(withoutFields(live, rules.ignored))).forEach((field, index) => {
    const recorded = values[index] ?? null;
    if (equalJson(field.value ?? null, recorded)) return;
    changes.push(changeOf(live, field, recorded === null ? undefined : recorded));
  });
  return [...changes, ...foreignFields(live, rules)];
}

function changeOf(live: Manifest, field: Field, wanted: Json | undefined): FieldChange {
  return {
    path: field.path,
    from: showValue(live.kind, field.path, field.value),
    to: showValue(live.kind, field.path, wanted),
    managers: managersOf(live, field.path),
  };
}

/** Who owns the field now; when nobody does, who wrote last. */
export function managersOf(live: Manifest, path: string): string[] {
  const entries = live.metadata.managedFields ?? [];
  const owners = entries.filter((entry) => ownedPaths(entry, live).some((owned) => isAtOrAbove(owned, path)));
  if (owners.length > 0) return [...new Set(owners.map((entry) => entry.manager ?? "unknown"))];
  const latest = entries
    .filter((entry) => (entry.subresource ?? "") !== "status" && entry.time !== undefined)
    .sort((a, b) => ((a.time ?? "") < (b.time ?? "") ? 1 : -1))[0];
  return latest?.manager === undefined ? [] : [latest.manager];
}

function ownedPaths(entry: ManagedFieldsEntry, live: Manifest): string[] {
  return entry.fieldsV1 === undefined ? [] : fieldsIn(entry.fieldsV1, asJson(live)).map((field) => field.path);
}

function isAtOrAbove(owned: string, path: string): boolean {
  return owned === path || path.startsWith(`${owned}.`) || path.startsWith(`${owned}[`);
}

/** Fields of people's tools that are not ours as well: the next apply removes them. */
export function foreignFields(live: Manifest, rules: OwnershipRules): FieldChange[] {
  const rivals = rivalEntries(live.metadata.managedFields, rules.manager, rules.takeOver);
  if (rivals.length === 0) return [];
  const counted = asJson(withoutFields(live, rules.ignored));
  const ours = appliedEntry(live.metadata.managedFields, rules.manager)?.fieldsV1;
  const owned = new Set(ours === undefined ? [] : fieldsIn(ours, asJson(live)).map((field) => field.path));
  const changes = new Map<string, FieldChange>();
  for (const rival of rivals) {
    for (const field of fieldsIn(rival.fieldsV1 ?? {}, counted)) {
      if (field.value === undefined || owned.has(field.path)) continue;
      const known = changes.get(field.path);
      const manager = rival.manager ?? "unknown";
      if (known !== undefined) known.managers.push(manager);
      else changes.set(field.path, { ...changeOf(live, field, undefined), managers: [manager] });
    }
  }
  return [...changes.values()];
}

/**
 * True when the live object certainly is what an apply of `desired` would leave: we own exactly the manifest's fields,
 * with exactly its values, and nothing is there to be taken over. False only means that a dry run has to tell.
 */
export function isCertainlyApplied(desired: Manifest, live: Manifest, rules: OwnershipRules): boolean {
  const entry = appliedEntry(live.metadata.managedFields, rules.manager);
  if (entry?.fieldsV1 === undefined || entry.apiVersion !== desired.apiVersion) return false;
  if (hasLeftovers(live)) return false;
  if (rivalEntries(live.metadata.managedFields, rules.manager, rules.takeOver).length > 0) return false;
  const { apiVersion: _a, kind: _k, metadata, ...rest } = asJson(desired);
  const { name: _n, namespace: _ns, creationTimestamp: _c, ...meta } = isObject(metadata) ? metadata : {};
  const wanted = { ...rest, ...(Object.keys(meta).length === 0 ? {} : { metadata: meta }) };
  return agrees(entry.fieldsV1, wanted, asJson(live));
}

/** Every owned field has the wanted value, and every wanted value is owned. */
function agrees(fields: JsonObject, wanted: Json, live: Json | undefined): boolean {
  const names = Object.keys(fields).filter((name) => name !== ".");
  if (names.length === 0) return equalJson(wanted, live);
  if (countOf(wanted) !== names.length) return false;
  return names.every((name) => {
    const below = fields[name];
    const wantedChild = childOf(name, wanted, "").value;
    const liveChild = childOf(name, live, "").value;
    if (wantedChild === undefined || liveChild === undefined || !isObject(below)) return false;
    return agrees(below, wantedChild, liveChild);
  });
}

function countOf(value: Json): number {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : -1;
}
