// PersistentVolumeClaim.

import type { Manifest } from "#kernel";
import { textAt } from "./fields.ts";
import { current, type Finding, inProgress } from "./health.ts";

export function assessClaim(object: Manifest): Finding {
  const phase = textAt(object, "status.phase", "unknown");
  switch (phase) {
    case "Bound":
      return current(`is bound to ${textAt(object, "spec.volumeName", "a volume")}`);
    case "Lost":
      return { ...inProgress("ClaimLost", "has lost the volume it was bound to"), status: "degraded" };
    default:
      return inProgress("NotBound", `is not bound to a volume yet (phase ${phase})`);
  }
}
