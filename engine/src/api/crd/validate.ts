// Validation of custom resources against their structural schema, with the API server's errors: its order is by schema, members by
// name; its texts are those of kube-openapi and field.Error. CEL rules are another walk (rules.ts).

import { RE2JS } from "re2js";
import {
  encodeJson,
  equalJson,
  isObject,
  type Json,
  type JsonObject,
  type SchemaNode,
  type SchemaRef,
  type SchemaSet,
} from "#kernel";
import { childField, type FieldError, invalid, notSupported, required } from "./field-error.ts";
import { hasFormat } from "./formats.ts";
import { errorsMax, patternsCachedMax } from "./limits.ts";

type Walk = { schemas: SchemaSet; errors: FieldError[] };

/** What in `value` breaks its schema; empty when nothing does. `metadata` is for the server to check, as for all objects. */
export function validateValue(value: Json, schemas: SchemaSet, ref: SchemaRef, field = ""): FieldError[] {
  const walk: Walk = { schemas, errors: [] };
  check(value, { ref, field }, walk);
  return walk.errors;
}

/**
 * The same of what takes the place of `old`: a value that was there before, in the same place, is not held against anybody, whatever
 * its schema has become meanwhile.
 */
export function validateChange(value: Json, old: Json | undefined, schemas: SchemaSet, ref: SchemaRef): FieldError[] {
  const walk: Walk = { schemas, errors: [] };
  check(value, { ref, field: "", old }, walk);
  return walk.errors;
}

/** `old` stood in the same place. */
type At = { ref: SchemaRef; field: string; old?: Json | undefined };

function check(value: Json, at: At, walk: Walk): void {
  if (walk.errors.length >= errorsMax) return;
  if (at.old !== undefined && equalJson(value, at.old)) return;
  const node = walk.schemas.resolve(at.ref);
  if (value === null) {
    if (node.nullable !== true && node.type !== undefined) walk.errors.push(typeError(node, at.field, value));
    return;
  }
  if (!hasType(node, value)) {
    walk.errors.push(typeError(node, at.field, value));
    if (node.type === "integer" && typeof value === "number") walk.errors.push(integerFormatError(node, at.field));
    // It may say in an anyOf of its own what its type says already.
    if (node.type === "int-or-string") checkAlternatives(value, { node, field: at.field }, walk);
    return;
  }
  checkScalars(value, { node, field: at.field }, walk);
  if (Array.isArray(value)) checkList(value, { node, field: at.field, old: at.old }, walk);
  else if (isObject(value)) checkMap(value, { node, field: at.field, old: at.old }, walk);
  checkEnum(value, { node, field: at.field }, walk);
  checkAlternatives(value, { node, field: at.field }, walk);
}

type Here = { node: SchemaNode; field: string; old?: Json | undefined };

/** JSON Schema's word for what a value is. */
function typeName(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "bigint") return "integer";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function hasType(node: SchemaNode, value: Json): boolean {
  const name = typeName(value);
  if (node.type === undefined) return true;
  if (node.type === "number") return name === "number" || name === "integer";
  if (node.type === "int-or-string") return name === "integer" || name === "string" || node.format === "quantity";
  return node.type === name;
}

function typeError(node: SchemaNode, field: string, value: Json): FieldError {
  const wanted = node.type === "int-or-string" ? "integer,string" : (node.type ?? "object");
  const found = typeName(value);
  return { type: "TypeInvalid", field, value: found, detail: `${field} in body must be of type ${wanted}: "${found}"` };
}

/** Told of no field: the library that says so knows the field by name only. */
function unnamed(detail: string): FieldError {
  return { type: "Invalid", field: "<nil>", value: "", detail };
}

function integerFormatError(node: SchemaNode, field: string): FieldError {
  const format = node.format === undefined ? "(default format)" : `with format ${node.format}`;
  return unnamed(`Checked value must be of type integer ${format} in ${field}`);
}

function numberCheck(node: SchemaNode, keyword: string): number | undefined {
  const value = node.checks?.[keyword];
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
}

function checkScalars(value: Json, here: Here, walk: Walk): void {
  if (typeof value === "string") checkString(value, here, walk);
  else if (typeof value === "number" || typeof value === "bigint") checkNumber(value, here, walk);
}

const integerRanges: { readonly [format: string]: readonly [bigint, bigint] } = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};

function checkNumber(value: number | bigint, { node, field }: Here, walk: Walk): void {
  const range = node.format === undefined || node.type === "number" ? undefined : integerRanges[node.format];
  const exact = typeof value === "bigint" ? value : Number.isInteger(value) ? BigInt(value) : undefined;
  if (range !== undefined && exact !== undefined && (exact < range[0] || exact > range[1]))
    walk.errors.push(integerFormatError(node, field));
  const [minimum, maximum] = [numberCheck(node, "minimum"), numberCheck(node, "maximum")];
  const isAboveOnly = node.checks?.["exclusiveMinimum"] === true;
  const isBelowOnly = node.checks?.["exclusiveMaximum"] === true;
  const say = (words: string): unknown =>
    walk.errors.push(invalid(field, value, `${field} in body should be ${words}`));
  const step = numberCheck(node, "multipleOf");
  if (step !== undefined && step > 0 && !isMultiple(Number(value), step)) say(`a multiple of ${step}`);
  if (maximum !== undefined && (isBelowOnly ? value >= maximum : value > maximum))
    say(isBelowOnly ? `less than ${maximum}` : `less than or equal to ${maximum}`);
  if (minimum !== undefined && (isAboveOnly ? value <= minimum : value < minimum))
    say(isAboveOnly ? `greater than ${minimum}` : `greater than or equal to ${minimum}`);
}

function isMultiple(value: number, step: number): boolean {
  const quotient = value / step;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9;
}

const compiled = new Map<string, RE2JS | undefined>();

/** The pattern compiled; undefined when it is none, and then nothing is refused for it. */
function compilePattern(pattern: string): RE2JS | undefined {
  if (compiled.has(pattern)) return compiled.get(pattern);
  let expression: RE2JS | undefined;
  try {
    expression = RE2JS.compile(pattern);
  } catch {
    expression = undefined;
  }
  if (compiled.size >= patternsCachedMax) compiled.clear();
  compiled.set(pattern, expression);
  return expression;
}

function checkString(value: string, { node, field }: Here, walk: Walk): void {
  const [shortest, longest] = [numberCheck(node, "minLength"), numberCheck(node, "maxLength")];
  const length = Array.from(value).length;
  const pattern = node.checks?.["pattern"];
  // One thing is told of a text: its length before its form.
  if (longest !== undefined && length > longest)
    walk.errors.push({ type: "TooLong", field, detail: `may not be more than ${longest} bytes` });
  else if (shortest !== undefined && length < shortest)
    walk.errors.push(invalid(field, value, `${field} in body should be at least ${shortest} chars long`));
  else if (typeof pattern === "string" && compilePattern(pattern)?.matcher(value).find() === false)
    walk.errors.push(invalid(field, value, `${field} in body should match '${pattern}'`));
  if (node.format !== undefined && node.type === "string" && !hasFormat(value, node.format))
    walk.errors.push({
      type: "TypeInvalid",
      field,
      value,
      detail: `${field} in body must be of type ${node.format}: ${encodeJson(value)}`,
    });
}

function checkList(items: readonly Json[], { node, field, old }: Here, walk: Walk): void {
  const [fewest, most] = [numberCheck(node, "minItems"), numberCheck(node, "maxItems")];
  if (fewest !== undefined && items.length < fewest)
    walk.errors.push(invalid(field, items.length, `${field} in body should have at least ${fewest} items`));
  if (most !== undefined && items.length > most)
    walk.errors.push({ type: "TooMany", field, value: items.length, detail: `must have at most ${most} items` });
  if (node.checks?.["uniqueItems"] === true && new Set(items.map((item) => encodeJson(item))).size < items.length)
    walk.errors.push(invalid(field, undefined, `${field} in body shouldn't contain duplicates`));
  if (node.items === undefined) return;
  const before = itemsByKey(old, node);
  for (const [index, item] of items.entries()) {
    const was = before?.get(encodeJson(keysOf(item, node)));
    check(item, { ref: node.items, field: `${field}[${index}]`, old: was }, walk);
  }
}

/** Items of a list with keys, by their keys; those of other lists have no place of their own. */
function itemsByKey(old: Json | undefined, node: SchemaNode): Map<string, Json> | undefined {
  if (node.listType !== "map" || !Array.isArray(old)) return undefined;
  return new Map(old.map((item) => [encodeJson(keysOf(item, node)), item]));
}

function checkMap(value: JsonObject, { node, field, old }: Here, walk: Walk): void {
  const before = isObject(old) ? old : {};
  const names = Object.keys(value);
  const [fewest, most] = [numberCheck(node, "minProperties"), numberCheck(node, "maxProperties")];
  if (fewest !== undefined && names.length < fewest)
    walk.errors.push(invalid(field, names.length, `${field} in body should have at least ${fewest} properties`));
  if (most !== undefined && names.length > most)
    walk.errors.push({ type: "TooMany", field, value: names.length, detail: `must have at most ${most} items` });
  for (const name of names.sort()) {
    const declared = node.properties !== undefined && Object.hasOwn(node.properties, name);
    const ref = declared ? node.properties?.[name] : node.additional;
    if (ref === undefined || ref === true || typeof ref === "string") continue;
    const was = Object.hasOwn(before, name) ? before[name] : undefined;
    check(value[name] as Json, { ref, field: childField(field, name), old: was }, walk);
  }
  checkRequired(value, { node, field }, walk);
}

function checkRequired(value: JsonObject, { node, field }: Here, walk: Walk): void {
  for (const name of node.required ?? [])
    if (!Object.hasOwn(value, name)) walk.errors.push(required(childField(field, name)));
  if (node.embeddedResource !== true) return;
  for (const name of ["apiVersion", "kind"])
    if (!Object.hasOwn(value, name) || value[name] === "") walk.errors.push(required(childField(field, name)));
}

function checkEnum(value: Json, { node, field }: Here, walk: Walk): void {
  if (node.enum === undefined || node.enum.some((allowed) => equalJson(allowed, value))) return;
  const supported = node.enum.map((allowed) => (typeof allowed === "string" ? allowed : encodeJson(allowed)));
  walk.errors.push(notSupported(field, value, supported));
}

/** A schema inside anyOf, oneOf, allOf or not: only value validations, by the structural rules. */
function alternativeNode(schema: Json): SchemaNode {
  if (!isObject(schema)) return {};
  const node: SchemaNode = { checks: schema };
  if (Array.isArray(schema["required"])) node.required = schema["required"].filter((name) => typeof name === "string");
  if (Array.isArray(schema["enum"])) node.enum = schema["enum"];
  if (typeof schema["type"] === "string") node.type = schema["type"] as NonNullable<SchemaNode["type"]>;
  if (typeof schema["format"] === "string") node.format = schema["format"];
  if (isObject(schema["items"])) node.items = alternativeNode(schema["items"]);
  if (isObject(schema["additionalProperties"])) node.additional = alternativeNode(schema["additionalProperties"]);
  if (isObject(schema["properties"]))
    node.properties = Object.fromEntries(
      Object.entries(schema["properties"]).map(([name, below]) => [name, alternativeNode(below)]),
    );
  return node;
}

const alternatives = new WeakMap<JsonObject, SchemaNode>();

function alternative(schema: Json): SchemaNode {
  if (!isObject(schema)) return {};
  const node = alternatives.get(schema) ?? alternativeNode(schema);
  alternatives.set(schema, node);
  return node;
}

function errorsUnder(value: Json, schema: Json, at: { schemas: SchemaSet; field: string }): FieldError[] {
  return validateValue(value, at.schemas, alternative(schema), at.field);
}

function listCheck(node: SchemaNode, keyword: string): readonly Json[] {
  const list = node.checks?.[keyword];
  return Array.isArray(list) ? list : [];
}

function checkAlternatives(value: Json, { node, field }: Here, walk: Walk): void {
  const at = { schemas: walk.schemas, field };
  const any = listCheck(node, "anyOf").map((schema) => errorsUnder(value, schema, at));
  if (any.length > 0 && any.every((errors) => errors.length > 0))
    walk.errors.push(unnamed(`"${field}" must validate at least one schema (anyOf)`), ...(any[0] ?? []));
  const one = listCheck(node, "oneOf").map((schema) => errorsUnder(value, schema, at));
  const fitting = one.filter((errors) => errors.length === 0).length;
  if (one.length > 0 && fitting !== 1) {
    const found = fitting === 0 ? "Found none valid" : `Found ${fitting} valid alternatives`;
    walk.errors.push(unnamed(`"${field}" must validate one and only one schema (oneOf). ${found}`));
    if (fitting === 0) walk.errors.push(...(one[0] ?? []));
  }
  const all = listCheck(node, "allOf").flatMap((schema) => errorsUnder(value, schema, at));
  if (all.length > 0) walk.errors.push(...all, unnamed(`"${field}" must validate all the schemas (allOf)`));
  const not = node.checks?.["not"];
  if (isObject(not) && errorsUnder(value, not, at).length === 0)
    walk.errors.push(unnamed(`"${field}" must not validate the schema (not)`));
}

/** Repeated items of sets and map lists (x-kubernetes-list-type), which apply could not tell apart. */
export function validateListTypes(value: Json, schemas: SchemaSet, ref: SchemaRef, field = ""): FieldError[] {
  const errors: FieldError[] = [];
  walkLists(value, { ref, field }, { schemas, errors });
  return errors;
}

function walkLists(value: Json, at: At, walk: Walk): void {
  if (typeof value !== "object" || value === null || typeof at.ref === "string") return;
  const node = at.ref;
  if (Array.isArray(value)) {
    if (node.listType === "set" || node.listType === "map") checkRepeats(value, { node, field: at.field }, walk);
    if (node.items !== undefined)
      for (const [index, item] of value.entries())
        walkLists(item, { ref: node.items, field: `${at.field}[${index}]` }, walk);
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    const declared = node.properties !== undefined && Object.hasOwn(node.properties, name);
    const ref = declared ? node.properties?.[name] : node.additional;
    if (ref !== undefined && ref !== true) walkLists(member, { ref, field: childField(at.field, name) }, walk);
  }
}

function checkRepeats(items: readonly Json[], { node, field }: Here, walk: Walk): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const key = node.listType === "set" ? item : keysOf(item, node);
    const text = encodeJson(key);
    if (seen.has(text)) walk.errors.push({ type: "Duplicate", field: `${field}[${index}]`, value: key, detail: "" });
    seen.add(text);
  }
}

function keysOf(item: Json, node: SchemaNode): Json {
  if (!isObject(item)) return item;
  const keys: JsonObject = {};
  for (const name of [...(node.listMapKeys ?? [])].sort()) if (item[name] !== undefined) keys[name] = item[name];
  return keys;
}
