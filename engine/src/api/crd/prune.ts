// Unknown fields: found, named as warnings name them, and dropped. For custom resources as apiextensions prunes, for built-in
// kinds as their decoders ignore what their types do not have.

import { type Json, type JsonObject, type SchemaNode, type SchemaRef, type SchemaSet, setOwn } from "#kernel";

export type Pruned = {
  value: JsonObject /** Paths of what was dropped, sorted: `spec.ports[0].foo`. */;
  unknown: string[];
};

type Walk = { schemas: SchemaSet; unknown: string[] };

/** The object without fields that its schema does not know; the object itself where it has none. */
export function pruneObject(object: JsonObject, schemas: SchemaSet, root: SchemaRef): Pruned {
  const walk: Walk = { schemas, unknown: [] };
  const value = prune(object, { ref: root, path: "" }, walk) as JsonObject;
  return { value, unknown: walk.unknown.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)) };
}

type At = { ref: SchemaRef; path: string };

function prune(value: Json, at: At, walk: Walk): Json {
  if (typeof value !== "object" || value === null) return value;
  const node = walk.schemas.resolve(at.ref);
  if (Array.isArray(value))
    return node.items === undefined ? value : pruneList(value, { ref: node.items, path: at.path }, walk);
  return pruneMap(value, { node, path: at.path }, walk);
}

function pruneList(items: Json[], at: At, walk: Walk): Json[] {
  const kept = items.map((item, index) => prune(item, { ref: at.ref, path: `${at.path}[${index}]` }, walk));
  return kept.every((item, index) => item === items[index]) ? items : kept;
}

/** What a member is by the schema; undefined: unknown and to be dropped. `true`: kept without a look. */
function memberRef(node: SchemaNode, name: string): SchemaRef | true | undefined {
  if (node.properties !== undefined && Object.hasOwn(node.properties, name)) return node.properties[name];
  if (node.additional !== undefined) return node.additional;
  if (node.preserveUnknown === true || node.type === undefined || node.type === "int-or-string") return true;
  // A built-in object of which nothing is declared takes anything (fieldsV1); a custom one always declares, if only nothing.
  return node.properties === undefined && node.type === "object" ? true : undefined;
}

function pruneMap(value: JsonObject, at: { node: SchemaNode; path: string }, walk: Walk): JsonObject {
  let kept: JsonObject | undefined;
  for (const name of Object.keys(value)) {
    const ref = memberRef(at.node, name);
    const path = at.path === "" ? name : `${at.path}.${name}`;
    const member = value[name] as Json;
    if (ref === undefined) {
      walk.unknown.push(path);
      kept ??= { ...value };
      delete kept[name];
      continue;
    }
    const next = ref === true ? member : prune(member, { ref, path }, walk);
    if (next === member) continue;
    kept ??= { ...value };
    setOwn(kept, name, next);
  }
  return kept ?? value;
}

/** The words of one unknown field in a warning or a strict refusal. */
export function unknownFieldMessage(path: string): string {
  return `unknown field ${JSON.stringify(path)}`;
}
