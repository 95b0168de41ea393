// JSON as SOPS reads and writes it: order kept, integers of 64 bits apart from floats, tabs as indent. The binary format is
// JSON with one key, `data`.

import { encodeUtf8 } from "#kernel";
import { invalidFile } from "../faults.ts";
import { treeDepthMost } from "../limits.ts";
import { Branch, type Item, Moment, Remark, type Value, valueAt } from "./tree.ts";

/** The one document of a JSON text, which must be an object. */
export function parseJson(text: string): Branch[] {
  const reader = new Reader(text);
  const value = reader.value(0);
  if (!(value instanceof Branch)) throw invalidFile("the JSON is no object");
  return [value];
}

const space = /[ \t\r\n]*/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const quoted = /"(?:[^"\\]|\\.)*"/sy;
const words: readonly [string, boolean | null][] = [
  ["true", true],
  ["false", false],
  ["null", null],
];

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  value(depth: number): Value {
    if (depth > treeDepthMost) throw invalidFile(`the JSON is nested deeper than ${treeDepthMost}`);
    this.#take(space);
    const first = this.#text[this.#at];
    if (first === "{") return this.#object(depth);
    if (first === "[") return this.#list(depth);
    if (first === '"') return this.#string();
    for (const [word, value] of words) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    const digits = this.#take(number);
    if (digits === undefined || digits === "") throw this.#fault();
    return numberOf(digits);
  }

  #object(depth: number): Branch {
    this.#at += 1;
    const items: Item[] = [];
    if (this.#ends("}")) return new Branch(items);
    do {
      this.#take(space);
      const key = this.#string();
      this.#take(space);
      if (this.#text[this.#at] !== ":") throw this.#fault();
      this.#at += 1;
      items.push({ key, value: this.value(depth + 1) });
    } while (this.#continues("}"));
    return new Branch(items);
  }

  #list(depth: number): Value[] {
    this.#at += 1;
    const items: Value[] = [];
    if (this.#ends("]")) return items;
    do items.push(this.value(depth + 1));
    while (this.#continues("]"));
    return items;
  }

  #string(): string {
    const text = this.#take(quoted);
    if (text === undefined) throw this.#fault();
    try {
      return JSON.parse(text) as string;
    } catch {
      throw this.#fault();
    }
  }

  #ends(mark: string): boolean {
    this.#take(space);
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #continues(end: string): boolean {
    if (this.#ends(end)) return false;
    if (this.#text[this.#at] !== ",") throw this.#fault();
    this.#at += 1;
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match[0];
  }

  #fault(): Error {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    return invalidFile(`is no JSON: line ${line} cannot be read`);
  }
}

function numberOf(digits: string): bigint | number {
  if (/^-?[0-9]{1,19}$/.test(digits)) {
    const integer = BigInt(digits);
    if (integer >= -(2n ** 63n) && integer < 2n ** 63n) return integer;
  }
  return Number(digits);
}

/** A tree as indented JSON; comments are left out. */
export function formatJson(documents: readonly Branch[]): Uint8Array {
  const first = documents[0];
  return encodeUtf8(`${first === undefined ? "{}" : formatValue(first, "")}\n`);
}

function formatValue(value: Value, indent: string): string {
  const inner = `${indent}\t`;
  if (value instanceof Branch) {
    const members = value.items
      .filter((item) => typeof item.key === "string")
      .map((item) => `${inner}${goString(item.key as string)}: ${formatValue(item.value, inner)}`);
    return members.length === 0 ? "{}" : `{\n${members.join(",\n")}\n${indent}}`;
  }
  if (Array.isArray(value)) {
    const items = (value as readonly Value[])
      .filter((item) => !(item instanceof Remark))
      .map((item) => inner + formatValue(item, inner));
    return items.length === 0 ? "[]" : `[\n${items.join(",\n")}\n${indent}]`;
  }
  return formatScalar(value);
}

function formatScalar(value: Value): string {
  if (value instanceof Moment) return goString(value.text);
  if (value instanceof Uint8Array) return goString(Buffer.from(value).toString("utf8"));
  if (typeof value === "string") return goString(value);
  if (typeof value === "number") return goNumber(value);
  return String(value as bigint | boolean | null);
}

/** Go's encoding/json: HTML's characters and the two line separators are escaped. */
function goString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Go's encoding/json writes floats as ECMAScript does, but for the exponent's form, which is the same from e21 on. */
function goNumber(value: number): string {
  if (!Number.isFinite(value)) throw invalidFile("JSON has no such number");
  return Object.is(value, -0) ? "-0" : String(value);
}

/** The content of a binary file. */
export function binaryContent(documents: readonly Branch[]): Uint8Array {
  const first = documents[0];
  const data = first === undefined || documents.length > 1 ? undefined : valueAt(first, "data");
  if (typeof data === "string") return encodeUtf8(data);
  if (data instanceof Uint8Array) return data;
  throw invalidFile("no binary data is in the file");
}
