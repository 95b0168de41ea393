// apps/DaemonSet: how many nodes run the newest pod, and it is ready there.

import type { Manifest } from "#kernel";
import { numberAt, valueAt } from "./fields.ts";
import { current, type Finding, inProgress, share } from "./health.ts";

export function assessDaemonSet(object: Manifest): Finding {
  // Other kinds are let pass without a generation; a DaemonSet's controller always writes one once it has acted.
  if (object.metadata.generation === undefined) return inProgress("NoGeneration", "has no generation yet");
  if (valueAt(object, "status.observedGeneration") === undefined)
    return inProgress("NoObservedGeneration", "no controller has seen it yet");
  const want = numberAt(object, "status.desiredNumberScheduled", -1);
  if (want === -1) return inProgress("NoDesiredNumber", "no controller has counted its nodes yet");
  const counts = [
    ["LessCurrent", numberAt(object, "status.currentNumberScheduled", 0), "have its pod"],
    ["LessUpdated", numberAt(object, "status.updatedNumberScheduled", 0), "have the newest pod"],
    ["LessAvailable", numberAt(object, "status.numberAvailable", 0), "have it available"],
    ["LessReady", numberAt(object, "status.numberReady", 0), "have it ready"],
  ] as const;
  for (const [reason, count, words] of counts)
    if (want > count) return inProgress(reason, `${share(count, want, "node")} ${words}`);
  return current(want === 0 ? "no node is meant to run it" : `ready on ${share(want, want, "node")}`);
}
