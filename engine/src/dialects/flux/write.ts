// The result of a pass → Kustomization status, with Flux's conditions, reasons, texts, timing and history
// (kustomize-controller v1.9.4, internal/controller/kustomization_controller.go).

import { type AnyFluxObject, formatDuration, type Kustomization, type KustomizationStatus } from "#api/flux";
import { byWhom, type Report } from "#delivery";
import { type Fault, formatRef, type JsonObject, type Manifest } from "#kernel";
import { inventoryEntry, listChanges } from "#plan";
import { type ConditionChanges, nextConditions, type Setting } from "./conditions.ts";
import { nextHistory } from "./history.ts";
import { isBeforeAttempt, messageOf, reasonOf, type Step, stepOf } from "./reasons.ts";
import { requestedAtAnnotation } from "#api/flux";

/** The whole next status of a Kustomization. */
export function writeKustomization(object: Manifest, report: Report): JsonObject {
  const before = ((object as unknown as Kustomization).status ?? {}) as KustomizationStatus;
  const { delivery } = report;
  const next: KustomizationStatus = { ...before, ...handled(report) };
  if (report.phase === "suspended") return plain(next);
  const isFinal = report.isApplied || (report.fault?.disposition === "stall" && isObserved(report.fault));
  const at = { generation: delivery.generation, nowMs: report.nowMs };
  next.observedGeneration = isFinal ? delivery.generation : (before.observedGeneration ?? -1);
  next.conditions = nextConditions(before.conditions ?? [], changesFor(report, before), at);
  if (report.phase === "held") return plain(next);
  if (report.revision !== undefined && !isBeforeAttempt(report.fault)) next.lastAttemptedRevision = report.revision;
  if (report.inventory !== undefined) next.inventory = { entries: report.inventory.map(inventoryEntry) };
  if (report.isApplied && report.revision !== undefined) {
    next.lastAppliedRevision = report.revision;
    if (report.originRevision !== undefined) next.lastAppliedOriginRevision = report.originRevision;
    else delete next.lastAppliedOriginRevision;
  }
  const history = nextHistory(before.history ?? [], report);
  if (history.length > 0) next.history = [...history];
  return plain(next);
}

/** The next status of an object that is refused: Ready False, and Stalled where only a change of spec can help. */
export function writeRefusal(object: Manifest, fault: Fault, nowMs: number): JsonObject {
  const before = (object as unknown as AnyFluxObject).status ?? {};
  const generation = object.metadata.generation ?? 0;
  const message = messageOf(fault);
  const settings: Setting[] = [{ type: "Ready", status: "False", reason: reasonOf(fault), message }];
  if (fault.disposition === "stall")
    settings.push({ type: "Stalled", status: "True", reason: reasonOf(fault), message });
  const conditions = nextConditions(before.conditions ?? [], { settings, kept: ["Healthy"] }, { generation, nowMs });
  const request = object.metadata.annotations?.[requestedAtAnnotation];
  const echo = request === undefined ? {} : { lastHandledReconcileAt: request };
  const observed = isObserved(fault) ? { observedGeneration: generation } : {};
  return plain({ ...before, ...echo, ...observed, conditions });
}

/** False for what stalls and yet does not count as observed in Flux: a forbidden reference, a closed gate. */
function isObserved({ code }: Fault): boolean {
  return code !== "access-denied" && code !== "gate-closed";
}

function plain(status: object): JsonObject {
  return JSON.parse(JSON.stringify(status)) as JsonObject;
}

function handled({ handledRequest }: Report): KustomizationStatus {
  return handledRequest === undefined ? {} : { lastHandledReconcileAt: handledRequest };
}

function changesFor(report: Report, before: KustomizationStatus): ConditionChanges {
  const extra = [...driftSettings(report), ...heldSettings(report)];
  if (report.phase === "held") return { settings: extra, kept: ["Stalled", "Reconciling", "Ready", "Healthy"] };
  const changes =
    report.fault !== undefined
      ? afterFailure(report, report.fault, before)
      : report.isApplied
        ? afterSuccess(report, before)
        : inProgress(report);
  return { settings: [...changes.settings, ...extra], kept: changes.kept };
}

function driftSettings(report: Report): Setting[] {
  if (report.drift.length === 0) return [];
  const message = report.drift
    .map(({ ref, changes, reason, by }) => {
      const what = changes.length === 0 ? reason : listChanges(changes);
      return `${formatRef(ref)}: ${what}${byWhom(by)}`;
    })
    .join("; ");
  return [{ type: "Drifted", status: "True", reason: "DriftDetected", message }];
}

/** Why a revision, or a deletion, waits for a person or for a time. */
function heldSettings({ held }: Report): Setting[] {
  if (held === undefined) return [];
  return [{ type: "Held", status: "True", reason: held.reason, message: held.message }];
}

function afterSuccess(report: Report, before: KustomizationStatus): ConditionChanges {
  const message = appliedMessage(report);
  const settings: Setting[] = [{ type: "Ready", status: "True", reason: "ReconciliationSucceeded", message }];
  if (report.delivery.wait.kind === "none") return { settings, kept: [] };
  const wasHealthy = before.conditions?.some(
    (condition) => condition.type === "Healthy" && condition.status === "True",
  );
  if (report.isHealthKept) return { settings, kept: ["Healthy"] };
  if (report.isHealthy === undefined && !report.isBump) return { settings, kept: [] };
  if (report.isHealthy !== true || (wasHealthy === true && !report.isNews)) return { settings, kept: ["Healthy"] };
  const passed = `Health check passed in ${formatDuration(report.checkedMs)}`;
  return {
    settings: [...settings, { type: "Healthy", status: "True", reason: "Succeeded", message: passed }],
    kept: [],
  };
}

function appliedMessage(report: Report): string {
  const applied = `Applied revision: ${report.revision ?? ""}`;
  const own = report.leftOut.filter((outcome) => outcome.reason.startsWith("is one of Flux's own controllers"));
  if (own.length === 0) return applied;
  const names = own.map((outcome) => outcome.ref.name).join(", ");
  return `${applied} (left out, since Keelson does their work: ${names})`;
}

/** What was being done stays named, with another reason; what failed before anything was tried names nothing. */
function afterFailure(report: Report, fault: Fault, before: KustomizationStatus): ConditionChanges {
  const message = messageOf(fault);
  const settings: Setting[] = [{ type: "Ready", status: "False", reason: reasonOf(fault), message }];
  const reconciling = before.conditions?.find((condition) => condition.type === "Reconciling");
  if (fault.disposition === "stall") {
    settings.push({ type: "Stalled", status: "True", reason: reasonOf(fault), message });
  } else if (reconciling !== undefined || !isBeforeAttempt(fault)) {
    const doing = isBeforeAttempt(fault) ? (reconciling?.message ?? "") : attemptMessage(report, fault);
    settings.push({ type: "Reconciling", status: "True", reason: "ProgressingWithRetry", message: doing });
  }
  if (!fault.code.startsWith("health-")) return { settings, kept: ["Healthy"] };
  settings.push({ type: "Healthy", status: "False", reason: "HealthCheckFailed", message });
  return { settings, kept: [] };
}

function inProgress(report: Report): ConditionChanges {
  const message = progressMessage(report);
  const settings: Setting[] = [
    { type: "Ready", status: "Unknown", reason: "Progressing", message: "Reconciliation in progress" },
    { type: "Reconciling", status: "True", reason: "Progressing", message },
  ];
  if (report.phase !== "checking") return { settings, kept: ["Healthy"] };
  settings.push({ type: "Healthy", status: "Unknown", reason: "Progressing", message });
  return { settings, kept: [] };
}

const doing: Readonly<Record<Step, string>> = {
  fetching: "Fetching manifests",
  building: "Building manifests",
  applying: "Detecting drift",
  checking: "Running health checks",
};

/** What was being done when it failed, in Flux's words. */
function attemptMessage({ revision = "", delivery }: Report, fault: Fault): string {
  return `${doing[stepOf(fault)]} for revision ${revision} with a timeout of ${formatDuration(delivery.timeoutMs)}`;
}

/** Flux's words; while health is waited for, what is waited for follows them. */
function progressMessage(report: Report): string {
  const revision = report.revision ?? "";
  const timeout = formatDuration(report.delivery.timeoutMs);
  if (report.phase !== "checking") return `Building manifests for revision ${revision} with a timeout of ${timeout}`;
  const waiting = report.waitingFor === undefined ? "" : `: ${report.waitingFor}`;
  return `Running health checks for revision ${revision} with a timeout of ${timeout}${waiting}`;
}
