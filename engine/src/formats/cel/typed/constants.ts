// What the constants of an expression come to. The real server converts them once, when it makes a program of the expression, and refuses
// the expression where one cannot be converted (cel-go v0.26, interpreter/decorators.go); patterns are compiled at the same time.

import { formatShortest, parseBoolText } from "#formats/go-numbers";
import { RE2JS } from "re2js";
import type { Checked } from "./checker.ts";
import { type Expression, partsOf } from "./expression.ts";
import { isInt64, isTime, parseFloat64, parseInt64, parseNanoseconds, parseSeconds, parseUint64 } from "./go-values.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

const time = "google.protobuf.Timestamp";
const duration = "google.protobuf.Duration";

/** Times are seconds, durations nanoseconds, bytes texts of one character a byte. */
type Constant =
  | { type: "null_type" | "list" | "map" | "type" }
  | { type: "bool"; value: boolean }
  | { type: "int" | "uint" | typeof time | typeof duration; value: bigint }
  | { type: "double"; value: number }
  | { type: "string" | "bytes"; value: string };

/** Why no program can be made of an expression. */
class Unfit extends Error {}

/** What stops the program of an expression whose types fit, in cel-go's words. */
export function programFault(expression: Expression, checked: Checked): string | undefined {
  try {
    fold(expression, checked);
    return undefined;
  } catch (error) {
    if (error instanceof Unfit) return error.message;
    throw error;
  }
}

/** The value of a constant; undefined for whatever depends on more. */
function fold(node: Expression, checked: Checked): Constant | undefined {
  const parts = partsOf(node).map((part) => fold(part, checked));
  switch (node.kind) {
    case "literal":
      return literalOf(node.type, node.value);
    case "name":
      return checked.types.get(node)?.kind === "type" ? { type: "type" } : undefined;
    case "list":
    case "map":
      return parts.includes(undefined) ? undefined : { type: node.kind };
    case "call":
      return called(node, parts);
    case "select":
    case "message":
    case "fold":
      return undefined;
  }
}

function literalOf(type: string, value: string): Constant {
  switch (type) {
    case "bool":
      return { type, value: value === "true" };
    case "int":
    case "uint":
      return { type, value: BigInt(value) };
    case "double":
      return { type, value: Number(value) };
    case "string":
    case "bytes":
      return { type, value };
    default:
      return { type: "null_type" };
  }
}

const patternFunctions: ReadonlySet<string> = new Set(["matches", "find", "findAll"]);

function called(node: Expression & { kind: "call" }, args: readonly (Constant | undefined)[]): Constant | undefined {
  const [first, second] = args;
  if (patternFunctions.has(node.function)) {
    if (second?.type === "string") compilePattern(second.value);
    return undefined;
  }
  if (args.length !== 1 || first === undefined || node.target !== undefined) return undefined;
  if (node.function === "dyn") return first;
  if (node.function === "type") return { type: "type" };
  const convert = Object.hasOwn(conversions, node.function) ? conversions[node.function] : undefined;
  if (convert === undefined) return undefined;
  const converted = convert(first);
  if (converted !== undefined) return converted;
  throw new Unfit(`no such overload: ${node.function}(${first.type})`);
}

function compilePattern(pattern: string): void {
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    throw new Unfit(error instanceof Error ? error.message : "invalid pattern");
  }
}

/** undefined: there is no such conversion. */
const conversions: Readonly<Record<string, (from: Constant) => Constant | undefined>> = {
  bool: (from) => {
    if (from.type === "bool") return from;
    return from.type === "string" ? { type: "bool", value: read(parseBoolText(from.value), from, "bool") } : undefined;
  },
  bytes: (from) => {
    if (from.type === "bytes") return from;
    return from.type === "string" ? { type: "bytes", value: encodeUtf8(from.value) } : undefined;
  },
  double: (from) => {
    if (from.type === "double") return from;
    if (from.type === "int" || from.type === "uint") return { type: "double", value: Number(from.value) };
    if (from.type !== "string") return undefined;
    return { type: "double", value: read(parseFloat64(from.value), from, "double") };
  },
  duration: (from) => {
    if (from.type === duration) return from;
    if (from.type === "int") return { type: duration, value: read<bigint>(undefined, from, duration) };
    if (from.type !== "string") return undefined;
    return { type: duration, value: read(parseNanoseconds(from.value), from, duration) };
  },
  int: (from) => {
    const value = integerOf(from, parseInt64, "int");
    if (value === undefined) return undefined;
    if (!isInt64(value)) throw new Unfit("integer overflow");
    return { type: "int", value };
  },
  string: (from) => {
    const value = textOf(from);
    return value === undefined ? undefined : { type: "string", value };
  },
  timestamp: (from) => {
    if (from.type === time) return from;
    if (from.type === "int") return timeOf(from.value);
    return from.type === "string" ? timeOf(read(parseSeconds(from.value), from, time)) : undefined;
  },
  uint: (from) => {
    if (from.type === time || from.type === duration) return undefined;
    const value = integerOf(from, parseUint64, "uint");
    if (value === undefined) return undefined;
    if (value < 0n || value >= 2n ** 64n) throw new Unfit("unsigned integer overflow");
    return { type: "uint", value };
  },
};

function timeOf(seconds: bigint): Constant {
  if (!isTime(seconds)) throw new Unfit("timestamp overflow");
  return { type: time, value: seconds };
}

function read<T>(value: T | undefined, from: Constant, to: string): T {
  if (value === undefined) throw new Unfit(`type conversion error from '${from.type}' to '${to}'`);
  return value;
}

/** The whole number that a constant comes to, which may be more than its type holds. */
function integerOf(
  from: Constant,
  parse: (text: string) => bigint | undefined,
  to: "int" | "uint",
): bigint | undefined {
  switch (from.type) {
    case "int":
    case "uint":
    case time:
    case duration:
      return from.value;
    case "double":
      return wholeOf(from.value, to);
    case "string":
      return read(parse(from.value), from, to);
    case "null_type":
    case "list":
    case "map":
    case "type":
    case "bool":
    case "bytes":
      return undefined;
  }
}

/** The ends of the range are refused too: they are where a double no longer tells numbers apart. */
function wholeOf(value: number, to: "int" | "uint"): bigint {
  const [least, most] = to === "int" ? [-(2 ** 63), 2 ** 63] : [-1, 2 ** 64];
  if (value > least && value < most && (to === "int" || value >= 0)) return BigInt(Math.trunc(value));
  throw new Unfit(to === "int" ? "integer overflow" : "unsigned integer overflow");
}

function whole(text: string | undefined): string {
  if (text === undefined) throw new Unfit("invalid UTF-8 in bytes, cannot convert to string");
  return text;
}

/** By Go's %g with the shortest digits, as CEL's string() has it: exponents from 1e21 on. */
function formatDouble(value: number): string {
  return formatShortest(value, 21);
}

function textOf(from: Constant): string | undefined {
  switch (from.type) {
    case "string":
      return from.value;
    case "bool":
    case "int":
    case "uint":
      return String(from.value);
    case "double":
      return formatDouble(from.value);
    case "bytes":
      return whole(decodeUtf8(from.value));
    case time:
      return new Date(Number(from.value) * 1000).toISOString().replace(".000", "");
    case duration:
      return `${formatDouble(Number(from.value) / 1e9)}s`;
    case "null_type":
    case "list":
    case "map":
    case "type":
      return undefined;
  }
}
