// Objects against the schema of their kind: unknown fields dropped and told, defaults filled in, values checked.

import {
  applyDefaults,
  type FieldError,
  pruneObject,
  unknownFieldMessage,
  validateBuiltin,
  validateListTypes,
  validateRules,
  validateValue,
} from "#api/crd";
import { decodeBuiltin } from "#api/kubernetes";
import { evaluateRule } from "#formats/cel";
import { asJson, asManifest, type Manifest } from "#kernel";
import { DecodeRefusal } from "./refusal.ts";
import type { WriteCall } from "./registry.ts";
import type { Served } from "./resource.ts";

/**
 * The object as the version's decoder gives it: defaulted, without unknown fields. Shares parts with the draft. `keepsNulls`: an
 * apply left it, in which a null that a custom kind does not allow is refused instead of dropped.
 */
export function decodeObject(call: WriteCall, draft: Manifest, keepsNulls: boolean): Manifest {
  const { served } = call;
  if (served.schemas === undefined || served.schema === undefined) return draft;
  if (typeof served.schema === "string") return decodeOwnKind(call, draft, served.schema);
  const start = applyDefaults(asJson(draft), served.schemas, served.schema, { keepsNulls });
  const { value, unknown } = pruneObject(start, served.schemas, served.schema);
  tellUnknown(call, unknown);
  return asManifest(value);
}

/** A kind of Kubernetes' own, as its Go type decodes it. */
function decodeOwnKind(call: WriteCall, draft: Manifest, root: string): Manifest {
  const { object, unknown, error } = decodeBuiltin(asJson(draft), root);
  if (error !== undefined) throw new DecodeRefusal(cannotBeHandled(call.served), error);
  tellUnknown(call, unknown);
  const decoded = asManifest(object);
  // An empty list of managers asks to forget them all, which an absent one does not.
  const managers: unknown = draft.metadata.managedFields;
  if (Array.isArray(managers) && managers.length === 0) decoded.metadata.managedFields = [];
  call.served.strategy.applyDefaults?.(decoded);
  return decoded;
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

/** What is wrong with an object by its schema. */
export function validateSchema(served: Served, draft: Manifest, live: Manifest | undefined): FieldError[] {
  if (served.schemas === undefined || served.schema === undefined) return [];
  const object = asJson(draft);
  if (served.custom === undefined) return validateBuiltin(served.resource.group, served.resource.kind, object);
  const errors = [
    ...validateValue(object, served.schemas, served.schema),
    ...validateListTypes(object, served.schemas, served.schema),
  ];
  const old = live === undefined ? undefined : asJson(live);
  const input = { value: object, old, schemas: served.schemas, root: served.schema };
  return [...errors, ...validateRules(input, evaluateRule, errors)];
}
