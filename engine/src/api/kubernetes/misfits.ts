// What does not fit the Go type of a member, and Go's words for it. Text is decoded by sigs.k8s.io/json; data, such as a patch leaves,
// is taken over member by member (apimachinery pkg/runtime/converter.go, v0.36), which cuts numbers that are too wide.

import type { Json, SchemaNode, SchemaRef } from "#kernel";
import { builtinSchemas } from "./builtin.ts";
import { quantityProblem } from "./quantity.ts";

/** Where a value stands: the innermost struct, and the names of declared members on the way to it. */
export type Place = { struct: string; fields: readonly string[] };

export function fits(value: Json, node: SchemaNode): boolean {
  switch (node.type ?? "any") {
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "array":
      return Array.isArray(value);
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "integer":
      return isInteger(value) && !isTooWide(value, node);
    case "number":
      return typeof value === "bigint" || typeof value === "number";
    case "int-or-string":
      return typeof value === "string" || (isInteger(value) && !isTooWide(value, node)) || isAmount(value, node);
    case "any":
      return true;
  }
}

function isInteger(value: Json): value is number | bigint {
  return typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
}

function isAmount(value: Json, { format }: SchemaNode): boolean {
  return format === "quantity" && (typeof value === "number" || typeof value === "bigint");
}

/** Bits of a number's Go type. */
function bitsOf({ format }: SchemaNode): number {
  return format === "int32" || format === "int-or-string" ? 32 : 64;
}

function isTooWide(value: number | bigint, node: SchemaNode): boolean {
  const most = 2 ** (bitsOf(node) - 1);
  return value >= most || value < -most;
}

/** A number that is too wide for its type, as Go's conversion between its own types leaves it; undefined for all else. */
export function cutNumber(value: Json, node: SchemaNode): number | undefined {
  if (node.type !== "integer" || !isInteger(value)) return undefined;
  return Number(BigInt.asIntN(bitsOf(node), BigInt(value)));
}

/** Of a text that was decoded. */
export function textMisfit(value: Json, ref: SchemaRef, { struct, fields }: Place): string {
  const type = decodedType(ref);
  if (type === "resource.Quantity") return quantityProblem("");
  return `json: cannot unmarshal ${jsonKind(value, type)} into Go struct field ${struct}.${fields.join(".")} of type ${type}`;
}

/** Of data that was taken over. */
export function dataMisfit(value: Json, ref: SchemaRef): string {
  const node = builtinSchemas.resolve(ref);
  const type = decodedType(ref);
  if (type === "resource.Quantity") return quantityProblem("");
  if (decodesItself(ref)) return `json: cannot unmarshal ${jsonKind(value, type)} into Go value of type ${type}`;
  const kind = dataKind(value);
  if (node.type === "array" || node.format === "byte") return `cannot restore slice from ${kind}`;
  if (node.type === "object")
    return node.properties === undefined ? `cannot restore map from ${kind}` : `cannot restore struct from: ${kind}`;
  const isNumber = kind === "int64" || kind === "float64";
  const isText = node.type === "string";
  if (isNumber && node.type !== "boolean" && !(isText && kind === "float64"))
    return `cannot convert ${kind} to ${type}`;
  return `unrecognized type: ${isText ? "string" : type}`;
}

/** Times, and what is a number or a text, decode themselves. */
export function decodesItself(ref: SchemaRef): boolean {
  const node = builtinSchemas.resolve(ref);
  return node.type === "int-or-string" || (typeof ref === "string" && node.type === "string");
}

/** The Go type that a value of this schema is decoded into. */
function decodedType(ref: SchemaRef): string {
  const node = builtinSchemas.resolve(ref);
  if (node.format === "int-or-string") return "int32";
  return decodesItself(ref) && node.format !== "quantity" ? "string" : goType(ref, node);
}

function goType(ref: SchemaRef, node: SchemaNode): string {
  if (node.goType !== undefined) return node.goType;
  const name = typeof ref === "string" ? ref : node.repeats;
  if (name !== undefined) return name.split(".").slice(-2).join(".");
  switch (node.type ?? "any") {
    case "integer":
      return node.format ?? "int64";
    case "number":
      return "float64";
    case "boolean":
      return "bool";
    case "array":
      return `[]${goType(node.items ?? {}, node.items === undefined ? {} : builtinSchemas.resolve(node.items))}`;
    case "object": {
      const below = node.additional;
      if (below === undefined || below === true) return "map[string]interface {}";
      return `map[string]${goType(below, builtinSchemas.resolve(below))}`;
    }
    case "any":
    case "string":
    case "int-or-string":
      return node.format === "byte" ? "[]uint8" : node.format === "quantity" ? "resource.Quantity" : "string";
  }
}

/** A number that its type of numbers does not hold is named. */
function jsonKind(value: Json, wanted: string): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value !== "number" && typeof value !== "bigint") return typeof value;
  return /^int(32|64)$/.test(wanted) ? `number ${value}` : "number";
}

function dataKind(value: Json): string {
  if (Array.isArray(value)) return "slice";
  if (typeof value === "object") return "map";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return typeof value === "bigint" ? "int64" : typeof value === "boolean" ? "bool" : "string";
}
