// The JSON patch from one value to another, operation by operation as Flux's drift detection finds it (wI2L/jsondiff 0.7 with
// Rationalize): messages count these operations, and a correction sends them.

import { byteLength, compareStrings, type Value } from "#formats/gotemplate";
import { equalJson, isObject, type Json, type JsonObject } from "#kernel";
import { formatJson } from "#render/helm";

export type Operation =
  | { op: "add"; path: string; value: Json }
  | { op: "replace"; path: string; value: Json }
  | { op: "remove"; path: string };

/** The operations that make `from` equal to `to`. */
export function difference(from: Json, to: Json): Operation[] {
  return compare("", from, to);
}

function compare(path: string, from: Json, to: Json): Operation[] {
  if (typeOf(from) !== typeOf(to)) return [{ op: path === "" ? "add" : "replace", path, value: to }];
  if (equalJson(from, to)) return [];
  if (Array.isArray(from)) return shortest(path, to, compareLists(path, from, to as Json[]));
  if (isObject(from)) return shortest(path, to, compareObjects(path, from, to as JsonObject));
  return [{ op: "replace", path, value: to }];
}

function compareObjects(path: string, from: JsonObject, to: JsonObject): Operation[] {
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort(compareStrings);
  return keys.flatMap((key): Operation[] => {
    const place = `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const [before, after] = [from[key], to[key]];
    if (after === undefined) return [{ op: "remove", path: place }];
    if (before === undefined) return [{ op: "add", path: place, value: after }];
    return compare(place, before, after);
  });
}

function compareLists(path: string, from: readonly Json[], to: readonly Json[]): Operation[] {
  const both = Math.min(from.length, to.length);
  const removed = from.slice(both).map((): Operation => ({ op: "remove", path: `${path}/${both}` }));
  const changed = from.slice(0, both).flatMap((item, i) => compare(`${path}/${i}`, item, to[i] as Json));
  const added = to.slice(both).map((value): Operation => ({ op: "add", path: `${path}/-`, value }));
  return [...removed, ...changed, ...added];
}

/** One replacement of the whole, where that is the shorter text. */
function shortest(path: string, to: Json, operations: Operation[]): Operation[] {
  const whole: Operation = { op: "replace", path, value: to };
  const length = operations.reduce((sum, operation) => sum + lengthOf(operation), operations.length - 1);
  return length > lengthOf(whole) ? [whole] : operations;
}

/** As that library reckons: what is added counts without its value. */
function lengthOf(operation: Operation): number {
  const base = '{"op":"","path":""}'.length + operation.op.length + byteLength(operation.path);
  if (operation.op === "remove") return base;
  const value = operation.op === "add" ? 0 : byteLength(formatJson(operation.value as Value));
  return base + ',"value":'.length + value;
}

function typeOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "bigint" ? "number" : typeof value;
}

/** The value without what stands at these pointers; what is not there is no error. */
export function without(value: JsonObject, pointers: readonly string[]): JsonObject {
  return pointers.reduce((rest, pointer) => removed(rest, partsOf(pointer)) as JsonObject, value);
}

function partsOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function removed(value: Json, [part, ...rest]: readonly string[]): Json {
  if (part === undefined) return value;
  if (Array.isArray(value)) {
    const index = /^-?\d+$/.test(part) ? Number(part) : Number.NaN;
    const at = index < 0 ? value.length + index : index;
    const item = value[at];
    if (item === undefined) return value;
    return rest.length === 0 ? value.filter((_, i) => i !== at) : value.with(at, removed(item, rest));
  }
  if (!isObject(value)) return value;
  const member = value[part];
  if (member === undefined) return value;
  const { [part]: _, ...others } = value;
  return rest.length === 0 ? others : { ...value, [part]: removed(member, rest) };
}
