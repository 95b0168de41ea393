// eq, ne, lt, le, gt, ge: values compare within their basic kind; nil compares with what can be nil.

import { compareStrings } from "./bytes.ts";
import { GoError } from "./faults.ts";
import { sprintf } from "./printf.ts";
import { Complex, GoObject, goTypeOf, Integer, isMap, isNilContainer, kindOf, type Value } from "./values.ts";

type BasicKind = "bool" | "complex" | "int" | "uint" | "float" | "string" | undefined;

function basicKind(value: Value): BasicKind {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return "float";
  if (typeof value === "string") return "string";
  if (value instanceof Integer) return value.kind.startsWith("u") ? "uint" : "int";
  return value instanceof Complex ? "complex" : undefined;
}

function integerOf(value: Value): bigint {
  return value instanceof Integer ? value.value : (value as bigint);
}

function isInteger(kind: BasicKind): boolean {
  return kind === "int" || kind === "uint";
}

/** True when the first value equals one of the others. */
export function equalsAny(first: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new GoError("missing argument for comparison");
  return others.some((other) => equalsOne(first, other));
}

function equalsOne(a: Value, b: Value): boolean {
  const kindA = basicKind(a);
  const kindB = basicKind(b);
  if (isInteger(kindA) && isInteger(kindB)) return integerOf(a) === integerOf(b);
  if (kindA !== kindB) {
    if (a === null || a === undefined || b === null || b === undefined) return false;
    throw new GoError(`incompatible types for comparison: ${goTypeOf(a)} and ${goTypeOf(b)}`);
  }
  if (kindA === "complex")
    return (a as Complex).real === (b as Complex).real && (a as Complex).imaginary === (b as Complex).imaginary;
  if (kindA !== undefined) return a === b;
  const isAbsent = a === null || a === undefined || b === null || b === undefined;
  if (!isAbsent && kindOf(a) !== kindOf(b))
    throw new GoError(
      `non-comparable types ${sprintf("%s", [a])}: ${goTypeOf(a)}, ${goTypeOf(b)}: ${sprintf("%v", [b])}`,
    );
  if (isNil(a) || isNil(b)) return isNil(a) === isNil(b);
  const kind = kindOf(b);
  if (kind === "map" || kind === "slice" || kind === "func")
    throw new GoError(`non-comparable type ${sprintf("%s", [b])}: ${goTypeOf(b)}`);
  // Pointers are compared as they are, structs by their fields.
  if (a instanceof GoObject && b instanceof GoObject && kind === "struct")
    return a.goType === b.goType && a.isIdentical(b);
  return a === b;
}

/** No value, or a map or list that was never made. */
function isNil(value: Value): boolean {
  return value === null || value === undefined || ((Array.isArray(value) || isMap(value)) && isNilContainer(value));
}

export function isLess(a: Value, b: Value): boolean {
  const kindA = basicKind(a);
  const kindB = basicKind(b);
  if (kindA === undefined || kindB === undefined) throw new GoError("invalid type for comparison");
  if (isInteger(kindA) && isInteger(kindB)) return integerOf(a) < integerOf(b);
  if (kindA !== kindB) throw new GoError(`incompatible types for comparison: ${goTypeOf(a)} and ${goTypeOf(b)}`);
  if (kindA === "string") return compareStrings(a as string, b as string) < 0;
  if (kindA === "float") return (a as number) < (b as number);
  throw new GoError("invalid type for comparison");
}

export function isLessOrEqual(a: Value, b: Value): boolean {
  return isLess(a, b) || equalsAny(a, [b]);
}
