// The tables of a TOML document as BurntSushi/toml v1.6.0 (parse.go) fills them. It remembers by path alone which tables
// nobody wrote out and which keys hold lists, so that tables of one list share what is remembered, and a path that was
// taken for implied once may be defined once more.

import { type GoMap, goTypeOf, isMap, mapGet, mapSet, typed, type Value } from "#formats/gotemplate";
import { formatKey } from "./toml.ts";

/** The type of what `[[name]]` makes; a list in brackets is another. */
const tableListType = "[]map[string]interface {}";

export type TomlPath = readonly string[];

export function formatPath(path: TomlPath): string {
  return path.map(formatKey).join(".");
}

export class TomlTables {
  readonly root: GoMap = {};
  /** The table that is being filled. */
  context: TomlPath = [];
  /** The key of the value that is being read; "" for none. */
  key = "";
  readonly #implied = new Set<string>();
  readonly #lists = new Set<string>();
  readonly #fail: (message: string) => never;

  constructor(fail: (message: string) => never) {
    this.#fail = fail;
  }

  /** What complaints name. */
  lastKey(): string {
    const context = formatPath(this.context);
    if (this.key === "") return context;
    return this.context.length === 0 ? this.key : `${context}.${this.key}`;
  }

  /** Goes into the tables that a dotted key passes through. */
  enterDotted(parents: TomlPath): void {
    for (const key of parents) this.enterImplied([...this.context, key], false);
  }

  enterImplied(path: TomlPath, isList: boolean): void {
    this.#implied.add(formatPath(path));
    this.enter(path, isList);
  }

  /** Goes to the table at a path from the root, and makes it; for a list, one more table of it. */
  enter(path: TomlPath, isList: boolean): void {
    const parents = path.slice(0, -1);
    const last = path.at(-1) as string;
    let table = this.root;
    for (const [i, key] of parents.entries()) {
      if (!Object.hasOwn(table, key)) {
        this.#implied.add(formatPath(parents.slice(0, i + 1)));
        mapSet(table, key, {});
      }
      const next = tableIn(mapGet(table, key));
      if (next === undefined) this.#fail(`Key '${formatPath(parents.slice(0, i + 1))}' was already created as a hash.`);
      table = next;
    }
    this.context = parents;
    if (isList) this.#append(table, path);
    else this.set(last, {});
    this.context = path;
  }

  #append(table: GoMap, path: TomlPath): void {
    const key = path.at(-1) as string;
    if (!Object.hasOwn(table, key)) mapSet(table, key, typed([], tableListType));
    const list = mapGet(table, key);
    if (!Array.isArray(list) || goTypeOf(list) !== tableListType)
      this.#fail(`Key '${formatPath(path)}' was already created and cannot be used as an array.`);
    list.push({});
  }

  /** Sets a key of the table that is being filled. */
  set(key: string, value: Value): void {
    let table = this.root;
    for (const [i, name] of this.context.entries()) {
      const next = tableIn(mapGet(table, name));
      if (next === undefined) this.#failDefined(this.context.slice(0, i + 1));
      table = next;
    }
    const path = formatPath([...this.context, key]);
    if (!Object.hasOwn(table, key)) {
      mapSet(table, key, value);
      return;
    }
    if (!this.#implied.delete(path)) this.#failDefined([...this.context, key]);
    // A table that was implied stays; a list is taken anew, for its tables have gone their own way.
    if (this.#lists.has(path)) mapSet(table, key, value);
  }

  #failDefined(path: TomlPath): never {
    this.#fail(`Key '${formatPath(path)}' has already been defined.`);
  }

  /** Remembers whether a key holds a list in brackets; without a key, the table that is being filled. */
  setIsList(key: string, isList: boolean): void {
    const path = key === "" ? this.context : [...this.context, key];
    const text = formatPath(path.length === 0 ? [""] : path);
    if (isList) this.#lists.add(text);
    else this.#lists.delete(text);
  }
}

/** The table that stands at a key: of `[[name]]` the last. */
function tableIn(value: Value): GoMap | undefined {
  if (Array.isArray(value)) return goTypeOf(value) === tableListType ? (value.at(-1) as GoMap) : undefined;
  return isMap(value) ? value : undefined;
}
