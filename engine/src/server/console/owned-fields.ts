// Who owns which field of a live object, and what one manager owns of it as an object: read from managedFields.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management

import type { FieldOwner, Place } from "#api/console";
import {
  asJson,
  encodeJson,
  equalJson,
  isObject,
  type Json,
  type JsonObject,
  type ManagedFieldsEntry,
  type Manifest,
} from "#kernel";
import type { FieldStep } from "#render/locate";
import { ownersShown, valueMost } from "./limits.ts";

type Owned = { path: string; value: Json | undefined; steps: readonly FieldStep[] };

/** Where Git states a field of what a manager applied; undefined: it does not. */
export type Stated = (steps: readonly FieldStep[], manager: string) => Place | undefined;

/** One line a field and manager, in the order of paths. `live` is masked already. */
export function fieldOwners(live: Manifest, entries: readonly ManagedFieldsEntry[], stated: Stated): FieldOwner[] {
  const found = entries.flatMap((entry) =>
    leavesOf(entry.fieldsV1 ?? {}, { path: "", value: asJson(live), steps: [] }).map(({ path, value, steps }) =>
      withPlace(entry.operation === "Apply" ? stated(steps, entry.manager ?? "") : undefined, {
        path,
        manager: entry.manager ?? "unknown",
        operation: entry.operation ?? "Update",
        subresource: entry.subresource ?? "",
        atMs: Date.parse(entry.time ?? "") || 0,
        value: textOf(value),
      }),
    ),
  );
  return found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)).slice(0, ownersShown);
}

/** The fields of a live object that a manager has applied, with their values; undefined: it has applied none. */
export function appliedBy(
  live: Manifest,
  entries: readonly ManagedFieldsEntry[],
  manager: string,
): Manifest | undefined {
  const entry = entries.find(
    (each) => each.manager === manager && each.operation === "Apply" && (each.subresource ?? "") === "",
  );
  if (entry?.fieldsV1 === undefined) return undefined;
  const picked = pick(entry.fieldsV1, asJson(live));
  const { apiVersion, kind } = live;
  const { name, namespace } = live.metadata;
  const body = isObject(picked) ? picked : {};
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), ...objectIn(body, "metadata") };
  const { apiVersion: _, kind: __, metadata: ___, ...rest } = body;
  return { apiVersion, kind, metadata, ...rest } as Manifest;
}

function objectIn(object: JsonObject, name: string): JsonObject {
  const found = object[name];
  return isObject(found) ? found : {};
}

/** The leaves of a field set: what has no members of its own in it. */
function leavesOf(fields: JsonObject, owned: Owned): Owned[] {
  const members = Object.entries(fields).filter(([name]) => name !== ".");
  if (members.length === 0) return owned.path === "" ? [] : [owned];
  return members.flatMap(([name, below]) => {
    const next = stepOf(name, owned);
    return next === undefined || !isObject(below) ? [] : leavesOf(below, next);
  });
}

function withPlace(place: Place | undefined, owner: FieldOwner): FieldOwner {
  return place === undefined ? owner : { ...owner, statedAt: place };
}

function stepOf(name: string, { value, path, steps }: Owned): Owned | undefined {
  const text = name.slice(2);
  const into = (words: string, step: FieldStep, below: Json | undefined): Owned => ({
    path: path === "" ? words.replace(/^\./, "") : `${path}${words}`,
    value: below,
    steps: [...steps, step],
  });
  if (name.startsWith("f:")) {
    const words = /^[A-Za-z0-9_-]+$/.test(text) ? `.${text}` : `[${JSON.stringify(text)}]`;
    return into(words, text, isObject(value) ? value[text] : undefined);
  }
  if (name.startsWith("i:")) {
    const index = Number(text);
    return into(`[${text}]`, { index }, Array.isArray(value) ? value[index] : undefined);
  }
  const key = parsed(text);
  if (name.startsWith("v:") && key !== undefined) return into(`[=${text}]`, { value: key }, key);
  if (!name.startsWith("k:") || !isObject(key)) return undefined;
  const words = Object.entries(key).map(([field, each]) => `${field}=${encodeJson(each)}`);
  return into(`[${words.join(",")}]`, { match: key }, itemWith(value, key));
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function itemWith(list: Json | undefined, key: JsonObject): Json | undefined {
  if (!Array.isArray(list)) return undefined;
  return list.find(
    (item) => isObject(item) && Object.entries(key).every(([name, value]) => equalJson(item[name], value)),
  );
}

/** The part of a value that a field set names. */
function pick(fields: JsonObject, value: Json | undefined): Json | undefined {
  const members = Object.entries(fields).filter(([name]) => name !== ".");
  if (members.length === 0 || value === undefined) return value;
  if (Array.isArray(value)) return pickItems(members, value);
  if (!isObject(value)) return value;
  const picked: JsonObject = {};
  for (const [name, below] of members) {
    const member = name.slice(2);
    const found = name.startsWith("f:") && isObject(below) ? pick(below, value[member]) : undefined;
    if (found !== undefined) picked[member] = found;
  }
  return picked;
}

function pickItems(members: readonly [string, Json][], list: readonly Json[]): Json[] {
  return members.flatMap(([name, below]) => {
    if (name.startsWith("v:")) return [parsed(name.slice(2)) ?? null];
    const item = name.startsWith("k:")
      ? itemWith([...list], parsed(name.slice(2)) as JsonObject)
      : list[Number(name.slice(2))];
    const picked = isObject(below) ? pick(below, item) : undefined;
    return picked === undefined ? [] : [picked];
  });
}

function textOf(value: Json | undefined): string {
  if (value === undefined) return "";
  const text = typeof value === "string" ? value : encodeJson(value);
  return text.length <= valueMost ? text : `${text.slice(0, valueMost)}…`;
}
