// How the members of a definition's schema are read: what is empty counts as absent, as in the server's own type (JSONSchemaProps of
// apiextensions-apiserver, v1.36).

import { isObject, type Json, type JsonObject } from "#kernel";

export function textOf(schema: JsonObject, name: string): string {
  const value = schema[name];
  return typeof value === "string" ? value : "";
}

export function isTrue(schema: JsonObject, name: string): boolean {
  return schema[name] === true;
}

/** What is there and not null. */
export function isSet(value: Json | undefined): value is Json {
  return value !== undefined && value !== null;
}

/** More than an empty text, list or map. */
export function isFilled(value: Json): boolean {
  return value !== "" && !(typeof value === "object" && value !== null && Object.keys(value).length === 0);
}

export function schemasOf(schema: JsonObject, name: string): JsonObject[] {
  const list = schema[name];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** The schema of one member, if it is one. */
export function schemaOf(schema: JsonObject, name: string): JsonObject | undefined {
  const value = schema[name];
  return isObject(value) ? value : undefined;
}

/** Schemas by name, as of `properties`. */
export function namedSchemas(schema: JsonObject, name: string): [string, JsonObject][] {
  return Object.entries(schemaOf(schema, name) ?? {}).filter((entry): entry is [string, JsonObject] =>
    isObject(entry[1]),
  );
}

export function namesOf(schema: JsonObject, name: string): string[] {
  const list = schema[name];
  return Array.isArray(list) ? list.filter((one) => typeof one === "string") : [];
}

/** Every schema below this one and itself, through every keyword that holds schemas. */
export function* allSchemas(schema: JsonObject): Generator<JsonObject> {
  yield schema;
  for (const name of ["items", "not", "additionalProperties", "additionalItems"]) {
    const one = schemaOf(schema, name);
    if (one !== undefined) yield* allSchemas(one);
  }
  for (const name of ["items", "allOf", "anyOf", "oneOf"])
    for (const one of schemasOf(schema, name)) yield* allSchemas(one);
  for (const name of ["properties", "patternProperties", "definitions", "dependencies"])
    for (const [, one] of namedSchemas(schema, name)) yield* allSchemas(one);
}
