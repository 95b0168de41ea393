// Plain data to YAML text, byte for byte as sigs.k8s.io/yaml v1.6 writes it (go-yaml v2's emitter): keys in natural order,
// lists at their parent's indent, text folded at 80 columns.

import { isObject, type Json } from "#kernel";
import { formatJsonNumber } from "./go-float.ts";
import { compareKeys } from "./key-order.ts";
import { formatKey, formatText } from "./format-text.ts";

/** Which of two keys comes first: negative for `a`. */
export type KeyOrder = (a: string, b: string) => number;

/** The text so far, and the order of the keys. */
class Output extends Array<string> {
  order: KeyOrder = compareKeys;
}

/** YAML text of a value, with a line break at its end. */
export function formatYaml(value: Json): string {
  return formatYamlInOrder(value, compareKeys);
}

/** The same with keys in another order. */
export function formatYamlInOrder(value: Json, order: KeyOrder): string {
  const out = new Output();
  out.order = order;
  if (Array.isArray(value) && value.length > 0) writeList(value, 0, out);
  else if (isObject(value) && !isEmpty(value)) writeMap(value, 0, out);
  else writeScalar(value, { column: 0, indent: 2 }, out);
  return out.join("");
}

function isEmpty(value: object): boolean {
  for (const _ in value) return false;
  return true;
}

/** `out` stands where the first key goes: at the start of a line, indented, or after a dash. */
function writeMap(value: { [key: string]: Json }, indent: number, out: Output): void {
  const padding = " ".repeat(indent);
  let isFirst = true;
  for (const key of Object.keys(value).sort(out.order)) {
    if (!isFirst) out.push(padding);
    isFirst = false;
    const name = formatKey(key, indent);
    const member = value[key] as Json;
    if (name.isSimple) {
      out.push(name.text, ":");
      writeMember(member, { column: indent + name.text.length + 1, indent }, out);
    } else {
      out.push("? ", name.text, padding, ":");
      // After an explicit key a list or map goes on in the line of its colon.
      writeItem(member, indent, out);
    }
  }
}

function writeMember(value: Json, place: { column: number; indent: number }, out: Output): void {
  if (Array.isArray(value) && value.length > 0) {
    out.push("\n", " ".repeat(place.indent));
    writeList(value, place.indent, out);
  } else if (isObject(value) && !isEmpty(value)) {
    out.push("\n", " ".repeat(place.indent + 2));
    writeMap(value, place.indent + 2, out);
  } else {
    out.push(" ");
    writeScalar(value, { column: place.column + 1, indent: place.indent + 2 }, out);
  }
}

function writeList(value: readonly Json[], indent: number, out: Output): void {
  const padding = " ".repeat(indent);
  value.forEach((item, i) => {
    if (i > 0) out.push(padding);
    out.push("-");
    writeItem(item, indent, out);
  });
}

/** What follows a dash, or the colon of an explicit key, which both stand at `indent`. */
function writeItem(item: Json, indent: number, out: Output): void {
  out.push(" ");
  if (Array.isArray(item) && item.length > 0) writeList(item, indent + 2, out);
  else if (isObject(item) && !isEmpty(item)) writeMap(item, indent + 2, out);
  else writeScalar(item, { column: indent + 2, indent: indent + 2 }, out);
}

function writeScalar(value: Json, place: { column: number; indent: number }, out: Output): void {
  if (typeof value === "string") {
    const text = formatText(value, place);
    out.push(text);
    // A literal block that keeps its last break ends in one already.
    if (!(text.startsWith("|") && text.endsWith("\n"))) out.push("\n");
  } else if (value === null) out.push("null\n");
  else if (typeof value === "boolean") out.push(value ? "true\n" : "false\n");
  else if (typeof value === "object") out.push(Array.isArray(value) ? "[]\n" : "{}\n");
  else out.push(formatJsonNumber(value), "\n");
}
