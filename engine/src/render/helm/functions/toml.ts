// Writes TOML as BurntSushi/toml v1.6 does: plain keys first, then tables, each sorted; two blanks a level.

import { formatShortest } from "#formats/go-numbers";
import {
  Bytes,
  GoError,
  GoObject,
  type GoMap,
  goTypeOf,
  isList,
  isMap,
  isNilContainer,
  sortedKeys,
  type Value,
} from "#formats/gotemplate";
import { Duration } from "./duration.ts";
import { GoTime } from "./time.ts";

/** TOML text of a map. Throws a GoError for what TOML cannot hold at the top. */
export function formatToml(value: Value): string {
  if (value === null || value === undefined) throw new GoError("reflect: call of reflect.Value.Type on zero Value");
  if (isTableArray(value)) throw new GoError("toml: top-level values must be Go maps or structs");
  const table = tableOf(value);
  // What is no table stands alone, as the library writes it when it has no key.
  if (table === undefined) return inline(value);
  const writer: Writer = { out: "", hasWritten: false };
  writeTable(writer, [], table);
  return writer.out;
}

/** The entries of a map or a struct, in the order of writing, without what is nil. */
type Table = [key: string, value: Value][];

type Writer = { out: string; hasWritten: boolean };

/** Nil, or a list or map that was never made: the library leaves it out. */
function isNil(value: Value): boolean {
  return value === null || value === undefined || ((isList(value) || isMap(value)) && isNilContainer(value));
}

/** undefined for what is no table. Maps are sorted, structs stand as they are declared. */
function tableOf(value: Value): Table | undefined {
  if (value instanceof GoObject) {
    const fields = value.exported();
    if (fields !== undefined) return fields.map(([name, field]) => [name, field]);
    return value.kind === "map" ? tableOf(value.plain()) : undefined;
  }
  if (!isMap(value)) return undefined;
  return sortedKeys(value).flatMap((key): Table => (isNil(value[key]) ? [] : [[key, value[key]]]));
}

function isTable(value: Value): boolean {
  return isMap(value) || (value instanceof GoObject && (value.exported() !== undefined || value.kind === "map"));
}

function isTableArray(value: Value): boolean {
  return isList(value) && value.length > 0 && value.every(isTable);
}

/** What stands below a line of its own, behind the plain keys. */
function hasHeader(value: Value): boolean {
  return isTable(value) || isTableArray(value);
}

function writeTable(writer: Writer, path: readonly string[], table: Table): void {
  for (const [key, value] of table) {
    if (hasHeader(value)) continue;
    writer.out += `${indentFor(path)}${formatKey(key)} = ${inline(value)}\n`;
    writer.hasWritten = true;
  }
  for (const [key, value] of table) if (hasHeader(value)) writeSubtable(writer, [...path, key], value);
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
    const table = tableOf(item);
    if (table !== undefined) writeTable(writer, path, table);
  }
}

/** One part of a key, in quotes where it needs them. */
export function formatKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : formatText(key);
}

function formatText(text: string): string {
  let quoted = '"';
  for (const character of text) quoted += escapes[character] ?? escapeControl(character);
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

/** How dates and times are written that were read without a zone. */
const localLayouts: { readonly [zone: string]: string } = {
  "datetime-local": "2006-01-02T15:04:05.999999999",
  "date-local": "2006-01-02",
  "time-local": "15:04:05.999999999",
};

function inline(value: Value): string {
  if (typeof value === "string") return formatText(value);
  if (typeof value === "number") return formatNumber(value);
  if (isList(value)) {
    const items = value.map((item) => {
      if (isNil(item)) throw new GoError("toml: cannot encode array with nil element");
      return inline(item);
    });
    return `[${items.join(", ")}]`;
  }
  if (value instanceof Duration) return inline(value.print());
  if (value instanceof Bytes) return `[${[...value.bytes].join(", ")}]`;
  if (value instanceof GoTime) return value.format(localLayouts[value.zone] ?? "2006-01-02T15:04:05.999999999Z07:00");
  if (value instanceof GoObject) return isTable(value) ? inlineTable(value) : inline(value.plain());
  if (isMap(value)) return inlineMap(value);
  if (value === null || value === undefined) throw new GoError(`toml: cannot encode ${goTypeOf(value)}`);
  return String(value);
}

/** Tables stand last here too; and what is left out, because it is nil, leaves the comma before it. */
function inlineMap(map: GoMap): string {
  const keys = sortedKeys(map);
  const inOrder = [...keys.filter((key) => !hasHeader(map[key])), ...keys.filter((key) => hasHeader(map[key]))];
  const texts = inOrder.map((key, i) => {
    if (isNil(map[key])) return "";
    return `${formatKey(key)} = ${inline(map[key])}${i === inOrder.length - 1 ? "" : ", "}`;
  });
  return `{${texts.join("")}}`;
}

function inlineTable(value: GoObject): string {
  if (value.exported() === undefined) return inlineMap(value.plain() as GoMap);
  const table = tableOf(value) ?? [];
  const texts = table.map(([key, entry]) => `${formatKey(key)} = ${inline(entry)}`);
  // The library takes the field for the last whose place among all fields is the number of those it writes.
  const declared = (value.parts() ?? table).map(([name]) => name);
  return `{${table.map(([key], i) => `${texts[i]}${declared.indexOf(key) === table.length - 1 ? "" : ", "}`).join("")}}`;
}

function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const text = formatShortest(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
