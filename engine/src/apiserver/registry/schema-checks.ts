// Objects against the schema of their kind: unknown fields dropped and told, defaults filled in, values checked.

import {
  applyDefaults,
  type FieldError,
  pruneObject,
  unknownFieldMessage,
  validateChange,
  validateListTypes,
  validateRules,
  validateValue,
} from "#api/crd";
import { decodeBuiltin, forgetEmpty } from "#api/kubernetes";
import { evaluateRule } from "#formats/cel";
import { asJson, asManifest, isObject, type JsonObject, type Manifest } from "#kernel";
import { validateBuiltin } from "#apiserver/validation";
import { DecodeRefusal } from "./refusal.ts";
import type { WriteCall } from "./registry.ts";
import type { Served } from "./resource.ts";
import { scaleSpecErrors, scaleStatusErrors } from "./scale-checks.ts";

/**
 * The object as the version's decoder gives it: defaulted, without unknown fields. Shares parts with the draft. `keepsNulls`: an
 * apply left it, in which a null that a custom kind does not allow is refused instead of dropped. `own` notes who owns what of the
 * decoded object; what it gives may be a copy of its first members.
 */
export function decodeObject(
  call: WriteCall,
  draft: Manifest,
  keepsNulls: boolean,
  own: (decoded: Manifest) => Manifest = (decoded) => decoded,
): Manifest {
  const { served } = call;
  if (served.schemas === undefined || served.schema === undefined) return own(draft);
  if (typeof served.schema === "string") return decodeOwnKind(call, draft, { root: served.schema, own });
  const start = applyDefaults(asJson(draft), served.schemas, served.schema, { keepsNulls });
  const { value, unknown } = pruneObject(withPlainMetadata(start), served.schemas, served.schema);
  tellUnknown(call, unknown);
  return own(asManifest(value));
}

/** Metadata is a type of Go's even where the rest of an object is not: null is nothing there, and no text among texts. */
function withPlainMetadata(object: JsonObject): JsonObject {
  const { metadata } = object;
  if (!isObject(metadata)) return object;
  const plain: JsonObject = {};
  for (const [name, value] of Object.entries(metadata)) {
    const isTexts = (name === "labels" || name === "annotations") && isObject(value);
    // Go leaves an empty list out: of a custom object it cannot ask to forget all managers.
    const isNothing = value === null || (name === "managedFields" && Array.isArray(value) && value.length === 0);
    if (!isNothing) plain[name] = isTexts ? textsOf(value as JsonObject) : value;
  }
  return { ...object, metadata: plain };
}

function textsOf(values: JsonObject): JsonObject {
  if (!Object.values(values).includes(null)) return values;
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ?? ""]));
}

/** A kind of Kubernetes' own, as its Go type decodes it. */
function decodeOwnKind(
  call: WriteCall,
  draft: Manifest,
  { root, own }: { root: string; own: (decoded: Manifest) => Manifest },
): Manifest {
  const decoding = decodeBuiltin(asJson(draft), root, { isData: call.isData === true });
  const { object, unknown, error } = decoding;
  if (error !== undefined) throw new DecodeRefusal(cannotBeHandled(call.served), error);
  tellUnknown(call, unknown);
  const decoded = asManifest(object);
  // An empty list of managers asks to forget them all, which an absent one does not.
  const managers: unknown = draft.metadata.managedFields;
  if (Array.isArray(managers) && managers.length === 0) decoded.metadata.managedFields = [];
  call.served.strategy.applyDefaults?.(decoded);
  const owned = own(decoded);
  forgetEmpty(asJson(owned), decoding);
  return owned;
}

function cannotBeHandled({ resource: { kind, version } }: Served): string {
  return `${kind} in version "${version}" cannot be handled as a ${kind}`;
}

function tellUnknown(call: WriteCall, unknown: readonly string[]): void {
  const { duplicates = [] } = call;
  if (unknown.length + duplicates.length === 0 || call.fieldValidation === "Ignore") return;
  const messages = [
    ...duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`),
    ...unknown.map(unknownFieldMessage),
  ];
  if (call.fieldValidation === "Strict")
    throw new DecodeRefusal(cannotBeHandled(call.served), `strict decoding error: ${messages.join(", ")}`);
  for (const message of messages) call.warn(message);
}

/**
 * What is wrong with an object by its schema. What was wrong before, and is as it was, is left alone. `found`: what is wrong with its
 * metadata, after some of which rules are not looked at.
 */
// oxlint-disable-next-line max-params -- a write, an object after and before it, and what was found already
export function validateSchema(
  call: Pick<WriteCall, "served" | "warn" | "subresource">,
  draft: Manifest,
  live: Manifest | undefined,
  found: readonly FieldError[],
): FieldError[] {
  const { served, warn } = call;
  if (served.schemas === undefined || served.schema === undefined) return [];
  const object = asJson(draft);
  const before = live === undefined ? undefined : asJson(live);
  if (served.custom === undefined) return validateBuiltin(served.resource, object, before);
  const { schemas, schema } = served;
  const hadRepeats = before !== undefined && validateListTypes(before, schemas, schema).length > 0;
  const isStatus = call.subresource === "status" && before !== undefined;
  const errors = [
    ...(isStatus
      ? statusErrors(object, before, served)
      : before === undefined
        ? validateValue(object, schemas, schema)
        : validateChange(object, before, schemas, schema)),
    ...(served.scale === undefined || isStatus ? [] : scaleSpecErrors(served.scale, object)),
    ...(served.scale === undefined ? [] : scaleStatusErrors(served.scale, object)),
    ...(hadRepeats ? [] : validateListTypes(object, schemas, schema)),
  ];
  const input = { value: object, old: before, schemas, root: schema, warn };
  return [...errors, ...validateRules(input, evaluateRule, [...found, ...errors])];
}

/** A status that is written by itself is looked at by itself: it is told of by its own paths. */
function statusErrors(object: JsonObject, before: JsonObject, { schemas, schema }: Served): FieldError[] {
  const root = schemas === undefined || schema === undefined ? undefined : schemas.resolve(schema).properties?.status;
  if (object.status === undefined || schemas === undefined || root === undefined) return [];
  const errors = validateChange(object.status, before.status, schemas, root);
  return errors.map((error) => ({ ...error, field: belowStatus(error.field) }));
}

function belowStatus(field: string): string {
  if (field === "" || field === "<nil>") return "status";
  return field.startsWith("[") ? `status${field}` : `status.${field}`;
}
