// Validation of an object against the schema of its kind.

import type { Manifest } from "#kernel";
import type { FieldError } from "./field-error.ts";
import type { Served } from "./resource.ts";

export function validateSchema(_served: Served, _draft: Manifest, _live: Manifest | undefined): FieldError[] {
  return [];
}
