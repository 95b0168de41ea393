// What a schema of a definition may state, keyword by keyword, wherever it stands (ValidateCustomResourceDefinitionOpenAPISchema of
// apiextensions-apiserver pkg/apis/apiextensions/validation, v1.36).

import type { JsonObject } from "#kernel";
import { type FieldError, forbidden, invalid, notSupported, required } from "./field-error.ts";
import { depthMax } from "./limits.ts";
import { isFilled, isSet, isTrue, namedSchemas, namesOf, schemaOf, schemasOf, textOf } from "./schema-members.ts";

/** Where a schema stands among the others. */
type Place = {
  isRoot: boolean;
  /** Below apiVersion, kind or metadata of an object of its own. */
  isInsideMeta: boolean;
  /** Why there may be no default; undefined: there may. */
  noDefault: string | undefined;
  depth: number;
};

const metaFields: ReadonlySet<string> = new Set(["metadata", "kind", "apiVersion"]);

/** Everything in a schema, and below it, that is not allowed. */
export function schemaRuleErrors(schema: JsonObject, field: string): FieldError[] {
  return ruleErrors(schema, field, { isRoot: true, isInsideMeta: false, noDefault: undefined, depth: 0 });
}

function ruleErrors(schema: JsonObject, field: string, place: Place): FieldError[] {
  if (place.depth > depthMax) return [forbidden(field, "nested too deeply")];
  return [
    ...keywordErrors(schema, field, place),
    ...(isTrue(schema, "uniqueItems")
      ? [
          forbidden(
            `${field}.uniqueItems`,
            "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
          ),
        ]
      : []),
    ...additionalErrors(schema, field),
    ...childrenErrors(schema, field, place),
    ...extensionErrors(schema, field),
    ...listErrors(schema, field),
  ];
}

const types = ["array", "boolean", "integer", "number", "object", "string"];

/** Keywords that no schema may have; those that must be more than empty to count. */
const unsupported: Readonly<Record<string, "set" | "filled">> = {
  id: "filled",
  additionalItems: "set",
  patternProperties: "filled",
  definitions: "filled",
  dependencies: "set",
  $ref: "set",
};

function keywordErrors(schema: JsonObject, field: string, place: Place): FieldError[] {
  const type = textOf(schema, "type");
  const errors: FieldError[] = [];
  if (type !== "" && !types.includes(type)) errors.push(notSupported(`${field}.type`, type, types));
  if (isSet(schema["default"]) && place.noDefault !== undefined)
    errors.push(forbidden(`${field}.default`, `must not be set ${place.noDefault}`));
  for (const [name, when] of Object.entries(unsupported)) {
    const value = schema[name];
    if (isSet(value) && (when === "set" || isFilled(value)))
      errors.push(forbidden(`${field}.${name}`, `${name} is not supported`));
  }
  if (type === "null")
    errors.push(forbidden(`${field}.type`, "type cannot be set to null, use nullable as an alternative"));
  if (Array.isArray(schema["items"]) && schema["items"].length > 0)
    errors.push(forbidden(`${field}.items`, "items must be a schema object and not an array"));
  if (place.isInsideMeta && isTrue(schema, "x-kubernetes-embedded-resource"))
    errors.push(forbidden(`${field}.x-kubernetes-embedded-resource`, "must not be used inside of resource meta"));
  return errors;
}

/** Members of an object are named, or all alike; `true` beside named ones says nothing. */
function additionalErrors(schema: JsonObject, field: string): FieldError[] {
  const additional = schema["additionalProperties"];
  const areNamed = namedSchemas(schema, "properties").length > 0;
  if (!isSet(additional) || additional === true || !areNamed) return [];
  return [forbidden(`${field}.additionalProperties`, "additionalProperties and properties are mutual exclusive")];
}

function childrenErrors(schema: JsonObject, field: string, place: Place): FieldError[] {
  const inner: Place = { ...place, isRoot: false, depth: place.depth + 1 };
  const errors: FieldError[] = [];
  const visit = (below: JsonObject | undefined, part: string, at = inner): void => {
    if (below !== undefined) errors.push(...ruleErrors(below, `${field}.${part}`, at));
  };
  const noDefault = "inside additionalProperties applying to object metadata";
  visit(schemaOf(schema, "additionalProperties"), "additionalProperties", {
    ...inner,
    ...(place.isInsideMeta ? { noDefault } : {}),
  });
  const isObjectOfItsOwn = place.isRoot || isTrue(schema, "x-kubernetes-embedded-resource");
  for (const [name, below] of namedSchemas(schema, "properties")) {
    const isMeta = isObjectOfItsOwn && metaFields.has(name);
    visit(below, `properties[${name}]`, {
      ...inner,
      isInsideMeta: place.isInsideMeta || isMeta,
      ...(isMeta && place.isRoot ? { noDefault: `in top-level ${name}` } : {}),
    });
  }
  visit(schemaOf(schema, "not"), "not");
  for (const name of ["allOf", "oneOf", "anyOf"])
    for (const [index, below] of schemasOf(schema, name).entries()) visit(below, `${name}[${index}]`);
  for (const [name, below] of namedSchemas(schema, "definitions")) visit(below, `definitions[${name}]`);
  visit(schemaOf(schema, "items"), "items");
  for (const [index, below] of schemasOf(schema, "items").entries()) visit(below, `items[${index}]`);
  for (const [name, below] of namedSchemas(schema, "dependencies")) visit(below, `dependencies[${name}]`);
  return errors;
}

function extensionErrors(schema: JsonObject, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const keep = "x-kubernetes-preserve-unknown-fields";
  if (schema[keep] === false) errors.push(invalid(`${field}.${keep}`, false, "must be true or undefined"));
  const mapType = schema["x-kubernetes-map-type"];
  if (typeof mapType !== "string") return errors;
  errors.push(...typeErrors(schema, field, { wanted: "object", keyword: "x-kubernetes-map-type" }));
  const known = ["atomic", "granular"];
  if (!known.includes(mapType)) errors.push(notSupported(`${field}.x-kubernetes-map-type`, mapType, known));
  return errors;
}

function typeErrors(
  schema: JsonObject,
  field: string,
  { wanted, keyword }: { wanted: string; keyword: string },
): FieldError[] {
  const type = textOf(schema, "type");
  if (type === wanted) return [];
  const detail = `must be ${wanted} if ${keyword} is specified`;
  return [type === "" ? required(`${field}.type`, detail) : invalid(`${field}.type`, type, detail)];
}

const listTypes = ["atomic", "set", "map"];

function listErrors(schema: JsonObject, field: string): FieldError[] {
  const listType = typeof schema["x-kubernetes-list-type"] === "string" ? schema["x-kubernetes-list-type"] : undefined;
  const at = `${field}.x-kubernetes-list-type`;
  const errors: FieldError[] = [];
  if (listType !== undefined) {
    const wrong = typeErrors(schema, field, { wanted: "array", keyword: "x-kubernetes-list-type" });
    errors.push(...wrong);
    if (wrong.length === 0 && listType === "set") errors.push(...setErrors(schema, field));
    if (!listTypes.includes(listType)) errors.push(notSupported(at, listType, listTypes));
  }
  if (namesOf(schema, "x-kubernetes-list-map-keys").length > 0 && listType !== "map") {
    const detail = "must be map if x-kubernetes-list-map-keys is non-empty";
    errors.push(listType === undefined ? required(at, detail) : invalid(at, listType, detail));
  }
  if (listType === "map") errors.push(...mapErrors(schema, field));
  if (listType === "map" || listType === "set") errors.push(...itemErrors(schema, field, listType));
  return errors;
}

/** Items of a set are told apart whole. */
function setErrors(schema: JsonObject, field: string): FieldError[] {
  const items = schemaOf(schema, "items");
  if (items === undefined) return [];
  const detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
  const listType = items["x-kubernetes-list-type"] ?? null;
  if (textOf(items, "type") === "array" && listType !== null && listType !== "atomic")
    return [invalid(`${field}.items.x-kubernetes-list-type`, listType, detail)];
  if (textOf(items, "type") === "object" && items["x-kubernetes-map-type"] !== "atomic")
    return [invalid(`${field}.items.x-kubernetes-map-type`, listType, detail)];
  return [];
}

function mapErrors(schema: JsonObject, field: string): FieldError[] {
  const keys = namesOf(schema, "x-kubernetes-list-map-keys");
  const at = `${field}.x-kubernetes-list-map-keys`;
  const items = schemaOf(schema, "items");
  const errors = keys.length === 0 ? [required(at, "must not be empty if x-kubernetes-list-type is map")] : [];
  if (!isSet(schema["items"]))
    errors.push(required(`${field}.items`, "must have a schema if x-kubernetes-list-type is map"));
  if (items === undefined) return errors;
  if (textOf(items, "type") !== "object") {
    const detail = "must be object if parent array's x-kubernetes-list-type is map";
    return [...errors, invalid(`${field}.items.type`, textOf(items, "type"), detail)];
  }
  for (const [index, key] of keys.entries()) {
    const member = schemaOf(schemaOf(items, "properties") ?? {}, key);
    const type = member === undefined ? "" : textOf(member, "type");
    if (member === undefined) errors.push(invalid(at, keys, "entries must all be names of item properties"));
    else if (type === "array" || type === "object")
      errors.push(
        invalid(
          `${field}.items.properties[${key}].type`,
          "object",
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      );
    if (keys.indexOf(key) < index) errors.push(invalid(at, keys, "must not contain duplicate entries"));
  }
  return errors;
}

/** Items that are told apart are never null, and their keys are always there. */
function itemErrors(schema: JsonObject, field: string, listType: string): FieldError[] {
  const items = schemaOf(schema, "items");
  if (items === undefined) return [];
  const errors: FieldError[] = [];
  if (isTrue(items, "nullable"))
    errors.push(forbidden(`${field}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`));
  if (listType === "set") return errors;
  const needed = namesOf(items, "required");
  for (const key of namesOf(schema, "x-kubernetes-list-map-keys")) {
    const member = schemaOf(schemaOf(items, "properties") ?? {}, key);
    if (member === undefined) continue;
    const at = `${field}.items.properties[${key}]`;
    const words = "this property is in x-kubernetes-list-map-keys, so it";
    if (!needed.includes(key) && !isSet(member["default"]))
      errors.push(required(`${at}.default`, `${words} must have a default or be a required property`));
    if (isTrue(member, "nullable")) errors.push(forbidden(`${at}.nullable`, `${words} cannot be nullable`));
  }
  return errors;
}
