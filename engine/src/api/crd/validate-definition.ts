// Validation of CustomResourceDefinitions: names, versions, and that every schema is structural
// (apiextensions-apiserver pkg/apis/apiextensions/validation and pkg/apiserver/schema, v1.36). Takes a decoded, defaulted object.

import { RE2JS } from "re2js";
import { encodeJson, isObject, type Json, type JsonObject } from "#kernel";
import { convertNode, customSchemas } from "./convert.ts";
import { type FieldError, invalid, notSupported, required } from "./field-error.ts";
import { depthMax } from "./limits.ts";
import { detailErrors } from "./definition-details.ts";
import { dns1035Errors, subdomainErrors } from "./names.ts";
import { validateValue } from "./validate.ts";

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function part(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

/** What is wrong with a definition, its status aside. One that changes keeps its name: what belongs to it is told of by itself. */
export function validateDefinition(definition: JsonObject, isNew = true): FieldError[] {
  const spec = part(definition, "spec");
  const names = part(spec, "names");
  const name = text(part(definition, "metadata")["name"]);
  const wanted = `${text(names["plural"])}.${text(spec["group"])}`;
  return [
    ...(name === wanted || !isNew ? [] : [invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')]),
    ...validateGroup(text(spec["group"])),
    ...validateScope(text(spec["scope"])),
    ...validateVersions(spec),
    ...(spec["preserveUnknownFields"] === true
      ? [
          invalid(
            "spec.preserveUnknownFields",
            true,
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
          ),
        ]
      : []),
    ...validateNames(names),
    ...validateSchemas(definition),
    ...detailErrors(spec),
  ];
}

function validateGroup(group: string): FieldError[] {
  if (group === "") return [required("spec.group")];
  const errors = subdomainErrors(group).map((message) => invalid("spec.group", group, message));
  if (errors.length === 0 && !group.includes("."))
    errors.push(invalid("spec.group", group, "should be a domain with at least one dot"));
  return errors;
}

function validateScope(scope: string): FieldError[] {
  if (scope === "") return [required("spec.scope")];
  return scope === "Cluster" || scope === "Namespaced"
    ? []
    : [notSupported("spec.scope", scope, ["Cluster", "Namespaced"])];
}

function versionsOf(spec: JsonObject): JsonObject[] {
  return Array.isArray(spec["versions"]) ? spec["versions"].filter(isObject) : [];
}

/** Versions as the server's own type prints them, schemas left out. */
function shown(versions: readonly JsonObject[]): Json {
  return versions.map((version) => ({
    Name: text(version["name"]),
    Served: version["served"] === true,
    Storage: version["storage"] === true,
    Deprecated: version["deprecated"] === true,
    DeprecationWarning: version["deprecationWarning"] ?? null,
    Schema: null,
    Subresources: version["subresources"] ?? null,
    AdditionalPrinterColumns: version["additionalPrinterColumns"] ?? null,
    SelectableFields: version["selectableFields"] ?? null,
  }));
}

function validateVersions(spec: JsonObject): FieldError[] {
  const versions = versionsOf(spec);
  const errors = versions.flatMap((version, index) => {
    const name = text(version["name"]);
    const wrong = dns1035Errors(name);
    const own = wrong.map((message) => invalid(`spec.versions[${index}].name`, name, message));
    // The first version is also told of by the field it had before there were several.
    return index === 0 ? [...own, ...wrong.map((message) => invalid("spec.version", name, message))] : own;
  });
  if (versions.filter((version) => version["storage"] === true).length !== 1)
    errors.push(invalid("spec.versions", shown(versions), "must have exactly one version marked as storage version"));
  if (new Set(versions.map((version) => version["name"])).size < versions.length)
    errors.push(invalid("spec.versions", shown(versions), "must contain unique version names"));
  return errors;
}

function validateNames(names: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ["plural", "singular", "kind", "listKind"]) {
    const value = text(names[name]);
    const field = `spec.names.${name}`;
    if (value === "") {
      if (name === "plural" || name === "kind") errors.push(required(field));
      continue;
    }
    const lower = name === "kind" || name === "listKind" ? value.toLowerCase() : value;
    errors.push(
      ...dns1035Errors(lower).map((message) =>
        invalid(
          field,
          value,
          name.toLowerCase().includes("kind") ? `may have mixed case, but should otherwise match: ${message}` : message,
        ),
      ),
    );
  }
  for (const name of ["shortNames", "categories"])
    for (const [index, value] of (Array.isArray(names[name]) ? names[name] : []).entries())
      errors.push(
        ...dns1035Errors(text(value)).map((message) => invalid(`spec.names.${name}[${index}]`, value, message)),
      );
  if (text(names["kind"]) !== "" && names["kind"] === names["listKind"])
    errors.push(invalid("spec.names.listKind", text(names["listKind"]), "kind and listKind may not be the same"));
  return errors;
}

export type DefinitionSchema = { schema: JsonObject; field: string; version: string };

/** The schemas of a definition, each with its place. One that all versions share is told of by the place where it once stood for them all. */
export function definitionSchemas(definition: JsonObject): DefinitionSchema[] {
  const found = versionsOf(part(definition, "spec")).flatMap((version, index) => {
    const schema = part(version, "schema")["openAPIV3Schema"];
    const field = `spec.versions[${index}].schema.openAPIV3Schema`;
    return isObject(schema) ? [{ schema, field, version: text(version["name"]) }] : [];
  });
  if (new Set(found.map(({ schema }) => encodeJson(schema))).size > 1) return found;
  return found.slice(0, 1).map((one) => ({ ...one, field: "spec.validation.openAPIV3Schema" }));
}

function validateSchemas(definition: JsonObject): FieldError[] {
  const versions = versionsOf(part(definition, "spec"));
  const missing = versions.flatMap((version, index) =>
    isObject(part(version, "schema")["openAPIV3Schema"])
      ? []
      : [required(`spec.versions[${index}].schema.openAPIV3Schema`)],
  );
  if (missing.length > 0) return missing;
  return definitionSchemas(definition).flatMap(({ schema, field }) => validateSchema(schema, field));
}

const typeNames = ["array", "boolean", "integer", "number", "object", "string"];

function validateSchema(schema: JsonObject, field: string): FieldError[] {
  if (schema["type"] !== "object") {
    if (text(schema["type"]) === "") return [required(`${field}.type`, "must not be empty at the root")];
    return [invalid(`${field}.type`, text(schema["type"]), "must be object at the root")];
  }
  const errors: FieldError[] = [];
  const metadata = part(part(schema, "properties"), "metadata");
  const isNarrow = Object.keys(part(metadata, "properties")).every(
    (name) => name === "name" || name === "generateName",
  );
  if (!isNarrow)
    errors.push({
      type: "Forbidden",
      field: `${field}.properties[metadata]`,
      detail: "must not specify anything other than name and generateName, but metadata is implicitly specified",
    });
  errors.push(...validateNode(schema, field, 0));
  return errors;
}

function validateNode(schema: JsonObject, field: string, depth: number): FieldError[] {
  if (depth > depthMax) return [{ type: "Forbidden", field, detail: "nested too deeply" }];
  return [
    ...typeErrors(schema, field),
    ...keywordErrors(schema, field),
    ...listErrors(schema, field),
    ...defaultErrors(schema, field),
    ...["anyOf", "oneOf", "allOf"].flatMap((name) => junctorErrors(schema, field, name)),
    ...childrenErrors(schema, field, depth),
  ];
}

function typeErrors(schema: JsonObject, field: string): FieldError[] {
  const type = text(schema["type"]);
  const isFree =
    schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (type === "") return isFree ? [] : [required(`${field}.type`, "must not be empty for specified object fields")];
  if (!typeNames.includes(type)) return [notSupported(`${field}.type`, type, typeNames)];
  return type === "array" && !isObject(schema["items"]) ? [required(`${field}.items`, "must be specified")] : [];
}

function keywordErrors(schema: JsonObject, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (schema["uniqueItems"] === true)
    errors.push({
      type: "Forbidden",
      field: `${field}.uniqueItems`,
      detail: "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
    });
  if (
    isObject(schema["properties"]) &&
    Object.keys(schema["properties"]).length > 0 &&
    schema["additionalProperties"] !== undefined
  )
    errors.push({
      type: "Forbidden",
      field: `${field}.additionalProperties`,
      detail: "additionalProperties and properties are mutual exclusive",
    });
  const pattern = text(schema["pattern"]);
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

function listErrors(schema: JsonObject, field: string): FieldError[] {
  const items = part(schema, "items");
  const keys = schema["x-kubernetes-list-map-keys"];
  const at = `${field}.x-kubernetes-list-map-keys`;
  if (
    schema["x-kubernetes-list-type"] === "set" &&
    items["type"] === "object" &&
    items["x-kubernetes-map-type"] !== "atomic"
  )
    return [
      invalid(
        `${field}.items.x-kubernetes-map-type`,
        items["x-kubernetes-map-type"] ?? null,
        "must be atomic as item of a list with x-kubernetes-list-type=set",
      ),
    ];
  if (schema["x-kubernetes-list-type"] !== "map") return [];
  if (!Array.isArray(keys) || keys.length === 0)
    return [required(at, "must not be empty if x-kubernetes-list-type is map")];
  const properties = part(items, "properties");
  return keys.every((key) => Object.hasOwn(properties, text(key)))
    ? []
    : [invalid(at, keys, "entries must all be names of item properties")];
}

function defaultErrors(schema: JsonObject, field: string): FieldError[] {
  const value = schema["default"];
  if (value === undefined || value === null) return [];
  const errors = validateValue(value, customSchemas, convertNode(schema));
  return errors.map((error) => ({
    ...error,
    field: error.field === "" ? `${field}.default` : `${field}.default.${error.field}`,
  }));
}

/** Inside anyOf and its like only values are checked: the structure stands outside. */
function junctorErrors(schema: JsonObject, field: string, name: string): FieldError[] {
  const list = schema[name];
  if (!Array.isArray(list)) return [];
  // The two types of an int-or-string are the one exception.
  if (schema["x-kubernetes-int-or-string"] === true && name === "anyOf") return [];
  return list.filter(isObject).flatMap((one, index) => {
    const at = `${field}.${name}[${index}]`;
    const forbidden = ["type", "default", "additionalProperties", "nullable", "description", "title"].filter(
      (keyword) => one[keyword] !== undefined,
    );
    return forbidden.map(
      (keyword): FieldError => ({
        type: "Forbidden",
        field: `${at}.${keyword}`,
        detail: "must be empty to be structural",
      }),
    );
  });
}

function childrenErrors(schema: JsonObject, field: string, depth: number): FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, below] of Object.entries(part(schema, "properties")))
    if (isObject(below) && !(depth === 0 && name === "metadata"))
      errors.push(...validateNode(below, `${field}.properties[${name}]`, depth + 1));
  if (isObject(schema["items"])) errors.push(...validateNode(schema["items"], `${field}.items`, depth + 1));
  if (isObject(schema["additionalProperties"]))
    errors.push(...validateNode(schema["additionalProperties"], `${field}.additionalProperties`, depth + 1));
  return errors;
}
