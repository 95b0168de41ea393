// Reads TOML 1.0 as BurntSushi/toml decodes it into a map: integers are int64, floats float64, dates time.Time.
// https://toml.io/en/v1.0.0

import { fitsInt64, parseFloatText } from "#formats/go-numbers";
import { GoError, type GoMap, int64, isMap, mapGet, mapSet, quote, type Value } from "#formats/gotemplate";
import { GoTime } from "./time.ts";

/** The document as a map. Throws a GoError that names the line. */
export function parseToml(text: string): GoMap {
  return new Reader(text).read();
}

class Reader {
  readonly #text: string;
  #at = 0;
  /** The table and the key that are being read, which complaints name. */
  #path: readonly string[] = [];
  readonly #root: GoMap = {};
  /** Tables that a header or an inline table has closed against being defined again. */
  readonly #defined = new Set<GoMap>();

  constructor(text: string) {
    this.#text = text.replaceAll("\r\n", "\n");
  }

  read(): GoMap {
    let table = this.#root;
    for (;;) {
      this.#skip(true);
      if (this.#at >= this.#text.length) return this.#root;
      if (this.#text[this.#at] === "[") table = this.#header();
      else this.#pair(table);
      this.#skip(false);
      if (this.#at < this.#text.length && this.#text[this.#at] !== "\n")
        this.#fail(
          `expected a top-level item to end with a newline, comment, or EOF, but got '${this.#text[this.#at]}' instead`,
        );
    }
  }

  #fail(message: string): never {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    const key = this.#path.length === 0 ? "" : ` (last key ${quote(this.#path.join("."))})`;
    throw new GoError(`toml: line ${line}${key}: ${message}`);
  }

  /** Skips blanks and comments, and line ends where they may stand. */
  #skip(acrossLines: boolean): void {
    for (;;) {
      const character = this.#text[this.#at];
      if (character === " " || character === "\t" || (acrossLines && character === "\n")) this.#at++;
      else if (character === "#") {
        const end = this.#text.indexOf("\n", this.#at);
        this.#at = end < 0 ? this.#text.length : end;
      } else return;
    }
  }

  #expect(text: string): void {
    if (!this.#text.startsWith(text, this.#at))
      this.#fail(`expected '${text}' but got '${this.#text[this.#at] ?? "EOF"}' instead`);
    this.#at += text.length;
  }

  #header(): GoMap {
    const isArray = this.#text.startsWith("[[", this.#at);
    this.#expect(isArray ? "[[" : "[");
    const path = this.#key();
    this.#expect(isArray ? "]]" : "]");
    const full = [...path];
    this.#path = [];
    const last = path.pop() as string;
    const parent = this.#descend(this.#root, path);
    const table = isArray ? this.#appendTable(parent, last) : this.#openTable(parent, last);
    this.#path = full;
    return table;
  }

  #appendTable(parent: GoMap, key: string): GoMap {
    const list = mapGet(parent, key) ?? [];
    if (!Array.isArray(list)) this.#fail(`Key '${key}' was already created and cannot be used as an array.`);
    const table: GoMap = {};
    list.push(table);
    mapSet(parent, key, list);
    return table;
  }

  #openTable(parent: GoMap, key: string): GoMap {
    const known = mapGet(parent, key);
    if (known === undefined || known === null) {
      const table: GoMap = {};
      mapSet(parent, key, table);
      this.#defined.add(table);
      return table;
    }
    if (!isMap(known) || this.#defined.has(known)) this.#fail(`Key '${key}' has already been defined.`);
    this.#defined.add(known);
    return known;
  }

  /** The table at a path; the last table of a list of tables stands for the list. */
  #descend(from: GoMap, path: readonly string[]): GoMap {
    let table = from;
    for (const key of path) {
      let next = mapGet(table, key);
      if (Array.isArray(next)) next = next.at(-1);
      if (next === undefined) {
        next = {};
        mapSet(table, key, next);
      }
      if (!isMap(next)) this.#fail(`Key '${key}' has already been defined.`);
      table = next;
    }
    return table;
  }

  #key(): string[] {
    const path: string[] = [];
    do {
      if (path.length > 0) this.#at++;
      this.#skip(false);
      path.push(this.#keyPart());
      this.#skip(false);
    } while (this.#text[this.#at] === ".");
    return path;
  }

  #keyPart(): string {
    const character = this.#text[this.#at];
    if (character === '"') return this.#basic();
    if (character === "'") return this.#literal();
    const match = /^[A-Za-z0-9_-]+/.exec(this.#text.slice(this.#at, this.#at + 1024));
    if (match === null)
      this.#fail(
        character === "=" || character === undefined
          ? `unexpected '${character ?? "EOF"}': key name appears blank`
          : `unexpected character '${character}' in a key`,
      );
    this.#at += match[0].length;
    return match[0];
  }

  #pair(table: GoMap): void {
    const path = this.#key();
    const sign = this.#text[this.#at];
    if (sign === undefined) this.#fail("unexpected EOF; expected key separator '='");
    if (sign !== "=") this.#fail(`expected '.' or '=', but got ${sign === "\n" ? "'\\n'" : `'${sign}'`} instead`);
    this.#at++;
    const outer = this.#path;
    this.#path = [...outer, ...path];
    this.#skip(false);
    const last = path.pop() as string;
    const target = this.#descend(table, path);
    const value = this.#value();
    if (Object.hasOwn(target, last)) this.#fail(`Key '${[...path, last].join(".")}' has already been defined.`);
    mapSet(target, last, value);
    this.#path = outer;
  }

  #value(): Value {
    switch (this.#text[this.#at] ?? "") {
      case '"':
        return this.#text.startsWith('"""', this.#at) ? this.#multiline('"""') : this.#basic();
      case "'":
        return this.#text.startsWith("'''", this.#at) ? this.#multiline("'''") : this.#literal();
      case "[":
        return this.#array();
      case "{":
        return this.#inlineTable();
      default:
        return this.#scalar();
    }
  }

  #basic(): string {
    const start = ++this.#at;
    for (; this.#text[this.#at] !== '"'; this.#at++) {
      if (this.#at >= this.#text.length || this.#text[this.#at] === "\n") this.#fail("strings cannot contain newlines");
      if (this.#text[this.#at] === "\\") this.#at++;
    }
    return this.#unescape(this.#text.slice(start, this.#at++));
  }

  #literal(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    const text = this.#text.slice(this.#at + 1, end);
    if (end < 0 || text.includes("\n")) this.#fail("strings cannot contain newlines");
    this.#at = end + 1;
    return text;
  }

  #multiline(mark: '"""' | "'''"): string {
    let start = this.#at + 3;
    if (this.#text[start] === "\n") start++;
    let end = start;
    while (!this.#text.startsWith(mark, end)) {
      if (end >= this.#text.length) this.#fail(`unexpected EOF; expected '${mark}'`);
      end += mark === '"""' && this.#text[end] === "\\" ? 2 : 1;
    }
    // Up to two quotes may stand before the mark.
    for (let i = 0; i < 2 && this.#text[end + 3] === mark[0]; i++) end++;
    this.#at = end + 3;
    const text = this.#text.slice(start, end);
    return mark === "'''" ? text : this.#unescape(text.replace(/\\[ \t]*\n\s*/g, ""));
  }

  #unescape(text: string): string {
    return text.replace(/\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[\s\S])/g, (_all, escape: string) => {
      const known = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", e: "\u001b", '"': '"', "\\": "\\" }[escape];
      if (known !== undefined) return known;
      if (escape.length === 1) this.#fail(`invalid escape character '${escape}'`);
      return String.fromCodePoint(Number.parseInt(escape.slice(1), 16));
    });
  }

  #array(): Value {
    const items: Value[] = [];
    this.#at++;
    for (;;) {
      this.#skip(true);
      if (this.#text[this.#at] === "]") break;
      items.push(this.#value());
      this.#skip(true);
      if (this.#text[this.#at] === ",") this.#at++;
      else if (this.#text[this.#at] !== "]")
        this.#fail(`expected a comma or array terminator ']', but got '${this.#text[this.#at] ?? "EOF"}'`);
    }
    this.#at++;
    return items;
  }

  #inlineTable(): Value {
    const table: GoMap = {};
    this.#at++;
    for (;;) {
      this.#skip(true);
      if (this.#text[this.#at] === "}") break;
      this.#pair(table);
      this.#skip(true);
      if (this.#text[this.#at] === ",") this.#at++;
      else if (this.#text[this.#at] !== "}")
        this.#fail(
          `expected a comma or an inline table terminator '}', but got '${this.#text[this.#at] ?? "EOF"}' instead`,
        );
    }
    this.#at++;
    this.#defined.add(table);
    return table;
  }

  #scalar(): Value {
    const match = /^[^\s,\]}#]+(?: \d\d:[^\s,\]}#]+)?/.exec(this.#text.slice(this.#at, this.#at + 4096));
    if (match === null) {
      const character = this.#text[this.#at];
      this.#fail(
        character === undefined ? "unexpected EOF; expected value" : `expected value but found '${character}' instead`,
      );
    }
    const word = match[0];
    const value = readScalar(word);
    if (value === "out of range")
      this.#fail(`${word} is out of range for ${/^0x|^[^.eE]*$/.test(word) ? "int64" : "float64"}`);
    if (value === undefined) this.#fail(`expected value but found "${word}" instead`);
    this.#at += word.length;
    return value;
  }
}

/** The library's names for dates and times without a zone. */
function localZone(word: string): string {
  if (/[Zz]$|[+-]\d\d:\d\d$/.test(word)) return /[+-]\d\d:\d\d$/.exec(word.slice(10))?.[0] ?? "UTC";
  return word.includes(":") ? (word.includes("-") ? "datetime-local" : "time-local") : "date-local";
}

function integer(value: bigint): Value {
  return fitsInt64(value) ? int64(value) : "out of range";
}

function finite(value: number): Value {
  return Number.isFinite(value) ? value : "out of range";
}

/** A value without quotes; "out of range" for a number that Go's types do not hold, undefined for what is none. */
function readScalar(word: string): Value {
  if (word === "true" || word === "false") return word === "true";
  if (/^[+-]?(inf|nan)$/.test(word)) return parseFloatText(word);
  const clean = word.replaceAll("_", "");
  if (/^[+-]?(0|[1-9]\d*)$/.test(clean)) return integer(BigInt(clean.replace(/^\+/, "")));
  if (/^0(x[0-9a-fA-F]+|o[0-7]+|b[01]+)$/.test(clean)) return integer(BigInt(clean));
  if (/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(clean)) return finite(Number(clean));
  if (!/^\d{4}-\d\d-\d\d|^\d\d:\d\d/.test(word)) return undefined;
  const date = /^\d\d:/.test(word)
    ? `0000-01-01T${word}`
    : word.length === 10
      ? `${word}T00:00:00`
      : word.replace(" ", "T");
  const ms = Date.parse(/[Zz]|[+-]\d\d:\d\d$/.test(date) ? date : `${date}Z`);
  return Number.isNaN(ms) ? undefined : new GoTime(BigInt(ms) * 1_000_000n, localZone(word));
}
