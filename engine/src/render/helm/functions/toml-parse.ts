// Reads TOML as BurntSushi/toml v1.6.0 decodes it into a map: integers are int64, floats float64, dates time.Time. What
// it takes beyond TOML 1.1 is taken, and what it refuses is refused in its words.
// https://toml.io/en/v1.1.0

import {
  GoError,
  type GoMap,
  isMap,
  mapGet,
  mapSet,
  quote,
  sliceBytes,
  TemplateLimitError,
  type Value,
} from "#formats/gotemplate";
import { tomlDepthMax } from "../limits.ts";
import { readFloat, readInteger, readQuoted, readTime } from "./toml-scalars.ts";
import { quoteRune, TomlScanner } from "./toml-scan.ts";
import { formatPath, TomlTables } from "./toml-tables.ts";

/** The document as a map. Throws a GoError that names the line. */
export function parseToml(text: string): GoMap {
  // The marks of UTF-16 are two bytes that are no UTF-8.
  const content = text.replace(/^(?:\udcff\udcfe|\udcfe\udcff|\ufeff)/, "");
  const start = sliceBytes(content.slice(0, 6), 0, 6);
  if (start.includes("\0"))
    throw new GoError("toml: line 1: files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8");
  return new Parser(content).read();
}

class Parser {
  readonly #scanner: TomlScanner;
  readonly #tables: TomlTables;
  /** Where the key that was read last began: complaints about tables name its line. */
  #keyEnd = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tables = new TomlTables((message) => this.#scanner.fail(message, this.#keyEnd));
    this.#scanner = new TomlScanner(text, () => this.#tables.lastKey());
  }

  read(): GoMap {
    const scanner = this.#scanner;
    for (;;) {
      scanner.skipToContent();
      const next = scanner.peek();
      if (next === "") return this.#tables.root;
      if (scanner.accept("[")) this.#header();
      else this.#topPair();
      scanner.skipBlanks();
      if (scanner.skipComment()) continue;
      const taken = scanner.take();
      if (taken === "") return this.#tables.root;
      if (taken !== "\n" && taken !== "\r")
        scanner.refuse(
          taken,
          `expected a top-level item to end with a newline, comment, or EOF, but got ${quoteRune(taken)} instead`,
        );
    }
  }

  #topPair(): void {
    const outer = this.#tables.context;
    this.#pair();
    this.#tables.context = outer;
    this.#tables.key = "";
  }

  #header(): void {
    const scanner = this.#scanner;
    const isList = scanner.accept("[");
    const path: string[] = [];
    for (let taken = "."; taken !== "]"; ) {
      path.push(this.#headerPart(path.length === 0));
      scanner.skipBlanks();
      taken = scanner.take();
      if (taken !== "." && taken !== "]")
        scanner.refuse(taken, `expected '.' or ']' to end table name, but got ${quoteRune(taken)} instead`);
    }
    if (isList) {
      const taken = scanner.take();
      if (taken !== "]")
        scanner.refuse(taken, `expected end of table array name delimiter ']', but got ${quoteRune(taken)} instead`);
    }
    this.#tables.enter(path, isList);
    this.#tables.setIsList("", false);
  }

  #headerPart(isFirst: boolean): string {
    const scanner = this.#scanner;
    scanner.skipBlanks();
    const next = scanner.peek();
    if (next === "]" || next === "") scanner.fail("unexpected end of table name (table names cannot be empty)");
    if (next === ".") scanner.fail("unexpected table separator (table names cannot be empty)");
    return this.#keyPart(next, isFirst);
  }

  #keyPart(next: string, isFirst: boolean): string {
    const scanner = this.#scanner;
    if (next !== '"' && next !== "'") {
      const { text, end } = scanner.bareKey();
      if (isFirst) this.#keyEnd = end;
      return text;
    }
    scanner.take();
    const word = scanner.line(next);
    if (isFirst) this.#keyEnd = word.end;
    return readQuoted(scanner, word);
  }

  #key(): string[] {
    const scanner = this.#scanner;
    const path: string[] = [];
    scanner.skipBlanks();
    const first = scanner.peek();
    if (first === "=" || first === "") scanner.fail("unexpected '=': key name appears blank");
    if (first === ".") scanner.fail("unexpected '.': keys cannot start with a '.'");
    for (let taken = "."; taken !== "="; ) {
      scanner.skipBlanks();
      const next = scanner.peek();
      if (next === "=" || next === "") scanner.fail("unexpected '='");
      if (next === ".") scanner.fail("unexpected '.'");
      path.push(this.#keyPart(next, path.length === 0));
      scanner.skipBlanks();
      taken = scanner.take();
      if (taken === "") scanner.refuse(taken, "unexpected EOF; expected key separator '='");
      if (taken !== "." && taken !== "=")
        scanner.fail(`expected '.' or '=', but got ${quoteRune(taken)} instead`, scanner.at, taken === "\n" ? 1 : 0);
    }
    return path;
  }

  /** Reads a key and its value into the table that is being filled, and returns both. */
  #pair(): { path: string[]; value: Value } {
    const tables = this.#tables;
    const path = this.#key();
    const key = path.at(-1) as string;
    tables.key = key;
    tables.enterDotted(path.slice(0, -1));
    const value = this.#value(false);
    tables.set(key, value);
    tables.setIsList(key, Array.isArray(value));
    return { path, value };
  }

  #value(isInList: boolean): Value {
    const scanner = this.#scanner;
    scanner.skipBlanks();
    if (/^[0-9]/.test(scanner.peek())) return this.#digits();
    const taken = scanner.take();
    switch (taken) {
      case "[":
        return this.#nested(() => this.#list());
      case "{":
        return this.#nested(() => this.#inlineTable(isInList));
      case '"':
      case "'":
        return this.#string(taken);
      case "+":
      case "-":
        return this.#signed(taken);
      case ".":
        scanner.fail("floats must start with a digit, not '.'");
    }
    return this.#name(taken);
  }

  #nested(read: () => Value): Value {
    if (++this.#depth > tomlDepthMax) throw new TemplateLimitError(`TOML of more than ${tomlDepthMax} levels`);
    const value = read();
    this.#depth--;
    return value;
  }

  #string(mark: '"' | "'"): string {
    const scanner = this.#scanner;
    if (!scanner.accept(mark)) return readQuoted(scanner, scanner.line(mark));
    if (scanner.accept(mark)) return readQuoted(scanner, scanner.lines(mark));
    return "";
  }

  #list(): Value {
    const scanner = this.#scanner;
    this.#tables.setIsList(this.#tables.key, true);
    const items: Value[] = [];
    for (;;) {
      scanner.skipToContent();
      if (scanner.accept(",")) scanner.fail("unexpected comma");
      if (scanner.accept("]")) return items;
      items.push(this.#value(true));
      scanner.skipToContent();
      const taken = scanner.take();
      if (taken === "]") return items;
      if (taken !== ",")
        scanner.refuse(taken, `expected a comma (',') or array terminator (']'), but got ${nameOf(taken)}`);
    }
  }

  /** The value counts only inside a list in brackets: elsewhere the tables hold what stands in it. */
  #inlineTable(isInList: boolean): Value {
    const scanner = this.#scanner;
    const tables = this.#tables;
    const outer = { context: tables.context, key: tables.key };
    const context = [...outer.context, outer.key];
    tables.context = context;
    tables.key = "";
    tables.enterImplied(context, isInList);
    const table: GoMap = {};
    for (;;) {
      scanner.skipToContent();
      if (scanner.accept(",")) scanner.fail("unexpected comma");
      if (scanner.accept("}")) break;
      const { path, value } = this.#pair();
      this.#place(table, path, value);
      tables.context = context;
      scanner.skipToContent();
      const taken = scanner.take();
      if (taken === "}") break;
      if (taken !== ",")
        scanner.refuse(taken, `expected a comma or an inline table terminator '}', but got ${nameOf(taken)} instead`);
    }
    tables.context = outer.context;
    tables.key = outer.key;
    return table;
  }

  #place(table: GoMap, path: readonly string[], value: Value): void {
    let inner = table;
    for (const key of path.slice(0, -1)) {
      if (!Object.hasOwn(inner, key)) mapSet(inner, key, {});
      const next = mapGet(inner, key);
      if (!isMap(next)) this.#scanner.fail(`${quote(formatPath(this.#tables.context))} is not a table`, this.#keyEnd);
      inner = next;
    }
    mapSet(inner, path.at(-1) as string, value);
  }

  /** A number, a date or a time that begins with a digit. */
  #digits(): Value {
    const scanner = this.#scanner;
    const base = scanner.run(/0[box]/y)[1];
    if (base !== undefined) return this.#integerOf(base as "b" | "o" | "x");
    let text = scanner.run(/[0-9]*/y);
    // No date begins with a lone zero.
    if (text !== "0" && /^[-:]/.test(scanner.peek())) {
      text = (text + scanner.word(/[-0-9:Tt .Zz+]*/y)).trim();
      return readTime(scanner, { text, end: scanner.at });
    }
    return this.#decimal(text);
  }

  /** An integer behind its prefix. */
  #integerOf(base: "b" | "o" | "x"): Value {
    const scanner = this.#scanner;
    const { digit, name, run } = bases[base];
    const next = scanner.peek();
    if (!digit.test(next)) scanner.fail(`not ${name} number: '0${base}${next === "" ? "\0" : next}'`);
    return readInteger(scanner, { text: `0${base}${scanner.word(run)}`, end: scanner.at });
  }

  /** A decimal number whose beginning was read. */
  #decimal(start: string): Value {
    const scanner = this.#scanner;
    const whole = start + scanner.word(/[0-9_]*/y);
    if (!/^[.eE]/.test(scanner.peek())) return readInteger(scanner, { text: whole, end: scanner.at });
    return readFloat(scanner, { text: whole + scanner.word(/[-0-9_.+eE]*/y), end: scanner.at });
  }

  #signed(sign: "+" | "-"): Value {
    const scanner = this.#scanner;
    const taken = scanner.take();
    if (taken === "i" || taken === "n") {
      const [second, third] = taken === "i" ? (["n", "f"] as const) : (["a", "n"] as const);
      const start = scanner.at - 2;
      if (!scanner.accept(second) || !scanner.accept(third))
        scanner.fail(`invalid float: '${scanner.text.slice(start, scanner.at)}'`);
      return readFloat(scanner, { text: sign + taken + second + third, end: scanner.at });
    }
    if (taken === "0" && /^[box]/.test(scanner.peek()))
      scanner.fail(`cannot use sign with non-decimal numbers: '${sign}0${scanner.peek()}'`);
    if (taken === ".") scanner.fail("floats must start with a digit, not '.'");
    if (!/^[0-9]/.test(taken)) scanner.refuse(taken, `expected a digit but got ${quoteRune(taken)}`);
    return this.#decimal(sign + taken);
  }

  /** true, false, nan or inf, whose first character was taken. */
  #name(taken: string): Value {
    const scanner = this.#scanner;
    const start = scanner.at - taken.length;
    if (taken === "i" || taken === "n") {
      // Other endings than nan's and inf's own pass here, and are refused as numbers.
      if ((scanner.accept("n") && scanner.accept("f")) || (scanner.accept("a") && scanner.accept("n")))
        return readFloat(scanner, { text: scanner.text.slice(start, scanner.at), end: scanner.at });
    }
    if (taken === "") scanner.refuse(taken, "unexpected EOF; expected value");
    if (!/^\p{L}/u.test(taken))
      scanner.fail(`expected value but found ${quoteRune(taken)} instead`, scanner.at, taken === "\n" ? 1 : 0);
    // The complaint shows the word from the last character on that was looked at.
    scanner.at -= scanner.at - start > taken.length ? 1 : taken.length;
    const word = scanner.letters();
    if (word !== "true" && word !== "false") scanner.fail(`expected value but found ${quote(word)} instead`);
    return word === "true";
  }
}

const bases = {
  b: { digit: /^[01]/, name: "a binary", run: /[01_]*/y },
  o: { digit: /^[0-7]/, name: "an octal", run: /[0-7_]*/y },
  x: { digit: /^[0-9a-fA-F]/, name: "a hexadecimal", run: /[0-9a-fA-F_]*/y },
} as const;

function nameOf(character: string): string {
  return character === "" ? "end of file" : `'${character}'`;
}
