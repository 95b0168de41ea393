// Says of values that fit a schema that they do, without making code of it first, which takes longer than most charts take to render.
// Only the keywords that charts use; of any other schema, of one that its metaschema may refuse, and of values that do not fit, nothing
// is said: the whole validator judges.
// https://json-schema.org/draft/2020-12/json-schema-validation

import { equalJson, isObject, type Json, type JsonObject } from "#kernel";
import { fitsText, nativePattern } from "./functions/regex-native.ts";
import { type Draft, draftOf, sayNothing } from "./schema-draft.ts";
import { schemaDepthMax } from "./limits.ts";

type Check = (value: Json) => boolean;

/** Keywords that decide about values in ways that are not followed here. */
const unknown: ReadonlySet<string> = new Set(
  (
    "$anchor $dynamicAnchor $dynamicRef $recursiveAnchor $recursiveRef $vocabulary additionalItems contains dependencies dependentRequired " +
    "dependentSchemas discriminator id maxContains minContains multipleOf prefixItems propertyNames unevaluatedItems unevaluatedProperties"
  ).split(" "),
);

/** Keywords that say nothing about values, and what the metaschemas want of them. */
const annotations: { readonly [keyword: string]: (given: Json) => boolean } = {
  title: isText,
  description: isText,
  $comment: isText,
  contentEncoding: isText,
  contentMediaType: isText,
  format: isText,
  readOnly: isFlag,
  writeOnly: isFlag,
  deprecated: isFlag,
  examples: Array.isArray,
  $id: (given) => typeof given === "string" && /^[\w./:-]*$/.test(given),
};

function isText(given: Json): boolean {
  return typeof given === "string";
}

function isFlag(given: Json): boolean {
  return typeof given === "boolean";
}

/** What may stand beside a reference of older drafts: it says nothing there, and is not looked into. */
const besideReference: ReadonlySet<string> = new Set(["$ref", "title", "description", "default", "$comment"]);

class Unsure extends Error {}

/** A check that holds only for values that fit; undefined for a schema that is not followed here. */
export function quickCheck(schema: Json): Check | undefined {
  try {
    return new Reader(schema).check;
  } catch (error) {
    if (error instanceof Unsure) return undefined;
    throw error;
  }
}

class Reader {
  readonly check: Check;
  readonly #root: Json;
  readonly #draft: Draft;
  readonly #isOld: boolean;
  /** A check for each subschema that is referred to; one that refers to itself finds its own. */
  readonly #referred = new Map<string, { check: Check | undefined }>();
  #depth = 0;

  constructor(root: Json) {
    this.#root = root;
    this.#draft = draftOf(root);
    this.#isOld = /^[467]$/.test(this.#draft);
    this.check = this.#schema(root, true);
  }

  #schema(schema: Json | undefined, isRoot = false): Check {
    if (typeof schema === "boolean" && this.#draft !== "4") return () => schema;
    if (!isObject(schema)) throw new Unsure();
    if (++this.#depth > schemaDepthMax) throw new Unsure();
    const checks: Check[] = [];
    const isReference = schema["$ref"] !== undefined;
    for (const keyword of Object.keys(schema)) {
      if (isReference && this.#isOld && !besideReference.has(keyword) && !isRoot) throw new Unsure();
      if (sayNothing(this.#draft, keyword)) continue;
      if (unknown.has(keyword) || (keyword === "$id" && !isRoot)) throw new Unsure();
      if (keyword === "format" && this.#isOld) throw new Unsure();
      if (annotations[keyword]?.(schema[keyword] as Json) === false) throw new Unsure();
      const check = this.#keyword(keyword, schema);
      if (check !== undefined) checks.push(check);
    }
    this.#depth--;
    // What stands beside a reference counts in some drafts only.
    if (isReference && checks.length > 1) throw new Unsure();
    return checks.length === 1 ? (checks[0] as Check) : (value) => checks.every((check) => check(value));
  }

  /** The check that a keyword makes; undefined for one that says nothing about values. */
  #keyword(keyword: string, schema: JsonObject): Check | undefined {
    const given = schema[keyword] as Json;
    switch (keyword) {
      case "$ref":
        return this.#reference(given);
      case "$defs":
      case "definitions":
        for (const name of Object.keys(objectOf(given))) this.#schema(objectOf(given)[name]);
        return undefined;
      case "properties":
        return this.#properties(objectOf(given));
      case "patternProperties":
        return this.#patternProperties(objectOf(given));
      case "additionalProperties":
        return this.#additionalProperties(given, schema);
      case "items": {
        const check = this.#schema(given);
        return (value) => !Array.isArray(value) || value.every(check);
      }
      case "allOf":
      case "anyOf":
      case "oneOf":
        return this.#branches(keyword, given);
      case "not": {
        const check = this.#schema(given);
        return (value) => !check(value);
      }
      case "if":
        return this.#condition(schema);
      case "then":
      case "else":
        this.#schema(given);
        return undefined;
      default:
        if (this.#draft === "4" && (keyword.startsWith("exclusive") || isEmptyList(given))) throw new Unsure();
        return assertion(keyword, given);
    }
  }

  #reference(given: Json): Check {
    if (typeof given !== "string" || !/^#(\/[\w/~.$-]*)?$/.test(given)) throw new Unsure();
    const known = this.#referred.get(given);
    const place = known ?? { check: undefined };
    if (known === undefined) {
      this.#referred.set(given, place);
      place.check = this.#schema(this.#at(given), given === "#");
    }
    let depth = 0;
    return (value) => {
      if (place.check === undefined || depth >= schemaDepthMax) throw new Unsure();
      depth++;
      try {
        return place.check(value);
      } finally {
        depth--;
      }
    };
  }

  #at(pointer: string): Json {
    let found: Json = this.#root;
    for (const step of pointer.split("/").slice(1)) {
      const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
      if (!isObject(found) || !Object.hasOwn(found, key)) throw new Unsure();
      found = found[key] as Json;
    }
    return found;
  }

  #properties(schemas: JsonObject): Check {
    const checks = Object.keys(schemas).map((name) => [name, this.#schema(schemas[name])] as const);
    return (value) =>
      !isObject(value) || checks.every(([name, check]) => !Object.hasOwn(value, name) || check(value[name] as Json));
  }

  #patternProperties(schemas: JsonObject): Check {
    const checks = Object.keys(schemas).map((name) => [patternOf(name), this.#schema(schemas[name])] as const);
    return (value) =>
      !isObject(value) ||
      Object.keys(value).every((key) => checks.every(([matches, check]) => !matches(key) || check(value[key] as Json)));
  }

  #additionalProperties(given: Json, { properties, patternProperties }: JsonObject): Check {
    const check = typeof given === "boolean" ? () => given : this.#schema(given);
    const named = objectOf(properties ?? {});
    const patterns = Object.keys(objectOf(patternProperties ?? {})).map(patternOf);
    return (value) =>
      !isObject(value) ||
      Object.keys(value).every(
        (key) => Object.hasOwn(named, key) || patterns.some((matches) => matches(key)) || check(value[key] as Json),
      );
  }

  #branches(keyword: "allOf" | "anyOf" | "oneOf", given: Json): Check {
    if (!Array.isArray(given) || given.length === 0) throw new Unsure();
    const checks = given.map((branch) => this.#schema(branch));
    if (keyword === "allOf") return (value) => checks.every((check) => check(value));
    if (keyword === "anyOf") return (value) => checks.some((check) => check(value));
    return (value) => checks.filter((check) => check(value)).length === 1;
  }

  #condition(schema: JsonObject): Check {
    const [test, then, otherwise] = ["if", "then", "else"].map((name) =>
      this.#schema(Object.hasOwn(schema, name) ? schema[name] : true),
    ) as [Check, Check, Check];
    return (value) => (test(value) ? then(value) : otherwise(value));
  }
}

const typeChecks: { readonly [type: string]: Check } = {
  null: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  array: Array.isArray,
  object: isObject,
};

/** Keywords that look at the value alone. */
function assertion(keyword: string, given: Json): Check | undefined {
  switch (keyword) {
    case "type": {
      const names = Array.isArray(given) ? given : [given];
      if (names.length === 0 || hasTwice(names)) throw new Unsure();
      const checks = names.map((name) => {
        if (typeof name !== "string" || !Object.hasOwn(typeChecks, name)) throw new Unsure();
        return typeChecks[name] as Check;
      });
      return checks.length === 1 ? checks[0] : (value) => checks.some((check) => check(value));
    }
    case "enum":
      if (!Array.isArray(given) || given.length === 0 || hasTwice(given)) throw new Unsure();
      return (value) => given.some((one) => equalJson(one, value));
    case "const":
      return (value) => equalJson(given, value);
    case "required": {
      if (!Array.isArray(given) || hasTwice(given)) throw new Unsure();
      const names = given.map(textOrUnsure);
      return (value) => !isObject(value) || names.every((name) => Object.hasOwn(value, name));
    }
    case "pattern": {
      const matches = patternOf(textOrUnsure(given));
      return (value) => typeof value !== "string" || matches(value);
    }
    case "uniqueItems":
      if (typeof given !== "boolean") throw new Unsure();
      return (value) => !given || !Array.isArray(value) || !hasTwice(value);
    default:
      return limit(keyword, given);
  }
}

/** Keywords that bound a size or a number. */
function limit(keyword: string, given: Json): Check | undefined {
  const measure = measures[keyword];
  if (measure === undefined) return undefined;
  if (typeof given !== "number" || Math.abs(given) > Number.MAX_SAFE_INTEGER) throw new Unsure();
  const isCount = measure !== number;
  if (isCount && !(Number.isInteger(given) && given >= 0)) throw new Unsure();
  return (value) => {
    const size = measure(value);
    if (size === undefined) return true;
    if (keyword === "exclusiveMinimum") return size > given;
    if (keyword === "exclusiveMaximum") return size < given;
    return keyword.startsWith("min") ? size >= given : size <= given;
  };
}

const number = (value: Json): number | undefined => (typeof value === "number" ? value : undefined);
const length = (value: Json): number | undefined => (typeof value === "string" ? Array.from(value).length : undefined);
const items = (value: Json): number | undefined => (Array.isArray(value) ? value.length : undefined);
const members = (value: Json): number | undefined => (isObject(value) ? Object.keys(value).length : undefined);

const measures: { readonly [keyword: string]: (value: Json) => number | undefined } = {
  minimum: number,
  maximum: number,
  exclusiveMinimum: number,
  exclusiveMaximum: number,
  minLength: length,
  maxLength: length,
  minItems: items,
  maxItems: items,
  minProperties: members,
  maxProperties: members,
};

function objectOf(value: Json | undefined): JsonObject {
  if (!isObject(value)) throw new Unsure();
  return value;
}

function textOrUnsure(value: Json): string {
  if (typeof value !== "string") throw new Unsure();
  return value;
}

/** A pattern that means the same here and in Go. */
function patternOf(text: string): (value: string) => boolean {
  const native = nativePattern(text);
  if (native === undefined) throw new Unsure();
  return (value) => {
    if (!fitsText(native, value)) throw new Unsure();
    native.pattern.lastIndex = 0;
    return native.pattern.test(value);
  };
}

function isEmptyList(given: Json): boolean {
  return Array.isArray(given) && given.length === 0;
}

function hasTwice(list: readonly Json[]): boolean {
  return list.some((item, i) => list.slice(0, i).some((one) => equalJson(one, item)));
}
