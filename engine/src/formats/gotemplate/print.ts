// fmt.Sprint, Sprintln and the default format %v of each value, as Go 1.26 prints them.

import { formatShortest } from "#formats/go-numbers";
import { compareStrings } from "./bytes.ts";
import { type GoMap, GoObject, type Value } from "./values.ts";

/** A value as %v prints it; nil prints as "<nil>". */
export function printValue(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return formatShortest(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "boolean") return value ? "true" : "false";
  if (value === null || value === undefined) return "<nil>";
  if (value instanceof GoObject) return value.print();
  return Array.isArray(value) ? `[${value.map(printInside).join(" ")}]` : printMap(value);
}

function printInside(value: Value): string {
  return value instanceof GoObject ? value.printInside() : printValue(value);
}

function printMap(map: GoMap): string {
  return `map[${sortedKeys(map)
    .map((key) => `${key}:${printInside(map[key])}`)
    .join(" ")}]`;
}

/** A map's keys in Go's order, the order of bytes. */
export function sortedKeys(map: GoMap): string[] {
  return Object.keys(map).sort(compareStrings);
}

/** fmt.Sprint: blanks between operands of which neither is a string. */
export function sprint(values: readonly Value[]): string {
  let text = "";
  for (const [i, value] of values.entries()) {
    if (i > 0 && typeof value !== "string" && typeof values[i - 1] !== "string") text += " ";
    text += printValue(value);
  }
  return text;
}

/** fmt.Sprintln: blanks between all operands, and a line end. */
export function sprintln(values: readonly Value[]): string {
  return `${values.map(printValue).join(" ")}\n`;
}

/** A string as Go's %q or strconv.Quote writes it. */
export function quote(text: string): string {
  let quoted = '"';
  for (const character of text) quoted += quoteCharacter(character, '"');
  return `${quoted}"`;
}

const namedEscapes: { readonly [character: string]: string } = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
};

const unprintable = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]/u;

/** One character inside Go quotes; `isAsciiOnly` is %+q. */
export function quoteCharacter(character: string, mark: string, isAsciiOnly = false): string {
  if (character === mark) return `\\${mark}`;
  const named = namedEscapes[character];
  if (named !== undefined) return named;
  const point = character.codePointAt(0) as number;
  if (point >= 0xdc80 && point <= 0xdcff) return `\\x${(point - 0xdc00).toString(16)}`;
  if (point === 0xfffd && !isAsciiOnly) return character;
  if (point < 0x80 ? point >= 0x20 && point < 0x7f : !isAsciiOnly && !unprintable.test(character)) return character;
  if (point < 0x80) return `\\x${point.toString(16).padStart(2, "0")}`;
  return point > 0xffff ? `\\U${point.toString(16).padStart(8, "0")}` : `\\u${point.toString(16).padStart(4, "0")}`;
}
