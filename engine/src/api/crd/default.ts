// Defaults of a structural schema: absent members get theirs, nulls that no one allows go. As apiextensions defaulting does it.

import { isObject, type Json, type JsonObject, type SchemaNode, type SchemaRef, type SchemaSet, setOwn } from "#kernel";

type Walk = { schemas: SchemaSet; keepsNulls: boolean };

/**
 * The object with all defaults; the object itself where none applies. Default values are shared: what is stored must be copied.
 * `keepsNulls`: as in server-side apply, where a null that is not allowed stays and is refused later.
 */
export function applyDefaults(
  object: JsonObject,
  schemas: SchemaSet,
  root: SchemaRef,
  options: { keepsNulls?: boolean } = {},
): JsonObject {
  return fill(object, root, { schemas, keepsNulls: options.keepsNulls ?? false }) as JsonObject;
}

function fill(value: Json, ref: SchemaRef, walk: Walk): Json {
  if (typeof value !== "object" || value === null) return value;
  // Built-in parts (metadata) have defaults of their own, which are not the schema's to give.
  if (typeof ref === "string") return value;
  if (Array.isArray(value)) return ref.items === undefined ? value : fillList(value, ref.items, walk);
  return fillMap(value, ref, walk);
}

function fillList(items: Json[], ref: SchemaRef, walk: Walk): Json[] {
  const filled = items.map((item) => fill(item, ref, walk));
  return filled.every((item, index) => item === items[index]) ? items : filled;
}

/** What becomes of one declared member: a value, or undefined where there is none. */
function fillMember(member: Json | undefined, ref: SchemaRef, walk: Walk): Json | undefined {
  if (typeof ref === "string") return member;
  const isSet = member !== undefined && (member !== null || ref.nullable === true);
  if (isSet) return fill(member, ref, walk);
  if (ref.default !== undefined) return fill(ref.default, ref, walk);
  return walk.keepsNulls ? member : undefined;
}

function fillMap(value: JsonObject, node: SchemaNode, walk: Walk): JsonObject {
  let filled: JsonObject | undefined;
  const change = (name: string, next: Json | undefined): void => {
    filled ??= { ...value };
    if (next === undefined) delete filled[name];
    else setOwn(filled, name, next);
  };
  for (const [name, ref] of Object.entries(node.properties ?? {})) {
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    const next = fillMember(member, ref, walk);
    if (next !== member) change(name, next);
  }
  const rest = node.additional;
  if (isObject(rest) && rest !== undefined)
    for (const [name, member] of Object.entries(value)) {
      if (node.properties !== undefined && Object.hasOwn(node.properties, name)) continue;
      const next = fillRest(member, rest as SchemaNode, walk);
      if (next !== member) change(name, next);
    }
  return filled ?? value;
}

/** A member that is not declared, under the schema of a map's values: a null goes only where there is a default to stand for it. */
function fillRest(member: Json, rest: SchemaNode, walk: Walk): Json {
  if (member === null && rest.nullable !== true && rest.default !== undefined) return rest.default;
  return fill(member, rest, walk);
}
