// What holds for every kind: deletion, the generation that was observed, and the conditions Reconciling, Stalled and
// Ready. The same decisions in the same order as kstatus (github.com/fluxcd/cli-utils v1.2.2, pkg/kstatus/status).

import { conditionsOf, type Manifest } from "#kernel";
import { numberAt, valueAt } from "./fields.ts";
import { current, failed, type Finding, inProgress } from "./health.ts";

/** Decides before the rule of the kind is asked; undefined leaves it to that rule. */
export function assessCommon(object: Manifest): Finding | undefined {
  if ((object.metadata.deletionTimestamp ?? "") !== "") return terminating(object);
  const behind = assessGeneration(object);
  if (behind !== undefined) return behind;
  for (const { type, status, reason, message } of conditionsOf(object)) {
    if (status !== "True") continue;
    if (type === "Reconciling") return inProgress(reason, message);
    if (type === "Stalled") return failed(reason, message);
  }
  return undefined;
}

function terminating(object: Manifest): Finding {
  const waiting = object.metadata.finalizers ?? [];
  const message = waiting.length === 0 ? "is being deleted" : `is being deleted; waits for ${waiting.join(", ")}`;
  return { kstatus: "Terminating", reason: "Terminating", message };
}

/** A status that has not seen the newest spec says nothing. Kinds that do not record a generation are let pass. */
export function assessGeneration(object: Manifest): Finding | undefined {
  const generation = object.metadata.generation;
  if (generation === undefined || valueAt(object, "status.observedGeneration") === undefined) return undefined;
  const observed = numberAt(object, "status.observedGeneration", 0);
  if (observed === generation) return undefined;
  const message = `the controller has seen generation ${observed}, the newest is ${generation}`;
  return inProgress("LatestGenerationNotObserved", message);
}

/** For kinds without a rule: the Ready condition where there is one; what reports nothing is taken as done. */
export function assessReady(object: Manifest): Finding {
  const ready = conditionsOf(object).find(({ type }) => type === "Ready");
  if (ready === undefined) return current("exists");
  const { status, reason, message } = ready;
  if (status === "True") return current(message === "" ? "is ready" : message, reason === "" ? "Ready" : reason);
  if (status === "False" || status === "Unknown")
    return inProgress(reason, message === "" ? "is not ready yet" : message);
  return current("exists");
}
