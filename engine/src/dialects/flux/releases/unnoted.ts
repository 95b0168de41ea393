// An action that had ended in Helm's storage when its process was killed, before its end was noted in status: it is noted now, so that
// it is not done again, no hook runs twice, and the release before it is not forgotten. Flux takes it for the work of somebody else.

import type { Release } from "#releases";
import { type ActionContext, LogLines, noteReleased } from "./actions.ts";
import { configDigest } from "./digests.ts";
import { chartName, fullName, latest } from "./history.ts";
import { withRolledBack, withUpdated } from "./snapshots.ts";

export async function noteUnnoted(context: ActionContext, last: Release | undefined): Promise<void> {
  const { attempt } = context;
  const action = attempt.interrupted;
  attempt.interrupted = undefined;
  if (action === undefined || last === undefined) return;
  const newest = latest(attempt.status.history ?? []);
  const isNoted = newest !== undefined && last.version <= newest.version;
  if (isNoted || last.info.status.startsWith("pending-")) return;
  if (action === "rollback") await noteRollback(context, last);
  if ((action === "install" || action === "upgrade") && isOurs(context, last)) await noteRelease(context, action, last);
}

/** True for the very chart and values that were attempted. */
function isOurs({ attempt }: ActionContext, { config, chart }: Release): boolean {
  const before = attempt.object.status ?? {};
  return (
    before.lastAttemptedConfigDigest === configDigest(config) && before.lastAttemptedRevision === chart.metadata.version
  );
}

async function noteRelease(context: ActionContext, action: "install" | "upgrade", last: Release): Promise<void> {
  const { attempt, storage, nowMs } = context;
  const { status, description = "" } = last.info;
  if (status !== "deployed" && status !== "failed") return;
  attempt.status.lastAttemptedReleaseAction = action;
  if (action === "install") attempt.clearHistory();
  attempt.conditions.remove("TestSuccess", "Remediated");
  const former = await storage.get(last.name, last.version - 1);
  const written = new Map([last, ...(former === undefined ? [] : [former])].map((one) => [one.version, one]));
  const failure = status === "failed" ? description : undefined;
  await noteReleased(context, action, { written, failure, log: new LogLines(nowMs), startedMs: nowMs() });
  // Failures count for what is wanted now, and that may be something else by now.
  const isWanted = configDigest(context.values) === configDigest(last.config);
  if (!isWanted || context.chart.version !== last.chart.metadata.version) attempt.clearFailures();
}

async function noteRollback({ attempt, storage }: ActionContext, last: Release): Promise<void> {
  const target = last.info.rollback_revision;
  if (last.info.status !== "deployed" || last.info.description?.startsWith("Rollback to ") !== true) return;
  let history = attempt.status.history ?? [];
  const former = await storage.get(last.name, last.version - 1);
  if (former !== undefined) history = withUpdated(history, former) ?? history;
  const gone = history.find(({ version }) => version === target) ?? latest(history);
  attempt.status.history = withRolledBack(history, last);
  const message = `Helm rollback to previous release ${fullName(gone)} with chart ${chartName(gone)} succeeded`;
  attempt.conditions.set("Remediated", "True", { reason: "RollbackSucceeded", message });
  attempt.tell({ reason: "RollbackSucceeded", message });
  attempt.summarize();
}
