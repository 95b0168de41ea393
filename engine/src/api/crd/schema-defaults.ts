// Defaults in a definition's schema: each must be a value that its own schema takes and would not prune (apiextensions-apiserver
// pkg/apiserver/schema/defaulting/validation.go, v1.36). None is looked for below additionalProperties: there may be none.

import { isObject, type Json, type JsonObject } from "#kernel";
import { convertNode, customSchemas } from "./convert.ts";
import { type FieldError, invalid, required } from "./field-error.ts";
import { pruneObject } from "./prune.ts";
import { isSet, isTrue, namedSchemas, schemaOf, textOf } from "./schema-members.ts";
import { validateValue } from "./validate.ts";

/** `isResource`: the value is an object of its own; `isInsideMeta`: it stands in the metadata of one. */
type Place = { isResource: boolean; isInsideMeta: boolean };

/** What is wrong with the defaults of a whole object's schema. */
export function defaultErrors(schema: JsonObject, field: string): FieldError[] {
  return errorsBelow(schema, field, { isResource: true, isInsideMeta: false });
}

function errorsBelow(schema: JsonObject, field: string, place: Place): FieldError[] {
  const value = schema["default"];
  const items = schemaOf(schema, "items");
  const inside = (below: JsonObject, isMeta: boolean): Place => {
    const isResource = isTrue(below, "x-kubernetes-embedded-resource");
    return { isResource, isInsideMeta: !isResource && (place.isInsideMeta || isMeta) };
  };
  return [
    ...(isSet(value) ? valueErrors(value, schema, { ...place, field: `${field}.default` }) : []),
    ...(items === undefined ? [] : errorsBelow(items, `${field}.items`, inside(items, false))),
    ...namedSchemas(schema, "properties").flatMap(([name, below]) =>
      errorsBelow(below, `${field}.properties[${name}]`, inside(below, place.isResource && name === "metadata")),
    ),
  ];
}

function valueErrors(
  value: Json,
  schema: JsonObject,
  { field, isResource, isInsideMeta }: Place & { field: string },
): FieldError[] {
  const node = convertNode(isResource ? { ...schema, "x-kubernetes-embedded-resource": true } : schema);
  const isPruned = isInsideMeta || !isObject(value) || pruneObject(value, customSchemas, node).unknown.length === 0;
  const errors = isPruned ? [] : [invalid(field, value, "must not have unknown fields")];
  if (isResource && isObject(value)) {
    const missing = ["apiVersion", "kind"].filter((name) => textOf(value, name) === "");
    if (missing.length > 0) return [...errors, ...missing.map((name) => required(`${field}.${name}`))];
  }
  const wrong = validateValue(value, customSchemas, node);
  return [
    ...errors,
    ...wrong.map((error) => ({ ...error, field: error.field === "" ? field : `${field}.${error.field}` })),
  ];
}
