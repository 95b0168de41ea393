// apps/ReplicaSet. kstatus calls a ReplicaSet that cannot create pods in progress; in our words it is degraded.

import { conditionOf, type Manifest } from "#kernel";
import { numberAt } from "./fields.ts";
import { current, type Finding, inProgress, share } from "./health.ts";

export function assessReplicaSet(object: Manifest): Finding {
  const failure = conditionOf(object, "ReplicaFailure");
  if (failure?.status === "True")
    return { ...inProgress("ReplicaFailure", failure.message || "pods cannot be created"), status: "degraded" };
  const want = numberAt(object, "spec.replicas", 1);
  const labelled = numberAt(object, "status.fullyLabeledReplicas", 0);
  const available = numberAt(object, "status.availableReplicas", 0);
  const ready = numberAt(object, "status.readyReplicas", 0);
  const total = numberAt(object, "status.replicas", 0);
  if (want > labelled) return inProgress("LessLabelled", `${share(labelled, want, "replica")} created`);
  if (want > available) return inProgress("LessAvailable", `${share(available, want, "replica")} available`);
  if (want > ready) return inProgress("LessReady", `${share(ready, want, "replica")} ready`);
  if (total > want) return inProgress("ExtraPods", `${share(total - want, total, "replica")} to be terminated`);
  return current(`${share(available, want, "replica")} available`);
}
