// Objects against the schema of their kind: unknown fields dropped and told, defaults filled in, values checked.

import {
  applyDefaults,
  type FieldError,
  pruneObject,
  unknownFieldMessage,
  validateListTypes,
  validateRules,
  validateValue,
} from "#api/crd";
import {
  asJson,
  asManifest,
  isObject,
  type Json,
  type JsonObject,
  type Manifest,
  type SchemaNode,
  type SchemaRef,
  type SchemaSet,
  setOwn,
} from "#kernel";
import { evaluateRule } from "#formats/cel";
import { fillZeros } from "#merge";
import { badRequest } from "./refusal.ts";
import type { WriteCall } from "./registry.ts";
import type { Served } from "./resource.ts";

/** The object as the version's decoder gives it: defaulted, without unknown fields. Shares parts with the draft. */
export function decodeObject(call: WriteCall, draft: Manifest): Manifest {
  const { served } = call;
  if (served.schemas === undefined || served.schema === undefined) return draft;
  const isCustom = served.custom !== undefined;
  const start = isCustom
    ? applyDefaults(asJson(draft), served.schemas, served.schema)
    : withoutNulls(asJson(draft), served.schemas, served.schema);
  const { value, unknown } = pruneObject(start, served.schemas, served.schema);
  tellUnknown(call, unknown);
  if (isCustom) return asManifest(value);
  refuseWrongTypes(served, value);
  served.strategy.applyDefaults?.(asManifest(value));
  return asManifest(fillZeros(value, served.schemas, served.schema));
}

function tellUnknown(call: WriteCall, unknown: readonly string[]): void {
  if (unknown.length === 0 || call.fieldValidation === "Ignore") return;
  const messages = unknown.map(unknownFieldMessage);
  if (call.fieldValidation === "Strict") {
    const { kind, version } = call.served.resource;
    const prefix = `${kind} in version "${version}" cannot be handled as a ${kind}: `;
    throw badRequest(`${prefix}strict decoding error: ${messages.join(", ")}`);
  }
  for (const message of messages) call.warn(message);
}

/** Go's decoders take a null for a field that is not set, and its encoders leave out empty maps and lists that are optional. */
function withoutNulls(value: JsonObject, schemas: SchemaSet, ref: SchemaRef): JsonObject {
  const node = schemas.resolve(ref);
  const kept: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === null) continue;
    const below = node.properties?.[key] ?? (node.additional === true ? undefined : node.additional);
    if (below === undefined) setOwn(kept, key, member);
    else if (
      !isOptionalEmpty(member, schemas.resolve(below)) ||
      node.required?.includes(key) === true ||
      node.properties?.[key] === undefined
    )
      setOwn(kept, key, withoutNullsIn(member, schemas, below));
  }
  return kept;
}

/** A struct that is empty says something (`emptyDir: {}`); a map or a list does not. */
function isOptionalEmpty(value: Json, node: SchemaNode): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && node.additional !== undefined && Object.keys(value).length === 0;
}

function withoutNullsIn(value: Json, schemas: SchemaSet, ref: SchemaRef): Json {
  if (Array.isArray(value)) {
    const items = schemas.resolve(ref).items;
    return items === undefined ? value : value.map((item) => withoutNullsIn(item, schemas, items));
  }
  return isObject(value) ? withoutNulls(value, schemas, ref) : value;
}

/** A value of another type than Go's is refused before anything else is looked at. */
function refuseWrongTypes(served: Served, object: JsonObject): void {
  if (served.schemas === undefined || served.schema === undefined) return;
  const wrong = validateValue(object, served.schemas, served.schema).find((error) => error.type === "TypeInvalid");
  if (wrong === undefined) return;
  const { kind, version } = served.resource;
  const found = Array.isArray(wrong.value)
    ? "array"
    : typeof wrong.value === "string"
      ? (/^(object|array|string|number|integer|boolean)$/.exec(wrong.value)?.[0] ?? "string")
      : typeof wrong.value;
  throw badRequest(
    `${kind} in version "${version}" cannot be handled as a ${kind}: json: cannot unmarshal ${found} into Go struct field ${kind}.${wrong.field} (${wrong.detail})`,
  );
}

/** Built-in parts that the server fills or accepts empty although their schema calls them required. */
const lenient: ReadonlySet<string> = new Set(["Event", "EndpointSlice", "Lease"]);

/** What is wrong with an object by its schema. */
export function validateSchema(served: Served, draft: Manifest, live: Manifest | undefined): FieldError[] {
  if (served.schemas === undefined || served.schema === undefined) return [];
  const object = asJson(draft);
  const errors = validateValue(object, served.schemas, served.schema);
  if (served.custom !== undefined) {
    const found = [...errors, ...validateListTypes(object, served.schemas, served.schema)];
    const old = live === undefined ? undefined : asJson(live);
    const input = { value: object, old, schemas: served.schemas, root: served.schema };
    return [...found, ...validateRules(input, evaluateRule, found)];
  }
  if (lenient.has(served.resource.kind)) return [];
  return errors.filter((error) => !error.field.startsWith("status") && !error.field.startsWith("metadata"));
}
