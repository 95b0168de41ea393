// One step of a path into an object, in the text form of fieldsV1: `f:name`, `k:{"name":"web"}`, `v:"value"`, `i:0`. The text is
// canonical (keys sorted, Go's JSON escapes), so equal elements are equal strings and sets are plain maps of strings.

import { canonicalJson, decodeJson, isObject, type Json, type JsonObject } from "#kernel";
import { cachedNameMax, elementsCachedMax } from "./limits.ts";

export type PathElement = string;

const fields = new Map<string, PathElement>();

/** Made once for each name: what is written as a key again and again costs least when it is the same string. */
export function fieldElement(name: string): PathElement {
  const known = fields.get(name);
  if (known !== undefined) return known;
  if (fields.size >= elementsCachedMax) fields.clear();
  const element = `f:${name}`;
  if (name.length <= cachedNameMax) fields.set(name, element);
  return element;
}

/** JSON as Go writes it: `<`, `>`, `&` and the two line separators are escaped in strings. */
export function goJson(value: Json): string {
  return canonicalJson(value).replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export function valueElement(value: Json): PathElement {
  return `v:${goJson(value)}`;
}

/** An element of a map list: the values of its key fields. */
export function keyElement(keys: JsonObject): PathElement {
  return `k:${goJson(keys)}`;
}

const known = new Map<string, PathElement>();

/** The canonical form of an element as a client wrote it; undefined when it is none. */
export function parseElement(text: string): PathElement | undefined {
  if (text.startsWith("f:")) return text;
  const cached = known.get(text);
  if (cached !== undefined) return cached;
  const element = parseSlowly(text);
  if (element === undefined) return undefined;
  if (known.size >= elementsCachedMax) known.clear();
  known.set(text, element);
  return element;
}

function parseSlowly(text: string): PathElement | undefined {
  const content = text.slice(2);
  if (text.startsWith("i:")) return /^[+-]?\d+$/.test(content) ? `i:${Number(content)}` : undefined;
  if (!text.startsWith("k:") && !text.startsWith("v:")) return undefined;
  let value: Json;
  try {
    value = decodeJson(content);
  } catch {
    return undefined;
  }
  if (text.startsWith("v:")) return valueElement(value);
  return isObject(value) ? keyElement(value) : undefined;
}

/** For people, as in conflict messages: `.spec`, `[name="web"]`, `[="value"]`, `[0]`. */
export function formatElement(element: PathElement): string {
  const content = element.slice(2);
  if (element.startsWith("f:")) return `.${content}`;
  if (element.startsWith("i:")) return `[${content}]`;
  if (element.startsWith("v:")) return `[=${formatValue(decodeJson(content))}]`;
  const keys = Object.entries(decodeJson(content) as JsonObject);
  return `[${keys.map(([name, value]) => `${name}=${formatValue(value)}`).join(",")}]`;
}

function formatValue(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(formatValue).join(",")}]`;
  if (!isObject(value)) return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
  return Object.entries(value)
    .map(([name, member]) => `${name}=${formatValue(member)}`)
    .join("");
}

/** Field names before keys before values before indices. */
const ranks: { [sort: string]: number } = { f: 0, k: 1, v: 2, i: 3 };

/** The order of structured-merge-diff (fieldpath/element.go, Compare), in which fieldsV1 is written. */
export function compareElements(a: PathElement, b: PathElement): number {
  if (a === b) return 0;
  const sort = a.charAt(0);
  if (sort !== b.charAt(0)) return (ranks[sort] ?? 4) - (ranks[b.charAt(0)] ?? 4);
  if (sort === "f") return compareText(a, b);
  if (sort === "i") return Number(a.slice(2)) - Number(b.slice(2));
  const [left, right] = [decodeJson(a.slice(2)), decodeJson(b.slice(2))];
  return sort === "v" ? compareValues(left, right) : compareKeys(left as JsonObject, right as JsonObject);
}

/** By Unicode code points, as Go compares the bytes of UTF-8. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left === right) continue;
    // A surrogate stands for a code point above every other code unit.
    const [isLeftHigh, isRightHigh] = [left >= 0xd800 && left <= 0xdfff, right >= 0xd800 && right <= 0xdfff];
    if (isLeftHigh !== isRightHigh) return isLeftHigh ? 1 : -1;
    return left - right;
  }
  return a.length - b.length;
}

function compareKeys(a: JsonObject, b: JsonObject): number {
  const [left, right] = [Object.entries(a), Object.entries(b)];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const [[leftName, leftValue], [rightName, rightValue]] = [left[i], right[i]] as [[string, Json], [string, Json]];
    const order = compareText(leftName, rightName) || compareValues(leftValue, rightValue);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function valueRank(value: Json): number {
  if (typeof value === "number" || typeof value === "bigint") return 0;
  if (typeof value === "string") return 1;
  if (typeof value === "boolean") return 2;
  return Array.isArray(value) ? 3 : value === null ? 5 : 4;
}

function compareValues(a: Json, b: Json): number {
  const rank = valueRank(a);
  if (rank !== valueRank(b)) return rank - valueRank(b);
  if (typeof a === "string") return compareText(a, b as string);
  if (typeof a === "number" || typeof a === "bigint") return a < (b as number) ? -1 : a > (b as number) ? 1 : 0;
  if (typeof a === "boolean") return Number(a) - Number(b);
  return compareText(canonicalJson(a), canonicalJson(b));
}
