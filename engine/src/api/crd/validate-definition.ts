// Validation of CustomResourceDefinitions: names, versions, and that every schema is structural
// (apiextensions-apiserver pkg/apis/apiextensions/validation and pkg/apiserver/schema, v1.36). Takes a decoded, defaulted object.

import { equalJson, isObject, type Json, type JsonObject } from "#kernel";
import { type FieldError, forbidden, invalid, notSupported, required } from "./field-error.ts";
import { detailErrors } from "./definition-details.ts";
import { isKnownFormat } from "./formats.ts";
import { dns1035Errors, subdomainErrors } from "./names.ts";
import { allSchemas, isSet } from "./schema-members.ts";
import { defaultErrors } from "./schema-defaults.ts";
import { schemaRuleErrors } from "./schema-rules.ts";
import { shownSchema } from "./shown-schema.ts";
import { conversionProblem, structuralErrors } from "./structural.ts";

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function part(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

/** What is wrong with a definition, its status aside. One that changes keeps its name: what belongs to it is told of by itself. */
export function validateDefinition(
  definition: JsonObject,
  isNew = true,
  schemas: readonly DefinitionSchema[] = definitionSchemas(definition),
): FieldError[] {
  const spec = part(definition, "spec");
  const names = part(spec, "names");
  const name = text(part(definition, "metadata")["name"]);
  const wanted = `${text(names["plural"])}.${text(spec["group"])}`;
  return [
    ...(name === wanted || !isNew ? [] : [invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')]),
    ...validateGroup(text(spec["group"])),
    ...validateScope(text(spec["scope"])),
    ...validateVersions(spec, isNew),
    ...(spec["preserveUnknownFields"] === true
      ? [
          invalid(
            "spec.preserveUnknownFields",
            true,
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
          ),
        ]
      : []),
    ...(spec["preserveUnknownFields"] === true && hasDefaults(schemas)
      ? [invalid("spec.preserveUnknownFields", true, "must be false in order to use defaults in the schema")]
      : []),
    ...validateNames(names),
    ...validateSchemas(definition, schemas),
    ...detailErrors(spec),
  ];
}

function validateGroup(group: string): FieldError[] {
  if (group === "") return [required("spec.group")];
  const messages = subdomainErrors(group).join(",");
  if (messages !== "") return [invalid("spec.group", group, messages)];
  return group.includes(".") ? [] : [invalid("spec.group", group, "should be a domain with at least one dot")];
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
function shown(versions: readonly JsonObject[], isGiven = true): Json {
  if (!isGiven) return null;
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

/** A decoded list that is empty is not told from an absent one: whoever makes a definition leaves it out, whoever changes one empties it. */
function validateVersions(spec: JsonObject, isNew: boolean): FieldError[] {
  const versions = versionsOf(spec);
  const errors = versions.flatMap((version, index) => {
    const name = text(version["name"]);
    const wrong = dns1035Errors(name).join(",");
    if (wrong === "") return [];
    const own = invalid(`spec.versions[${index}].name`, name, wrong);
    // The first version is also told of by the field it had before there were several.
    return index === 0 && name !== "" ? [own, invalid("spec.version", name, wrong)] : [own];
  });
  if (versions.filter((version) => version["storage"] === true).length !== 1)
    errors.push(
      invalid(
        "spec.versions",
        shown(versions, !isNew || isSet(spec["versions"])),
        "must have exactly one version marked as storage version",
      ),
    );
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
      errors.push(required(field));
      continue;
    }
    const isKind = name === "kind" || name === "listKind";
    const messages = dns1035Errors(isKind ? value.toLowerCase() : value).join(",");
    if (messages !== "")
      errors.push(
        invalid(field, value, isKind ? `may have mixed case, but should otherwise match: ${messages}` : messages),
      );
  }
  for (const name of ["shortNames", "categories"])
    for (const [index, value] of (Array.isArray(names[name]) ? names[name] : []).entries()) {
      const messages = dns1035Errors(text(value)).join(",");
      if (messages !== "") errors.push(invalid(`spec.names.${name}[${index}]`, value, messages));
    }
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
  if (found.some(({ schema }) => !equalJson(schema, found[0]?.schema ?? null))) return found;
  return found.slice(0, 1).map((one) => ({ ...one, field: "spec.validation.openAPIV3Schema" }));
}

function hasDefaults(schemas: readonly DefinitionSchema[]): boolean {
  return schemas.some(({ schema }) => [...allSchemas(schema)].some((one) => isSet(one["default"])));
}

/** The formats in schemas that mean nothing, each as often as it is stated. */
export function unknownFormats(schemas: readonly DefinitionSchema[]): string[] {
  return schemas.flatMap(({ schema }) =>
    [...allSchemas(schema)].flatMap((one) => {
      const format = text(one["format"]);
      return format === "" || isKnownFormat(format, text(one["type"])) ? [] : [format];
    }),
  );
}

function validateSchemas(definition: JsonObject, schemas: readonly DefinitionSchema[]): FieldError[] {
  const versions = versionsOf(part(definition, "spec"));
  const missing = versions.flatMap((version, index) =>
    isObject(part(version, "schema")["openAPIV3Schema"])
      ? []
      : [required(`spec.versions[${index}].schema.openAPIV3Schema`)],
  );
  const hasStatus = (version: JsonObject): boolean => isObject(part(version, "subresources")["status"]);
  return [
    ...missing,
    ...schemas.flatMap(({ schema, field, version }) =>
      schemaErrors(schema, field, hasStatus(versions.find((one) => one["name"] === version) ?? {})),
    ),
  ];
}

/** What is wrong with one schema, its CEL rules aside. */
function schemaErrors(schema: JsonObject, field: string, hasStatus: boolean): FieldError[] {
  const problem = conversionProblem(schema);
  const structural = problem === undefined ? structuralErrors(schema, field) : [];
  const errors = [
    ...(hasStatus ? rootErrors(schema, field) : []),
    ...(schema["nullable"] === true ? [forbidden(`${field}.nullable`, "nullable cannot be true at the root")] : []),
    ...structural,
    ...(problem === undefined && structural.length === 0 ? defaultErrors(schema, field) : []),
    ...schemaRuleErrors(schema, field),
  ];
  return errors.length === 0 && problem !== undefined ? [invalid(field, "", problem)] : errors;
}

/** Keywords that a schema with a status of its own may have at its root. */
const rootKeywords: ReadonlySet<string> = new Set(
  (
    "description type format title maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern maxItems " +
    "minItems uniqueItems multipleOf required items properties externalDocs example x-kubernetes-preserve-unknown-fields " +
    "x-kubernetes-validations"
  ).split(" "),
);
const rootWords =
  "only [Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations] fields are allowed at the root of the schema if the status subresource is enabled";

/** The first keyword that would be lost when the status is looked at alone. */
function rootErrors(schema: JsonObject, field: string): FieldError[] {
  const keywords = Object.keys(schema).filter((name) => !isEmpty(schema[name]));
  const type = text(schema["type"]);
  if (type !== "" && type !== "object")
    return [
      invalid(
        `${field}.type`,
        type,
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
      ),
    ];
  return keywords.every((name) => rootKeywords.has(name)) ? [] : [invalid(field, shownSchema(schema), rootWords)];
}

function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || value === "" || value === false;
}
