// Go's literals: quoted strings, characters and numbers, by the rules of strconv and the language specification.

import { Complex } from "./values.ts";
import { stringOf } from "./bytes.ts";
import type { NumberValue } from "./tree.ts";
import { parseFloatText, parseIntText } from "#formats/go-numbers";

const simpleEscapes: { [character: string]: number } = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
  "'": 39,
  '"': 34,
};

/** The text of a Go string literal ("…" or `…`), or undefined when its syntax is wrong. */
export function unquote(literal: string): string | undefined {
  if (literal.startsWith("`")) return literal.slice(1, -1).replaceAll("\r", "");
  const body = literal.slice(1, -1);
  if (!body.includes("\\")) return body.includes('"') ? undefined : body;
  const parts: (string | number)[] = [];
  for (let i = 0; i < body.length; ) {
    if (body[i] !== "\\") {
      const end = body.indexOf("\\", i);
      parts.push(body.slice(i, end < 0 ? undefined : end));
      i = end < 0 ? body.length : end;
      continue;
    }
    const escape = readEscape(body, i + 1, '"');
    if (escape === undefined) return undefined;
    parts.push(escape.isByte ? escape.value : String.fromCodePoint(escape.value));
    i = escape.end;
  }
  return joinBytes(parts);
}

/** Joins text and single bytes; runs of bytes that form a character become that character. */
function joinBytes(parts: (string | number)[]): string {
  let text = "";
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as string | number;
    if (typeof part === "string") text += part;
    else {
      const run: number[] = [];
      while (typeof parts[i] === "number") run.push(parts[i++] as number);
      i--;
      text += stringOf(Uint8Array.from(run));
    }
  }
  return text;
}

type Escape = { value: number; isByte: boolean; end: number };

function readEscape(body: string, at: number, quote: string): Escape | undefined {
  const character = body[at] ?? "";
  if (character === "'" || character === '"')
    return character === quote ? { value: character.charCodeAt(0), isByte: false, end: at + 1 } : undefined;
  const simple = simpleEscapes[character];
  if (simple !== undefined) return { value: simple, isByte: false, end: at + 1 };
  const size = { x: 2, u: 4, U: 8 }[character];
  const [digits, base, end] =
    size === undefined ? [body.slice(at, at + 3), 8, at + 3] : [body.slice(at + 1, at + 1 + size), 16, at + 1 + size];
  if (!(base === 8 ? /^[0-7]{3}$/ : new RegExp(`^[0-9a-fA-F]{${size}}$`)).test(digits)) return undefined;
  const value = Number.parseInt(digits, base);
  const isByte = base === 8 || character === "x";
  if (value > (isByte ? 0xff : 0x10ffff) || (!isByte && value >= 0xd800 && value < 0xe000)) return undefined;
  return { value, isByte: isByte && value > 0x7f, end };
}

/** A number literal in all the types it is exact in; undefined when its syntax is wrong. */
export function parseNumber(literal: string, type: string): NumberValue | undefined {
  if (type === "char") return parseCharacter(literal);
  if (type === "complex") return parseComplex(literal);
  if (literal.endsWith("i")) {
    const imaginary = parseFloatText(literal.slice(0, -1));
    return imaginary === undefined ? undefined : withComplex(0, imaginary);
  }
  return parseReal(literal);
}

function parseCharacter(literal: string): NumberValue | undefined {
  const body = literal.slice(1, -1);
  if (body.startsWith("\\")) {
    const escape = readEscape(body, 1, "'");
    return escape === undefined || escape.end !== body.length ? undefined : fromInteger(BigInt(escape.value));
  }
  const points = Array.from(body);
  return points.length === 1 ? fromInteger(BigInt((points[0] as string).codePointAt(0) as number)) : undefined;
}

function fromInteger(value: bigint): NumberValue {
  return { int: value, uint: value, float: Number(value) };
}

function parseComplex(literal: string): NumberValue | undefined {
  const middle = complexMiddle(literal);
  const real = parseFloatText(literal.slice(0, middle));
  const imaginary = parseFloatText(literal.slice(middle, -1));
  return real === undefined || imaginary === undefined || !Number.isFinite(real) || !Number.isFinite(imaginary)
    ? undefined
    : withComplex(real, imaginary);
}

/** Where the sign of the imaginary part stands. */
function complexMiddle(literal: string): number {
  return literal.search(/(?<=[^eEpP])[-+][^-+]*(?:[eEpP][-+]?[^-+]*)?i$/);
}

/** Why a complex literal is none, in the words of fmt.Sscan. */
export function complexProblem(literal: string): string {
  const parts = [literal.slice(0, complexMiddle(literal)), literal.slice(complexMiddle(literal), -1)];
  if (parts.some((part) => !/\d|\./.test(part) || /^[-+]?0[bBoO]/.test(part)))
    return "syntax error scanning complex number";
  return parts.some((part) => parseFloatText(part) === undefined) ? "invalid syntax" : "value out of range";
}

function withComplex(real: number, imaginary: number): NumberValue {
  const value: NumberValue = { complex: { real, imaginary } };
  if (imaginary === 0) Object.assign(value, withFloat(real));
  return value;
}

function withFloat(float: number): NumberValue {
  const value: NumberValue = { float };
  if (Number.isInteger(float) && Math.abs(float) < 2 ** 63) {
    value.int = BigInt(float);
    if (float >= 0) value.uint = BigInt(float);
  }
  return value;
}

function parseReal(literal: string): NumberValue | undefined {
  const integer = parseIntText(literal, 0);
  if (integer !== undefined) {
    const value: NumberValue = { float: Number(integer) };
    if (BigInt.asIntN(64, integer) === integer) value.int = integer;
    if (BigInt.asUintN(64, integer) === integer) value.uint = integer;
    return value.int === undefined && value.uint === undefined ? undefined : value;
  }
  const float = parseFloatText(literal);
  // A literal that looks like an integer but does not fit one is an error, as in Go.
  if (float === undefined || !Number.isFinite(float) || !/[.eEpP]/.test(literal)) return undefined;
  return withFloat(float);
}

/** The constant as an untyped context sees it; a message when it fits no type. */
export function idealConstant(literal: string, value: NumberValue): bigint | number | Complex | { message: string } {
  if (value.complex !== undefined) return new Complex(value.complex.real, value.complex.imaginary);
  const isHex = /^[+-]?0[xX]/.test(literal) && !/[pP]/.test(literal);
  if (value.float !== undefined && !isHex && !literal.startsWith("'") && /[.eEpP]/.test(literal)) return value.float;
  if (value.int !== undefined) return value.int;
  return { message: `${literal} overflows int` };
}
