// The template of a claim that is made for a volume of a pod: its labels and annotations, and the claim's specification.

import { forbidden, validateAnnotations, validateLabels } from "#api/crd";
import { isObject, type JsonObject } from "#kernel";
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

export function checkClaimTemplate(errors: Errors, template: JsonObject, field: string): void {
  const metadata = part(template, "metadata");
  if (isObject(metadata["annotations"]))
    errors.push(...validateAnnotations(metadata["annotations"], `${field}.metadata.annotations`));
  if (isObject(metadata["labels"])) errors.push(...validateLabels(metadata["labels"], `${field}.metadata.labels`));
  for (const name of otherMetadata)
    if (metadata[name] !== undefined && metadata[name] !== null)
      errors.push(forbidden(`${field}.metadata.${name}`, "cannot be set"));
  errors.push(...claimSpecErrors(part(template, "spec"), `${field}.spec`));
}
