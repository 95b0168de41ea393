// Strategic merge patch: JSON merge patch where lists may merge by key, with directives in the patch itself. Rules and messages of
// apimachinery util/strategicpatch, v0.36. Neither document nor patch is changed; parts that stay are shared.

import { equalJson, isObject, type Json, type JsonObject, type SchemaNode, type SchemaRef, setOwn } from "#kernel";
import { formatGo, goTypeOf } from "./go-text.ts";
import type { ObjectType } from "./shape.ts";
import { deleteItems, mergeItems, orderItems, StrategicRefusal } from "./strategic-list.ts";

export type StrategicResult =
  | { ok: true; value: JsonObject }
  /** BadRequest: HTTP 400; Unprocessable: 422; Internal: 500, as the API server answers each. */
  | { ok: false; reason: "BadRequest" | "Unprocessable" | "Internal"; message: string };

/** The document with the patch merged into it by its kind's schema. */
export function strategicMerge(document: JsonObject, patch: JsonObject, type: ObjectType): StrategicResult {
  const schema: Schema = { type, ref: type?.root };
  try {
    return { ok: true, value: mergeObject(document, patch, schema) };
  } catch (error) {
    if (error instanceof StrategicRefusal) return { ok: false, reason: error.reason, message: error.message };
    throw error;
  }
}

/** A node of the schema, as far as it is known. */
type Schema = { type: ObjectType; ref: SchemaRef | undefined };

function nodeOf({ type, ref }: Schema): SchemaNode | undefined {
  return type === undefined || ref === undefined ? undefined : type.schemas.resolve(ref);
}

function memberSchema(schema: Schema, name: string): Schema {
  const node = nodeOf(schema);
  const declared =
    node?.properties !== undefined && Object.hasOwn(node.properties, name) ? node.properties[name] : undefined;
  const rest = node?.additional === true ? undefined : node?.additional;
  return { type: schema.type, ref: declared ?? rest };
}

type ListRules = { isMerged: boolean; mergeKey: string; items: Schema };

function rulesOf(schema: Schema): ListRules {
  const node = nodeOf(schema);
  const strategies = (node?.patchStrategy ?? "").split(",");
  return {
    isMerged: strategies.includes("merge"),
    mergeKey: node?.patchMergeKey ?? "",
    items: { type: schema.type, ref: node?.items },
  };
}

const deletePrefix = "$deleteFromPrimitiveList/";
const orderPrefix = "$setElementOrder/";

function mergeObject(original: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  const directive = patch["$patch"];
  if (directive !== undefined) return replaceOrDelete(directive, patch);
  const merged = retainKeys(original, patch);
  const done = new Set<string>(["$retainKeys"]);
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith("$setElementOrder")) continue;
    done.add(key);
    if (!Array.isArray(order)) throw notList(order);
    if (!key.startsWith(orderPrefix))
      throw new StrategicRefusal("invalid patch format of setElementOrder list", "BadRequest");
    const name = key.slice(orderPrefix.length);
    if (mergeOrdered({ merged, patch, name, schema: memberSchema(schema, name) }, patch[key] as Json)) done.add(name);
  }
  for (const [key, value] of Object.entries(patch)) if (!done.has(key)) mergeMember(merged, { key, value }, schema);
  return merged;
}

function replaceOrDelete(directive: Json, patch: JsonObject): JsonObject {
  if (directive === "delete") return {};
  if (directive !== "replace")
    throw new StrategicRefusal(
      `unknown patch type: ${String(directive as string)} in map: ${formatGo(patch)}`,
      "Internal",
    );
  const { $patch: _, ...rest } = patch;
  return rest;
}

/** A copy of the original with the members that `$retainKeys` names, or with all where the patch has no such list. */
function retainKeys(original: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch["$retainKeys"];
  if (keys === undefined) return { ...original };
  const isCovered = (key: string): boolean =>
    key === "$retainKeys" || patch[key] === null || key.startsWith(deletePrefix) || key.startsWith(orderPrefix);
  if (!Array.isArray(keys) || !Object.keys(patch).every((key) => isCovered(key) || keys.includes(key)))
    throw new StrategicRefusal("invalid patch format of retainKeys", "BadRequest");
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.includes(key)));
}

function notList(value: Json): StrategicRefusal {
  return new StrategicRefusal(`expected a []interface {}, but received a ${goTypeOf(value)}`, "Internal");
}

type Ordered = { merged: JsonObject; patch: JsonObject; name: string; schema: Schema };

/** Merges one list and puts it into the order that the patch asks for; true when it was there to be ordered. */
function mergeOrdered({ merged, patch, name, schema }: Ordered, order: Json): boolean {
  const original = Object.hasOwn(merged, name) ? merged[name] : undefined;
  const change = Object.hasOwn(patch, name) ? patch[name] : undefined;
  for (const list of [order, original ?? [], change ?? []]) if (!Array.isArray(list)) throw notList(list);
  const rules = rulesOf(schema);
  const wanted = order as Json[];
  checkOrder((change ?? []) as Json[], wanted, rules.mergeKey);
  if (original === undefined && change === undefined) return false;
  const list =
    change === undefined
      ? (original as Json[])
      : original === undefined
        ? (dropDirectives(change) as Json[])
        : mergeList(original as Json[], change as Json[], rules);
  setOwn(
    merged,
    name,
    orderItems({ items: list, wanted, before: (original ?? []) as Json[], mergeKey: rules.mergeKey }),
  );
  return true;
}

/** Items of the patch must come in the order it asks for. */
function checkOrder(patch: readonly Json[], order: readonly Json[], mergeKey: string): void {
  if (patch.length === 0 || order.length === 0) return;
  const key = (item: Json): Json | undefined => (mergeKey === "" || !isObject(item) ? item : item[mergeKey]);
  const items = patch.filter((item) => !(isObject(item) && item["$patch"] !== undefined));
  let next = 0;
  for (const entry of order) if (next < items.length && equalJson(key(items[next] as Json), key(entry))) next++;
  if (next < items.length)
    throw new StrategicRefusal(
      `The order in patch list:\n${formatGo(patch)}\n doesn't match $setElementOrder list:\n${formatGo(order)}\n`,
      "Internal",
    );
}

function mergeMember(merged: JsonObject, member: { key: string; value: Json }, schema: Schema): void {
  const { key, value } = member;
  if (key.startsWith("$deleteFromPrimitiveList")) return deleteFromList(merged, key, value);
  if (value === null) {
    delete merged[key];
    return;
  }
  const original = Object.hasOwn(merged, key) ? merged[key] : undefined;
  const below = memberSchema(schema, key);
  let next: Json | undefined;
  if (isObject(original) && isObject(value)) next = mergeMap(original, value, below);
  else if (Array.isArray(original) && Array.isArray(value)) next = mergeListByStrategy(original, value, below);
  else next = dropDirectives(dropNulls(value));
  if (next === undefined) delete merged[key];
  else setOwn(merged, key, next);
}

function mergeMap(original: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  return nodeOf(schema)?.patchStrategy?.split(",").includes("replace") === true
    ? patch
    : mergeObject(original, patch, schema);
}

function mergeListByStrategy(original: Json[], patch: Json[], schema: Schema): Json[] {
  const rules = rulesOf(schema);
  return rules.isMerged ? mergeList(original, patch, rules) : patch;
}

function mergeList(original: Json[], patch: Json[], rules: ListRules): Json[] {
  if (!rules.isMerged) return patch;
  const merge = (live: JsonObject, change: JsonObject): JsonObject => mergeObject(live, change, rules.items);
  return mergeItems({ original, patch, mergeKey: rules.mergeKey, merge });
}

function deleteFromList(merged: JsonObject, key: string, values: Json): void {
  if (!key.startsWith(deletePrefix)) throw new StrategicRefusal("invalid patch format of primitive list", "BadRequest");
  const name = key.slice(deletePrefix.length);
  const original = Object.hasOwn(merged, name) ? merged[name] : undefined;
  if (Array.isArray(original) && Array.isArray(values)) setOwn(merged, name, deleteItems(original, values));
}

/** A new member of the document without nulls in its maps. */
function dropNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(dropNulls);
  if (!isObject(value)) return value;
  const kept: JsonObject = {};
  for (const [key, member] of Object.entries(value)) if (member !== null) setOwn(kept, key, dropNulls(member));
  return kept;
}

/** A new member of the document without maps that are directives; undefined when it is one itself. */
function dropDirectives(value: Json): Json | undefined {
  if (Array.isArray(value)) return value.map(dropDirectives).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (value["$patch"] !== undefined) return undefined;
  const kept: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    const rest = dropDirectives(member);
    if (rest !== undefined) setOwn(kept, key, rest);
  }
  return kept;
}
