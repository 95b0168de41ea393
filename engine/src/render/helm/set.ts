// The syntax of --set and its relatives: a.b=c,d[0].e={x,y}. Mirrors pkg/strvals of Helm 4.3.

import { fitsInt64, parseIntText } from "#formats/go-numbers";
import {
  GoError,
  goTypeOf,
  type GoMap,
  int64,
  isList,
  isMap,
  mapGet,
  mapSet,
  quote,
  sprintf,
  type Value,
} from "#formats/gotemplate";
import { parseJson } from "./functions/json.ts";
import { setDepthMax, setIndexMax } from "./limits.ts";

/** How the text of a value becomes a value: "typed" reads true, false, null and integers. */
export type ValueReader = "typed" | "string" | ((text: string) => Value);

/** Sets what `text` says in `values`. Throws a GoError. */
export function setValues(values: GoMap, text: string, reader: ValueReader): void {
  new SetParser(text, { mode: "value", reader }).run(values);
}

/** --set-json: each value is JSON. */
export function setJson(values: GoMap, text: string): void {
  new SetParser(text, { mode: "json", reader: "string" }).run(values);
}

/** --set-literal: one key, everything after the sign is the value, no escapes. */
export function setLiteral(values: GoMap, text: string): void {
  new SetParser(text, { mode: "literal", reader: "string" }).run(values);
}

type Options = { mode: "value" | "json" | "literal"; reader: ValueReader };

/** The text is at its end: what was set until then counts. */
class EndOfText extends GoError {
  constructor() {
    super("EOF");
  }
}

/** Text up to a stop character; `stop` is "" at the end of input. */
type Piece = { text: string; stop: string };

class SetParser {
  readonly #characters: readonly string[];
  readonly #options: Options;
  #at = 0;
  /** The text ended where a value was to stand. */
  #isUnsaid = false;

  constructor(text: string, options: Options) {
    this.#characters = Array.from(text);
    this.#options = options;
  }

  run(values: GoMap): void {
    try {
      for (;;) this.#key(values, 0);
    } catch (error) {
      if (!(error instanceof EndOfText)) throw error;
    }
  }

  #until(stops: string): Piece {
    let text = "";
    while (this.#at < this.#characters.length) {
      const character = this.#characters[this.#at++] as string;
      if (stops.includes(character)) return { text, stop: character };
      if (character === "\\" && this.#options.mode !== "literal") {
        if (this.#at < this.#characters.length) text += this.#characters[this.#at++];
      } else text += character;
    }
    return { text, stop: "" };
  }

  #key(map: GoMap, depth: number): void {
    const isLiteral = this.#options.mode === "literal";
    const { text, stop } = this.#until(isLiteral ? "=[." : "=[,.");
    switch (stop) {
      case "[":
        return this.#indexed(map, text, depth);
      case "=":
        this.#assign((value) => setKey(map, text, value));
        if (this.#isUnsaid) throw new EndOfText();
        return;
      case ",":
        setKey(map, text, "");
        throw new GoError(`key ${quote(text)} has no value (cannot end with ,)`);
      case ".":
        return this.#nested(map, text, depth + 1);
      default:
        throw text === "" ? new EndOfText() : new GoError(`key ${quote(text)} has no value`);
    }
  }

  #nested(map: GoMap, key: string, depth: number): void {
    if (depth > setDepthMax)
      throw new GoError(`value name nested level is greater than maximum supported nested level of ${setDepthMax}`);
    const known = mapGet(map, key);
    if (known !== undefined && !isMap(known)) throw notA(known, "map[string]interface {}");
    const inner: GoMap = known ?? {};
    const store = (): void => {
      if (Object.keys(inner).length > 0) setKey(map, key, inner);
    };
    this.#storing(store, () => this.#key(inner, depth));
    if (Object.keys(inner).length === 0) throw new GoError(`key map ${quote(key)} has no value`);
  }

  /** Stores also what was found before the text ended. */
  #storing(store: () => void, run: () => void): void {
    try {
      run();
    } catch (error) {
      if (error instanceof EndOfText) store();
      throw error;
    }
    store();
  }

  #indexed(map: GoMap, key: string, depth: number): void {
    const index = this.#index();
    const known = mapGet(map, key);
    if (known !== undefined && !isList(known)) throw notA(known, "[]interface {}");
    let list = known ?? [];
    this.#storing(
      () => setKey(map, key, list),
      () => {
        list = this.#item(list, index, depth);
      },
    );
  }

  #index(): number {
    const { text, stop } = this.#until("]");
    if (stop === "") throw new EndOfText();
    const value = parseIntText(text, 10);
    if (value === undefined || !fitsInt64(value))
      throw new GoError(
        `error parsing index: strconv.Atoi: parsing ${quote(text)}: ${value === undefined ? "invalid syntax" : "value out of range"}`,
      );
    return Number(value);
  }

  #item(list: Value[], index: number, depth: number): Value[] {
    if (index < 0) throw new GoError(`negative ${index} index not allowed`);
    const { text, stop } = this.#until("[.=");
    if (text !== "")
      throw new GoError(
        `unexpected data at end of array index: [${Array.from(text, (character) => sprintf("%q", [int64(BigInt(character.codePointAt(0) as number))])).join(" ")}]`,
      );
    if (stop === "=") {
      let result = list;
      this.#assign((value) => {
        result = setIndex(list, index, value);
      });
      return result;
    }
    if (stop === "[") {
      const inner = this.#index();
      const known = list[index] ?? [];
      if (!isList(known)) throw notA(known, "[]interface {}");
      return setIndex(list, index, this.#item(known, inner, depth));
    }
    if (stop === "") throw new EndOfText();
    const known = list[index];
    const inner: GoMap = isMap(known) ? known : {};
    if (index < list.length) list[index] = inner;
    this.#key(inner, depth);
    return setIndex(list, index, inner);
  }

  #assign(store: (value: Value) => void): void {
    if (this.#options.mode === "literal") return store(this.#rest());
    if (this.#options.mode === "json") return this.#json(store);
    if (this.#at >= this.#characters.length) {
      this.#isUnsaid = true;
      return store("");
    }
    if (this.#characters[this.#at] === "{") {
      this.#at++;
      return store(this.#list());
    }
    store(this.#read(this.#until(",").text));
  }

  #rest(): string {
    const text = this.#characters.slice(this.#at).join("");
    this.#at = this.#characters.length;
    return text;
  }

  #list(): Value[] {
    const items: Value[] = [];
    for (;;) {
      const { text, stop } = this.#until(",}");
      if (stop === "") throw new GoError("list must terminate with '}'");
      items.push(this.#read(text));
      if (stop === "}") break;
    }
    if (this.#characters[this.#at] === ",") this.#at++;
    return items;
  }

  #read(text: string): Value {
    const { reader } = this.#options;
    if (typeof reader === "function") return reader(text);
    return reader === "string" ? text : typedValue(text);
  }

  /** True when nothing but blanks stands before the next comma or the end; the comma is taken. */
  #isEmptyValue(): boolean {
    for (; this.#at < this.#characters.length; this.#at++) {
      const character = this.#characters[this.#at] as string;
      if (character === ",") {
        this.#at++;
        return true;
      }
      if (!/\s/.test(character)) return false;
    }
    return true;
  }

  #json(store: (value: Value) => void): void {
    if (this.#isEmptyValue()) return store(null);
    const end = jsonEnd(this.#characters, this.#at);
    store(parseJson(this.#characters.slice(this.#at, end).join("")));
    this.#at = end;
    this.#isEmptyValue();
  }
}

function notA(known: Value, type: string): GoError {
  const found = known === null || known === undefined ? "nil" : goTypeOf(known);
  return new GoError(`unable to parse key: interface conversion: interface {} is ${found}, not ${type}`);
}

/** A number or word of JSON, and what may only stand in one. */
const jsonScalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/y;

/** Where the JSON value that begins at `start` ends; what is none goes on to the end. */
function jsonEnd(characters: readonly string[], start: number): number {
  let depth = 0;
  for (let i = start; i < characters.length; i++) {
    const character = characters[i] as string;
    if (character === '"') {
      for (i++; i < characters.length && characters[i] !== '"'; i++) if (characters[i] === "\\") i++;
      if (depth === 0) return i + 1;
    } else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") {
      depth--;
      if (depth <= 0) return i + 1;
    } else if (depth === 0) return scalarEnd(characters, i);
  }
  return characters.length;
}

function scalarEnd(characters: readonly string[], start: number): number {
  jsonScalar.lastIndex = 0;
  const found = jsonScalar.exec(characters.slice(start).join(""));
  if (found === null) return characters.length;
  const end = start + found[0].length;
  return /[.eE]/.test(characters[end] ?? "") && /\d$/.test(found[0]) ? characters.length : end;
}

function setKey(map: GoMap, key: string, value: Value): void {
  if (key !== "") mapSet(map, key, value);
}

function setIndex(list: Value[], index: number, value: Value): Value[] {
  if (index > setIndexMax)
    throw new GoError(`index of ${index} is greater than maximum supported index of ${setIndexMax}`);
  while (list.length <= index) list.push(null);
  list[index] = value;
  return list;
}

function typedValue(text: string): Value {
  // Go folds the long s too.
  const lower = text.toLowerCase().replaceAll("ſ", "s");
  if (lower === "true" || lower === "false") return lower === "true";
  if (lower === "null") return null;
  if (text === "0") return int64(0n);
  if (text === "" || text.startsWith("0")) return text;
  const value = parseIntText(text, 10);
  return value === undefined || !fitsInt64(value) ? text : int64(value);
}
