// Plain data as CEL sees it: integers as int, and by its schema timestamps, durations, bytes and doubles. Field names that CEL's
// grammar cannot write are reachable by their escaped form (`__namespace__`, `my__dash__field`).

import {
  formatGoTime,
  isObject,
  type Json,
  type JsonObject,
  type SchemaNode,
  type SchemaRef,
  type SchemaSet,
  setOwn,
} from "#kernel";
import { parseDuration } from "./duration.ts";

export type CelSchema = { schemas: SchemaSet; ref: SchemaRef };

/** The value for an evaluation; without a schema integers are int, other numbers double. */
export function toCel(value: Json, schema?: CelSchema): unknown {
  const node = schema === undefined ? undefined : schema.schemas.resolve(schema.ref);
  if (Array.isArray(value)) return value.map((item) => toCel(item, below(schema, node?.items)));
  if (isObject(value)) return objectToCel(value, schema, node);
  if (typeof value === "number") return node?.type !== "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
  return typeof value === "string" ? textToCel(value, node) : value;
}

function below(schema: CelSchema | undefined, ref: SchemaRef | true | undefined): CelSchema | undefined {
  return schema === undefined || ref === undefined || ref === true ? undefined : { schemas: schema.schemas, ref };
}

function objectToCel(value: JsonObject, schema: CelSchema | undefined, node: SchemaNode | undefined): JsonObject {
  const result: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const isDeclared = node?.properties !== undefined && Object.hasOwn(node.properties, name);
    const ref = isDeclared ? node.properties?.[name] : node?.additional;
    const converted = toCel(member, below(schema, ref)) as Json;
    setOwn(result, name, converted);
    // Only declared fields are written as identifiers; the keys of maps are strings.
    const escaped = isDeclared ? escapeField(name) : name;
    if (escaped !== name) setOwn(result, escaped, converted);
  }
  return result;
}

function textToCel(value: string, node: SchemaNode | undefined): unknown {
  if (node?.format === "duration") return parseDuration(value) ?? value;
  if (node?.format !== "date-time" && node?.format !== "date") return value;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? value : new Date(ms);
}

const reserved: ReadonlySet<string> = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

/** As apiserver/pkg/cel/escaping.go. */
export function escapeField(name: string): string {
  if (reserved.has(name)) return `__${name}__`;
  return name
    .replaceAll("__", "__underscores__")
    .replaceAll(".", "__dot__")
    .replaceAll("-", "__dash__")
    .replaceAll("/", "__slash__");
}

/** Whether a name can be written as one of CEL at all. */
export function isEscapable(name: string): boolean {
  return /^[A-Za-z_./-][\w./-]*$/.test(name);
}

/** A value of the language as plain data; undefined for what data cannot hold. */
export function fromCel(value: unknown): Json | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number")
    return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return formatGoTime(value.getTime());
  if (Array.isArray(value)) {
    const items = value.map(fromCel);
    return items.includes(undefined) ? undefined : (items as Json[]);
  }
  if (value instanceof Map) return fromEntries([...value.entries()]);
  const isPlain = typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? fromEntries(Object.entries(value as object)) : undefined;
}

function fromEntries(entries: readonly (readonly [unknown, unknown])[]): JsonObject | undefined {
  const result: JsonObject = {};
  for (const [name, member] of entries) {
    const data = fromCel(member);
    if (typeof name !== "string" || data === undefined) return undefined;
    setOwn(result, name, data);
  }
  return result;
}
