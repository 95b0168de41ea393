// The result of a pass → Kustomization status, with Flux's conditions, reasons, timing and history.

import {
  type Condition,
  formatDuration,
  type HistoryEntry,
  type Kustomization,
  type KustomizationStatus,
} from "#api/flux";
import type { DeliveryFaultCode, Report } from "#delivery";
import { type Fault, formatFault, formatRef, formatTime, type JsonObject, type Manifest } from "#kernel";
import { inventoryEntry, listChanges } from "#plan";
import { nextConditions, type Setting } from "./conditions.ts";
import type { FluxFaultCode } from "./faults.ts";
import { historyMost } from "./limits.ts";

/** The reason of the Ready condition for each thing that can go wrong. */
const reasons: Readonly<Record<DeliveryFaultCode | FluxFaultCode, string>> = {
  "spec-invalid": "InvalidSpec",
  "source-not-ready": "ArtifactFailed",
  "dependency-not-ready": "DependencyNotReady",
  "dependency-cycle": "DependencyNotReady",
  "expression-invalid": "InvalidCELExpression",
  "path-missing": "ArtifactFailed",
  "render-failed": "BuildFailed",
  "substitution-failed": "BuildFailed",
  "decryption-missing": "BuildFailed",
  "kind-unknown": "ReconciliationFailed",
  "namespace-missing": "ReconciliationFailed",
  "stage-refused": "ReconciliationFailed",
  terminating: "ReconciliationFailed",
  "apply-failed": "ReconciliationFailed",
  "prune-failed": "PruneFailed",
  "health-failed": "HealthCheckFailed",
  "health-timeout": "HealthCheckFailed",
  "access-denied": "AccessDenied",
  "cluster-failed": "ReconciliationFailed",
  "kind-later": "NotReconciled",
  "field-later": "NotReconciled",
};

export function reasonOf(fault: Fault): string {
  return (reasons as { readonly [code: string]: string | undefined })[fault.code] ?? "ReconciliationFailed";
}

/** The chain of what went wrong, and what to do about it. */
export function messageOf(fault: Fault): string {
  const text = formatFault(fault);
  return fault.hint === undefined || text.includes(fault.hint) ? text : `${text}. What to do: ${fault.hint}`;
}

/** The whole next status of a Kustomization. */
export function writeKustomization(object: Manifest, report: Report): JsonObject {
  const before = ((object as unknown as Kustomization).status ?? {}) as KustomizationStatus;
  const { fault, delivery } = report;
  const isFinal = report.isApplied || fault?.disposition === "stall";
  const at = { generation: delivery.generation, nowMs: report.nowMs };
  const next: KustomizationStatus = {
    ...before,
    observedGeneration: isFinal ? delivery.generation : (before.observedGeneration ?? -1),
    conditions: nextConditions(before.conditions ?? [], settingsFor(report, before), at),
  };
  if (report.revision !== undefined && !isBeforeAttempt(fault)) next.lastAttemptedRevision = report.revision;
  if (report.handledRequest !== undefined) next.lastHandledReconcileAt = report.handledRequest;
  if (report.inventory !== undefined) next.inventory = { entries: report.inventory.map(inventoryEntry) };
  if (report.isApplied && report.revision !== undefined) {
    next.lastAppliedRevision = report.revision;
    if (report.originRevision !== undefined) next.lastAppliedOriginRevision = report.originRevision;
    else delete next.lastAppliedOriginRevision;
  }
  if (report.isNews && (report.isApplied || fault !== undefined))
    next.history = nextHistory(before.history ?? [], report);
  return JSON.parse(JSON.stringify(next)) as JsonObject;
}

/** Faults that come before a revision is tried. */
function isBeforeAttempt(fault: Fault | undefined): boolean {
  return fault !== undefined && /^(source|dependency)-/.test(fault.code);
}

function settingsFor(report: Report, before: KustomizationStatus): Setting[] {
  const settings: Setting[] = [...driftSettings(report)];
  if (report.fault !== undefined) return [...settings, ...failedSettings(report, report.fault)];
  if (report.isApplied) return [...settings, ...appliedSettings(report, before)];
  return [...settings, ...progressSettings(report)];
}

function driftSettings(report: Report): Setting[] {
  if (report.drift.length === 0) return [];
  const message = report.drift
    .map((note) => `${formatRef(note.ref)}: ${note.changes.length === 0 ? note.reason : listChanges(note.changes)}`)
    .join("; ");
  return [{ type: "Drifted", status: "True", reason: "DriftDetected", message }];
}

function appliedSettings(report: Report, before: KustomizationStatus): Setting[] {
  const settings: Setting[] = [
    { type: "Ready", status: "True", reason: "ReconciliationSucceeded", message: appliedMessage(report) },
  ];
  const healthy = before.conditions?.find((condition) => condition.type === "Healthy" && condition.status === "True");
  if (report.isHealthy === true) settings.push(healthyAfter(report, healthy));
  else if (healthy !== undefined && report.delivery.wait.kind !== "none") settings.push(healthy);
  return settings;
}

function healthyAfter(report: Report, before: Condition | undefined): Setting {
  if (before !== undefined && !report.isNews) return before;
  const took = formatDuration(Math.max(0, report.nowMs - report.startedMs));
  return { type: "Healthy", status: "True", reason: "Succeeded", message: `Health check passed in ${took}` };
}

function appliedMessage(report: Report): string {
  const applied = `Applied revision: ${report.revision ?? ""}`;
  const own = report.leftOut.filter((outcome) => outcome.reason.startsWith("is one of Flux's own controllers"));
  if (own.length === 0) return applied;
  const names = own.map((outcome) => outcome.ref.name).join(", ");
  return `${applied} (left out, since Keelson does their work: ${names})`;
}

function failedSettings(report: Report, fault: Fault): Setting[] {
  const message = messageOf(fault);
  const ready: Setting = { type: "Ready", status: "False", reason: reasonOf(fault), message };
  const pending: Setting =
    fault.disposition === "stall"
      ? { type: "Stalled", status: "True", reason: reasonOf(fault), message }
      : { type: "Reconciling", status: "True", reason: "ProgressingWithRetry", message: retryMessage(report, fault) };
  if (!fault.code.startsWith("health-")) return [ready, pending];
  return [ready, pending, { type: "Healthy", status: "False", reason: "HealthCheckFailed", message }];
}

function retryMessage(report: Report, fault: Fault): string {
  if (fault.disposition === "wait") return report.waitingFor ?? fault.message;
  return `retried in ${formatDuration(report.delivery.retryIntervalMs)}`;
}

function progressSettings(report: Report): Setting[] {
  const message = progressMessage(report);
  const settings: Setting[] = [
    { type: "Ready", status: "Unknown", reason: "Progressing", message: "Reconciliation in progress" },
    { type: "Reconciling", status: "True", reason: "Progressing", message },
  ];
  if (report.phase === "checking")
    settings.push({ type: "Healthy", status: "Unknown", reason: "Progressing", message });
  return settings;
}

function progressMessage(report: Report): string {
  const revision = report.revision ?? "";
  if (report.phase !== "checking") return `Building and applying manifests for revision ${revision}`;
  const timeout = formatDuration(report.delivery.timeoutMs);
  const waiting = report.waitingFor === undefined ? "" : `: ${report.waitingFor}`;
  return `Running health checks for revision ${revision} with a timeout of ${timeout}${waiting}`;
}

/** Results keyed by digest and status, newest first. */
function nextHistory(before: readonly HistoryEntry[], report: Report): HistoryEntry[] {
  const { digest, revision } = report;
  if (digest === undefined || isBeforeAttempt(report.fault)) return [...before];
  const status = report.fault === undefined ? "ReconciliationSucceeded" : reasonOf(report.fault);
  const now = formatTime(report.nowMs);
  const known = before.find((entry) => entry.digest === digest && entry.lastReconciledStatus === status);
  const entry: HistoryEntry = {
    digest,
    firstReconciled: known?.firstReconciled ?? now,
    lastReconciled: now,
    lastReconciledDuration: formatDuration(Math.max(0, report.nowMs - report.startedMs)),
    lastReconciledStatus: status,
    totalReconciliations: (known?.totalReconciliations ?? 0) + 1,
    metadata: { revision: revision ?? "" },
  };
  return [entry, ...before.filter((other) => other !== known)].slice(0, historyMost);
}
