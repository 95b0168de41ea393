// The functions that every Go template has. https://pkg.go.dev/text/template#hdr-Functions

import { bytesOf, byteLength, sliceBytes, stringOf } from "./bytes.ts";
import { equalsAny, isLess, isLessOrEqual } from "./comparison.ts";
import { GoError, NotAFunction } from "./faults.ts";
import { define, type FunctionTable } from "./functions.ts";
import { sprint, sprintln } from "./print.ts";
import { sprintf } from "./printf.ts";
import { Bytes, GoObject, goTypeOf, Integer, isMap, isTrue, mapGet, typed, type Value } from "./values.ts";

function integerArgument(value: Value): bigint | undefined {
  return typeof value === "bigint" ? value : value instanceof Integer ? value.value : undefined;
}

/** An index into something of `length` items, checked as Go does. */
function indexArgument(index: Value, length: number): number {
  const n = integerArgument(index);
  if (n === undefined) {
    if (index === undefined || index === null) throw new GoError("cannot index slice/array with nil");
    throw new GoError(`cannot index slice/array with type ${goTypeOf(index)}`);
  }
  if (n < 0n || n > BigInt(length)) throw new GoError(`index out of range: ${n}`);
  return Number(n);
}

function lengthOf(value: Value): number | undefined {
  if (typeof value === "string") return byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (value instanceof Bytes) return value.bytes.length;
  if (isMap(value)) return Object.keys(value).length;
  return value instanceof GoObject && "entries" in value
    ? (value as { entries(): unknown[] } & GoObject).entries().length
    : undefined;
}

function index(item: Value, ...indexes: Value[]): Value {
  if (item === null || item === undefined) throw new GoError("index of untyped nil");
  let value: Value = item;
  for (const position of indexes) {
    if (value === null || value === undefined) throw new GoError("index of nil pointer");
    value = indexOne(value, position);
  }
  return value;
}

function indexOne(value: Value, position: Value): Value {
  if (isMap(value) || (value instanceof GoObject && value.kind === "map")) return entryAt(value, position);
  const length =
    Array.isArray(value) || typeof value === "string" || value instanceof Bytes
      ? (lengthOf(value) as number)
      : undefined;
  if (length === undefined) throw new GoError(`can't index item of type ${goTypeOf(value).replace(/^\*/, "")}`);
  const i = indexArgument(position, length);
  if (i >= length) throw new GoError(`reflect: ${typeof value === "string" ? "string" : "slice"} index out of range`);
  if (Array.isArray(value)) return value[i] ?? null;
  const bytes = value instanceof Bytes ? value.bytes : bytesOf(value as string);
  return new Integer("uint8", BigInt(bytes[i] as number));
}

function entryAt(map: Value, key: Value): Value {
  if (key === null || key === undefined) throw new GoError("value is nil; should be of type string");
  if (typeof key !== "string") throw new GoError(`value has type ${goTypeOf(key)}; should be string`);
  if (map instanceof GoObject) return map.field(key) ?? null;
  return isMap(map) ? (mapGet(map, key) ?? null) : null;
}

/** The template language's own slice, which cuts text too. */
function slice(item: Value, ...indexes: Value[]): Value {
  if (item === null || item === undefined) throw new GoError("slice of untyped nil");
  if (indexes.length > 3) throw new GoError(`too many slice indexes: ${indexes.length}`);
  if (typeof item === "string" && indexes.length === 3) throw new GoError("cannot 3-index slice a string");
  const isSliceable = typeof item === "string" || Array.isArray(item) || item instanceof Bytes;
  if (!isSliceable) throw new GoError(`can't slice item of type ${goTypeOf(item)}`);
  const length = lengthOf(item) as number;
  const [start = 0, end = length, capacity] = indexes.map((position) => indexArgument(position, length));
  if (start > end) throw new GoError(`invalid slice index: ${start} > ${end}`);
  if (capacity !== undefined && end > capacity) throw new GoError(`invalid slice index: ${end} > ${capacity}`);
  if (typeof item === "string") return sliceBytes(item, start, end);
  if (item instanceof Bytes) return new Bytes(item.bytes.slice(start, end), (bytes) => stringOf(bytes));
  const part = item.slice(start, end);
  return goTypeOf(item) === "[]interface {}" ? part : typed(part, goTypeOf(item));
}

function len(item: Value): Value {
  if (item === undefined) throw new GoError("reflect: call of reflect.Value.Type on zero Value");
  if (item === null) throw new GoError("len of nil pointer");
  const length = lengthOf(item);
  if (length === undefined) throw new GoError(`len of type ${goTypeOf(item).replace(/^\*/, "")}`);
  return BigInt(length);
}

/** Joins arguments as the escaping functions do: one string as it is, others printed. */
function textOf(values: readonly Value[]): string {
  if (values.length === 1 && typeof values[0] === "string") return values[0];
  return sprint(values.map((value) => (value === undefined || value === null ? "<no value>" : value)));
}

const htmlEscapes: { readonly [character: string]: string } = {
  "\0": "\ufffd",
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};

/** Text safe inside HTML. */
export function escapeHtml(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\0"'&<>]/g, (character) => htmlEscapes[character] as string);
}

const scriptEscapes: { readonly [character: string]: string } = {
  "\\": "\\\\",
  "'": "\\'",
  '"': '\\"',
  "<": "\\u003C",
  ">": "\\u003E",
  "&": "\\u0026",
  "=": "\\u003D",
};

function escapeScript(text: string): string {
  let escaped = "";
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    const known = scriptEscapes[character];
    if (known !== undefined) escaped += known;
    else if (point < 0x20) escaped += `\\u${point.toString(16).toUpperCase().padStart(4, "0")}`;
    else if (point >= 0x80 && /[\p{C}\p{Z}]/u.test(character))
      escaped += `\\u${point.toString(16).toUpperCase().padStart(4, "0")}`;
    else escaped += character;
  }
  return escaped;
}

/** url.QueryEscape. */
export function escapeQuery(text: string): string {
  let escaped = "";
  for (const byte of bytesOf(text)) {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9\-_.~]/.test(character)) escaped += character;
    else escaped += character === " " ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return escaped;
}

function callValue(fn: Value): Value {
  if (fn === null || fn === undefined) throw new GoError("call of nil");
  // What is piped in has no name in the template: Go shows texts, and of all else the type.
  const type = goTypeOf(fn);
  throw new NotAFunction(typeof fn === "string" ? fn : `<${type} Value>`, type);
}

/** All built-in functions; `and` and `or` stand here for their names, they are evaluated elsewhere. */
export const builtins: FunctionTable = {
  and: define("value, ...value", (first: Value) => first),
  or: define("value, ...value", (first: Value) => first),
  not: define("value", (value: Value) => !isTrue(value)),
  call: define("value, ...value", callValue),
  html: define("...any", (...values: Value[]) => escapeHtml(textOf(values))),
  js: define("...any", (...values: Value[]) => escapeScript(textOf(values))),
  urlquery: define("...any", (...values: Value[]) => escapeQuery(textOf(values))),
  index: define("value, ...value", index),
  slice: define("value, ...value", slice),
  len: define("value", len),
  print: define("...any", (...values: Value[]) => sprint(values)),
  printf: define("string, ...any", (format: string, ...values: Value[]) => sprintf(format, values)),
  println: define("...any", (...values: Value[]) => sprintln(values)),
  eq: define("value, ...value", (first: Value, ...others: Value[]) => equalsAny(first, others)),
  ne: define("value, value", (a: Value, b: Value) => !equalsAny(a, [b])),
  lt: define("value, value", isLess),
  le: define("value, value", isLessOrEqual),
  gt: define("value, value", (a: Value, b: Value) => !isLessOrEqual(a, b)),
  ge: define("value, value", (a: Value, b: Value) => !isLess(a, b)),
};
