// The parts of a body that the server itself reads before any schema is looked at: apiVersion, kind and metadata must have the types
// they are declared with.

import { dataMisfit } from "#api/kubernetes";
import { isObject, type Json, type JsonObject, type SchemaNode } from "#kernel";
import { DecodeRefusal } from "./refusal.ts";
import type { Served } from "./resource.ts";

const textMembers = [
  "name",
  "namespace",
  "generateName",
  "uid",
  "resourceVersion",
  "creationTimestamp",
  "deletionTimestamp",
];
const mapMembers = ["labels", "annotations"];

/** The types of members, by the names that Go gives them. */
const types: Readonly<Record<string, SchemaNode>> = {
  string: { type: "string" },
  "map[string]string": { type: "object" },
  "[]string": { type: "array" },
  "[]v1.OwnerReference": { type: "array" },
  "[]v1.ManagedFieldsEntry": { type: "array" },
  "v1.ObjectMeta": { type: "object", properties: {} },
};

export type ShapeOptions = {
  /** Labels and annotations are checked later. */
  isTyped?: boolean;
  /** The body is data that Go takes over, which it tells of in other words. */
  isData?: boolean;
};

/** Refuses with 400 what no Go type could hold. */
export function checkShape(served: Served, body: JsonObject, { isTyped = false, isData = false }: ShapeOptions): void {
  const refuse = (field: string, value: Json, type: string): never => {
    const { kind, version } = served.resource;
    const node = types[type];
    const head = `${kind} in version "${version}" cannot be handled as a ${kind}`;
    if (isData && served.custom === undefined && node !== undefined)
      throw new DecodeRefusal(head, dataMisfit(value, node));
    throw new DecodeRefusal(
      head,
      `json: cannot unmarshal ${jsonKind(value)} into Go struct field ${field.startsWith("metadata.") ? (served.custom === undefined ? `ObjectMeta.${field}` : `ObjectMeta.${field.slice("metadata.".length)}`) : `${kind}.${field}`} of type ${type}`,
    );
  };
  for (const name of ["apiVersion", "kind"]) {
    const value = body[name] ?? "";
    if (typeof value !== "string") refuse(name, value, "string");
  }
  const metadata = body.metadata ?? {};
  if (!isObject(metadata)) return refuse("metadata", metadata, "v1.ObjectMeta");
  for (const name of textMembers)
    if (typeof (metadata[name] ?? "") !== "string") refuse(`metadata.${name}`, metadata[name] as Json, "string");
  for (const name of isTyped ? [] : mapMembers) {
    const map = metadata[name] ?? {};
    if (!isObject(map)) refuse(`metadata.${name}`, map, "map[string]string");
    else
      for (const value of Object.values(map))
        if (typeof (value ?? "") !== "string") refuse(`metadata.${name}`, value, "string");
  }
  checkList(
    metadata.finalizers,
    (item) => typeof item === "string",
    (found) => refuse("metadata.finalizers", found, "[]string"),
  );
  checkList(metadata.ownerReferences, isObject, (found) =>
    refuse("metadata.ownerReferences", found, "[]v1.OwnerReference"),
  );
  checkList(metadata.managedFields, isObject, (found) =>
    refuse("metadata.managedFields", found, "[]v1.ManagedFieldsEntry"),
  );
}

function checkList(value: Json | undefined, fits: (item: Json) => boolean, refuse: (found: Json) => never): void {
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) refuse(value);
  else for (const item of value) if (!fits(item)) refuse(item);
}

function jsonKind(value: Json): string {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  return typeof value === "boolean" ? "bool" : typeof value === "bigint" ? "number" : typeof value;
}
