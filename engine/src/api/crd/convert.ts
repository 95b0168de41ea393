// The OpenAPI schema of a CustomResourceDefinition as the one form that merging, validation, defaulting and pruning work on.

import { builtinSchemas } from "#api/kubernetes";
import {
  isObject,
  type Json,
  type JsonObject,
  type SchemaNode,
  type SchemaRef,
  type SchemaSet,
  type SchemaType,
} from "#kernel";
import { depthMax } from "./limits.ts";

/** Schemas of custom resources: nodes in place, and the built-in ones (ObjectMeta) by name. One set serves all definitions. */
export const customSchemas: SchemaSet = {
  resolve: (ref: SchemaRef): SchemaNode => builtinSchemas.resolve(ref),
};

const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/** Keywords that only validation reads. */
const checkKeywords = [
  "pattern",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "x-kubernetes-validations",
] as const;

const types: ReadonlySet<Json | undefined> = new Set(["object", "array", "string", "integer", "number", "boolean"]);

/** The schema of a custom resource, from `spec.versions[].schema.openAPIV3Schema`; undefined or empty: anything goes. */
export function convertSchema(schema: JsonObject | undefined): SchemaNode {
  if (schema === undefined) return withResourceFields({ type: "object", preserveUnknown: true });
  return withResourceFields(convertNode(schema, 0));
}

/** Every object of its own has apiVersion, kind and the metadata of all objects. */
function withResourceFields(node: SchemaNode): SchemaNode {
  const properties: { [name: string]: SchemaRef } = { ...node.properties };
  properties["apiVersion"] ??= { type: "string" };
  properties["kind"] ??= { type: "string" };
  properties["metadata"] = objectMeta;
  return { ...node, properties };
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function stringsOf(value: Json | undefined): string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : undefined;
}

/** One node of a definition's schema, without what every resource has beside it. */
export function convertNode(schema: JsonObject, depth = 0): SchemaNode {
  if (depth > depthMax) return { preserveUnknown: true };
  const node: SchemaNode = {};
  const isIntOrString = schema["x-kubernetes-int-or-string"] === true;
  if (isIntOrString) node.type = "int-or-string";
  else if (types.has(schema["type"])) node.type = schema["type"] as SchemaType;
  copyAnnotations(schema, node);
  convertStructure(schema, node, depth);
  const checks = collectChecks(schema);
  if (checks !== undefined) node.checks = checks;
  return node.embeddedResource === true ? withEmbeddedFields(node) : node;
}

function copyAnnotations(schema: JsonObject, node: SchemaNode): void {
  const [format, description] = [textOf(schema["format"]), textOf(schema["description"])];
  if (format !== undefined && format !== "") node.format = format;
  if (description !== undefined) node.description = description;
  const required = stringsOf(schema["required"]);
  if (required !== undefined && required.length > 0) node.required = required;
  if (Array.isArray(schema["enum"])) node.enum = schema["enum"];
  if (schema["default"] !== undefined) node.default = schema["default"];
  if (schema["nullable"] === true) node.nullable = true;
  const listType = schema["x-kubernetes-list-type"];
  if (listType === "atomic" || listType === "set" || listType === "map") node.listType = listType;
  const keys = stringsOf(schema["x-kubernetes-list-map-keys"]);
  if (keys !== undefined) node.listMapKeys = keys;
  const mapType = schema["x-kubernetes-map-type"];
  if (mapType === "granular" || mapType === "atomic") node.mapType = mapType;
  if (schema["x-kubernetes-preserve-unknown-fields"] === true) node.preserveUnknown = true;
  if (schema["x-kubernetes-embedded-resource"] === true) node.embeddedResource = true;
}

function convertStructure(schema: JsonObject, node: SchemaNode, depth: number): void {
  const { properties, additionalProperties, items } = schema;
  // A plain object declares its members, if only none: what is not declared is pruned.
  if (node.type === "object") node.properties = {};
  if (isObject(properties)) {
    node.properties = {};
    for (const [name, property] of Object.entries(properties))
      if (isObject(property)) node.properties[name] = convertNode(property, depth + 1);
  }
  if (isObject(additionalProperties)) node.additional = convertNode(additionalProperties, depth + 1);
  else if (additionalProperties === true) node.additional = true;
  if (isObject(items)) node.items = convertNode(items, depth + 1);
}

function collectChecks(schema: JsonObject): { [keyword: string]: Json } | undefined {
  const checks: { [keyword: string]: Json } = {};
  for (const keyword of checkKeywords)
    if (schema[keyword] !== undefined && schema[keyword] !== null) checks[keyword] = schema[keyword];
  return Object.keys(checks).length === 0 ? undefined : checks;
}

function withEmbeddedFields(node: SchemaNode): SchemaNode {
  const properties: { [name: string]: SchemaRef } = { ...node.properties };
  properties["apiVersion"] ??= { type: "string" };
  properties["kind"] ??= { type: "string" };
  properties["metadata"] ??= { type: "object", preserveUnknown: true };
  return { ...node, properties };
}
