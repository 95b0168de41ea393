// Template values as plain data for YAML and JSON: what encoding/json would see.

import { isObject, type Json, type JsonObject, setOwn } from "#kernel";
import {
  GoError,
  type GoMap,
  GoObject,
  goTypeOf,
  int64,
  isList,
  isMap,
  isNilContainer,
  mapSet,
  TemplateLimitError,
  toValidText,
  typed,
  type Value,
} from "#formats/gotemplate";
import { plainNodesMax, uncheckedDepthMax } from "../limits.ts";
import { GoTime } from "./time.ts";

/** Nodes that may still be looked at: maps that hold one another twice over multiply without taking memory. */
let nodesLeft = 0;

function countNode(): void {
  if (--nodesLeft < 0) throw new TemplateLimitError(`a value of more than ${plainNodesMax} items`);
}

/** True when the value, as it is, can be written as plain data. */
function isPlain(value: Value, depth = 0): boolean {
  if (typeof value !== "object") return value !== undefined;
  if (value === null) return true;
  if (depth > uncheckedDepthMax) return false;
  countNode();
  if (isList(value))
    return value.length === 0 ? !isNilContainer(value) : value.every((item) => isPlain(item, depth + 1));
  if (value instanceof GoObject) return false;
  let isEmpty = true;
  for (const key in value) {
    if (!isPlain(value[key], depth + 1)) return false;
    isEmpty = false;
  }
  return !isEmpty || !isNilContainer(value);
}

/** Plain data that shares whatever needs no conversion. Throws a GoError for what holds itself. */
export function toPlain(value: Value, isPointed = false): Json {
  nodesLeft = plainNodesMax;
  if (isPlain(value)) return value as Json;
  nodesLeft = plainNodesMax;
  return convert(value, { depth: isPointed ? 1 : 0, above: new Set() });
}

/** How deep a value lies, and which lists and maps it lies in, from the depth on at which Go begins to look. */
type Level = { depth: number; above: Set<Value> };

function convert(value: Value, level: Level): Json {
  countNode();
  if (value === undefined) return null;
  if (value instanceof GoTime) return value.json();
  if (value instanceof GoObject) return convert(value.plain(), level);
  if (!isList(value) && !isMap(value)) return value;
  if (isNilContainer(value)) return null;
  const inner = { depth: level.depth + 1, above: level.above };
  const isChecked = inner.depth > uncheckedDepthMax;
  if (isChecked && level.above.has(value))
    throw new GoError(`json: unsupported value: encountered a cycle via ${goTypeOf(value)}`);
  if (isChecked) level.above.add(value);
  const converted = isList(value) ? value.map((item) => convert(item, inner)) : convertMap(value, inner);
  if (isChecked) level.above.delete(value);
  return converted;
}

function convertMap(map: GoMap, inner: Level): Json {
  const object: JsonObject = {};
  for (const key of Object.keys(map)) setOwn(object, key, convert(map[key], inner));
  return keepOrder(map, object);
}

/** A Go struct as a map: JSON text keeps the order of its fields. */
export function struct(fields: GoMap): GoMap {
  return typed(fields, "struct");
}

export function isStruct(value: Value): boolean {
  return isMap(value) && goTypeOf(value) === "struct";
}

function keepOrder(original: Value, copy: JsonObject): JsonObject {
  return isStruct(original) ? (typed(copy as GoMap, "struct") as JsonObject) : copy;
}

/** Plain data in which no text holds a byte that is no character: each becomes U+FFFD, as in encoding/json. */
export function toValidData(value: Json): Json {
  if (typeof value === "string") return toValidText(value);
  if (Array.isArray(value)) return value.map(toValidData);
  if (typeof value !== "object" || value === null) return value;
  const object: JsonObject = {};
  for (const key of Object.keys(value)) setOwn(object, toValidText(key), toValidData(value[key] as Json));
  return keepOrder(value, object);
}

/** Objects of a cluster as client-go decodes them: whole numbers are int64. A copy, which templates may change. */
export function unstructuredValues(data: Json): Value {
  if (typeof data === "bigint") return int64(data);
  if (typeof data === "number") return Number.isInteger(data) ? int64(BigInt(data)) : data;
  if (Array.isArray(data)) return data.map(unstructuredValues);
  if (!isObject(data)) return data;
  const map: GoMap = {};
  for (const key of Object.keys(data)) mapSet(map, key, unstructuredValues(data[key] as Json));
  return map;
}
