// Defaults of a structural schema: absent members get theirs, nulls that no one allows go. As apiextensions defaulting does it.

import { isObject, type Json, type JsonObject, type SchemaNode, type SchemaRef, type SchemaSet, setOwn } from "#kernel";

/** The object with all defaults; the object itself where none applies. Default values are shared: what is stored must be copied. */
export function applyDefaults(object: JsonObject, schemas: SchemaSet, root: SchemaRef): JsonObject {
  return fill(object, schemas, root) as JsonObject;
}

function fill(value: Json, schemas: SchemaSet, ref: SchemaRef): Json {
  if (typeof value !== "object" || value === null) return value;
  // Built-in parts (metadata) have defaults of their own, which are not the schema's to give.
  if (typeof ref === "string") return value;
  if (Array.isArray(value)) return ref.items === undefined ? value : fillList(value, schemas, ref.items);
  return fillMap(value, schemas, ref);
}

function fillList(items: Json[], schemas: SchemaSet, ref: SchemaRef): Json[] {
  const filled = items.map((item) => fill(item, schemas, ref));
  return filled.every((item, index) => item === items[index]) ? items : filled;
}

function fillMap(value: JsonObject, schemas: SchemaSet, node: SchemaNode): JsonObject {
  let filled: JsonObject | undefined;
  const set = (name: string, next: Json): void => {
    filled ??= { ...value };
    setOwn(filled, name, next);
  };
  for (const [name, ref] of Object.entries(node.properties ?? {})) {
    const below = schemas.resolve(ref);
    const isSet = Object.hasOwn(value, name) && (value[name] !== null || below.nullable === true);
    if (!isSet && below.default !== undefined && typeof ref !== "string") set(name, fill(below.default, schemas, ref));
    else if (Object.hasOwn(value, name) && value[name] === null && below.nullable !== true && typeof ref !== "string") {
      filled ??= { ...value };
      delete filled[name];
    } else if (isSet) {
      const next = fill(value[name] as Json, schemas, ref);
      if (next !== value[name]) set(name, next);
    }
  }
  if (isObject(node.additional)) fillRest(value, { node, schemas, rest: node.additional as SchemaNode, set });
  return filled ?? value;
}

type Rest = { node: SchemaNode; schemas: SchemaSet; rest: SchemaNode; set: (name: string, next: Json) => void };

/** Members that are not declared, under the schema of a map's values. */
function fillRest(value: JsonObject, { node, schemas, rest, set }: Rest): void {
  for (const [name, member] of Object.entries(value)) {
    if (node.properties !== undefined && Object.hasOwn(node.properties, name)) continue;
    const isNullToDefault = member === null && rest.nullable !== true && rest.default !== undefined;
    const next = isNullToDefault ? (rest.default as Json) : fill(member, schemas, rest);
    if (next !== member) set(name, next);
  }
}
