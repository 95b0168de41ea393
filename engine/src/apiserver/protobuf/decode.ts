// A body of application/vnd.kubernetes.protobuf as the object it stands for. client-go's typed clients send these; they all
// read JSON, so nothing is ever encoded.

import { decodeJson, decodeUtf8, formatTime, type Json, type JsonObject, setOwn } from "#kernel";
import { type Field, fieldsOf, type Shape } from "./messages.ts";
import { readFields, readVarint, signed, WireError, type WireValue } from "./wire.ts";

/** Before every such body. */
const magic = [0x6b, 0x38, 0x73, 0x00];

/** Messages inside messages: JSONSchemaProps nests, an attacker's bytes may nest without end. */
const depthMax = 64;

/** The object with apiVersion and kind. Throws WireError for what is not one, or of a kind that is not known. */
export function decodeProtobuf(body: Uint8Array): JsonObject {
  if (!magic.every((byte, index) => body[index] === byte)) throw new WireError("the body does not begin with k8s");
  let apiVersion = "";
  let kind = "";
  let raw: Uint8Array = new Uint8Array();
  for (const { number, value } of readFields(body.subarray(magic.length))) {
    if (number === 1) {
      for (const part of readFields(bytesOf(value))) {
        if (part.number === 1) apiVersion = textOf(part.value);
        if (part.number === 2) kind = textOf(part.value);
      }
    } else if (number === 2) raw = bytesOf(value);
  }
  const message = messageName(apiVersion, kind);
  if (fieldsOf(message) === undefined) throw new WireError(`no message is known for ${apiVersion} ${kind}`);
  return { apiVersion, kind, ...decodeMessage(raw, message, 0) };
}

/** The package a group's types live in: its first label, but for a few. */
const packages: Readonly<Record<string, string>> = {
  "": "core",
  "rbac.authorization.k8s.io": "rbac",
  "flowcontrol.apiserver.k8s.io": "flowcontrol",
};

function messageName(apiVersion: string, kind: string): string {
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  if (["DeleteOptions", "ListOptions", "PatchOptions", "CreateOptions", "UpdateOptions"].includes(kind))
    return `meta/v1.${kind}`;
  const name = packages[group] ?? (group.split(".")[0] as string);
  return `${name}/${apiVersion.slice(slash + 1)}.${kind}`;
}

function decodeMessage(bytes: Uint8Array, message: string, depth: number): JsonObject {
  if (depth > depthMax) throw new WireError("messages are nested too deeply");
  const fields = fieldsOf(message);
  const object: JsonObject = {};
  if (fields === undefined) return object;
  for (const { number, value } of readFields(bytes)) {
    const field = fields.get(number);
    if (field !== undefined) addField(object, field, value, depth);
  }
  return object;
}

function addField(object: JsonObject, field: Field, value: WireValue, depth: number): void {
  const { name, shape } = field;
  if (shape.kind === "list") {
    const list = (object[name] ??= []) as Json[];
    list.push(...decodeItems(shape.of, value, depth));
    return;
  }
  if (shape.kind === "map") {
    const map = (object[name] ??= {}) as JsonObject;
    const [key, member] = decodeEntry(shape.of, value, depth);
    setOwn(map, key, member);
    return;
  }
  const decoded = decodeValue(shape, value, depth);
  if (name === "") Object.assign(object, decoded);
  else if (field.isPointer || !isZero(decoded, field)) setOwn(object, name, decoded);
}

/** What Go leaves out: a zero that is marked so, and a struct in which nothing is set. */
function isZero(value: Json, field: Field): boolean {
  if (value === null) return true;
  if (typeof value === "object") return !Array.isArray(value) && Object.keys(value).length === 0;
  return field.isOmitted && (value === "" || value === 0 || value === false);
}

/** Numbers may stand many in one field. */
function decodeItems(shape: Shape, value: WireValue, depth: number): Json[] {
  if (shape.kind !== "integer" || typeof value === "bigint") return [decodeValue(shape, value, depth)];
  const items: Json[] = [];
  for (let at = 0; at < value.length; ) {
    const { value: item, next } = readVarint(value, at);
    items.push(signed(item));
    at = next;
  }
  return items;
}

function decodeEntry(shape: Shape, value: WireValue, depth: number): [string, Json] {
  let key = "";
  let member: Json | undefined;
  for (const part of readFields(bytesOf(value))) {
    if (part.number === 1) key = textOf(part.value);
    if (part.number === 2) member = decodeValue(shape, part.value, depth);
  }
  return [key, member ?? (shape.kind === "string" || shape.kind === "bytes" ? "" : {})];
}

function decodeValue(shape: Shape, value: WireValue, depth: number): Json {
  switch (shape.kind) {
    case "string":
      return textOf(value);
    case "bool":
      return value !== 0n;
    case "integer":
      return signed(typeof value === "bigint" ? value : 0n);
    case "double":
      return Buffer.from(bytesOf(value)).readDoubleLE(0);
    case "bytes":
      return Buffer.from(bytesOf(value)).toString("base64");
    case "message":
      return decodeMessage(bytesOf(value), shape.name, depth + 1);
    case "wrapped":
      return [...readFields(bytesOf(value))].flatMap((part) => decodeItems(listItem(shape.of), part.value, depth + 1));
    case "special":
      return decodeSpecial(shape.name, bytesOf(value), depth + 1);
    case "list":
    case "map":
      throw new WireError("a list stands inside a list");
  }
}

function listItem(shape: Shape): Shape {
  return shape.kind === "list" ? shape.of : shape;
}

type Parts = ReadonlyMap<number, WireValue>;

function decodeSpecial(name: string, bytes: Uint8Array, depth: number): Json {
  if (depth > depthMax) throw new WireError("messages are nested too deeply");
  const parts: Parts = new Map([...readFields(bytes)].map(({ number, value }) => [number, value]));
  const number = (at: number): number => Number(signed((parts.get(at) as bigint | undefined) ?? 0n));
  const text = (at: number): string => textOf(parts.get(at) ?? new Uint8Array());
  const schema = (at: number): Json => decodeMessage(bytesOf(parts.get(at) ?? new Uint8Array()), jsonSchema, depth);
  switch (name) {
    case "Time":
      return parts.size === 0 ? null : formatTime(number(1) * 1000);
    case "MicroTime":
      return parts.size === 0 ? null : microTime(number(1), number(2));
    case "Quantity":
      return text(1);
    case "IntOrString":
      return number(1) === 0 ? number(2) : text(3);
    case "Duration":
      return `${number(1) / 1e9}s`;
    case "RawExtension":
    case "FieldsV1":
    case "JSON":
      return parts.has(1) ? decodeJson(text(1)) : null;
    case "JSONSchemaPropsOrArray":
      return parts.has(1)
        ? schema(1)
        : [...readFields(bytes)].map(({ value }) => decodeMessage(bytesOf(value), jsonSchema, depth));
    case "JSONSchemaPropsOrBool":
      return parts.has(2) ? schema(2) : number(1) !== 0;
    case "JSONSchemaPropsOrStringArray":
      return parts.has(1) ? schema(1) : [...readFields(bytes)].map(({ value }) => textOf(value));
    default:
      throw new WireError(`no form is known for ${name}`);
  }
}

const jsonSchema = "apiextensions/v1.JSONSchemaProps";

function microTime(seconds: number, nanos: number): string {
  const micros = String(Math.floor(nanos / 1000)).padStart(6, "0");
  return `${formatTime(seconds * 1000).slice(0, 19)}.${micros}Z`;
}

function bytesOf(value: WireValue): Uint8Array {
  if (typeof value === "bigint") throw new WireError("a number stands where bytes belong");
  return value;
}

function textOf(value: WireValue): string {
  return decodeUtf8(bytesOf(value));
}
