// Plain data to typed configuration, as Go's encoding/json does it: field names match in any case, null is nothing, a value
// of another type is an error. A kustomization is strict about unknown fields; a plugin's configuration is not, and there
// numbers and booleans turn into text where text is wanted (sigs.k8s.io/yaml).

import { formatGoFloat } from "#formats/yaml";
import { isObject, type Json, type JsonObject } from "#kernel";
import { invalid } from "./faults.ts";

export type Shape =
  | "text"
  /** A text where not even a plugin's configuration may hold a number or a word. */
  | "exact-text"
  | "boolean"
  | "integer"
  | "any"
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly fields: { readonly [name: string]: Shape } };

export type DecodeOptions = { isStrict: boolean };

/** The data as the shape says; fields that are absent or null are left out. */
export function decode(data: Json, shape: Shape, options: DecodeOptions): Json {
  return decodeAt(data, shape, options, "") ?? {};
}

function decodeAt(data: Json, shape: Shape, options: DecodeOptions, at: string): Json | undefined {
  if (data === null) return undefined;
  if (shape === "any") return data;
  if (shape === "text") return decodeText(data, options, at);
  if (shape === "exact-text") return decodeText(data, { isStrict: true }, at);
  if (shape === "boolean") return typeof data === "boolean" ? data : mismatch(data, "true or false", at);
  if (shape === "integer") return decodeInteger(data, at);
  if ("list" in shape) {
    if (!Array.isArray(data)) return mismatch(data, "a list", at);
    return data.map((item, i) => decodeAt(item, shape.list, options, `${at}[${i}]`) ?? emptyOf(shape.list));
  }
  if (!isObject(data)) return mismatch(data, "a map", at);
  return "map" in shape ? decodeMap(data, shape.map, options, at) : decodeFields(data, shape.fields, options, at);
}

function decodeText(data: Json, options: DecodeOptions, at: string): string {
  if (typeof data === "string") return data;
  const canConvert = typeof data === "number" || typeof data === "bigint" || typeof data === "boolean";
  if (options.isStrict || !canConvert) return mismatch(data, "text", at);
  return typeof data === "number" && !Number.isInteger(data) ? formatGoFloat(data) : String(data);
}

function decodeInteger(data: Json, at: string): number | bigint {
  if (typeof data === "number" && Number.isInteger(data)) return data;
  if (typeof data === "bigint" && BigInt.asIntN(64, data) === data) return data;
  return mismatch(data, "a whole number", at);
}

function decodeMap(data: JsonObject, shape: Shape, options: DecodeOptions, at: string): JsonObject {
  const result: JsonObject = Object.create(null) as JsonObject;
  for (const [key, value] of Object.entries(data))
    result[key] = decodeAt(value, shape, options, join(at, key)) ?? emptyOf(shape);
  return result;
}

function decodeFields(
  data: JsonObject,
  fields: { readonly [name: string]: Shape },
  options: DecodeOptions,
  at: string,
): JsonObject {
  const result: JsonObject = {};
  // Go decodes JSON text whose keys are sorted: of two spellings the later one wins.
  for (const key of Object.keys(data).sort()) {
    const name = Object.hasOwn(fields, key) ? key : findName(fields, key);
    if (name === undefined) {
      if (options.isStrict) throw invalid(`unknown field "${key}"`, { at: join(at, key) });
      continue;
    }
    const value = decodeAt(data[key] as Json, fields[name] as Shape, options, join(at, name));
    if (value !== undefined) result[name] = value;
  }
  return result;
}

function findName(fields: { readonly [name: string]: Shape }, key: string): string | undefined {
  const lower = key.toLowerCase();
  return Object.keys(fields).find((name) => name.toLowerCase() === lower);
}

function emptyOf(shape: Shape): Json {
  if (shape === "text" || shape === "exact-text") return "";
  if (shape === "boolean") return false;
  if (shape === "integer") return 0;
  if (shape === "any") return null;
  return "list" in shape ? [] : {};
}

function join(at: string, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}

function mismatch(data: Json, wanted: string, at: string): never {
  const got = Array.isArray(data)
    ? "a list"
    : isObject(data)
      ? "a map"
      : typeof data === "string"
        ? "text"
        : String(data);
  const hint = typeof data === "number" || typeof data === "boolean" ? { hint: "write it in quotes" } : {};
  throw invalid(`expected ${wanted} but found ${got}`, { at, ...(wanted === "text" ? hint : {}) });
}
