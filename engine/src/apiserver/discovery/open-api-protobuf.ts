// The OpenAPI v2 document as the protobuf message that client-go asks for: gnostic's openapi.v2.Document. What the message has no
// place for is left out; extensions and free values are carried as YAML, of which JSON is a part.

import { encodeJson, encodeUtf8, isObject, type Json, type JsonObject } from "#kernel";

export const openApiV2Protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

export function encodeOpenApiV2(document: JsonObject): Uint8Array {
  return message(document, documentFields);
}

/** Writes the value of one member as its field, or as nothing. */
type Write = (value: Json) => Uint8Array | undefined;
type Fields = Readonly<Record<string, readonly [number, Write]>>;

const text: Write = (value) => (typeof value === "string" ? encodeUtf8(value) : undefined);
const yaml: Write = (value) => delimited(2, encodeUtf8(`${encodeJson(value)}\n`));

function object(fields: () => Fields): Write {
  return (value) => (isObject(value) ? message(value, fields()) : undefined);
}

/** A map as a list of `{ name, value }`. */
function named(number: number, value: Write): Write {
  return (map) => {
    if (!isObject(map)) return undefined;
    const entries = Object.entries(map).map(([name, below]) => {
      const written = value(below);
      return delimited(number, joined([delimited(1, encodeUtf8(name)), delimited(2, written ?? new Uint8Array())]));
    });
    return joined(entries);
  };
}

/** The one field of a message that only wraps. */
function wrapped(number: number, value: Write): Write {
  return (inner) => {
    const written = value(inner);
    return written === undefined ? undefined : delimited(number, written);
  };
}

const schema: Write = object(() => schemaFields);
const operation: Write = object(() => operationFields);

const schemaFields: Fields = {
  $ref: [1, text],
  format: [2, text],
  title: [3, text],
  description: [4, text],
  default: [5, yaml],
  pattern: [13, text],
  required: [19, text],
  enum: [20, yaml],
  additionalProperties: [
    21,
    (value) => (typeof value === "boolean" ? flag(2, value) : delimited(1, schema(value) ?? new Uint8Array())),
  ],
  type: [22, wrapped(1, text)],
  items: [23, wrapped(1, schema)],
  allOf: [24, schema],
  properties: [25, named(1, schema)],
};

/** Members of a schema that are numbers or flags: they are no length-delimited fields. */
const schemaNumbers: Readonly<Record<string, readonly [number, "double" | "integer" | "flag"]>> = {
  multipleOf: [6, "double"],
  maximum: [7, "double"],
  exclusiveMaximum: [8, "flag"],
  minimum: [9, "double"],
  exclusiveMinimum: [10, "flag"],
  maxLength: [11, "integer"],
  minLength: [12, "integer"],
  maxItems: [14, "integer"],
  minItems: [15, "integer"],
  uniqueItems: [16, "flag"],
  maxProperties: [17, "integer"],
  minProperties: [18, "integer"],
};

const response: Write = object(() => ({ description: [1, text], schema: [2, wrapped(1, schema)] }));

const operationFields: Fields = {
  description: [3, text],
  operationId: [5, text],
  produces: [6, text],
  consumes: [7, text],
  parameters: [8, parameter],
  responses: [9, named(1, wrapped(1, response))],
};

const pathFields: Fields = {
  get: [2, operation],
  put: [3, operation],
  post: [4, operation],
  delete: [5, operation],
  patch: [8, operation],
  parameters: [9, parameter],
};

const documentFields: Fields = {
  swagger: [1, text],
  info: [2, object(() => ({ title: [1, text], version: [2, text] }))],
  paths: [
    8,
    named(
      2,
      object(() => pathFields),
    ),
  ],
  definitions: [9, named(1, schema)],
};

/** Parameters are wrapped three times: which kind of item, of parameter, and where it stands. */
function parameter(value: Json): Uint8Array | undefined {
  if (!isObject(value)) return undefined;
  const isPath = value.in === "path";
  const parts = [
    ...(value.required === true ? [flag(1, true)] : []),
    ...["in", "description", "name"].map((name, index) => delimited(index + 2, text(value[name] ?? "") as Uint8Array)),
    delimited(isPath ? 5 : 6, text(value.type ?? "string") as Uint8Array),
    ...(value.uniqueItems === true ? [flag(isPath ? 19 : 20, true)] : []),
  ];
  return delimited(1, delimited(2, delimited(isPath ? 4 : 3, joined(parts))));
}

/** Where a message keeps its extensions. */
const extensionNumbers = new Map<Fields, number>([
  [schemaFields, 31],
  [operationFields, 13],
  [pathFields, 10],
  [documentFields, 16],
]);

function message(value: JsonObject, fields: Fields): Uint8Array {
  const parts: Uint8Array[] = [];
  const extension = extensionNumbers.get(fields);
  for (const [name, member] of Object.entries(value)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field !== undefined) writeField(parts, field, member);
    else if (fields === schemaFields && Object.hasOwn(schemaNumbers, name)) parts.push(plain(name, member));
    else if (name.startsWith("x-") && extension !== undefined)
      parts.push(
        delimited(extension, joined([delimited(1, encodeUtf8(name)), delimited(2, yaml(member) as Uint8Array)])),
      );
  }
  return joined(parts);
}

function writeField(parts: Uint8Array[], [number, write]: readonly [number, Write], member: Json): void {
  for (const one of Array.isArray(member) ? member : [member]) {
    const written = write(one);
    if (written !== undefined) parts.push(delimited(number, written));
  }
}

function plain(name: string, value: Json): Uint8Array {
  const [number, kind] = schemaNumbers[name] as readonly [number, string];
  if (kind === "flag") return flag(number, value === true);
  if (kind === "integer")
    return joined([varint(BigInt(number) << 3n), varint(BigInt.asUintN(64, BigInt(value as number)))]);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, Number(value), true);
  return joined([varint((BigInt(number) << 3n) | 1n), bytes]);
}

function flag(number: number, value: boolean): Uint8Array {
  return joined([varint(BigInt(number) << 3n), Uint8Array.of(value ? 1 : 0)]);
}

function delimited(number: number, bytes: Uint8Array): Uint8Array {
  return joined([varint((BigInt(number) << 3n) | 2n), varint(BigInt(bytes.length)), bytes]);
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
