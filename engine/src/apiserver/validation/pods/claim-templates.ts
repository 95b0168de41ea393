// The template of a claim that is made for a volume of a pod: its labels and annotations, and the claim's specification.

import { type FieldError, forbidden, validateAnnotations, validateLabels } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { part } from "../fields.ts";
import { claimSpecErrors } from "../claims.ts";
import type { Errors } from "./checks.ts";

/** In the order of Go's ObjectMeta. */
const otherMetadata = [
  "name",
  "generateName",
  "namespace",
  "selfLink",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "ownerReferences",
  "finalizers",
  "managedFields",
];

/** Of what is made from a template, only labels and annotations can be said. */
export function templateMetadataErrors(metadata: JsonObject, field: string): FieldError[] {
  const { annotations, labels } = metadata;
  return [
    ...(isObject(annotations) ? validateAnnotations(annotations, `${field}.annotations`) : []),
    ...(isObject(labels) ? validateLabels(labels, `${field}.labels`) : []),
    ...otherMetadata
      .filter((name) => !isUnset(metadata[name]))
      .map((name) => forbidden(`${field}.${name === "uid" ? "uID" : name}`, "cannot be set")),
  ];
}

function isUnset(value: Json | undefined): boolean {
  return value === undefined || value === null || value === "" || value === 0;
}

export function checkClaimTemplate(errors: Errors, template: JsonObject, field: string): void {
  errors.push(...templateMetadataErrors(part(template, "metadata"), `${field}.metadata`));
  errors.push(...claimSpecErrors(part(template, "spec"), `${field}.spec`));
}
