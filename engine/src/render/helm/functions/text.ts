// Sprig's strings. Lengths and cuts count bytes, as in Go.

import {
  byteLength,
  bytesOf,
  define,
  type FunctionTable,
  GoError,
  quote,
  sliceBytes,
  toValidText,
  typed,
  type Value,
  printValue,
} from "#formats/gotemplate";
import { repeatLengthMax } from "../limits.ts";
import { toText } from "./cast.ts";
import { space } from "./space.ts";
import { abbreviate, abbreviateBoth, initials, swapCase, toDelimited, toPascalCase, wrap } from "./words.ts";

const outerSpace: RegExp = new RegExp(`^${space}+|${space}+$`, "g");
const wordStart: RegExp = new RegExp(`(?<=^|${space})(?!${space}).`, "gsu");

/** goutils takes each byte for a character, so what is beyond ASCII comes out as Latin-1. */
function withoutSpace(text: string): string {
  const characters = Array.from(bytesOf(text), (byte) => String.fromCharCode(byte));
  const kept = characters.filter((character) => !/[\s\u0085]/.test(character));
  return kept.length === characters.length ? text : kept.join("");
}

function trimSet(set: string, text: string): string {
  const characters = new Set(set);
  const points = Array.from(text);
  let start = 0;
  let end = points.length;
  while (start < end && characters.has(points[start] as string)) start++;
  while (end > start && characters.has(points[end - 1] as string)) end--;
  return points.slice(start, end).join("");
}

function trunc(count: bigint, text: string): string {
  const length = byteLength(text);
  const n = Number(count);
  if (n < 0 && length + n > 0) return sliceBytes(text, length + n);
  return n >= 0 && length > n ? sliceBytes(text, 0, n) : text;
}

function substr(start: bigint, end: bigint, text: string): string {
  const length = BigInt(byteLength(text));
  if (start < 0n) return cut(text, 0n, end, length);
  return cut(text, start, end < 0n || end > length ? length : end, length);
}

function cut(text: string, from: bigint, to: bigint, length: bigint): string {
  if (to < 0n || to > length || from > to)
    throw new GoError(
      to < 0n || to > length
        ? `runtime error: slice bounds out of range [:${to}]${to > length ? ` with length ${length}` : ""}`
        : `runtime error: slice bounds out of range [${from}:${to}]`,
    );
  return sliceBytes(text, Number(from), Number(to));
}

/** strings.Title: the first letter of every word. */
function title(text: string): string {
  let previous = " ";
  let result = "";
  for (const character of text) {
    result += isSeparator(previous) ? titleCase(character) : character;
    previous = character;
  }
  return result;
}

function titleCase(character: string): string {
  const upper = character.toUpperCase();
  return Array.from(upper).length === 1 ? upper : character;
}

function isSeparator(character: string): boolean {
  if (character < "\u0080") return !/[A-Za-z0-9_]/.test(character);
  if (/[\p{L}\p{Nd}]/u.test(character)) return false;
  return new RegExp(space).test(character);
}

/** Go's case mapping is character by character: ß has no upper case there. */
function mapCase(text: string, map: (character: string) => string): string {
  // oxlint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) return map(text);
  return Array.from(toValidText(text))
    .map((character) => (isSingle(map(character)) ? map(character) : character))
    .join("");
}

function isSingle(text: string): boolean {
  return Array.from(text).length === 1;
}

function repeat(count: bigint, text: string): string {
  if (count < 0n) throw new GoError("strings: negative Repeat count");
  if (BigInt(text.length) * count > BigInt(repeatLengthMax))
    throw new GoError("strings: Repeat output length overflow");
  return text.repeat(Number(count));
}

function replaceAll(old: string, replacement: string, text: string): string {
  if (old !== "") return text.replaceAll(old, () => replacement);
  return `${replacement}${Array.from(text)
    .map((character) => character + replacement)
    .join("")}`;
}

function quoteAll(values: readonly Value[], quoteOne: (value: Value) => string): string {
  return values
    .filter((value) => value !== null && value !== undefined)
    .map(quoteOne)
    .join(" ");
}

function cat(...values: Value[]): string {
  // The format is trimmed of its last blank, not the result.
  return values
    .filter((value) => value !== null && value !== undefined)
    .map(printValue)
    .join(" ");
}

function indent(spaces: bigint, text: string): string {
  if (spaces < 0n) throw new GoError("strings: negative Repeat count");
  const pad = " ".repeat(Number(spaces));
  return pad + text.replaceAll("\n", `\n${pad}`);
}

function splitText(separator: string, text: string, limit = -1): string[] {
  if (limit === 0) return [];
  const parts = separator === "" ? Array.from(text) : text.split(separator);
  if (limit < 0 || parts.length <= limit) return parts;
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

function splitMap(parts: string[]): Value {
  return typed(Object.fromEntries(parts.map((part, i) => [`_${i}`, part])), "map[string]string");
}

export const textFunctions: FunctionTable = {
  hello: define("", () => "Hello!"),
  abbrev: define("int, string", abbreviate),
  abbrevboth: define("int, int, string", abbreviateBoth),
  trunc: define("int, string", trunc),
  trim: define("string", (text: string) => text.replace(outerSpace, "")),
  trimall: define("string, string", trimSet),
  trimAll: define("string, string", trimSet),
  trimSuffix: define("string, string", (suffix: string, text: string) =>
    suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
  ),
  trimPrefix: define("string, string", (prefix: string, text: string) =>
    text.startsWith(prefix) ? text.slice(prefix.length) : text,
  ),
  upper: define("string", (text: string) => mapCase(text, (part) => part.toUpperCase())),
  lower: define("string", (text: string) => mapCase(text, (part) => (part === "\u0130" ? "i" : part.toLowerCase()))),
  title: define("string", title),
  untitle: define("string", (text: string) => text.replace(wordStart, (word) => word.toLowerCase())),
  substr: define("int, int, string", substr),
  repeat: define("int, string", repeat),
  nospace: define("string", withoutSpace),
  initials: define("string", initials),
  swapcase: define("string", swapCase),
  snakecase: define("string", (text: string) => toDelimited(text, "_")),
  kebabcase: define("string", (text: string) => toDelimited(text, "-")),
  camelcase: define("string", toPascalCase),
  wrap: define("int, string", (width: bigint, text: string) => wrap(text, Number(width), "\n", false)),
  wrapWith: define("int, string, string", (width: bigint, separator: string, text: string) =>
    wrap(text, Number(width), separator === "" ? "\n" : separator, true),
  ),
  contains: define("string, string", (part: string, text: string) => text.includes(part)),
  hasPrefix: define("string, string", (prefix: string, text: string) => text.startsWith(prefix)),
  hasSuffix: define("string, string", (suffix: string, text: string) => text.endsWith(suffix)),
  quote: define("...any", (...values: Value[]) => quoteAll(values, (value) => quote(toText(value)))),
  squote: define("...any", (...values: Value[]) => quoteAll(values, (value) => `'${printValue(value)}'`)),
  cat: define("...any", cat),
  indent: define("int, string", indent),
  nindent: define("int, string", (spaces: bigint, text: string) => `\n${indent(spaces, text)}`),
  replace: define("string, string, string", replaceAll),
  plural: define("string, string, int", (one: string, many: string, count: bigint) => (count === 1n ? one : many)),
  toString: define("any", toText),
  split: define("string, string", (separator: string, text: string) => splitMap(splitText(separator, text))),
  splitn: define("string, int, string", (separator: string, limit: bigint, text: string) =>
    splitMap(splitText(separator, text, Number(limit))),
  ),
  splitList: define("string, string", (separator: string, text: string) =>
    typed(splitText(separator, text) as Value[], "[]string"),
  ),
};
