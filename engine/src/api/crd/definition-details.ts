// What else a definition states: columns, scale, selectable fields, deprecation (apiextensions-apiserver
// pkg/apis/apiextensions/validation, v1.36). What all versions have alike is told of by the place where it once stood for them all.

import { encodeJson, isObject, type Json, type JsonObject } from "#kernel";
import { type FieldError, invalid, required } from "./field-error.ts";
import { deprecationWarningMax, selectableFieldsMax } from "./limits.ts";
import { schemaAt } from "./schema-path.ts";

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function detailErrors(spec: JsonObject): FieldError[] {
  const versions = objects(spec["versions"]);
  return [
    ...versions.flatMap((version, index) => deprecationErrors(version, `spec.versions[${index}].deprecationWarning`)),
    ...placed(versions, "subresources").flatMap(({ value, field }) => scaleErrors(value, field)),
    ...placed(versions, "additionalPrinterColumns").flatMap(({ value, field }) =>
      objects(value).flatMap((column, index) => columnErrors(column, `${field}[${index}]`)),
    ),
    ...placed(versions, "selectableFields").flatMap(({ value, field, version }) =>
      selectableErrors(objects(value), version, field),
    ),
  ];
}

type Placed = { value: Json; field: string; version: JsonObject };

function placed(versions: readonly JsonObject[], name: string): Placed[] {
  const found = versions.flatMap((version, index): Placed[] =>
    version[name] === undefined ? [] : [{ value: version[name], field: `spec.versions[${index}].${name}`, version }],
  );
  const isAlike = found.length === versions.length && new Set(found.map(({ value }) => encodeJson(value))).size === 1;
  return isAlike ? found.slice(0, 1).map((one) => ({ ...one, field: `spec.${name}` })) : found;
}

function deprecationErrors(version: JsonObject, field: string): FieldError[] {
  const warning = version["deprecationWarning"];
  if (typeof warning !== "string") return [];
  const wrong = (detail: string): FieldError[] => [invalid(field, warning, detail)];
  if (version["deprecated"] !== true) return wrong("can only be set for deprecated versions");
  if (warning === "") return wrong("must not be an empty string");
  const at = warning.search(/[^\P{C}]/u);
  return [
    ...(warning.length > deprecationWarningMax ? wrong(`must be <= ${deprecationWarningMax} characters long`) : []),
    ...(at < 0
      ? []
      : wrong(`must only contain printable UTF-8 characters; non-printable character found at index ${at}`)),
  ];
}

function simplePath(path: string, field: string): FieldError[] {
  return path.startsWith(".") ? [] : [invalid(field, path, "must be a simple json path starting with .")];
}

function scaleErrors(subresources: Json, at: string): FieldError[] {
  const scale = isObject(subresources) ? subresources["scale"] : undefined;
  if (!isObject(scale)) return [];
  const pathErrors = (name: string, roots: readonly string[], words: string): FieldError[] => {
    const path = text(scale[name]);
    const field = `${at}.scale.${name}`;
    if (path === "") return name === "labelSelectorPath" ? [] : [required(field)];
    const wrong = simplePath(path, field);
    if (wrong.length > 0 || roots.some((root) => path.startsWith(root))) return wrong;
    return [invalid(field, path, `should be a json path under ${words}`)];
  };
  return [
    ...pathErrors("specReplicasPath", [".spec."], ".spec"),
    ...pathErrors("statusReplicasPath", [".status."], ".status"),
    ...pathErrors("labelSelectorPath", [".spec.", ".status."], "either .spec or .status"),
  ];
}

const columnTypes = ["boolean", "date", "integer", "number", "string"];
const columnFormats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

function columnErrors(column: JsonObject, field: string): FieldError[] {
  const [name, type, format, path] = ["name", "type", "format", "jsonPath"].map((key) => text(column[key])) as [
    string,
    string,
    string,
    string,
  ];
  const types = `must be one of ${columnTypes.join(",")}`;
  const errors = name === "" ? [required(`${field}.name`)] : [];
  if (type === "") errors.push(required(`${field}.type`, types));
  else if (!columnTypes.includes(type)) errors.push(invalid(`${field}.type`, type, types));
  if (format !== "" && !columnFormats.includes(format))
    errors.push(invalid(`${field}.format`, format, `must be one of ${columnFormats.join(",")}`));
  return [...errors, ...(path === "" ? [required(`${field}.JSONPath`)] : simplePath(path, `${field}.JSONPath`))];
}

function selectableErrors(fields: readonly JsonObject[], version: JsonObject, at: string): FieldError[] {
  const schema = isObject(version["schema"]) ? version["schema"]["openAPIV3Schema"] : undefined;
  if (!isObject(schema)) return [];
  const seen = new Set<string>();
  const errors = fields.flatMap((one, index) => {
    const path = text(one["jsonPath"]);
    const field = `${at}[${index}].jsonPath`;
    if (path === "") return [required(field)];
    const found = schemaAt(path, schema, { allowsBrackets: false });
    if (!found.ok) return [invalid(field, path, `is an invalid path: ${found.why}`)];
    const key = found.names.join(".");
    const isTwice = seen.has(key);
    seen.add(key);
    return [
      ...(found.names[0] === "metadata" ? [invalid(field, path, "must not point to fields in metadata")] : []),
      ...(["string", "boolean", "integer"].includes(text(found.schema["type"]))
        ? []
        : [
            invalid(
              field,
              path,
              "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.",
            ),
          ]),
      ...(isTwice ? [{ type: "Duplicate" as const, field, value: path, detail: "" }] : []),
    ];
  });
  if (seen.size <= selectableFieldsMax) return errors;
  const detail = `must have at most ${selectableFieldsMax} items`;
  return [...errors, { type: "TooMany", field: at, value: seen.size, detail }];
}

/** Versions that objects may be stored in stay until nothing is. */
export function storedVersionErrors(definition: JsonObject): FieldError[] {
  const [spec, status] = [definition["spec"], definition["status"]];
  const field = "status.storedVersions";
  const list = isObject(status) ? status["storedVersions"] : undefined;
  const stored = Array.isArray(list) ? list.map(text) : [];
  const versions = isObject(spec) ? objects(spec["versions"]) : [];
  if (stored.length === 0) return [invalid(field, list ?? null, "must have at least one stored version")];
  const found = new Set(stored);
  // A name is found once: of two storage versions with one name, the second is missing.
  const missing = versions.filter((one) => !found.delete(text(one["name"])) && one["storage"] === true);
  const gone = stored
    .map((name, index) => ({ name, index }))
    .filter(({ name }) => !versions.some((one) => one["name"] === name));
  return [
    ...missing.map((one) => invalid(field, stored, `must have the storage version ${text(one["name"])}`)),
    ...gone.map(({ name, index }) =>
      invalid(
        `${field}[${index}]`,
        name,
        `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
      ),
    ),
  ];
}
