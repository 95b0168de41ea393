// Who owns which field: what every write leaves in metadata.managedFields.

import type { Manifest } from "#kernel";
import type { WriteCall } from "./registry.ts";

/** Records in the draft which fields this write set or changed. */
export function trackOwnership(_call: WriteCall, live: Manifest | undefined, draft: Manifest, _now: string): void {
  if (live?.metadata.managedFields === undefined) delete draft.metadata.managedFields;
  else draft.metadata.managedFields = live.metadata.managedFields;
}
