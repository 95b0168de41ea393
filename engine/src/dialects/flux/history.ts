// `status.history` as Flux keeps it (fluxcd/pkg apis/meta, history.go): at most five results, one for each digest and
// status, newest first. Only what reached the API server counts: a build that fails leaves no entry.

import { formatDuration, type HistoryEntry } from "#api/flux";
import type { Report } from "#delivery";
import { formatTime } from "#kernel";
import { historyMost } from "./limits.ts";
import { isBeforeAttempt, reasonOf, stepOf } from "./reasons.ts";

/** The history after a report; as it was when the report is none of its results. */
export function nextHistory(before: readonly HistoryEntry[], report: Report): readonly HistoryEntry[] {
  const { digest, revision, originRevision, fault } = report;
  if (!report.isNews || digest === undefined || !(report.isApplied || reachedServer(report))) return before;
  const status = fault === undefined ? "ReconciliationSucceeded" : reasonOf(fault);
  const now = formatTime(report.nowMs);
  const known = before.find((entry) => entry.digest === digest && entry.lastReconciledStatus === status);
  const entry: HistoryEntry = {
    digest,
    firstReconciled: known?.firstReconciled ?? now,
    lastReconciled: now,
    lastReconciledDuration: formatDuration(Math.max(0, report.nowMs - report.startedMs)),
    lastReconciledStatus: status,
    totalReconciliations: (known?.totalReconciliations ?? 0) + 1,
    metadata: { revision: revision ?? "", ...(originRevision === undefined ? {} : { originRevision }) },
  };
  return [entry, ...before.filter((other) => other !== known)].slice(0, historyMost);
}

function reachedServer({ fault }: Report): boolean {
  if (fault === undefined || fault.disposition === "stall" || isBeforeAttempt(fault)) return false;
  return stepOf(fault) === "applying" || stepOf(fault) === "checking";
}
