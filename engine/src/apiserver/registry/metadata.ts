// What metadata may be, on creation and on change, as apimachinery's api/validation/objectmeta.go has it.

import {
  type FieldError,
  invalid,
  nameRuleOf,
  pathSegmentErrors,
  validateMetadata,
  validateOwnFinalizers,
} from "#api/crd";
import { asJson, equalJson, type JsonObject, type Manifest } from "#kernel";
import type { Served } from "./resource.ts";

export const orphanFinalizer = "orphan";
export const foregroundFinalizer = "foregroundDeletion";

/** The errors of a new object's metadata. */
export function validateNewMetadata(draft: Manifest, served: Served): FieldError[] {
  const { group, plural, isNamespaced } = served.storage;
  const metadata = metadataOf(draft);
  if (isBare(served)) return validateMetadata(metadata, { isNamespaced, nameRule: pathSegmentErrors });
  return [
    ...validateMetadata(metadata, { isNamespaced, nameRule: nameRuleOf(group, plural) }),
    ...ownFinalizers(served, metadata),
  ];
}

/**
 * Kinds that do not look at their metadata themselves: what all kinds share is asked of it, and only when nothing else is wrong.
 */
export function isBare({ custom, resource: { group, kind } }: Served): boolean {
  return (
    custom === undefined &&
    ((group === "policy" && kind === "PodDisruptionBudget") || (group === "" && kind === "Event"))
  );
}

/** Groups whose kinds leave the finalizers to the common rules. */
const freeFinalizers: ReadonlySet<string> = new Set([
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "coordination.k8s.io",
  "node.k8s.io",
]);

function ownFinalizers(served: Served, metadata: JsonObject): FieldError[] {
  return served.custom !== undefined || isBare(served) || freeFinalizers.has(served.storage.group)
    ? []
    : validateOwnFinalizers(metadata);
}

const immutableFields = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
];

/** The errors of an update's metadata against what stands there. */
export function validateChangedMetadata(draft: Manifest, live: Manifest, served: Served): FieldError[] {
  const next = metadataOf(draft);
  const old = metadataOf(live);
  const errors: FieldError[] = [];
  if (live.metadata.deletionTimestamp !== undefined) errors.push(...newFinalizers(draft, live));
  for (const field of immutableFields)
    if (!equalJson(next[field] ?? null, old[field] ?? null))
      errors.push(invalid(`metadata.${field}`, next[field] ?? null, "field is immutable"));
  const { isNamespaced } = served.storage;
  return [...errors, ...validateMetadata(next, { isNamespaced, nameRule: () => [] })];
}

/** What a kind's own update check adds to that. */
export function validateChangedFinalizers(draft: Manifest, served: Served): FieldError[] {
  return ownFinalizers(served, metadataOf(draft));
}

function metadataOf(object: Manifest): JsonObject {
  return asJson(object).metadata as JsonObject;
}

function newFinalizers(draft: Manifest, live: Manifest): FieldError[] {
  const known = new Set(live.metadata.finalizers ?? []);
  const added = (draft.metadata.finalizers ?? []).filter((finalizer) => !known.has(finalizer)).sort();
  if (added.length === 0) return [];
  const list = `[]string{${added.map((name) => JSON.stringify(name)).join(", ")}}`;
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
  return [{ type: "Forbidden", field: "metadata.finalizers", detail }];
}
