// apps/Deployment. Failed once its progress deadline is exceeded; a paused one is suspended in our words only.

import { conditionsOf, type Manifest } from "#kernel";
import { isTrueAt, numberAt } from "./fields.ts";
import { current, failed, type Finding, inProgress, share } from "./health.ts";

/** Kubernetes' own mark for "no progress deadline" (math.MaxInt32): no Progressing condition is to be expected then. */
const noDeadline = 2_147_483_647;

export function assessDeployment(object: Manifest): Finding {
  const finding = assessRollout(object);
  if (!isTrueAt(object, "spec.paused")) return finding;
  return { ...finding, status: "suspended", reason: "DeploymentPaused", message: `is paused; ${finding.message}` };
}

function assessRollout(object: Manifest): Finding {
  const conditions = conditionsOf(object);
  const exceeded = conditions.find(
    ({ type, reason }) => type === "Progressing" && reason === "ProgressDeadlineExceeded",
  );
  if (exceeded !== undefined)
    return failed(exceeded.reason, exceeded.message === "" ? "progress deadline exceeded" : exceeded.message);
  const short = assessCounts(object);
  if (short !== undefined) return short;
  const isProgressed =
    numberAt(object, "spec.progressDeadlineSeconds", noDeadline) === noDeadline ||
    conditions.some((c) => c.type === "Progressing" && c.status === "True" && c.reason === "NewReplicaSetAvailable");
  if (!isProgressed) return inProgress("ReplicaSetNotAvailable", "the new ReplicaSet is not available yet");
  if (!conditions.some((c) => c.type === "Available" && c.status === "True"))
    return inProgress("DeploymentNotAvailable", "fewer replicas are available than the Deployment needs");
  return current(`${share(numberAt(object, "status.availableReplicas", 0), wanted(object), "replica")} available`);
}

/** Updated, old and available replicas, in kstatus' order. */
function assessCounts(object: Manifest): Finding | undefined {
  const want = wanted(object);
  const total = numberAt(object, "status.replicas", 0);
  const updated = numberAt(object, "status.updatedReplicas", 0);
  const available = numberAt(object, "status.availableReplicas", 0);
  const ready = numberAt(object, "status.readyReplicas", 0);
  if (want > total) return inProgress("LessReplicas", `${share(total, want, "replica")} created`);
  if (want > updated) return inProgress("LessUpdated", `${share(updated, want, "replica")} updated`);
  if (total > want) return inProgress("ExtraPods", `${share(total - want, total, "replica")} to be terminated`);
  if (updated > available) return inProgress("LessAvailable", `${share(available, updated, "replica")} available`);
  if (want > ready) return inProgress("LessReady", `${share(ready, want, "replica")} ready`);
  return undefined;
}

function wanted(object: Manifest): number {
  return numberAt(object, "spec.replicas", 1);
}
