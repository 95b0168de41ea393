// One level-triggered pass over one HelmRelease: prerequisites in Flux's order, each with its words, then the release is
// brought in sync (helm-controller 1.6, internal/controller/helmrelease_controller.go).

import { formatDuration, type HelmRelease, type HelmReleaseStatus, parseDuration } from "#api/flux";
import type { Cluster, Identity } from "#cluster";
import { type Guard, type Hold, isOpen, type Reach, readGuard } from "#delivery";
import type { GoMap } from "#formats/gotemplate";
import { checkExpressions } from "#health";
import { type Clock, type Fault, faultFrom, formatFault, type Manifest, refKey, refOf } from "#kernel";
import {
  type ChartRenderer,
  type LookupAnswer,
  type Release,
  type ReleaseActions,
  releaseActions,
  type ReleaseEvent,
  releaseStorage,
} from "#releases";
import { type AtomicEnd, bringInSync } from "./atomic.ts";
import { uninstall } from "./actions.ts";
import { upgradeOptions } from "./action-options.ts";
import type { Attempt } from "./attempt.ts";
import { type Charts, type LoadedChart, whyNotReady } from "./charts.ts";
import { configDigest } from "./digests.ts";
import { correct, detectsDrift, findDrift, ignoreRulesOf } from "./drift.ts";
import { ReleaseKindFault } from "./faults.ts";
import { type HeldRecords, holdRecords } from "./held-records.ts";
import { latest } from "./history.ts";
import { type HoldAnswer, holdFor } from "./holds.ts";
import { asksCluster } from "./lookups.ts";
import { objectsOf, type FindResource } from "./manifest-objects.ts";
import { chartSourceOf, helmManager, releaseNameOf, releaseNamespaceOf, storageNamespaceOf } from "./names.ts";
import { observingStorage } from "./observing-storage.ts";
import type { ReleaseSettings } from "./options.ts";
import { nextRelease } from "./preview.ts";
import { prove } from "./proven.ts";
import { goesBackToProven } from "./remediation.ts";

/** How a pass ended: when the next one is due. */
export type PassEnd =
  | { next: "interval" | "again" | "never" }
  /** What is asked for waits for a person, or for this time. */
  | { next: "held"; untilMs: number | undefined }
  | { next: "later"; afterMs: number }
  | { next: "back-off"; message: string };

export type PassContext = {
  attempt: Attempt;
  settings: ReleaseSettings;
  clock: Clock;
  charts: Charts;
  /** Where charts are rendered. */
  renderer: ChartRenderer | undefined;
  /** Aborts what only waits, and at the end of the engine everything. */
  signal: AbortSignal;
  /** Makes the HelmChart as the template says. */
  makeChart: () => Promise<void>;
  whyWaiting: () => Promise<string | undefined>;
  source: (name: { kind: string; namespace: string; name: string }) => Manifest | undefined;
  values: () => Promise<GoMap>;
  /** Runs with the cluster that the release goes to, as the identity that acts. */
  target: <T>(run: (reach: Reach & { acting: Cluster }) => Promise<T>) => Promise<T>;
  /** Hears of each step. */
  onEvent: (event: ReleaseEvent) => void;
  /** True once nothing may be written any more. */
  isStopping: () => boolean;
  lookups: ReleaseLookups;
  /** Told of the objects that the release in sync consists of; undefined: nobody compared them. */
  settled: (objects: readonly Manifest[] | undefined, reach: Reach) => Promise<void>;
};

/** What is known of the lookups of the release at hand. */
export type ReleaseLookups = {
  /** The answers with which a revision without a mark was first seen. */
  markOf: (version: number) => string | undefined;
  mayUpgrade: () => boolean;
  /** What was rendered for a wish when it was looked at last, in this process. */
  tried: (wish: string) => Release | undefined;
  noteTried: (tried: { wish: string; release: Release } | undefined) => void;
  /** Told of all that was looked up; of nothing where the chart asks for nothing. */
  follow: (
    seen: { version: number; mark: string; lookups: readonly LookupAnswer[] } | undefined,
    reach: Reach,
  ) => Promise<void>;
};

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

const terminal = "Reconciliation failed terminally due to configuration error";

async function stall(attempt: Attempt, reason: string, why: string, isPlain = false): Promise<PassEnd> {
  const message = isPlain ? why : `${terminal}: ${why}`;
  attempt.conditions.set("Ready", "False", { reason, message });
  attempt.conditions.stalled(reason, message);
  attempt.tell({ isWarning: true, reason, message: why });
  await attempt.finish({ isObserved: true });
  return { next: "never" };
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

function requireAccess(object: HelmRelease, { isCrossNamespaceAllowed }: ReleaseSettings): void {
  const source = chartSourceOf(object);
  if (isCrossNamespaceAllowed || source === undefined || source.namespace === object.metadata.namespace) return;
  throw new ReleaseKindFault({
    code: "release-access-denied",
    disposition: "stall",
    message: `cross-namespace references are not allowed: cannot access ${source.kind} ${source.namespace}/${source.name}`,
    hint: "move both into one namespace",
  });
}

async function waitingFor({ attempt, settings, whyWaiting }: PassContext): Promise<PassEnd | undefined> {
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

function sourceOf({ attempt, source }: PassContext): Manifest {
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

async function valuesOf({ attempt, values }: PassContext): Promise<GoMap> {
  try {
    return await values();
  } catch (thrown) {
    const fault = faultFrom(thrown);
    if (fault.code === "values-unresolved")
      attempt.tell({ isWarning: true, reason: "ValuesError", message: formatFault(fault) });
    throw thrown;
  }
}

async function chartOf({ attempt, charts, settings }: PassContext, source: Manifest): Promise<LoadedChart> {
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

type Prepared = {
  reach: Reach & { acting: Cluster };
  records: HeldRecords;
  chart: LoadedChart;
  values: GoMap;
  guard: Guard;
};

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

/** How many objects of a release the next one would delete. Throws where that cannot be rendered: nobody knows then. */
async function countDeparting(context: PassContext, prepared: Prepared, release: Release): Promise<number> {
  const { chart, values, reach } = prepared;
  const find = finderOf(reach);
  const wish = { object: context.attempt.object, chart: chart.bytes, signal: context.signal };
  const next = await nextRelease(helmFor(context, prepared), wish, { action: "upgrade", values, last: release });
  const staying = new Set((await objectsOf(next, find)).map((one) => refKey(refOf(one))));
  const before = release.info.status === "uninstalled" ? [] : await objectsOf(release, find);
  return before.filter((one) => !staying.has(refKey(refOf(one))) && !isKept(one)).length;
}

function isKept({ metadata }: Manifest): boolean {
  return metadata.annotations?.["helm.sh/resource-policy"] === "keep";
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

/**
 * Renders a release once more with what the cluster answers now. Without one, what was tried last was undone and left no record: it is
 * remembered as it was, or from now on. What cannot be rendered now is no reason to upgrade.
 */
async function hasLookedUpOther(
  context: PassContext,
  prepared: Prepared,
  release: Release | undefined,
): Promise<boolean> {
  const { attempt, lookups } = context;
  const { chart, values, reach } = prepared;
  const helm = helmFor(context, prepared);
  const wish = { object: attempt.object, chart: chart.bytes, values, signal: context.signal };
  const name = `${attempt.generation} ${chart.version} ${configDigest(values)}`;
  try {
    const tried =
      release ?? lookups.tried(name) ?? (await nextRelease(helm, wish, { action: "install", values, last: undefined }));
    const since = lookups.markOf(tried.version);
    const again = await helm.renderAgain(tried, {
      ...upgradeOptions(wish, tried),
      ...(since === undefined ? {} : { since }),
    });
    await lookups.follow({ version: tried.version, mark: again.lookedUp, lookups: again.lookups }, reach);
    const isUndone = release === undefined || attempt.conditions.get("Remediated") !== undefined;
    lookups.noteTried(isUndone ? { wish: name, release: tried } : undefined);
    return again.isOther;
  } catch {
    return false;
  }
}

/** The actions, for renderings that nobody stores. */
function helmFor(context: PassContext, prepared: Prepared): ReleaseActions {
  return releaseActions({
    cluster: prepared.reach.acting,
    storage: storageOf(context, prepared, storageNamespaceOf(context.attempt.object)),
    clock: context.clock,
    fieldManager: helmManager,
    ...(context.renderer === undefined ? {} : { charts: context.renderer }),
    notesLookups: true,
  });
}

/** An object of a release as it stands; undefined when it is not there. */
async function readLive(
  { acting, kinds }: Reach & { acting: Cluster },
  object: Manifest,
): Promise<Manifest | undefined> {
  const resource = await kinds.find(kindOf(object));
  if (resource === undefined) return undefined;
  const { namespace = "", name } = object.metadata;
  const answer = await acting.get({ resource, namespace: resource.isNamespaced ? namespace : "", name });
  return answer.ok ? answer.value : undefined;
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

function kindOf(object: Manifest): { group: string; version: string; kind: string } {
  const [group, version] = object.apiVersion.includes("/") ? object.apiVersion.split("/") : ["", object.apiVersion];
  return { group: group ?? "", version: version ?? "", kind: object.kind };
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

function storageOf({ clock }: Pick<PassContext, "clock">, { records }: Pick<Prepared, "records">, namespace: string) {
  return releaseStorage({ cluster: records.cluster, namespace, clock, fieldManager: helmManager });
}

function finderOf({ kinds }: Reach): FindResource {
  return (ref) => kinds.find(ref);
}

function actionContext(context: PassContext, prepared: Omit<Prepared, "guard">, storageNamespace: string) {
  const { attempt, settings, clock, signal } = context;
  const storage = storageOf(context, prepared, storageNamespace);
  return {
    attempt,
    storage,
    dropRecords: () => prepared.records.drop(),
    chart: prepared.chart,
    values: prepared.values,
    find: finderOf(prepared.reach),
    options: { retriesByDefault: settings.retriesByDefault },
    nowMs: () => clock.now(),
    signal,
    helm: (hears: { observed: (release: Release) => void; onEvent?: (event: ReleaseEvent) => void }) =>
      releaseActions({
        cluster: prepared.reach.acting,
        storage: observingStorage(storage, hears.observed, context.isStopping),
        clock,
        fieldManager: helmManager,
        ...(context.renderer === undefined ? {} : { charts: context.renderer }),
        notesLookups: true,
        onEvent: (event) => {
          hears.onEvent?.(event);
          context.onEvent(event);
        },
      }),
  };
}

/** Failures count for what was attempted: something else begins anew, and so does whoever asks for it. */
function mustResetFailures(attempt: Attempt, version: string, digest: string): boolean {
  const isAsked = attempt.takeReset();
  const { lastAttemptedGeneration, lastAttemptedRevision, lastAttemptedConfigDigest } = attempt.status;
  if (lastAttemptedGeneration !== attempt.generation || lastAttemptedRevision !== version) return true;
  const isOther = lastAttemptedConfigDigest !== undefined && lastAttemptedConfigDigest !== digest;
  return isOther || isAsked;
}

/** Who acts on a release's objects; undefined: the engine itself. */
export function actingAs(object: HelmRelease, { defaultServiceAccount }: ReleaseSettings): Identity | undefined {
  const account = object.spec.serviceAccountName ?? defaultServiceAccount;
  if (account === undefined || account === "") return undefined;
  const namespace = object.metadata.namespace ?? "";
  return {
    user: `system:serviceaccount:${namespace}:${account}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
  };
}

export function intervalOf({ spec }: HelmRelease): number {
  return parseDuration(spec.interval) ?? 600_000;
}
