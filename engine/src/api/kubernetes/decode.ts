// A built-in object as the API server has it after decoding: unknown members dropped and named, defaults filled in, empty members
// left out where Go leaves them out, zero members written where Go writes them, quantities in canonical form.

import { isObject, type Json, type JsonObject, type SchemaNode, type SchemaRef, setOwn } from "#kernel";
import { base64Error } from "./base64.ts";
import { builtinSchemas } from "./builtin.ts";
import { defaultsOf } from "./defaults.ts";
import { canonicalQuantity } from "./quantity.ts";

export type Decoded = {
  object: JsonObject;
  /** Paths of members that the kind does not have, sorted. */
  unknown: string[];
  /** Go's words for the first value of a wrong type, undefined when all fit. */
  error: string | undefined;
};

type Walk = { unknown: string[]; error: string | undefined; withDefaults: boolean };
type At = {
  ref: SchemaRef;
  path: string /** The innermost struct, and the way to here from the root; keys of maps are no part of it. */;
  struct: string;
  way: string;
};

export type DecodeOptions = {
  /** False: an object that has its defaults already, or a status. */ withDefaults?: boolean;
};

/** Decodes an object of the kind that `root` names (see `schemaFor`). Does not change what it is given. */
export function decodeBuiltin(object: JsonObject, root: string, options: DecodeOptions = {}): Decoded {
  const walk: Walk = { unknown: [], error: undefined, withDefaults: options.withDefaults ?? true };
  const decoded = decode(object, { ref: root, path: "", struct: typeName(root), way: "" }, walk);
  const unknown = walk.unknown.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return { object: decoded as JsonObject, unknown, error: walk.error };
}

/** The last part of a definition's name: its Go type. */
function typeName(definition: string): string {
  return definition.slice(definition.lastIndexOf(".") + 1);
}

function decode(value: Json, at: At, walk: Walk): Json {
  const node = builtinSchemas.resolve(at.ref);
  if (value === null) return null;
  if (!fits(value, node)) {
    walk.error ??= `json: cannot unmarshal ${jsonKind(value)} into Go struct field ${at.struct}.${at.way} of type ${goType(at.ref, node)}`;
    return value;
  }
  if (Array.isArray(value)) return decodeList(value, node, at, walk);
  if (isObject(value)) return decodeMap(value, node, at, walk);
  if (node.format === "byte" && typeof value === "string") walk.error ??= base64Error(value);
  if (node.format === "quantity") return canonicalQuantity(value as string | number) ?? value;
  return value;
}

// oxlint-disable-next-line max-params -- a step of the walk: what, its schema, where, and the walk
function decodeList(items: Json[], node: SchemaNode, at: At, walk: Walk): Json {
  const ref = node.items;
  if (ref === undefined) return items;
  return items.map((item, index) => decode(item, { ...at, ref, path: `${at.path}[${index}]` }, walk));
}

// oxlint-disable-next-line max-params -- as above
function decodeMap(value: JsonObject, node: SchemaNode, at: At, walk: Walk): Json {
  if (node.properties === undefined && node.additional === undefined) return value;
  const copy: JsonObject = { ...value };
  for (const name in copy) if (copy[name] === null) delete copy[name];
  if (walk.withDefaults) fillDefaults(copy, node, at.ref);
  for (const name in node.always) if (!Object.hasOwn(copy, name)) setOwn(copy, name, node.always[name] as Json);
  for (const name of Object.keys(copy)) decodeMember(copy, name, { ...at, node }, walk);
  return copy;
}

function fillDefaults(copy: JsonObject, node: SchemaNode, ref: SchemaRef): void {
  if (typeof ref === "string") defaultsOf(ref)?.(copy);
  for (const [name, below] of Object.entries(node.properties ?? {})) {
    if (typeof below === "string" || below.default === undefined || isZero(below.default)) continue;
    if (!Object.hasOwn(copy, name) || copy[name] === "") setOwn(copy, name, below.default);
  }
}

// oxlint-disable-next-line max-params -- as above
function decodeMember(copy: JsonObject, name: string, at: At & { node: SchemaNode }, walk: Walk): void {
  const { node } = at;
  const isDeclared = node.properties !== undefined && Object.hasOwn(node.properties, name);
  const ref = isDeclared ? node.properties?.[name] : node.additional;
  const path = at.path === "" ? name : `${at.path}.${name}`;
  if (ref === undefined) {
    walk.unknown.push(path);
    delete copy[name];
    return;
  }
  if (ref === true) return;
  const struct = isDeclared && typeof at.ref === "string" ? typeName(at.ref) : at.struct;
  const next = decode(
    copy[name] as Json,
    { ref, path, struct, way: !isDeclared ? at.way : at.way === "" ? name : `${at.way}.${name}` },
    walk,
  );
  if (node.omitEmpty?.includes(name) === true && isZero(next)) delete copy[name];
  else setOwn(copy, name, next);
}

function isZero(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (!isObject(value)) return value === "" || value === 0 || value === false || value === null;
  for (const _ in value) return false;
  return true;
}

function fits(value: Json, node: SchemaNode): boolean {
  switch (node.type ?? "any") {
    case "object":
      return isObject(value);
    case "array":
      return Array.isArray(value);
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "integer":
      return typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
    case "number":
      return typeof value === "bigint" || typeof value === "number";
    case "int-or-string":
      return typeof value === "string" || typeof value === "number" || typeof value === "bigint";
    case "any":
      return true;
  }
}

function jsonKind(value: Json): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "number" : `number ${value}`;
  return typeof value === "boolean" ? "bool" : typeof value === "bigint" ? "number" : typeof value;
}

function goType(ref: SchemaRef, node: SchemaNode): string {
  if (typeof ref === "string") return ref.split(".").slice(-2).join(".");
  switch (node.type ?? "any") {
    case "integer":
      return node.format ?? "int64";
    case "number":
      return "float64";
    case "boolean":
      return "bool";
    case "array":
      return `[]${goType(node.items ?? {}, node.items === undefined ? {} : builtinSchemas.resolve(node.items))}`;
    case "object": {
      const below = node.additional;
      if (below === undefined || below === true) return "map[string]interface {}";
      return `map[string]${goType(below, builtinSchemas.resolve(below))}`;
    }
    case "any":
    case "string":
    case "int-or-string":
      return node.format === "byte" ? "[]uint8" : "string";
  }
}
