// Copies that a caller may change.

import { asJson, copyJson, type Manifest } from "#kernel";

/** A copy that shares nothing with its source and may be changed. */
export function asOwn(object: Manifest): Manifest {
  return copyJson(asJson(object)) as unknown as Manifest;
}
