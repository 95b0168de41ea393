// Whether a schema is structural (apiextensions-apiserver pkg/apiserver/schema, v1.36): every value has a type outside of anyOf and its
// like, which only check values, and what they speak of stands outside of them too. Takes what the definition's other rules let through.

import { RE2JS } from "re2js";
import { encodeJson, type JsonObject } from "#kernel";
import { type FieldError, forbidden, formatFieldError, invalid, required } from "./field-error.ts";
import { isFilled, isSet, isTrue, namedSchemas, schemaOf, schemasOf, textOf } from "./schema-members.ts";

type Level = "root" | "items" | "field";

/** What no structural schema can be made of: such keywords are refused by other rules. */
const impossible = [
  "id",
  "$schema",
  "$ref",
  "patternProperties",
  "dependencies",
  "additionalItems",
  "definitions",
] as const;

/** Why no structural schema can be made of this one; undefined: one can. Told only where no other rule says so. */
export function conversionProblem(schema: JsonObject): string | undefined {
  for (const name of impossible) {
    const value = schema[name];
    if (!isSet(value) || (name !== "additionalItems" && !isFilled(value))) continue;
    return `OpenAPIV3Schema '${name === "$schema" ? "schema" : name}' is not supported`;
  }
  if (schema["x-kubernetes-preserve-unknown-fields"] === false)
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  if (Array.isArray(schema["items"]) && schema["items"].length > 0)
    return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  for (const below of childrenOf(schema)) {
    const problem = conversionProblem(below);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function childrenOf(schema: JsonObject): JsonObject[] {
  const single = ["not", "items", "additionalProperties"].map((name) => schemaOf(schema, name));
  const listed = ["allOf", "anyOf", "oneOf"].flatMap((name) => schemasOf(schema, name));
  const named = namedSchemas(schema, "properties").map(([, one]) => one);
  return [...single.filter((one) => one !== undefined), ...listed, ...named];
}

/** What keeps a schema from being structural, sorted by text. */
export function structuralErrors(schema: JsonObject, field: string): FieldError[] {
  const errors = [...invariantErrors(schema, "root", field), ...completenessErrors(schema, schema, field, field)];
  return errors
    .map((error) => ({ error, text: formatFieldError(error) }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ error }) => error);
}

function invariantErrors(schema: JsonObject, level: Level, field: string): FieldError[] {
  const items = schemaOf(schema, "items");
  const additional = schema["additionalProperties"];
  const below = schemaOf(schema, "additionalProperties");
  const errors: FieldError[] = [];
  if (textOf(schema, "type") === "array" && items === undefined)
    errors.push(required(`${field}.items`, "must be specified"));
  if (items !== undefined) errors.push(...invariantErrors(items, "items", `${field}.items`));
  for (const [name, one] of namedSchemas(schema, "properties"))
    errors.push(...invariantErrors(one, "field", `${field}.properties[${name}]`));
  if (isSet(additional) && level === "root")
    errors.push(forbidden(`${field}.additionalProperties`, "must not be used at the root"));
  if (below !== undefined) errors.push(...invariantErrors(below, "field", `${field}.additionalProperties`));
  return [
    ...errors,
    ...extensionErrors(schema, field),
    ...valueErrors(schema, field, {
      skipsAnyOf: isIntOrString(schema),
      skipsFirst: isIntOrString(schemasOf(schema, "allOf")[0]),
    }),
    ...typeErrors(schema, level, field),
    ...metadataErrors(schema, level, field),
  ];
}

/** `anyOf: [{type: integer}, {type: string}]`, the one use of types below anyOf. */
function isIntOrString(schema: JsonObject | undefined): boolean {
  return schema !== undefined && encodeJson(schema["anyOf"] ?? null) === '[{"type":"integer"},{"type":"string"}]';
}

function extensionErrors(schema: JsonObject, field: string): FieldError[] {
  if (!isTrue(schema, "x-kubernetes-int-or-string")) return [];
  return ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"]
    .filter((name) => isTrue(schema, name))
    .map((name) => invalid(`${field}.${name}`, true, "must be false if x-kubernetes-int-or-string is true"));
}

const emptyType: Readonly<Record<Level, string>> = {
  root: "must not be empty at the root",
  items: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};

function typeErrors(schema: JsonObject, level: Level, field: string): FieldError[] {
  const type = textOf(schema, "type");
  const at = `${field}.type`;
  const errors: FieldError[] = [];
  const isEmbedded = isTrue(schema, "x-kubernetes-embedded-resource");
  if (isEmbedded && type !== "object") {
    const detail = "must be object if x-kubernetes-embedded-resource is true";
    errors.push(type === "" ? required(at, detail) : invalid(at, type, detail));
  } else if (
    type === "" &&
    !isTrue(schema, "x-kubernetes-int-or-string") &&
    !isTrue(schema, "x-kubernetes-preserve-unknown-fields")
  )
    errors.push(required(at, emptyType[level]));
  if (isEmbedded && isSet(schema["additionalProperties"]))
    errors.push(
      forbidden(`${field}.additionalProperties`, "must not be used if x-kubernetes-embedded-resource is set"),
    );
  if (level === "root" && type !== "" && type !== "object")
    errors.push(invalid(at, type, "must be object at the root"));
  return errors;
}

/** What every object has by itself may be declared again, but not otherwise. */
function metadataErrors(schema: JsonObject, level: Level, field: string): FieldError[] {
  const isEmbedded = isTrue(schema, "x-kubernetes-embedded-resource");
  const isObjectOfItsOwn = level === "root" || isEmbedded;
  const properties = schemaOf(schema, "properties") ?? {};
  const errors: FieldError[] = [];
  for (const name of ["kind", "apiVersion"]) {
    const one = schemaOf(properties, name);
    if (one !== undefined && isObjectOfItsOwn && textOf(one, "type") !== "string")
      errors.push(invalid(`${field}.properties[${name}].type`, textOf(one, "type"), "must be string"));
  }
  const metadata = schemaOf(properties, "metadata");
  const at = `${field}.properties[metadata]`;
  if (metadata !== undefined && isObjectOfItsOwn && textOf(metadata, "type") !== "object")
    errors.push(invalid(`${at}.type`, textOf(metadata, "type"), "must be object"));
  if (metadata !== undefined && level === "root" && !isOnlyNamed(metadata))
    errors.push(
      forbidden(at, "must not specify anything other than name and generateName, but metadata is implicitly specified"),
    );
  const isOpen = isTrue(schema, "x-kubernetes-preserve-unknown-fields") || Object.keys(properties).length > 0;
  if (isEmbedded && !isOpen)
    errors.push(
      required(
        `${field}.properties`,
        "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
      ),
    );
  return errors;
}

/** Nothing but a type, a default and the two names. */
function isOnlyNamed(metadata: JsonObject): boolean {
  const { type: _type, default: _default, properties, ...rest } = metadata;
  const names = Object.keys(typeof properties === "object" && properties !== null ? properties : {});
  return isAllEmpty(rest) && names.every((name) => name === "name" || name === "generateName");
}

function isAllEmpty(schema: JsonObject): boolean {
  return Object.values(schema).every(
    (value) => value === null || value === "" || value === false || (Array.isArray(value) && value.length === 0),
  );
}

type Skips = { skipsAnyOf: boolean; skipsFirst: boolean };
const skipsNothing: Skips = { skipsAnyOf: false, skipsFirst: false };

function valueErrors(schema: JsonObject, field: string, { skipsAnyOf, skipsFirst }: Skips): FieldError[] {
  const errors: FieldError[] = [];
  const nested = (name: string): void => {
    for (const [index, one] of schemasOf(schema, name).entries()) {
      const skips = { skipsAnyOf: name === "allOf" && index === 0 && skipsFirst, skipsFirst: false };
      errors.push(...nestedErrors(one, `${field}.${name}[${index}]`, skips));
    }
  };
  if (!skipsAnyOf) nested("anyOf");
  nested("allOf");
  nested("oneOf");
  const not = schemaOf(schema, "not");
  if (not !== undefined) errors.push(...nestedErrors(not, `${field}.not`, skipsNothing));
  const pattern = textOf(schema, "pattern");
  const wrong = pattern === "" ? undefined : regexError(pattern);
  if (wrong !== undefined)
    errors.push(invalid(`${field}.pattern`, pattern, `must be a valid regular expression, but isn't: ${wrong}`));
  return errors;
}

function regexError(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Keyword → what it must be inside anyOf and its like. */
const nestedForbidden: Readonly<Record<string, string>> = {
  type: "must be empty to be structural",
  default: "must be undefined to be structural",
  title: "must be empty to be structural",
  description: "must be empty to be structural",
  nullable: "must be false to be structural",
  "x-kubernetes-preserve-unknown-fields": "must be false to be structural",
  "x-kubernetes-embedded-resource": "must be false to be structural",
  "x-kubernetes-int-or-string": "must be false to be structural",
  "x-kubernetes-list-map-keys": "must be empty to be structural",
  "x-kubernetes-list-type": "must be undefined to be structural",
  "x-kubernetes-map-type": "must be undefined to be structural",
  "x-kubernetes-validations": "must be empty to be structural",
};

function nestedErrors(schema: JsonObject, field: string, skips: Skips): FieldError[] {
  const errors = valueErrors(schema, field, skips);
  const items = schemaOf(schema, "items");
  if (items !== undefined) errors.push(...nestedErrors(items, `${field}.items`, skipsNothing));
  for (const [name, one] of namedSchemas(schema, "properties"))
    errors.push(...nestedErrors(one, `${field}.properties[${name}]`, skipsNothing));
  const additional = schema["additionalProperties"];
  if (isSet(additional) && additional !== false)
    errors.push(forbidden(`${field}.additionalProperties`, "must be undefined to be structural"));
  for (const [name, detail] of Object.entries(nestedForbidden)) {
    const value = schema[name];
    const isEmpty = !isSet(value) || value === "" || value === false || (Array.isArray(value) && value.length === 0);
    if (!isEmpty || (name === "default" && isSet(value))) errors.push(forbidden(`${field}.${name}`, detail));
  }
  if (schemaOf(schemaOf(schema, "properties") ?? {}, "metadata") !== undefined)
    errors.push(forbidden(`${field}.properties[metadata]`, "must not be specified in a nested context"));
  return errors;
}

/** What anyOf and its like speak of must be declared outside of them. `outside` undefined: it is not. */
// oxlint-disable-next-line max-params -- two schemas and where each stands
function completenessErrors(value: JsonObject, outside: JsonObject, at: string, valueAt: string): FieldError[] {
  const not = schemaOf(value, "not");
  const nested = ["allOf", "anyOf", "oneOf"].flatMap((name) =>
    schemasOf(value, name).map((one, index) => ({ one, where: `${valueAt}.${name}[${index}]` })),
  );
  if (not !== undefined) nested.unshift({ one: not, where: `${valueAt}.not` });
  return nested.flatMap(({ one, where }) => nestedCompleteness(one, outside, at, where));
}

// oxlint-disable-next-line max-params -- two schemas and where each stands
function nestedCompleteness(value: JsonObject, outside: JsonObject, at: string, valueAt: string): FieldError[] {
  const below: { one: JsonObject; stated: JsonObject | undefined; part: string }[] = namedSchemas(
    value,
    "properties",
  ).map(([name, one]) => ({
    one,
    stated: schemaOf(schemaOf(outside, "properties") ?? {}, name),
    part: `properties[${name}]`,
  }));
  const items = schemaOf(value, "items");
  if (items !== undefined) below.unshift({ one: items, stated: schemaOf(outside, "items"), part: "items" });
  return [
    ...completenessErrors(value, outside, at, valueAt),
    ...below.flatMap(({ one, stated, part }) =>
      stated === undefined
        ? [required(`${at}.${part}`, `because it is defined in ${valueAt}.${part}`)]
        : nestedCompleteness(one, stated, `${at}.${part}`, `${valueAt}.${part}`),
    ),
  ];
}
