// What a schema declares to the expressions over its values: their types, and how large they can be. A part that the schema says nothing
// of cannot be named (apiserver/pkg/cel/common/schemas.go, v1.36). Parts are made when they are asked for: schemas may be endless.

import { encodeUtf8, type SchemaNode, type SchemaRef, type SchemaSet } from "#kernel";
import { dateBytes, durationBytes, durationBytesMin, requestBytesMax, timeBytes, timeBytesMin } from "../limits.ts";
import { escapeField, isEscapable } from "../values.ts";
import { type CelType, dyn, listOf, mapOf, simpleType, stringType } from "./types.ts";

export type Declared = {
  type: CelType;
  /** Characters, items or members that it can have at most. */
  elementsMax: number;
  /** Bytes that it takes in JSON at least. */
  bytesMin: number;
  /** Of a list or a map. */
  item?: Declared;
  key?: Declared;
  /** Of an object, by the name that expressions use. */
  field?: (name: string) => Declared | undefined;
};

type Place = { schemas: SchemaSet; ref: SchemaRef; name: string; isResource: boolean };

/** What the schema declares; undefined where expressions may not look. `name` is what messages call its objects. */
export function declare(schemas: SchemaSet, ref: SchemaRef, name: string, isResource: boolean): Declared | undefined {
  return declaredAt({ schemas, ref, name, isResource });
}

function declaredAt(place: Place): Declared | undefined {
  const node = place.schemas.resolve(place.ref);
  const { type } = node;
  // Kubernetes' own schemas give amounts no type, so that nothing can be said of them.
  if (node.format === "quantity") return undefined;
  if (type === "int-or-string") return { type: dyn, elementsMax: textMax(node, requestBytesMax - 2), bytesMin: 1 };
  if (type === "array") return declaredList(place, node);
  if (type === "object" || place.isResource) return declaredObject(place, node);
  if (type === "string") return declaredText(node);
  if (type === "boolean") return scalar("bool", 4);
  if (type === "number") return scalar("double", 1);
  return type === "integer" ? scalar("int", 1) : undefined;
}

function scalar(name: string, bytesMin: number): Declared {
  return { type: simpleType(name) ?? dyn, elementsMax: 0, bytesMin };
}

/** A limit that the schema states. */
function limitOf(node: SchemaNode, keyword: string): number | undefined {
  const value = node.checks?.[keyword];
  return typeof value === "number" ? Math.max(0, value) : undefined;
}

/** Characters may take four bytes each. */
function textMax(node: SchemaNode, otherwise: number): number {
  const limit = limitOf(node, "maxLength");
  return limit === undefined ? otherwise : limit * 4;
}

function declaredText(node: SchemaNode): Declared {
  switch (node.format ?? "") {
    case "byte":
      return { ...scalar("bytes", 2), elementsMax: limitOf(node, "maxLength") ?? requestBytesMax - 2 };
    case "duration":
      return { ...scalar("duration", durationBytesMin), elementsMax: durationBytes };
    case "date":
      return { ...scalar("timestamp", dateBytes), elementsMax: dateBytes };
    case "date-time":
      return { ...scalar("timestamp", timeBytesMin), elementsMax: timeBytes };
    default:
      return { ...scalar("string", 2), elementsMax: textMax(node, longestOf(node) ?? requestBytesMax - 2) };
  }
}

/** The longest of the values that are allowed. */
function longestOf(node: SchemaNode): number | undefined {
  if (node.enum === undefined || node.enum.length === 0) return undefined;
  return Math.max(0, ...node.enum.map((value) => (typeof value === "string" ? encodeUtf8(value).length : 0)));
}

function below({ schemas, name }: Place, ref: SchemaRef, part: string): Declared | undefined {
  return declaredAt({
    schemas,
    ref,
    name: `${name}.${part}`,
    isResource: schemas.resolve(ref).embeddedResource === true,
  });
}

function declaredList(place: Place, node: SchemaNode): Declared | undefined {
  const item = node.items === undefined ? undefined : below(place, node.items, "@idx");
  if (item === undefined) return undefined;
  const elementsMax = limitOf(node, "maxItems") ?? Math.floor((requestBytesMax - 2) / (item.bytesMin + 1));
  return { type: listOf(item.type), item, elementsMax, bytesMin: 2 };
}

function declaredMap(place: Place, node: SchemaNode, values: SchemaRef): Declared | undefined {
  const item = below(place, values, "@elem");
  if (item === undefined) return undefined;
  // A member is a key of two bytes, its quotes, a colon, a comma and the least value.
  const elementsMax = limitOf(node, "maxProperties") ?? Math.floor((requestBytesMax - 2) / (item.bytesMin + 6));
  const key: Declared = { type: stringType, elementsMax: 0, bytesMin: 2 };
  return { type: mapOf(stringType, item.type), item, key, elementsMax, bytesMin: 2 };
}

/** What every object has, whatever its schema says. */
const resourceMembers: Readonly<Record<string, SchemaRef>> = {
  apiVersion: { type: "string" },
  kind: { type: "string" },
  metadata: { type: "object", properties: { name: { type: "string" }, generateName: { type: "string" } } },
};

/** The members of a whole object: what its schema says of metadata counts when it says all that every object has. */
function resourceProperties({ schemas }: Place, { properties = {} }: SchemaNode): Readonly<Record<string, SchemaRef>> {
  const isText = (ref: SchemaRef | undefined): boolean => ref !== undefined && schemas.resolve(ref).type === "string";
  const metadata = properties["metadata"] === undefined ? undefined : schemas.resolve(properties["metadata"]);
  const isWhole =
    isText(properties["kind"]) &&
    isText(properties["apiVersion"]) &&
    metadata?.type === "object" &&
    isText(metadata.properties?.["name"]) &&
    isText(metadata.properties?.["generateName"]);
  return isWhole ? properties : { ...properties, ...resourceMembers };
}

function declaredObject(place: Place, node: SchemaNode): Declared | undefined {
  const { additional } = node;
  if (additional !== undefined && additional !== true) return declaredMap(place, node, additional);
  const properties = place.isResource ? resourceProperties(place, node) : (node.properties ?? {});
  const names = new Map(
    Object.keys(properties)
      .filter(isEscapable)
      .map((name) => [escapeField(name), name]),
  );
  const known = new Map<string, Declared | undefined>();
  const field = (escaped: string): Declared | undefined => {
    const name = names.get(escaped);
    if (name === undefined) return undefined;
    if (!known.has(escaped)) known.set(escaped, below(place, properties[name] as SchemaRef, escaped));
    return known.get(escaped);
  };
  const required = new Set(node.required ?? []);
  let bytesMin = 2;
  for (const [name, ref] of Object.entries(properties)) {
    if (!required.has(name) || place.schemas.resolve(ref).default !== undefined) continue;
    const part = below(place, ref, name);
    if (part !== undefined) bytesMin += encodeUtf8(name).length + part.bytesMin + 4;
  }
  const declared: Declared = { type: dyn, elementsMax: 0, bytesMin, field };
  declared.type = { kind: "struct", name: place.name, parameters: [], declared };
  return declared;
}
