// A CustomResourceDefinition as the server needs it: one entry for each version, with its schema ready to use.

import { isObject, type Json, type JsonObject, type SchemaNode, type SchemaSet } from "#kernel";
import { convertSchema, customSchemas } from "./convert.ts";

export type PrinterColumn = {
  name: string;
  type: string;
  jsonPath: string;
  format: string;
  description: string;
  priority: number;
};

export type ScalePaths = { specReplicas: string; statusReplicas: string; labelSelector: string };

export type CustomKind = {
  group: string;
  version: string;
  kind: string;
  listKind: string;
  plural: string;
  singular: string;
  shortNames: readonly string[];
  categories: readonly string[];
  isNamespaced: boolean;
  isServed: boolean;
  isStorage: boolean;
  hasStatus: boolean;
  scale: ScalePaths | undefined;
  columns: readonly PrinterColumn[];
  /** JSON paths that field selectors may name. */
  selectableFields: readonly string[];
  deprecationWarning: string | undefined;
  schemas: SchemaSet;
  root: SchemaNode;
};

const converted = new WeakMap<JsonObject, SchemaNode>();

function text(value: Json | undefined, fallback = ""): string {
  return typeof value === "string" ? value : fallback;
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The versions of a definition, in its order. Reads what is there; whether it is valid is the API server's question. */
export function customKinds(definition: JsonObject): CustomKind[] {
  const spec = isObject(definition["spec"]) ? definition["spec"] : {};
  return objects(spec["versions"]).map((version) => customKind(spec, version));
}

function customKind(spec: JsonObject, version: JsonObject): CustomKind {
  const names = isObject(spec["names"]) ? spec["names"] : {};
  const kind = text(names["kind"]);
  const subresources = isObject(version["subresources"]) ? version["subresources"] : {};
  const name = text(version["name"]);
  const group = text(spec["group"]);
  const isDeprecated = version["deprecated"] === true;
  return {
    group,
    version: name,
    kind,
    listKind: text(names["listKind"], `${kind}List`),
    plural: text(names["plural"]),
    singular: text(names["singular"], kind.toLowerCase()),
    shortNames: texts(names["shortNames"]),
    categories: texts(names["categories"]),
    isNamespaced: spec["scope"] === "Namespaced",
    isServed: version["served"] === true,
    isStorage: version["storage"] === true,
    hasStatus: isObject(subresources["status"]),
    scale: isObject(subresources["scale"]) ? scalePaths(subresources["scale"]) : undefined,
    columns: objects(version["additionalPrinterColumns"]).map(printerColumn),
    selectableFields: objects(version["selectableFields"]).map((field) => text(field["jsonPath"])),
    deprecationWarning: isDeprecated
      ? text(version["deprecationWarning"], `${group}/${name} ${kind} is deprecated`)
      : undefined,
    schemas: customSchemas,
    root: rootOf(spec, version),
  };
}

function rootOf(spec: JsonObject, version: JsonObject): SchemaNode {
  const known = converted.get(version);
  if (known !== undefined) return known;
  const schema = isObject(version["schema"]) ? version["schema"]["openAPIV3Schema"] : undefined;
  const root = convertSchema(isObject(schema) ? schema : undefined);
  if (spec["preserveUnknownFields"] === true) root.preserveUnknown = true;
  converted.set(version, root);
  return root;
}

function scalePaths(scale: JsonObject): ScalePaths {
  return {
    specReplicas: text(scale["specReplicasPath"]),
    statusReplicas: text(scale["statusReplicasPath"]),
    labelSelector: text(scale["labelSelectorPath"]),
  };
}

function printerColumn(column: JsonObject): PrinterColumn {
  return {
    name: text(column["name"]),
    type: text(column["type"], "string"),
    jsonPath: text(column["jsonPath"]),
    format: text(column["format"]),
    description: text(column["description"]),
    priority: typeof column["priority"] === "number" ? column["priority"] : 0,
  };
}
