// The strategic merge patch that makes one document of another: what client-side apply sends. Three-way: members that left the
// manifest since it was last applied are removed, all that the manifest says is set, and what others added stays. Decisions of
// apimachinery util/strategicpatch, v0.36 (CreateThreeWayMergePatch with overwrite).

import {
  canonicalJson,
  equalJson,
  isObject,
  type Json,
  type JsonObject,
  type SchemaNode,
  type SchemaRef,
  setOwn,
} from "#kernel";
import type { ObjectType } from "./shape.ts";

/** What a comparison writes: additions and changes, deletions, or both; and whether the keys that stay are named. */
type Wanted = { changes: boolean; deletions: boolean; retainsKeys?: boolean };

/** A place in the schema. */
type Schema = { type: ObjectType; ref: SchemaRef | undefined };

/** The patch for `live`, given what was applied before and what is to be. Empty: nothing to do. */
export function threeWayStrategicPatch(
  documents: { original: JsonObject; modified: JsonObject; live: JsonObject },
  type: ObjectType,
): JsonObject {
  const { original, modified, live } = documents;
  const schema: Schema = { type, ref: type?.root };
  const changes = diffObjects(live, modified, schema, { changes: true, deletions: false });
  const deletions = diffObjects(original, modified, schema, { changes: false, deletions: true });
  return joinPatches(deletions, changes, schema);
}

/** A JSON merge patch from one document to the other. */
export function mergePatchBetween(from: JsonObject, to: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const [key, value] of Object.entries(to)) {
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    if (isObject(before) && isObject(value)) {
      const below = mergePatchBetween(before, value);
      if (Object.keys(below).length > 0) setOwn(patch, key, below);
    } else if (before === undefined || !equalJson(before, value)) setOwn(patch, key, value);
  }
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) setOwn(patch, key, null);
  return patch;
}

/** As the three-way patch, for kinds without a schema: additions from `live`, deletions from `original`. */
export function threeWayMergePatch(documents: {
  original: JsonObject;
  modified: JsonObject;
  live: JsonObject;
}): JsonObject {
  const { original, modified, live } = documents;
  const changes = keepNulls(mergePatchBetween(live, modified), false);
  const deletions = keepNulls(mergePatchBetween(original, modified), true);
  return joinMaps(deletions, changes);
}

/** Only the members that are null, or only those that are not. */
function keepNulls(patch: JsonObject, areKept: boolean): JsonObject {
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(patch)) {
    if (isObject(value)) {
      const below = keepNulls(value, areKept);
      if (Object.keys(below).length > 0 || (!areKept && Object.keys(value).length === 0)) setOwn(kept, key, below);
    } else if ((value === null) === areKept) setOwn(kept, key, value);
  }
  return kept;
}

function joinMaps(first: JsonObject, second: JsonObject): JsonObject {
  const joined: JsonObject = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const known = Object.hasOwn(joined, key) ? joined[key] : undefined;
    setOwn(joined, key, isObject(known) && isObject(value) ? joinMaps(known, value) : value);
  }
  return joined;
}

/** The rules for one member: where the schema goes on, and how it is merged. */
type Rules = { schema: Schema; items: Schema; strategies: readonly string[]; mergeKey: string };

function nodeOf({ type, ref }: Schema): SchemaNode | undefined {
  return type === undefined || ref === undefined ? undefined : type.schemas.resolve(ref);
}

function rulesFor(schema: Schema, name: string): Rules {
  const node = nodeOf(schema);
  const properties = node?.properties;
  const declared = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
  const rest = node?.additional === true ? undefined : node?.additional;
  const member: Schema = { type: schema.type, ref: declared ?? rest };
  const own = nodeOf(member);
  return {
    schema: member,
    items: { type: schema.type, ref: own?.items },
    strategies: (own?.patchStrategy ?? "").split(","),
    mergeKey: own?.patchMergeKey ?? "",
  };
}

function diffObjects(from: JsonObject, to: JsonObject, schema: Schema, wanted: Wanted): JsonObject {
  const patch: JsonObject = {};
  for (const [key, before] of Object.entries(from)) {
    const after = Object.hasOwn(to, key) ? to[key] : undefined;
    if (after === undefined) {
      if (wanted.deletions) setOwn(patch, key, null);
    } else diffMember(patch, { key, before, after }, rulesFor(schema, key), wanted);
  }
  if (wanted.changes)
    for (const [key, after] of Object.entries(to)) if (!Object.hasOwn(from, key)) setOwn(patch, key, after);
  // The keys that stay when one of a union takes another's place.
  if (wanted.retainsKeys === true && Object.keys(patch).length > 0) {
    const keys = Object.keys(to).filter((key) => !wanted.deletions || to[key] !== null);
    patch["$retainKeys"] = keys.sort();
  }
  return patch;
}

type Member = { key: string; before: Json; after: Json };

function diffMember(patch: JsonObject, { key, before, after }: Member, rules: Rules, wanted: Wanted): void {
  if (isObject(before) && isObject(after)) {
    if (rules.strategies.includes("replace")) {
      if (wanted.changes && !equalJson(before, after)) setOwn(patch, key, { ...after, $patch: "replace" });
      return;
    }
    const below = diffObjects(before, after, rules.schema, {
      ...wanted,
      retainsKeys: rules.strategies.includes("retainKeys"),
    });
    if (Object.keys(below).length > 0) setOwn(patch, key, below);
    return;
  }
  if (Array.isArray(before) && Array.isArray(after) && rules.strategies.includes("merge")) {
    diffLists(patch, { key, before, after }, rules, wanted);
    return;
  }
  if (wanted.changes && !equalJson(before, after)) setOwn(patch, key, after);
}

type Lists = { key: string; before: readonly Json[]; after: readonly Json[] };

function diffLists(patch: JsonObject, lists: Lists, rules: Rules, wanted: Wanted): void {
  const isKeyed = rules.mergeKey !== "" && [...lists.before, ...lists.after].every(isObject);
  const { list, removed } = isKeyed ? diffKeyed(lists, rules, wanted) : diffSet(lists, wanted);
  if (list.length > 0) setOwn(patch, lists.key, list);
  if (removed.length > 0) setOwn(patch, `$deleteFromPrimitiveList/${lists.key}`, removed);
  const order = isKeyed
    ? lists.after.map((item) => ({ [rules.mergeKey]: (item as JsonObject)[rules.mergeKey] ?? null }))
    : [...lists.after];
  if (list.length > 0 || removed.length > 0 || (wanted.changes && isReordered(lists, order, rules.mergeKey)))
    setOwn(patch, `$setElementOrder/${lists.key}`, order);
}

/** True when the items that both have stand in another order. */
function isReordered({ before }: Lists, order: readonly Json[], mergeKey: string): boolean {
  const identity = (item: Json): string => canonicalJson(isObject(item) ? (item[mergeKey] ?? null) : item);
  const wanted = order.map(identity);
  const common = new Set(before.map(identity));
  const known = new Set(wanted);
  const now = before.map(identity).filter((item) => known.has(item));
  return wanted.filter((item) => common.has(item)).join("\0") !== now.join("\0");
}

function diffSet({ before, after }: Lists, wanted: Wanted): { list: Json[]; removed: Json[] } {
  const lacks = (list: readonly Json[], item: Json): boolean => !list.some((other) => equalJson(other, item));
  return {
    list: wanted.changes ? after.filter((item) => lacks(before, item)) : [],
    removed: wanted.deletions ? before.filter((item) => lacks(after, item)) : [],
  };
}

function diffKeyed({ before, after }: Lists, rules: Rules, wanted: Wanted): { list: Json[]; removed: Json[] } {
  const { mergeKey } = rules;
  const find = (list: readonly Json[], item: JsonObject): JsonObject | undefined =>
    list.find((other) => equalJson((other as JsonObject)[mergeKey], item[mergeKey])) as JsonObject | undefined;
  const list: Json[] = [];
  for (const item of after as JsonObject[]) {
    const known = find(before, item);
    if (known === undefined) {
      if (wanted.changes) list.push(item);
      continue;
    }
    const below = diffObjects(known, item, rules.items, {
      ...wanted,
      retainsKeys: rules.strategies.includes("retainKeys"),
    });
    if (Object.keys(below).length > 0) list.push({ ...below, [mergeKey]: item[mergeKey] ?? null });
  }
  if (wanted.deletions)
    for (const item of before as JsonObject[])
      if (find(after, item) === undefined) list.push({ [mergeKey]: item[mergeKey] ?? null, $patch: "delete" });
  return { list, removed: [] };
}

/** Deletions and changes as one patch; where both speak of a member, the change counts. */
function joinPatches(first: JsonObject, second: JsonObject, schema: Schema): JsonObject {
  const joined: JsonObject = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const known = Object.hasOwn(joined, key) ? joined[key] : undefined;
    const rules = rulesFor(schema, key.slice(key.indexOf("/") + 1));
    if (isObject(known) && isObject(value)) setOwn(joined, key, joinPatches(known, value, rules.schema));
    else if (Array.isArray(known) && Array.isArray(value) && !key.startsWith("$"))
      setOwn(
        joined,
        key,
        joinLists(known, value, rules, second[`$setElementOrder/${key}`] ?? first[`$setElementOrder/${key}`]),
      );
    else setOwn(joined, key, value);
  }
  return joined;
}

function joinLists(first: readonly Json[], second: readonly Json[], rules: Rules, order: Json | undefined): Json[] {
  const { mergeKey } = rules;
  if (!rules.strategies.includes("merge")) return [...second];
  if (mergeKey === "" || ![...first, ...second].every(isObject)) return [...first, ...second];
  const joined = [...first] as JsonObject[];
  for (const item of second as JsonObject[]) {
    const at = joined.findIndex((other) => equalJson(other[mergeKey], item[mergeKey]));
    if (at < 0) joined.push(item);
    else joined[at] = joinPatches(joined[at] as JsonObject, item, rules.items);
  }
  return inOrderOf(joined, Array.isArray(order) ? order : second, mergeKey);
}

/** Items of the patch must follow the order that the patch asks for; deletions stand last. */
function inOrderOf(items: readonly JsonObject[], order: readonly Json[], mergeKey: string): Json[] {
  const rank = (item: JsonObject): number => {
    if (item["$patch"] === "delete") return order.length + 1;
    const at = order.findIndex((other) => isObject(other) && equalJson(other[mergeKey], item[mergeKey]));
    return at < 0 ? order.length : at;
  };
  return items.toSorted((a, b) => rank(a) - rank(b));
}
