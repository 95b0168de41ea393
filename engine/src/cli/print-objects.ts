// Objects as JSON, YAML or names, as kubectl prints them: managedFields left out, several as a List.

import { formatYaml } from "#formats/yaml";
import { asJson, isObject, type Json, type JsonObject, type Manifest, splitApiVersion } from "#kernel";

export type ObjectFormat = "json" | "yaml" | "name";

/** One object, or a List of several. */
export function formatObjects(objects: readonly Manifest[], format: ObjectFormat, isSingle: boolean): string {
  if (format === "name") return objects.map((object) => `${nameOf(object)}\n`).join("");
  const items = objects.map(withoutManagedFields);
  const value: Json = isSingle && items.length === 1 ? (items[0] ?? null) : { apiVersion: "v1", kind: "List", items };
  return format === "json" ? `${prettyJson(value)}\n` : formatYaml(value);
}

/** One object of many that come one by one, as kubectl prints them: documents behind each other, those in YAML below a `---`. */
export function formatNext(object: Manifest, format: ObjectFormat): string {
  return `${format === "yaml" ? "---\n" : ""}${formatObjects([object], format, true)}`;
}

/** `kustomization.kustomize.toolkit.fluxcd.io/apps` */
export function nameOf(object: Manifest): string {
  const { group } = splitApiVersion(object.apiVersion);
  const kind = object.kind.toLowerCase();
  return `${group === "" ? kind : `${kind}.${group}`}/${object.metadata.name}`;
}

function withoutManagedFields(object: Manifest): JsonObject {
  const copy = { ...asJson(object) };
  if (isObject(copy["metadata"])) {
    const { managedFields: _, ...metadata } = copy["metadata"];
    copy["metadata"] = metadata;
  }
  return copy;
}

/** JSON with two blanks a level; long integers stay digits. */
export function prettyJson(value: Json, indent = ""): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((item) => inner + prettyJson(item, inner)).join(",\n")}\n${indent}]`;
  }
  if (isObject(value)) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    if (members.length === 0) return "{}";
    const lines = members.map(([key, member]) => `${inner}${JSON.stringify(key)}: ${prettyJson(member, inner)}`);
    return `{\n${lines.join(",\n")}\n${indent}}`;
  }
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}
