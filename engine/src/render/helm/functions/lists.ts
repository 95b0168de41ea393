// Sprig's lists. None changes its argument; each returns a new []interface {} unless Sprig's says otherwise.

import {
  compareStrings,
  define,
  type FunctionTable,
  GoError,
  type GoFunction,
  goTypeOf,
  isList,
  nilContainer,
  strings,
  typed,
  type Value,
} from "#formats/gotemplate";
import { listLengthMax } from "../limits.ts";
import { isEmpty, itemsOf, toInt64, toText, toTexts } from "./cast.ts";
import { deepEqual } from "./equality.ts";

function contains(list: readonly Value[], needle: Value): boolean {
  // Lists of plain text are the common case.
  if (typeof needle === "string") return list.includes(needle);
  return list.some((item) => deepEqual(needle, item));
}

function append(list: Value, value: Value): Value {
  return [...itemsOf(list, "Cannot push on type"), value];
}

function prepend(list: Value, value: Value): Value {
  return [value, ...itemsOf(list, "Cannot prepend on type")];
}

function uniq(list: Value): Value {
  const found: Value[] = [];
  // Lists of a million words are told apart by a table; only what has parts is compared part by part, and NaN equals nothing.
  const plain = new Set<Value>();
  const others: Value[] = [];
  for (const given of itemsOf(list, "Cannot find uniq on type")) {
    const item = given ?? null;
    const isPlain = (typeof item !== "object" || item === null) && !Number.isNaN(item);
    if (isPlain ? plain.has(item) : contains(others, item)) continue;
    if (isPlain) plain.add(item);
    else others.push(item);
    found.push(given);
  }
  return found;
}

function without(list: Value, ...omitted: Value[]): Value {
  return itemsOf(list, "Cannot find without on type").filter((item) => !contains(omitted, item));
}

function has(needle: Value, haystack: Value): Value {
  if (haystack === null) return false;
  return contains(itemsOf(haystack, "Cannot find has on type"), needle);
}

function slice(list: Value, ...bounds: Value[]): Value {
  const items = itemsOf(list, "list should be type of slice or array but");
  if (items.length === 0) return null;
  const start = bounds.length > 0 ? Number(toInt64(bounds[0])) : 0;
  const end = bounds.length > 1 ? Number(toInt64(bounds[1])) : items.length;
  if (start < 0 || end < start || end > items.length)
    throw new GoError("reflect.Value.Slice: slice index out of bounds");
  const part = items.slice(start, end);
  return isList(list) && goTypeOf(list) !== "[]interface {}" ? typed(part, goTypeOf(list)) : part;
}

function chunk(size: bigint, list: Value): Value {
  const items = itemsOf(list, "Cannot chunk type");
  const width = Number(size);
  if (width === 0) throw new GoError("runtime error: makeslice: len out of range");
  const count = Math.floor((items.length - 1) / width) + 1;
  if (count < 0 || (width < 0 && count > 0)) throw new GoError("runtime error: makeslice: len out of range");
  if (width < 0) return typed([], "[][]interface {}");
  const chunks: Value[] = [];
  for (let i = 0; i < items.length; i += width) chunks.push(items.slice(i, i + width));
  return typed(chunks, "[][]interface {}");
}

function concat(...lists: Value[]): Value {
  const items = lists.map((list) => (isList(list) ? list : itemsOf(list, "Cannot concat type")));
  const length = items.reduce((sum, list) => sum + list.length, 0);
  if (length > listLengthMax) throw new GoError(`a list of more than ${listLengthMax} items`);
  // Sprig appends to a list that it never made: without an item it stays nil.
  return length === 0 ? nilContainer([]) : items.flat();
}

function concatOrFail(...lists: Value[]): Value {
  try {
    return concat(...lists);
  } catch (error) {
    if (error instanceof GoError && error.message.startsWith("Cannot concat"))
      throw new GoError(`${error.message} as list`);
    throw error;
  }
}

function rest(list: Value, complaint: string, part: (items: Value[]) => Value[]): Value {
  const items = itemsOf(list, complaint);
  // Of nothing Sprig gives a list that was never made.
  return items.length === 0 ? nilContainer(typed([], "[]interface {}")) : part(items);
}

function sortAlpha(list: Value): Value {
  return isList(list) ? strings(toTexts(list).sort(compareStrings)) : strings([toText(list)]);
}

/** Each function under its own name and, where Sprig has one, its must-name. */
function withMust(table: FunctionTable): FunctionTable {
  const both: { [name: string]: GoFunction } = {};
  for (const [name, fn] of Object.entries(table)) {
    both[name] = fn;
    both[`must${(name[0] as string).toUpperCase()}${name.slice(1)}`] = fn;
  }
  return both;
}

export const listFunctions: FunctionTable = {
  list: define("...any", (...values: Value[]) => values),
  tuple: define("...any", (...values: Value[]) => values),
  concat: define("...any", concatOrFail),
  sortAlpha: define("any", sortAlpha),
  toStrings: define("any", (value: Value) => strings(toTexts(value))),
  join: define("string, any", (separator: string, value: Value) => toTexts(value).join(separator)),
  ...withMust({
    append: define("any, any", append),
    push: define("any, any", append),
    prepend: define("any, any", prepend),
    first: define("any", (list: Value) => itemsOf(list, "Cannot find first on type")[0] ?? null),
    last: define("any", (list: Value) => itemsOf(list, "Cannot find last on type").at(-1) ?? null),
    rest: define("any", (list: Value) => rest(list, "Cannot find rest on type", (items) => items.slice(1))),
    initial: define("any", (list: Value) => rest(list, "Cannot find initial on type", (items) => items.slice(0, -1))),
    reverse: define("any", (list: Value) => [...itemsOf(list, "Cannot find reverse on type")].reverse()),
    compact: define("any", (list: Value) => itemsOf(list, "Cannot compact on type").filter((item) => !isEmpty(item))),
    uniq: define("any", uniq),
    without: define("any, ...any", without),
    has: define("any, any", has),
    slice: define("any, ...any", slice),
    chunk: define("int, any", chunk),
  }),
};
