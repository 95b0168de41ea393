// A schema as the server's own type prints it in a refusal: every member by its Go name, also those that are not set (JSONSchemaProps of
// apiextensions-apiserver pkg/apis/apiextensions, v1.36).

import { isObject, type Json, type JsonObject } from "#kernel";
import { namedSchemas, schemasOf } from "./schema-members.ts";

type Form = "text" | "flag" | "value" | "list" | "schema" | "schemas" | "named" | "or-list" | "or-flag" | "rules";

const members: readonly (readonly [keyword: string, name: string, form: Form])[] = [
  ["id", "ID", "text"],
  ["$schema", "Schema", "text"],
  ["$ref", "Ref", "value"],
  ["description", "Description", "text"],
  ["type", "Type", "text"],
  ["nullable", "Nullable", "flag"],
  ["format", "Format", "text"],
  ["title", "Title", "text"],
  ["default", "Default", "value"],
  ["maximum", "Maximum", "value"],
  ["exclusiveMaximum", "ExclusiveMaximum", "flag"],
  ["minimum", "Minimum", "value"],
  ["exclusiveMinimum", "ExclusiveMinimum", "flag"],
  ["maxLength", "MaxLength", "value"],
  ["minLength", "MinLength", "value"],
  ["pattern", "Pattern", "text"],
  ["maxItems", "MaxItems", "value"],
  ["minItems", "MinItems", "value"],
  ["uniqueItems", "UniqueItems", "flag"],
  ["multipleOf", "MultipleOf", "value"],
  ["enum", "Enum", "list"],
  ["maxProperties", "MaxProperties", "value"],
  ["minProperties", "MinProperties", "value"],
  ["required", "Required", "list"],
  ["items", "Items", "or-list"],
  ["allOf", "AllOf", "schemas"],
  ["oneOf", "OneOf", "schemas"],
  ["anyOf", "AnyOf", "schemas"],
  ["not", "Not", "schema"],
  ["properties", "Properties", "named"],
  ["additionalProperties", "AdditionalProperties", "or-flag"],
  ["patternProperties", "PatternProperties", "named"],
  ["dependencies", "Dependencies", "value"],
  ["additionalItems", "AdditionalItems", "or-flag"],
  ["definitions", "Definitions", "named"],
  ["externalDocs", "ExternalDocs", "value"],
  ["example", "Example", "value"],
  ["x-kubernetes-preserve-unknown-fields", "XPreserveUnknownFields", "value"],
  ["x-kubernetes-embedded-resource", "XEmbeddedResource", "flag"],
  ["x-kubernetes-int-or-string", "XIntOrString", "flag"],
  ["x-kubernetes-list-map-keys", "XListMapKeys", "list"],
  ["x-kubernetes-list-type", "XListType", "value"],
  ["x-kubernetes-map-type", "XMapType", "value"],
  ["x-kubernetes-validations", "XValidations", "rules"],
];

export function shownSchema(schema: JsonObject): JsonObject {
  return Object.fromEntries(members.map(([keyword, name, form]) => [name, shown(schema, keyword, form)]));
}

function shown(schema: JsonObject, keyword: string, form: Form): Json {
  const value = schema[keyword] ?? null;
  switch (form) {
    case "text":
      return value ?? "";
    case "flag":
      return value === true;
    case "schema":
      return isObject(value) ? shownSchema(value) : null;
    case "schemas":
      return value === null ? null : schemasOf(schema, keyword).map(shownSchema);
    case "named":
      return value === null
        ? null
        : Object.fromEntries(namedSchemas(schema, keyword).map(([name, one]) => [name, shownSchema(one)]));
    case "or-list":
      return orList(schema, keyword, value);
    case "or-flag":
      return value === null ? null : { Allows: value !== false, Schema: isObject(value) ? shownSchema(value) : null };
    case "rules":
      return Array.isArray(value) ? value.filter(isObject).map(shownRule) : null;
    case "value":
    case "list":
      return value;
  }
}

function orList(schema: JsonObject, keyword: string, value: Json): Json {
  if (value === null) return null;
  return isObject(value)
    ? { Schema: shownSchema(value), JSONSchemas: null }
    : { Schema: null, JSONSchemas: schemasOf(schema, keyword).map(shownSchema) };
}

/** A rule as the server's own type prints it. */
export function shownRule(rule: JsonObject): JsonObject {
  return {
    Rule: rule["rule"] ?? "",
    Message: rule["message"] ?? "",
    MessageExpression: rule["messageExpression"] ?? "",
    Reason: rule["reason"] ?? null,
    FieldPath: rule["fieldPath"] ?? "",
    OptionalOldSelf: rule["optionalOldSelf"] ?? null,
  };
}
