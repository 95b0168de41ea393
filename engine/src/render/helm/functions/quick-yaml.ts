// Reads plain block YAML, as values files and most of what templates make are: one key or item a line, scalars on one line, literal
// texts, short flows. Anything else is left to the parser, and so is every word about what is wrong: what is read here is
// exactly what the parser would have read (quick-yaml.test.ts), in a fifth of its time.

import { type Json, type JsonObject, setOwn } from "#kernel";
import { resolvePlain } from "#formats/yaml";
import { quickDepthMax, quickLengthMax } from "../limits.ts";

/** Characters that mean something of their own in YAML, or nothing in it: tabs and other breaks among them. */
const unusual = /[^\n\x20-\x7e\xa0-\u2027\u202a-\ufefe\uff00-\ufffd]/;
const surrogate = /[\ud800-\udfff]/;
const loneSurrogate = /[\ud800-\udfff]/u;

/** Empty lines and comments. */
const blankLines = /(?: *(?:#.*)?\n)*/y;
const documentStart = /--- *(?: #.*)?\n/y;
const keyShape = /(?:([A-Za-z_0-9][\w./-]{0,199})|"([\w ./-]{1,200})"|'([\w ./-]{1,200})') *:(?: +|(?=\n))/y;
/** Keys that may mean a number, a truth value or nothing. */
const oddKey = /^(?:\d|.{1,5}$)/;
const dashShape = /-(?: +|(?=\n))/y;
const escaped = /\\(?:[\\"nrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}|U000[01][0-9a-fA-F]{4})/.source;
const doubleQuoted: RegExp = new RegExp(`"((?:[^"\\\\\n]|${escaped})*)"(?: +#.*)? *\\n`, "y");
const singleQuoted = /'((?:[^'\n]|'')*)'(?: +#.*)? *\n/y;
const literalHeader = /\|([-+]?)(?: +#.*)? *\n/y;
const foldedHeader = />([-+]?)(?: +#.*)? *\n/y;
const plainStart = /^(?:[\w/(.+$<=^~\\;)\xa0-\uffff]|[-:][^ \n])/;
const flowItem = /[A-Za-z0-9_](?:[\w./*-]|:(?=[\w/])| +(?=\w))*|"[^"\\\n]*"|'[^'\n]*'/.source;
const flowPair = `[A-Za-z_][\\w./-]*: +(?:${flowItem})`;
/** Items may stand in lines of their own, with a comma behind the last. */
const flowList: RegExp = new RegExp(
  `\\[[ \\n]*(?:((?:${flowItem})(?: *,[ \\n]*(?:${flowItem}))*) *,?)?[ \\n]*\\](?: +#.*)? *\\n`,
  "y",
);
const flowMap: RegExp = new RegExp(`\\{ *(${flowPair}(?: *, *${flowPair})*)? *\\}(?: +#.*)? *\\n`, "y");
const flowParts: RegExp = new RegExp(`(?:([A-Za-z_][\\w./-]*): +)?(${flowItem})`, "g");

class Unsure extends Error {}

/** Numbers that are not written as Go writes whole ones; in texts there may be such, too. */
const oddJson = /\d[.eE]/;

/** Made once: where it was thrown tells nothing, and finding that out takes longer than reading most documents. */
const unsure = new Unsure();

/** What the first document of the text says; undefined where only the parser knows. */
export function quickYaml(text: string): Json | undefined {
  if (text.length > quickLengthMax || unusual.test(text)) return undefined;
  if (surrogate.test(text) && loneSurrogate.test(text)) return undefined;
  try {
    return new Reader(text).read();
  } catch (error) {
    if (error instanceof Unsure) return undefined;
    throw error;
  }
}

class Reader {
  readonly #text: string;
  readonly #isCut: boolean;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#isCut = !text.endsWith("\n");
    this.#text = this.#isCut ? `${text}\n` : text;
  }

  read(): Json {
    let column = this.#nextColumn();
    if (this.#has(documentStart)) column = this.#nextColumn();
    if (column < 0) return null;
    const value = this.#block(column);
    if (this.#at < this.#text.length) throw unsure;
    return value;
  }

  /** Steps over what matches here. */
  #has(shape: RegExp): boolean {
    shape.lastIndex = this.#at;
    if (!shape.test(this.#text)) return false;
    this.#at = shape.lastIndex;
    return true;
  }

  #match(shape: RegExp): RegExpExecArray {
    shape.lastIndex = this.#at;
    const found = shape.exec(this.#text);
    if (found === null) throw unsure;
    this.#at = shape.lastIndex;
    return found;
  }

  /** Steps to the next line that says something: the column of its first character; -1 at the end. */
  #nextColumn(): number {
    this.#has(blankLines);
    const start = this.#at;
    if (start >= this.#text.length) return -1;
    let at = start;
    while (this.#text.charCodeAt(at) === 0x20) at++;
    return at - start;
  }

  #isDash(column: number): boolean {
    const at = this.#at + column;
    const next = this.#text.charCodeAt(at + 1);
    return this.#text.charCodeAt(at) === 0x2d && (next === 0x20 || next === 0x0a);
  }

  /** The list or the map that begins in this line, at this column. */
  #block(column: number): Json {
    if (++this.#depth > quickDepthMax) throw unsure;
    const isList = this.#isDash(column);
    this.#at += column;
    const value = isList ? this.#list(column) : this.#map(column);
    this.#depth--;
    return value;
  }

  /** True when the block goes on in the next line, which is stepped into. */
  #goesOn(column: number, isList: boolean): boolean {
    const next = this.#nextColumn();
    if (next < column) return false;
    if (next > column) throw unsure;
    if (this.#isDash(column) !== isList) {
      // Dashes below a map's keys belong to the key above, which has a value already; keys below dashes end a list.
      if (isList) return false;
      throw unsure;
    }
    this.#at += column;
    return true;
  }

  #map(column: number): JsonObject {
    const map: JsonObject = {};
    do {
      const [, plain, double, single] = this.#match(keyShape);
      const key = plain ?? double ?? (single as string);
      if (plain !== undefined && oddKey.test(plain) && resolvePlain(plain, "v2").tag !== "!!str") throw unsure;
      setOwn(map, key, this.#value(column, false));
    } while (this.#goesOn(column, false));
    return map;
  }

  #list(column: number): Json[] {
    const list: Json[] = [];
    do {
      const [dash] = this.#match(dashShape);
      list.push(this.#item(column, column + dash.length));
    } while (this.#goesOn(column, true));
    return list;
  }

  /** What stands behind a dash: a list, a map, or a scalar. */
  #item(column: number, inner: number): Json {
    keyShape.lastIndex = this.#at;
    if (!keyShape.test(this.#text) && !this.#isDash(0)) return this.#value(column, true);
    if (++this.#depth > quickDepthMax) throw unsure;
    const value = this.#isDash(0) ? this.#list(inner) : this.#map(inner);
    this.#depth--;
    return value;
  }

  /** The value of a key or an item of the block at `column`, and the rest of its lines. */
  #value(column: number, isItem: boolean): Json {
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x0a:
      case 0x23:
        return this.#below(column, isItem);
      case 0x22:
        return this.#doubleQuoted();
      case 0x27:
        return (this.#match(singleQuoted)[1] as string).replaceAll("''", "'");
      case 0x7c:
        return this.#literal(column, this.#match(literalHeader)[1] as string);
      case 0x3e:
        return this.#folded(column, this.#match(foldedHeader)[1] as string);
      case 0x5b:
        return flowScalars(this.#match(flowList)[1] ?? "").map(([, value]) => value);
      case 0x7b:
        return this.#flowMap();
      default:
        return this.#plain(column);
    }
  }

  #doubleQuoted(): string {
    const text = this.#match(doubleQuoted)[1] as string;
    if (!text.includes("\\")) return text;
    return text.replace(/\\(?:u.{4}|U.{8}|.)/g, (escape) => {
      const mark = escape[1];
      if (mark === "u" || mark === "U") return String.fromCodePoint(Number.parseInt(escape.slice(2), 16));
      return mark === "n" ? "\n" : mark === "t" ? "\t" : mark === "r" ? "\r" : (mark as string);
    });
  }

  #flowMap(): JsonObject {
    if (this.#text.startsWith('{"', this.#at)) return this.#jsonMap();
    const map: JsonObject = {};
    for (const [key, value] of flowScalars(this.#match(flowMap)[1] ?? "")) setOwn(map, key, value);
    return map;
  }

  /** A line of JSON; what JSON and YAML write differently is the parser's: odd numbers, escapes, keys twice. */
  #jsonMap(): JsonObject {
    const end = this.#text.indexOf("\n", this.#at);
    const line = this.#text.slice(this.#at, end);
    if (line.includes("\\") || oddJson.test(line)) throw unsure;
    const map = parsedJson(line);
    if (map === undefined) throw unsure;
    this.#at = end + 1;
    return map;
  }

  /** What stands in the lines below; null where nothing does. */
  #below(column: number, isItem: boolean): Json {
    this.#at = this.#text.indexOf("\n", this.#at) + 1;
    const next = this.#nextColumn();
    if (next <= column && (next < column || isItem || !this.#isDash(next))) return null;
    const start = this.#at + next;
    keyShape.lastIndex = start;
    if (this.#isDash(next) || keyShape.test(this.#text)) return this.#block(next);
    this.#at = start;
    return this.#value(column, isItem);
  }

  #plain(column: number): Json {
    const first = this.#plainLine();
    let text = first.text;
    if (first.isOpen)
      while (this.#isContinued(column)) {
        const { text: more, isOpen } = this.#plainLine();
        if (!isOpen) throw unsure;
        text += ` ${more}`;
      }
    return scalar(text);
  }

  /** What is left of a line, without a comment; behind one, the text does not go on. */
  #plainLine(): { text: string; isOpen: boolean } {
    const end = this.#text.indexOf("\n", this.#at);
    let text = this.#text.slice(this.#at, end);
    if (!plainStart.test(text)) throw unsure;
    const comment = text.indexOf(" #");
    if (comment >= 0) text = text.slice(0, comment);
    if (text.endsWith(" ")) text = text.replace(/ +$/, "");
    if (text.includes(": ") || text.endsWith(":")) throw unsure;
    this.#at = end + 1;
    return { text, isOpen: comment < 0 };
  }

  /** True where the next line stands deeper: it is stepped into. */
  #isContinued(column: number): boolean {
    let at = this.#at;
    while (this.#text.charCodeAt(at) === 0x20) at++;
    const code = this.#text.charCodeAt(at);
    if (at - this.#at <= column || Number.isNaN(code) || code === 0x0a || code === 0x23) return false;
    this.#at = at;
    return true;
  }

  /** A folded text whose lines are one paragraph; how others are folded is the parser's. */
  #folded(column: number, chomp: string): string {
    const text = this.#literal(column, chomp);
    const end = text.endsWith("\n") ? text.length - 1 : text.length;
    const lines = text.slice(0, end);
    if (chomp === "+" || /\n[ \n]|^[ \n]/.test(lines)) throw unsure;
    return lines.replaceAll("\n", " ") + text.slice(end);
  }

  /** The lines of a literal text that stands deeper than `column`. */
  #literal(column: number, chomp: string): string {
    const start = this.#at;
    const first = this.#text.slice(start).search(/[^ \n]/);
    const lineStart = this.#text.lastIndexOf("\n", start + first) + 1;
    const indent = start + first - lineStart;
    if (first >= 0 && indent <= column && chomp !== "+") return "";
    // Blanks above the first line may be deeper than it.
    if (first < 0 || indent <= column || this.#text.slice(start, lineStart).includes(" ")) throw unsure;
    const lines: string[] = [];
    for (let at = start; at < this.#text.length; ) {
      const end = this.#text.indexOf("\n", at);
      const line = this.#text.slice(at, end);
      const spaces = line.search(/[^ ]/);
      if (spaces >= 0 && spaces < indent) {
        if (spaces > column) throw unsure;
        break;
      }
      lines.push(line.slice(indent));
      at = end + 1;
      this.#at = at;
    }
    // Without a line end, the last line gets none.
    if (this.#isCut && this.#at >= this.#text.length) {
      if (lines.at(-1) === "") throw unsure;
      return lines.join("\n");
    }
    const text = `${lines.join("\n")}\n`;
    if (chomp === "+") return text;
    let end = text.length;
    while (text.charCodeAt(end - 1) === 0x0a) end--;
    return chomp === "-" ? text.slice(0, end) : text.slice(0, end + 1);
  }
}

function flowScalars(text: string): [key: string, value: Json][] {
  return Array.from(text.matchAll(flowParts), ([, key = "", value]) => {
    if (key !== "" && resolvePlain(key, "v2").tag !== "!!str") throw unsure;
    const quoted = value as string;
    return [key, /^["']/.test(quoted) ? quoted.slice(1, -1) : scalar(quoted)];
  });
}

/** An object as JSON writes it, of simple numbers only; undefined for anything else. */
function parsedJson(line: string): JsonObject | undefined {
  let members = 0;
  try {
    const map = JSON.parse(line, (key, value: Json) => {
      if (typeof value === "number" && !(Number.isSafeInteger(value) && value > 0)) throw unsure;
      if (key === "__proto__" || key === "<<") throw unsure;
      if (typeof value === "object" && value !== null && !Array.isArray(value)) members += Object.keys(value).length;
      return value;
    }) as JsonObject;
    // Each member has a colon behind its key; in texts there may be more.
    return (line.match(/":/g) ?? []).length === members ? map : undefined;
  } catch {
    return undefined;
  }
}

/** The meaning of a plain scalar. */
function scalar(text: string): Json {
  const { value } = resolvePlain(text, "v2");
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw unsure;
    return value === 0 ? 0 : value;
  }
  return value;
}
