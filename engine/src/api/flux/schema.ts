// A small vocabulary for OpenAPI v3 structural schemas, so that a kind reads as a table of its fields.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema

import type { Json, JsonObject } from "#kernel";

/** One schema node as it stands in a CustomResourceDefinition. */
export type Schema = JsonObject;

/** The keywords of a leaf that are not its type. */
export type Keywords = { [keyword: string]: Json };

export function text(description: string, keywords: Keywords = {}): Schema {
  return { description, type: "string", ...keywords };
}

export function flag(description: string, keywords: Keywords = {}): Schema {
  return { description, type: "boolean", ...keywords };
}

export function integer(description: string, keywords: Keywords = {}): Schema {
  return { description, type: "integer", ...keywords };
}

export function oneOf(values: readonly string[], description: string, keywords: Keywords = {}): Schema {
  return { description, type: "string", enum: [...values], ...keywords };
}

export function list(items: Schema, description: string, keywords: Keywords = {}): Schema {
  return { description, type: "array", items, ...keywords };
}

export function texts(description: string, keywords: Keywords = {}): Schema {
  return list({ type: "string" }, description, keywords);
}

export function mapOf(values: Schema, description: string): Schema {
  return { description, type: "object", additionalProperties: values };
}

export function textMap(description: string): Schema {
  return mapOf({ type: "string" }, description);
}

/** Anything at all: Helm values and the like. */
export function anything(description: string): Schema {
  return { description, "x-kubernetes-preserve-unknown-fields": true };
}

export type Fields = { [name: string]: Schema };

/** A struct; `required` names fields that must be there, `keywords` adds defaults and CEL rules. */
export function struct(
  fields: Fields,
  required: readonly string[],
  description: string,
  keywords: Keywords = {},
): Schema {
  const node: Schema = { description, type: "object", properties: fields };
  if (required.length > 0) node["required"] = [...required];
  return { ...node, ...keywords };
}

/** A CEL rule for `x-kubernetes-validations`. */
export function rule(expression: string, message: string): JsonObject {
  return { rule: expression, message };
}
