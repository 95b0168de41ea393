// apps/StatefulSet: replica counts, then the partition or the revision. It has no condition that says it has failed.

import type { Manifest } from "#kernel";
import { numberAt, textAt } from "./fields.ts";
import { current, type Finding, inProgress, share } from "./health.ts";

export function assessStatefulSet(object: Manifest): Finding {
  if (textAt(object, "spec.updateStrategy.type", "") === "OnDelete")
    return current("pods are replaced only when they are deleted (OnDelete)");
  const want = numberAt(object, "spec.replicas", 1);
  const total = numberAt(object, "status.replicas", 0);
  const ready = numberAt(object, "status.readyReplicas", 0);
  if (want > total) return inProgress("LessReplicas", `${share(total, want, "replica")} created`);
  if (want > ready) return inProgress("LessReady", `${share(ready, want, "replica")} ready`);
  if (total > want) return inProgress("ExtraPods", `${share(total - want, total, "replica")} to be terminated`);
  return assessUpdate(object, want);
}

function assessUpdate(object: Manifest, want: number): Finding {
  const updated = numberAt(object, "status.updatedReplicas", 0);
  const partition = numberAt(object, "spec.updateStrategy.rollingUpdate.partition", -1);
  if (partition !== -1) {
    if (updated < want - partition)
      return inProgress(
        "PartitionRollout",
        `${share(updated, want - partition, "replica")} beyond the partition updated`,
      );
    return current(`${share(updated, want, "replica")} updated, as the partition ${partition} asks`);
  }
  const currentReplicas = numberAt(object, "status.currentReplicas", 0);
  if (want > currentReplicas) return inProgress("LessCurrent", `${share(updated, want, "replica")} updated`);
  if (textAt(object, "status.currentRevision", "") !== textAt(object, "status.updateRevision", ""))
    return inProgress("RevisionMismatch", "the update to the newest revision is not recorded as finished yet");
  return current(`${share(want, want, "replica")} ready`);
}
