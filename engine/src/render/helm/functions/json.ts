// encoding/json, both ways: keys sorted, < > & escaped unless asked not to, numbers as float64.

import type { Json } from "#kernel";
import { formatPlain, formatShortest } from "#formats/go-numbers";
import { compareStrings, GoError, type GoMap, isMap, mapSet, type Value } from "#formats/gotemplate";
import { isStruct, toPlain } from "./plain.ts";

/** `isPointed`: the value is handed over by a pointer to it, as Sprig does for raw text, which counts as a level. */
export type JsonOptions = { indent?: string; escapesHtml?: boolean; isPointed?: boolean };

/** JSON text of a value. Throws a GoError for what JSON cannot hold. */
export function formatJson(value: Value, options: JsonOptions = {}): string {
  const writer = { indent: options.indent ?? "", escapesHtml: options.escapesHtml ?? true };
  return write(toPlain(value, options.isPointed), writer, "\n");
}

type Writer = { indent: string; escapesHtml: boolean };

// Depth shows as the line break with its indentation.
function write(value: Json, writer: Writer, lineBreak: string): string {
  if (typeof value === "string") return writeText(value, writer.escapesHtml);
  if (typeof value === "number") return formatNumber(value);
  if (typeof value !== "object" || value === null) return String(value);
  const inner = lineBreak + writer.indent;
  const isPretty = writer.indent !== "";
  const items = Array.isArray(value)
    ? value.map((item) => write(item, writer, inner))
    : (isStruct(value) ? Object.keys(value) : Object.keys(value).sort(compareStrings)).map(
        (key) =>
          `${writeText(key, writer.escapesHtml)}:${isPretty ? " " : ""}${write(value[key] as Json, writer, inner)}`,
      );
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (items.length === 0) return open + close;
  return isPretty
    ? `${open}${inner}${items.join(`,${inner}`)}${lineBreak}${close}`
    : `${open}${items.join(",")}${close}`;
}

/** A float64 as encoding/json writes it: plain digits between 1e-6 and 1e21. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) throw new GoError(`json: unsupported value: ${formatShortest(value)}`);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-6 || size >= 1e21)) return formatShortest(value, 0).replace(/e-0(\d)$/, "e-$1");
  return formatPlain(value);
}

/** A byte that is no character, which Go escapes; U+FFFD itself stands as it is. */
const loneByte = /(?<![\ud800-\udbff])[\udc80-\udcff]/;

function quoteText(text: string): string {
  if (!loneByte.test(text)) return JSON.stringify(text);
  return `"${text
    .split(loneByte)
    .map((part) => JSON.stringify(part).slice(1, -1))
    .join("\\ufffd")}"`;
}

function writeText(text: string, escapesHtml: boolean): string {
  const quoted = quoteText(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
  if (!escapesHtml) return quoted;
  return quoted.replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026");
}

/** Reads JSON text; every number is a float64. Throws a GoError in encoding/json's words. */
export function parseJson(text: string): Value {
  const { value, complaint } = readJson(text);
  if (complaint !== undefined) throw new GoError(complaint);
  return value;
}

/** JSON text as encoding/json leaves it: numbers that are no float64 are nil, and a complaint names the first of them. */
export function readJson(text: string): { value: Value; complaint: string | undefined } {
  let value: Value;
  try {
    value = JSON.parse(text) as Value;
  } catch {
    throw new GoError(explain(text));
  }
  if (!halfCharacter.test(text) && !longExponent.test(text)) return { value, complaint: undefined };
  const words = text.match(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g) ?? [];
  const large = words.find((word) => !word.startsWith('"') && !Number.isFinite(Number(word)));
  const complaint =
    large === undefined ? undefined : `json: cannot unmarshal number ${large} into Go value of type float64`;
  return { value: asGoReads(value), complaint };
}

/** Half of a character, written out or as an escape. */
const halfCharacter = /\p{Surrogate}|\\u[dD][89a-fA-F]/u;
const longExponent = /[eE]\+?\d{3}|\d{300}/;

/** Halves of characters become U+FFFD, and numbers that do not fit nil. */
function asGoReads(value: Value): Value {
  if (typeof value === "string") return value.replace(/\p{Surrogate}/gu, "\ufffd");
  if (typeof value === "number" && !Number.isFinite(value)) return null;
  if (Array.isArray(value)) return value.map(asGoReads);
  if (!isMap(value)) return value;
  const map: GoMap = {};
  for (const key of Object.keys(value)) mapSet(map, asGoReads(key) as string, asGoReads(value[key]));
  return map;
}

/** The message of encoding/json for text that is no JSON. */
function explain(text: string): string {
  const scanner = new Scanner(text);
  return scanner.explain();
}

/** Finds the first wrong character as encoding/json's scanner does, and says what it looked for. */
class Scanner {
  readonly #text: string;
  #at = 0;
  #problem = "";

  constructor(text: string) {
    this.#text = text;
  }

  explain(): string {
    this.#space();
    if (!this.#value("looking for beginning of value")) return this.#problem;
    this.#space();
    if (this.#at < this.#text.length) this.#fail("after top-level value");
    return this.#problem === "" ? "unexpected end of JSON input" : this.#problem;
  }

  #space(): void {
    while (" \t\r\n".includes(this.#text[this.#at] ?? "x")) this.#at++;
  }

  #fail(context: string): false {
    const point = this.#text.codePointAt(this.#at);
    if (point !== undefined) this.#problem ||= `invalid character ${quoteCharacter(point)} ${context}`;
    // At the end its scanner is fed a blank, which does in some places.
    else if (/numeric|escape/.test(context)) this.#problem ||= `invalid character ' ' ${context}`;
    else this.#problem ||= "unexpected end of JSON input";
    return false;
  }

  #value(context: string): boolean {
    const character = this.#text[this.#at] ?? "";
    if (character === "{") return this.#object();
    if (character === "[") return this.#array();
    if (character === '"') return this.#string();
    if (character === "t" || character === "f" || character === "n") return this.#literal(character);
    if (character === "-" || /\d/.test(character)) return this.#number();
    return this.#fail(context);
  }

  #literal(first: string): boolean {
    const word = first === "t" ? "true" : first === "f" ? "false" : "null";
    for (const expected of word) {
      if (this.#text[this.#at] !== expected) {
        const context = `in literal ${word} (expecting '${expected}')`;
        // At the end its scanner is fed a blank, and that is what it complains about.
        if (this.#at >= this.#text.length) this.#problem ||= `invalid character ' ' ${context}`;
        return this.#fail(context);
      }
      this.#at++;
    }
    return true;
  }

  #digits(context: string): boolean {
    if (!/\d/.test(this.#text[this.#at] ?? "")) return this.#fail(context);
    while (/\d/.test(this.#text[this.#at] ?? "")) this.#at++;
    return true;
  }

  #number(): boolean {
    if (this.#text[this.#at] === "-") this.#at++;
    if (this.#text[this.#at] === "0") this.#at++;
    else if (!this.#digits("in numeric literal")) return false;
    if (this.#text[this.#at] === ".") {
      this.#at++;
      if (!this.#digits("after decimal point in numeric literal")) return false;
    }
    if (!/[eE]/.test(this.#text[this.#at] ?? "")) return true;
    this.#at++;
    if (/[+-]/.test(this.#text[this.#at] ?? "")) this.#at++;
    return this.#digits("in exponent of numeric literal");
  }

  #string(): boolean {
    for (this.#at++; ; this.#at++) {
      const character = this.#text[this.#at];
      if (character === undefined || character < " ") return this.#fail("in string literal");
      if (character === '"') break;
      if (character !== "\\") continue;
      this.#at++;
      const escape = this.#text[this.#at] ?? "";
      if (escape === "u") {
        for (let i = 0; i < 4; i++)
          if (!/[0-9a-fA-F]/.test(this.#text[++this.#at] ?? ""))
            return this.#fail("in \\u hexadecimal character escape");
      } else if (!'"\\/bfnrt'.includes(escape) || escape === "") return this.#fail("in string escape code");
    }
    this.#at++;
    return true;
  }

  #array(): boolean {
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === "]") return ++this.#at > 0;
    for (;;) {
      this.#space();
      if (!this.#value("looking for beginning of value")) return false;
      this.#space();
      if (this.#text[this.#at] === "]") return ++this.#at > 0;
      if (this.#text[this.#at] !== ",") return this.#fail("after array element");
      this.#at++;
    }
  }

  #object(): boolean {
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === "}") return ++this.#at > 0;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') return this.#fail("looking for beginning of object key string");
      if (!this.#string()) return false;
      this.#space();
      if (this.#text[this.#at] !== ":") return this.#fail("after object key");
      this.#at++;
      this.#space();
      if (!this.#value("looking for beginning of value")) return false;
      this.#space();
      if (this.#text[this.#at] === "}") return ++this.#at > 0;
      if (this.#text[this.#at] !== ",") return this.#fail("after object key:value pair");
      this.#at++;
    }
  }
}

function quoteCharacter(point: number): string {
  const character = String.fromCodePoint(point);
  if (character === "'") return "'\\''";
  if (character === '"') return "'\"'";
  return `'${JSON.stringify(character).slice(1, -1)}'`;
}

/** What a JSON value is called when it does not fit the type asked for. */
export function describeJson(value: Value): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value;
}

/** An object with one entry, the error text. */
export function errorMap(message: string): GoMap {
  const map: GoMap = {};
  mapSet(map, "Error", message);
  return map;
}
