// Plain data as Kubernetes carries it. A number keeps JSON's meaning; an integer that a double cannot hold is a bigint,
// so that Go's int64 and uint64 values survive every step. Only `encodeJson` writes such data to text.

export type Json = null | boolean | number | bigint | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** True for an object that is neither null nor a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A run of 16 digits may be an integer that a double rounds; shorter ones never are. */
const longDigits = /\d{16}/;

/** Looks only where there is a digit at one of every 16 places: no run of 16 misses them all. */
function hasLongDigits(text: string): boolean {
  for (let at = 15; at < text.length; at += 16) {
    const letter = text.charCodeAt(at);
    if (letter >= 48 && letter <= 57) return longDigits.test(text);
  }
  return false;
}

/** Reads JSON text; integers beyond 2^53 become bigint. Throws SyntaxError with the position, as JSON.parse does. */
export function decodeJson(text: string): Json {
  if (!hasLongDigits(text)) return JSON.parse(text) as Json;
  return JSON.parse(quoteLongIntegers(text), reviveLongIntegers) as Json;
}

/** Marks a quoted integer; U+E000 is private use and is doubled where the text itself has it in front of digits. */
const mark = "\uE000i";

function quoteLongIntegers(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) => {
    if (token.startsWith('"')) return token.startsWith(`"${mark}`) ? `"${mark}${token.slice(1)}` : token;
    if (token.length < 16 || !/^-?\d+$/.test(token) || String(Number(token)) === token) return token;
    return `"${mark}${token}"`;
  });
}

function reviveLongIntegers(_key: string, value: unknown): unknown {
  if (typeof value !== "string" || !value.startsWith(mark)) return value;
  const rest = value.slice(mark.length);
  return rest.startsWith(mark) ? rest : BigInt(rest);
}

/** Compact JSON text; key order is kept, undefined members are left out, bigint is written as digits. */
export function encodeJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof TypeError && hasBigInt(value)) return encodeSlowly(value) ?? "null";
    throw error;
  }
}

function hasBigInt(value: unknown): boolean {
  if (typeof value === "bigint") return true;
  if (typeof value !== "object" || value === null) return false;
  for (const key in value) if (hasBigInt((value as Record<string, unknown>)[key])) return true;
  return false;
}

function encodeSlowly(value: unknown): string | undefined {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => encodeSlowly(item) ?? "null").join(",")}]`;
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    const text = encodeSlowly(member);
    if (text !== undefined) members.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${members.join(",")}}`;
}

/** JSON text with every object's keys sorted by code unit: equal data gives equal text. */
export function canonicalJson(value: Json): string {
  return encodeJson(sortKeys(value));
}

function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  const sorted: JsonObject = Object.create(null) as JsonObject;
  for (const key of Object.keys(value).sort()) sorted[key] = sortKeys(value[key] as Json);
  return sorted;
}

/** Deep equality of plain data; 1 and 1n are equal, the order of keys does not matter. */
export function equalJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a === "bigint")
    return typeof b === "number" && a === BigInt(Number.isInteger(b) ? b : 0) && Number.isInteger(b);
  if (typeof b === "bigint") return equalJson(b, a);
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equalJson(item, b[i]));
  return isObject(a) && isObject(b) && equalMembers(a, b);
}

function equalMembers(a: JsonObject, b: JsonObject): boolean {
  let count = 0;
  for (const key in a) {
    if (!Object.hasOwn(b, key) || !equalJson(a[key], b[key])) return false;
    count++;
  }
  for (const _ in b) count--;
  return count === 0;
}

/** A deep copy that shares nothing with its source. */
export function copyJson<T extends Json>(value: T): T {
  if (Array.isArray(value)) return value.map((item) => copyJson(item)) as T;
  return (isObject(value) ? copyMembers(value) : value) as T;
}

function copyMembers(object: JsonObject): JsonObject {
  const copy: JsonObject = {};
  for (const key in object) setOwn(copy, key, copyJson(object[key] as Json));
  return copy;
}

/** Sets a member also when its name is `__proto__`, which plain assignment would lose. */
export function setOwn(object: JsonObject, key: string, value: Json): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  else object[key] = value;
}

/** Freezes the value and all below it; returns it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
  return value;
}

/** The member at a path of plain data, or undefined. */
export function fieldOf(value: unknown, ...path: readonly string[]): Json | undefined {
  let current: unknown = value;
  for (const key of path) {
    if (!isObject(current)) return undefined;
    current = current[key];
  }
  return current as Json | undefined;
}

/** Text at a path, "" where there is none. */
export function textOf(value: unknown, ...path: readonly string[]): string {
  const found = fieldOf(value, ...path);
  return typeof found === "string" ? found : typeof found === "number" ? String(found) : "";
}
