// Writes TOML as BurntSushi/toml v1.6 does: plain keys first, then tables, each sorted; two blanks a level.

import {
  formatShortest,
  GoError,
  GoObject,
  type GoMap,
  goTypeOf,
  isList,
  isMap,
  isNilContainer,
  sortedKeys,
  toValidText,
  type Value,
} from "#formats/gotemplate";
import { GoTime } from "./time.ts";

/** TOML text of a map. Throws a GoError for what TOML cannot hold at the top. */
export function formatToml(value: Value): string {
  if (value === null || value === undefined) throw new GoError("reflect: call of reflect.Value.Type on zero Value");
  // What is no table stands alone, as the library writes it when it has no key.
  if (!isMap(value)) return inline(value);
  const writer: Writer = { out: "", hasWritten: false };
  writeTable(writer, [], value);
  return writer.out;
}

type Writer = { out: string; hasWritten: boolean };

/** Nil, or a list or map that was never made: the library leaves it out. */
function isNil(value: Value): boolean {
  return value === null || value === undefined || ((isList(value) || isMap(value)) && isNilContainer(value));
}

function isTable(value: Value): boolean {
  return isMap(value);
}

function isTableArray(value: Value): boolean {
  return isList(value) && value.length > 0 && value.every((item) => isMap(item));
}

function writeTable(writer: Writer, path: readonly string[], map: GoMap): void {
  const keys = sortedKeys(map).filter((key) => !isNil(map[key]));
  const tables = keys.filter((key) => isTable(map[key]) || isTableArray(map[key]));
  for (const key of keys) {
    if (tables.includes(key)) continue;
    writer.out += `${indentFor(path)}${formatKey(key)} = ${inline(map[key])}\n`;
    writer.hasWritten = true;
  }
  for (const key of tables) writeSubtable(writer, [...path, key], map[key]);
}

function indentFor(path: readonly string[]): string {
  return "  ".repeat(path.length);
}

function writeSubtable(writer: Writer, path: readonly string[], value: Value): void {
  const name = path.map(formatKey).join(".");
  const indent = "  ".repeat(path.length - 1);
  const items = isList(value) ? value : [value];
  for (const item of items) {
    // A blank line stands before every table of a list, and before plain tables at the top alone.
    if ((isList(value) || path.length === 1) && writer.hasWritten) writer.out += "\n";
    writer.out += isList(value) ? `${indent}[[${name}]]\n` : `${indent}[${name}]\n`;
    writer.hasWritten = true;
    if (isMap(item)) writeTable(writer, path, item);
  }
}

function formatKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : formatText(key);
}

function formatText(text: string): string {
  let quoted = '"';
  for (const character of toValidText(text)) quoted += escapes[character] ?? escapeControl(character);
  return `${quoted}"`;
}

const escapes: { readonly [character: string]: string } = {
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
};

function escapeControl(character: string): string {
  const point = character.codePointAt(0) as number;
  return point < 0x20 || point === 0x7f ? `\\u${point.toString(16).padStart(4, "0")}` : character;
}

function inline(value: Value): string {
  if (typeof value === "string") return formatText(value);
  if (typeof value === "number") return formatNumber(value);
  if (isList(value)) {
    const items = value.map((item) => {
      if (item === null || item === undefined) throw new GoError("toml: cannot encode array with nil element");
      return inline(item);
    });
    return `[${items.join(", ")}]`;
  }
  if (isMap(value)) {
    const entries = sortedKeys(value).filter((key) => !isNil(value[key]));
    return `{${entries.map((key) => `${formatKey(key)} = ${inline(value[key])}`).join(", ")}}`;
  }
  if (value instanceof GoTime) return value.format("2006-01-02T15:04:05.999999999Z07:00");
  if (value instanceof GoObject) return inline(value.plain());
  if (value === null || value === undefined) throw new GoError(`toml: cannot encode ${goTypeOf(value)}`);
  return String(value);
}

function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const text = formatShortest(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
