// The zero values of built-in kinds: which members the real server's Go types write even when nobody set them. They decide what
// counts as added when an object is created, and stand in every answer of the real server (`resources: {}`, `status: {}`).

import { isObject, type Json, type JsonObject, type SchemaNode, type SchemaRef, type SchemaSet, setOwn } from "#kernel";

const zeros = new WeakMap<SchemaNode, JsonObject>();

/** The zero value of a node's type, made once and shared: do not change it. */
export function zeroOf(schemas: SchemaSet, ref: SchemaRef): JsonObject {
  const node = schemas.resolve(ref);
  const known = zeros.get(node);
  if (known !== undefined) return known;
  const zero = fillZeros({}, schemas, node) as JsonObject;
  zeros.set(node, zero);
  return zero;
}

/** The value with all members that its type always writes; the value itself where it has them all. */
export function fillZeros(value: Json, schemas: SchemaSet, ref: SchemaRef): Json {
  const node = schemas.resolve(ref);
  if (Array.isArray(value)) return node.items === undefined ? value : fillList(value, schemas, node.items);
  if (!isObject(value)) return value;
  let filled: JsonObject | undefined;
  for (const [name, zero] of Object.entries(node.always ?? {})) {
    if (Object.hasOwn(value, name) && (value[name] !== null || zero === null)) continue;
    filled ??= { ...value };
    setOwn(filled, name, zero);
  }
  for (const [name, member] of Object.entries(filled ?? value)) {
    const below = memberRef(node, name);
    const next = below === undefined ? member : fillZeros(member, schemas, below);
    if (next === member) continue;
    filled ??= { ...value };
    setOwn(filled, name, next);
  }
  return filled ?? value;
}

function memberRef(node: SchemaNode, name: string): SchemaRef | undefined {
  if (node.properties !== undefined && Object.hasOwn(node.properties, name)) return node.properties[name];
  return node.additional === true ? undefined : node.additional;
}

function fillList(items: Json[], schemas: SchemaSet, ref: SchemaRef): Json[] {
  const filled = items.map((item) => fillZeros(item, schemas, ref));
  return filled.every((item, index) => item === items[index]) ? items : filled;
}
