// One level-triggered pass over one HelmRelease: prerequisites in Flux's order, each with its words, then the release is
// brought in sync (helm-controller 1.6, internal/controller/helmrelease_controller.go).

import { type HelmRelease, type HelmReleaseStatus, parseDuration } from "#api/flux";
import { type Guard, type Hold, isOpen, readGuard } from "#delivery";
import { checkExpressions } from "#health";
import { type Fault, faultFrom, formatFault, type Manifest } from "#kernel";
import { type AtomicEnd, bringInSync } from "./atomic.ts";
import { uninstall } from "./actions.ts";
import type { Attempt } from "./attempt.ts";
import { type LoadedChart, whyNotReady } from "./charts.ts";
import { configDigest } from "./digests.ts";
import { correct, detectsDrift, findDrift, ignoreRulesOf } from "./drift.ts";
import { holdRecords } from "./held-records.ts";
import { latest } from "./history.ts";
import { type HoldAnswer, holdFor } from "./holds.ts";
import { asksCluster } from "./lookups.ts";
import { objectsOf } from "./manifest-objects.ts";
import { releaseNameOf, releaseNamespaceOf, storageNamespaceOf } from "./names.ts";
import { countDeparting, hasLookedUpOther } from "./next-rendering.ts";
import { actionContext, finderOf, kindOf, type Prepared, readLive, storageOf } from "./on-target.ts";
import type { PassContext, PassEnd } from "./pass-context.ts";
import { chartOf, requireAccess, sourceOf, stall, valuesOf, waitingFor } from "./prerequisites.ts";
import { prove } from "./proven.ts";
import { goesBackToProven } from "./remediation.ts";

export async function reconcileRelease(context: PassContext): Promise<PassEnd> {
  const { attempt } = context;
  const { conditions, object } = attempt;
  const expression = (object.spec.healthCheckExprs ?? []).map(checkExpressions).find((each) => each !== undefined);
  if (expression !== undefined) return stall(attempt, "InvalidCELExpression", expression);
  try {
    const guard = readGuard(object as unknown as Manifest);
    if (isOpen(guard)) conditions.remove("Held");
    return await prepared(context, guard);
  } catch (thrown) {
    const fault = faultFrom(thrown);
    if (fault.code === "release-access-denied") return stall(attempt, "AccessDenied", fault.message, true);
    if (fault.code === "spec-invalid") return stall(attempt, "InvalidSpec", formatFault(fault), true);
    const reason = reasonOf(fault);
    if (reason !== undefined && fault.disposition !== "wait")
      conditions.set("Ready", "False", { reason, message: attempt.masked(formatFault(fault)) });
    return endOf(fault, context);
  }
}

/** What stands in Ready for a fault; undefined where it says so already. */
function reasonOf({ code, at }: Fault): string | undefined {
  if (at === "ChartMutateError") return at;
  switch (code) {
    case "values-unresolved":
      return "ValuesError";
    case "chart-unusable":
    case "release-source":
      return "ArtifactFailed";
    case "target-unusable":
    case "cluster-failed":
      return "RESTClientError";
    case "release-refused":
      return undefined;
    default:
      return "ReconcileError";
  }
}

function endOf(fault: Fault, { settings, attempt }: PassContext): PassEnd {
  if (fault.disposition === "wait") return { next: "later", afterMs: settings.dependencyRetryMs };
  return { next: "back-off", message: attempt.masked(formatFault(fault)) };
}

/** Everything that must be there before a release can be looked at. */
async function prepared(context: PassContext, guard: Guard): Promise<PassEnd> {
  const { attempt, settings } = context;
  const { conditions, object } = attempt;
  requireAccess(object, settings);
  await context.makeChart();
  const isKnown = attempt.status.observedGeneration === attempt.generation;
  const isHeld = conditions.get("Held")?.observedGeneration === attempt.generation;
  const isQuiet = (conditions.is("Ready", "True") && isKnown) || isHeld;
  // What was cut off must be known until it was looked at.
  if (attempt.interrupted === undefined) conditions.reconciling("Progressing", "Fulfilling prerequisites");
  // An unchanged release that is looked at again is not written to.
  if (!isQuiet) await attempt.save();
  const waiting = await waitingFor(context);
  if (waiting !== undefined) return waiting;
  conditions.passed("DependencyNotReady");
  const source = sourceOf(context);
  conditions.passed("AccessDenied", "ArtifactFailed");
  const why = whyNotReady(source);
  if (why !== undefined) {
    conditions.set("Ready", "False", { reason: "SourceNotReady", message: why });
    return { next: "later", afterMs: settings.dependencyRetryMs };
  }
  conditions.passed("SourceNotReady");
  const values = await valuesOf(context);
  conditions.passed("ValuesError");
  const chart = await chartOf(context, source);
  conditions.passed("ArtifactFailed", "ChartMutateError");
  return context.target((reach) => {
    const records = holdRecords(reach.acting);
    return onTarget(context, { reach, records, chart, values, guard });
  });
}

async function onTarget(context: PassContext, prepared: Prepared): Promise<PassEnd> {
  const { attempt } = context;
  attempt.conditions.passed("RESTClientError", "FactoryError");
  const { object } = attempt;
  const before = { ...attempt.status };
  if (hasOtherTarget(attempt, prepared.chart.name)) {
    const { revision, hold } = await holdForMove(context, prepared);
    if (hold !== undefined) return heldBack(attempt, { revision, hold, before });
    const failure = await leaveTarget(context, prepared);
    if (failure !== undefined) return { next: "back-off", message: failure };
    attempt.clearHistory();
    attempt.clearFailures();
    delete attempt.status.storageNamespace;
    return { next: "again" };
  }
  const { chart, values } = prepared;
  attempt.status.storageNamespace = storageNamespaceOf(object);
  const digest = configDigest(values);
  if (mustResetFailures(attempt, chart.version, digest)) attempt.clearFailures();
  Object.assign(attempt.status, {
    lastAttemptedGeneration: attempt.generation,
    lastAttemptedRevision: chart.version,
    lastAttemptedRevisionDigest: chart.ociDigest,
    lastAttemptedConfigDigest: digest,
  });
  let objects: readonly Manifest[] | undefined;
  const storage = storageOf(context, prepared, storageNamespaceOf(object));
  const find = finderOf(prepared.reach);
  const end = await bringInSync({
    ...actionContext(context, prepared, storageNamespaceOf(object)),
    findDrift: detectsDrift(object)
      ? async (release) => {
          objects = await objectsOf(release, find);
          const resourceOf = (one: Manifest) => find(kindOf(one));
          return findDrift(objects, { cluster: prepared.reach.acting, resourceOf, ignore: ignoreRulesOf(object) });
        }
      : undefined,
    lookUps: asksCluster(chart.chart, values)
      ? {
          areOther: (release) => hasLookedUpOther(context, prepared, release),
          mayUpgrade: () => context.lookups.mayUpgrade(),
        }
      : await context.lookups.follow(undefined, prepared.reach).then(() => undefined),
    corrects: (drift) => correct(drift, prepared.reach.acting),
    guard: prepared.guard,
    departing: (release) => countDeparting(context, prepared, release),
    prove: goesBackToProven(object)
      ? async (release) => {
          const read = (one: Manifest) => readLive(prepared.reach, one);
          return prove(release, await objectsOf(release, find), { storage, read, nowMs: context.clock.now() });
        }
      : undefined,
  });
  if (end.is === "done" || end.is === "held") await context.settled(objects, prepared.reach);
  return end.is === "held" ? heldBack(attempt, { ...end, before }) : passEnd(end);
}

/** Whether a release may leave its former place, and all that is there, now. */
function holdForMove({ attempt, clock }: PassContext, { guard, chart, values }: Prepared): Promise<HoldAnswer> {
  const { object, status } = attempt;
  return holdFor({
    guard,
    asked: { object, chart, values },
    status,
    last: undefined,
    isForLookUps: false,
    nowMs: clock.now(),
    departing: () => Promise.resolve(status.inventory?.entries.length ?? 0),
  });
}

type HeldBack = { revision: string; hold: Hold; before: HelmReleaseStatus };

/** Nothing was attempted, and Ready goes on to speak of what is applied; why is told once. */
export function heldBack(attempt: Attempt, { revision, hold, before }: HeldBack): PassEnd {
  const { reason, message, untilMs } = hold;
  attempt.forgetAttempt(before);
  if (attempt.conditions.get("Held")?.message !== message) {
    attempt.tell({ reason, message });
    attempt.note({ what: "held", revision, reason, message });
  }
  attempt.conditions.set("Held", "True", { reason, message });
  attempt.conditions.remove("Reconciling");
  return { next: "held", untilMs };
}

function passEnd(end: Exclude<AtomicEnd, { is: "held" }>): PassEnd {
  switch (end.is) {
    case "done":
      return { next: "interval" };
    case "again":
      return { next: "again" };
    case "retry":
      return { next: "later", afterMs: end.afterMs };
    case "stalled":
      return { next: "never" };
    case "failed":
      return { next: "back-off", message: end.message };
  }
}

/** True when the release that was made is not where, or not what, the object asks for now. */
function hasOtherTarget({ object, status }: Attempt, chart: string): boolean {
  const current = latest(status.history ?? []);
  if (status.storageNamespace === undefined || status.storageNamespace === "" || current === undefined) return false;
  const isElsewhere =
    storageNamespaceOf(object) !== status.storageNamespace ||
    releaseNamespaceOf(object) !== current.namespace ||
    releaseNameOf(object) !== current.name;
  if (isElsewhere) return true;
  return chart !== current.chartName && (object.spec.upgrade?.chartNameChangeStrategy ?? "Reinstall") === "Reinstall";
}

function leaveTarget(context: PassContext, prepared: Prepared): Promise<string | undefined> {
  const storage = context.attempt.status.storageNamespace ?? "";
  return uninstall(actionContext(context, prepared, storage), false);
}

/** Uninstalls the release of an object that is being deleted, wherever it was made. */
export async function uninstallRelease(context: PassContext): Promise<string | undefined> {
  const storage = context.attempt.status.storageNamespace ?? "";
  const nothing = { bytes: new Uint8Array(), name: "", version: "", appVersion: "", ociDigest: "" };
  // An uninstall needs no chart.
  const chart = nothing as unknown as LoadedChart;
  return context.target((reach) => {
    const prepared = { reach, records: holdRecords(reach.acting), chart, values: {} };
    return uninstall(actionContext(context, prepared, storage), false);
  });
}

/** Failures count for what was attempted: something else begins anew, and so does whoever asks for it. */
function mustResetFailures(attempt: Attempt, version: string, digest: string): boolean {
  const isAsked = attempt.takeReset();
  const { lastAttemptedGeneration, lastAttemptedRevision, lastAttemptedConfigDigest } = attempt.status;
  if (lastAttemptedGeneration !== attempt.generation || lastAttemptedRevision !== version) return true;
  const isOther = lastAttemptedConfigDigest !== undefined && lastAttemptedConfigDigest !== digest;
  return isOther || isAsked;
}

export function intervalOf({ spec }: HelmRelease): number {
  return parseDuration(spec.interval) ?? 600_000;
}
