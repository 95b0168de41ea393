// Validation of metadata, as apimachinery's api/validation/objectmeta.go does it.

import { asJson, equalJson, type Json, type JsonObject, type Manifest, type ObjectMeta } from "#kernel";
import { type FieldError, forbiddenValue, invalidValue, requiredValue } from "./field-error.ts";
import { annotationBytesMax } from "./limits.ts";
import {
  label1035Problems,
  labelProblems,
  labelValueProblems,
  pathProblems,
  qualifiedNameProblems,
  subdomainProblems,
} from "./names.ts";
import type { Served, Strategy } from "./resource.ts";

export const orphanFinalizer = "orphan";
export const foregroundFinalizer = "foregroundDeletion";

const nameProblems: Record<Strategy["nameRule"], (name: string) => string[]> = {
  subdomain: subdomainProblems,
  label: labelProblems,
  "label-1035": label1035Problems,
  path: pathProblems,
  none: () => [],
};

/** The errors of a new object's metadata. */
export function validateNewMetadata(draft: Manifest, served: Served): FieldError[] {
  const metadata = draft.metadata;
  const errors: FieldError[] = [];
  if ((metadata.name ?? "") === "") errors.push(requiredValue("metadata.name", "name or generateName is required"));
  else {
    for (const text of nameProblems[served.strategy.nameRule](metadata.name))
      errors.push(invalidValue("metadata.name", metadata.name, text));
  }
  if (!served.storage.isNamespaced && metadata.namespace !== undefined)
    errors.push(forbiddenValue("metadata.namespace", "not allowed on this type"));
  return [...errors, ...validateCommon(metadata), ...validateFinalizers(metadata.finalizers ?? [])];
}

/** The errors of an update's metadata against what stands there. */
export function validateChangedMetadata(draft: Manifest, live: Manifest): FieldError[] {
  const errors: FieldError[] = [];
  const next = asJson(draft).metadata as JsonObject;
  const old = asJson(live).metadata as JsonObject;
  if (live.metadata.deletionTimestamp !== undefined) {
    const known = new Set(live.metadata.finalizers ?? []);
    const added = (draft.metadata.finalizers ?? []).filter((finalizer) => !known.has(finalizer)).sort();
    if (added.length > 0) {
      const list = `[]string{${added.map((name) => JSON.stringify(name)).join(", ")}}`;
      const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
      errors.push(forbiddenValue("metadata.finalizers", detail));
    }
  }
  for (const field of [
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
  ])
    if (!equalJson(next[field] ?? null, old[field] ?? null))
      errors.push(invalidValue(`metadata.${field}`, next[field] ?? null, "field is immutable"));
  return [...errors, ...validateCommon(draft.metadata)];
}

function validateCommon(metadata: ObjectMeta): FieldError[] {
  return [
    ...validateLabels(metadata.labels ?? {}, "metadata.labels"),
    ...validateAnnotations(metadata.annotations ?? {}),
    ...validateOwners(metadata),
  ];
}

export function validateLabels(labels: Readonly<Record<string, string>>, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels)) {
    for (const text of qualifiedNameProblems(key)) errors.push(invalidValue(field, key, text));
    for (const text of labelValueProblems(value)) errors.push(invalidValue(field, value, text));
  }
  return errors;
}

function validateAnnotations(annotations: Readonly<Record<string, string>>): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    for (const text of qualifiedNameProblems(key.toLowerCase()))
      errors.push(invalidValue("metadata.annotations", key, text));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > annotationBytesMax) {
    const detail = `may not be more than ${annotationBytesMax} bytes`;
    errors.push({ type: "FieldValueTooLong", field: "metadata.annotations", detail });
  }
  return errors;
}

function validateOwners(metadata: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  let controller: string | undefined;
  for (const owner of metadata.ownerReferences ?? []) {
    const field = "metadata.ownerReferences";
    if (owner.apiVersion === "") errors.push(invalidValue(`${field}.apiVersion`, "", "version must not be empty"));
    for (const part of ["kind", "name", "uid"] as const)
      if ((owner[part] ?? "") === "")
        errors.push(invalidValue(`${field}.${part}`, owner[part] ?? "", "must not be empty"));
    if (owner.controller !== true) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (controller !== undefined) {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`;
      errors.push(invalidValue(field, metadata.ownerReferences as unknown as Json, detail));
    }
    controller ??= name;
  }
  return errors;
}

function validateFinalizers(finalizers: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of finalizers)
    for (const text of qualifiedNameProblems(name)) errors.push(invalidValue("metadata.finalizers", name, text));
  if (finalizers.includes(orphanFinalizer) && finalizers.includes(foregroundFinalizer)) {
    const detail = `finalizer ${orphanFinalizer} and ${foregroundFinalizer} cannot be both set`;
    errors.push(invalidValue("metadata.finalizers", [...finalizers], detail));
  }
  return errors;
}
