// What must be there before a release is looked at, each with its words where it is missing (helm-controller 1.6,
// internal/controller/helmrelease_controller.go).

import { formatDuration, type HelmRelease } from "#api/flux";
import type { GoMap } from "#formats/gotemplate";
import { faultFrom, formatFault, type Manifest } from "#kernel";
import type { Attempt } from "./attempt.ts";
import type { LoadedChart } from "./charts.ts";
import { ReleaseKindFault } from "./faults.ts";
import { chartSourceOf } from "./names.ts";
import type { ReleaseSettings } from "./options.ts";
import type { PassContext, PassEnd } from "./pass-context.ts";

const terminal = "Reconciliation failed terminally due to configuration error";

/** The end until the object changes. */
export async function stall(attempt: Attempt, reason: string, why: string, isPlain = false): Promise<PassEnd> {
  const message = isPlain ? why : `${terminal}: ${why}`;
  attempt.conditions.set("Ready", "False", { reason, message });
  attempt.conditions.stalled(reason, message);
  attempt.tell({ isWarning: true, reason, message: why });
  await attempt.finish({ isObserved: true });
  return { next: "never" };
}

export function requireAccess(object: HelmRelease, { isCrossNamespaceAllowed }: ReleaseSettings): void {
  const source = chartSourceOf(object);
  if (isCrossNamespaceAllowed || source === undefined || source.namespace === object.metadata.namespace) return;
  throw new ReleaseKindFault({
    code: "release-access-denied",
    disposition: "stall",
    message: `cross-namespace references are not allowed: cannot access ${source.kind} ${source.namespace}/${source.name}`,
    hint: "move both into one namespace",
  });
}

export async function waitingFor({ attempt, settings, whyWaiting }: PassContext): Promise<PassEnd | undefined> {
  let why: string | undefined;
  try {
    why = await whyWaiting();
  } catch (thrown) {
    const fault = faultFrom(thrown);
    if (fault.code !== "release-spec-invalid") throw thrown;
    return stall(attempt, "InvalidCELExpression", fault.message);
  }
  if (why === undefined) return undefined;
  attempt.conditions.set("Ready", "False", { reason: "DependencyNotReady", message: why });
  attempt.tell({ reason: "DependencyNotReady", message: why });
  return { next: "later", afterMs: settings.dependencyRetryMs };
}

export function sourceOf({ attempt, source }: PassContext): Manifest {
  const name = chartSourceOf(attempt.object);
  const found = name === undefined ? undefined : source(name);
  if (found !== undefined) return found;
  const label = name === undefined ? "" : `${name.kind}.source.toolkit.fluxcd.io "${name.name}" not found`;
  throw new ReleaseKindFault({
    code: "release-source",
    disposition: "retry",
    message: `could not get Source object: ${label}`,
  });
}

export async function valuesOf({ attempt, values }: PassContext): Promise<GoMap> {
  try {
    return await values();
  } catch (thrown) {
    const fault = faultFrom(thrown);
    if (fault.code === "values-unresolved")
      attempt.tell({ isWarning: true, reason: "ValuesError", message: formatFault(fault) });
    throw thrown;
  }
}

export async function chartOf({ attempt, charts, settings }: PassContext, source: Manifest): Promise<LoadedChart> {
  try {
    return await charts.load(attempt.object, source);
  } catch (thrown) {
    const fault = faultFrom(thrown);
    if (fault.disposition === "wait") {
      const message = `${fault.message}. Retrying in ${formatDuration(settings.dependencyRetryMs)}`;
      attempt.conditions.set("Ready", "False", { reason: "ArtifactFailed", message });
    } else if (fault.at === undefined)
      attempt.tell({ isWarning: true, reason: "ArtifactFailed", message: formatFault(fault) });
    throw thrown;
  }
}
