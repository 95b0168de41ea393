// The actions of a pass, each carried out with the options that the spec gives and written into status, conditions and Events
// in Flux's words (helm-controller 1.6, internal/reconcile).

import { formatDuration, type ReleaseSnapshot } from "#api/flux";
import type { GoMap } from "#formats/gotemplate";
import { formatFault, formatTime } from "#kernel";
import type { ActionResult, Release, ReleaseActions, ReleaseEvent, ReleaseStorage } from "#releases";
import { customResources } from "#render/helm";
import type { Attempt, Told } from "./attempt.ts";
import type { LoadedChart } from "./charts.ts";
import { applyMode, commonOptions, installOptions, upgradeOptions, waitOf, type Wish } from "./action-options.ts";
import { configDigest } from "./digests.ts";
import { chartName, fullName, hasBeenTested, latest } from "./history.ts";
import { logLinesMost } from "./limits.ts";
import { inventoryOf, type FindResource } from "./manifest-objects.ts";
import { maxHistoryOf, releaseNameOf, releaseNamespaceOf } from "./names.ts";
import { activeRemediation, type FailureOptions, goesBackToProven, retryMsOf } from "./remediation.ts";
import { withReleased, withRolledBack, withTested, withUnlocked, withUpdated } from "./snapshots.ts";

/** The actions of one release on one storage, whose writes are told. */
export type Helm = (hears: {
  observed: (release: Release) => void;
  onEvent?: (event: ReleaseEvent) => void;
}) => ReleaseActions;

export type ActionContext = {
  attempt: Attempt;
  helm: Helm;
  storage: ReleaseStorage;
  chart: LoadedChart;
  values: GoMap;
  find: FindResource;
  options: FailureOptions;
  nowMs: () => number;
  signal: AbortSignal;
};

/** What an action comes to: undefined when it may go on; a message when nothing was changed and it is to be tried again. */
export type ActionEnd = string | undefined;

/** Installs or upgrades. */
export async function release(context: ActionContext, action: "install" | "upgrade"): Promise<ActionEnd> {
  const { attempt, nowMs, storage } = context;
  attempt.status.lastAttemptedReleaseAction = action;
  if (action === "install") attempt.clearHistory();
  attempt.conditions.remove("TestSuccess", "Remediated");
  const written = new Map<number, Release>();
  const log = new LogLines(nowMs);
  const helm = context.helm({ observed: (one) => void written.set(one.version, one), onEvent: log.hear });
  const startedMs = nowMs();
  const result =
    action === "install"
      ? await helm.install(installOptions(wishOf(context)))
      : await helm.upgrade(upgradeOptions(wishOf(context), await storage.last(releaseNameOf(attempt.object))));
  attempt.status.lastAttemptedReleaseActionDuration = formatDuration(nowMs() - startedMs);
  const failure = result.ok ? undefined : messageOf(result);
  await noteReleased(context, action, { written, failure, log, startedMs });
  return written.size === 0 ? failure : undefined;
}

export type Released = {
  /** What stands in storage now, by revision. */
  written: ReadonlyMap<number, Release>;
  failure: string | undefined;
  log: LogLines;
  startedMs: number;
};

/** What an install or upgrade came to goes into status, Events and journal. */
export async function noteReleased(
  context: ActionContext,
  action: "install" | "upgrade",
  done: Released,
): Promise<void> {
  const { attempt, chart } = context;
  const { written, failure, log, startedMs } = done;
  const by = { action, ociDigest: attempt.status.lastAttemptedRevisionDigest };
  attempt.status.history = withReleased(attempt.status.history ?? [], written, by);
  await takeInventory(context, newestOf(written));
  if (failure === undefined) releaseSucceeded(context, action);
  else releaseFailed(context, { action, message: failure, log });
  attempt.summarize();
  noteEnd(context, { type: "Released", startedMs, revision: chart.version });
  if (failure === undefined && attempt.object.spec.test?.enable !== true) noteHealthy(context, action);
  if (failure !== undefined && written.size > 0) attempt.countFailure(action);
}

function wishOf({ attempt, chart, values, signal }: ActionContext): Wish {
  return { object: attempt.object, chart: chart.bytes, values, signal };
}

type End = { type: "Released" | "Remediated" | "TestSuccess"; startedMs: number; revision?: string };

/** What an action came to goes into the journal, in the words of its condition. */
function noteEnd({ attempt, nowMs }: ActionContext, { type, startedMs, revision }: End): void {
  const { reason: result = "", message = "" } = attempt.conditions.get(type) ?? {};
  const tookMs = Math.max(0, nowMs() - startedMs);
  attempt.noteApplied({ result, message, tookMs, ...(revision === undefined ? {} : { revision }) });
}

/** What was waited for and came has proved healthy. Releases that are marked for it are noted with their mark. */
function noteHealthy({ attempt }: ActionContext, action: "install" | "upgrade" | "rollback"): void {
  const { object } = attempt;
  if (waitOf(object, object.spec[action]?.disableWait ?? false) === "hookOnly" || goesBackToProven(object)) return;
  const [newest] = attempt.status.history ?? [];
  if (newest !== undefined)
    attempt.note({ what: "healthy", revision: newest.chartVersion, digest: newest.configDigest });
}

function newestOf(written: ReadonlyMap<number, Release>): Release | undefined {
  return [...written.values()].sort((a, b) => b.version - a.version)[0];
}

async function takeInventory({ attempt, chart, find }: ActionContext, release: Release | undefined): Promise<void> {
  if (release === undefined) return;
  try {
    const entries = await inventoryOf(release, customResources(chart.chart), find);
    attempt.status.inventory = { entries };
  } catch (thrown) {
    const { name } = attempt.object.metadata;
    const message = `failed to build inventory for ${attempt.namespace}/${name}: ${formatFault(thrown)}`;
    attempt.tell({ isWarning: true, reason: "InventoryBuildFailed", message });
  }
}

const words = {
  install: { succeeded: "InstallSucceeded", failed: "InstallFailed" },
  upgrade: { succeeded: "UpgradeSucceeded", failed: "UpgradeFailed" },
} as const;

export function successMessage(attempt: Attempt, action: "install" | "upgrade"): string {
  const current = latest(attempt.status.history ?? []);
  return `Helm ${action} succeeded for release ${fullName(current)} with chart ${chartName(current)}`;
}

function releaseSucceeded({ attempt, options }: ActionContext, action: "install" | "upgrade"): void {
  const current = latest(attempt.status.history ?? []);
  const message = successMessage(attempt, action);
  const reason = words[action].succeeded;
  attempt.conditions.set("Released", "True", { reason, message });
  if (attempt.object.spec.test?.enable === true && !hasBeenTested(current)) {
    const awaiting = `Helm release ${fullName(current)} with chart ${chartName(current)} is awaiting tests`;
    attempt.conditions.set("TestSuccess", "Unknown", { reason: "AwaitingTests", message: awaiting });
  }
  if (retryMsOf(attempt.object, action, options) !== undefined) attempt.clearFailures();
  attempt.tell({ reason, message }, toldOf(attempt));
}

type Failure = { action: "install" | "upgrade"; message: string; log: LogLines };

function releaseFailed({ attempt, chart, values }: ActionContext, { action, message: why, log }: Failure): void {
  const label = `${releaseNamespaceOf(attempt.object)}/${releaseNameOf(attempt.object)}`;
  const message = attempt.masked(
    `Helm ${action} failed for release ${label} with chart ${chart.name}@${chart.version}: ${why}`,
  );
  const reason = words[action].failed;
  attempt.countFailure();
  attempt.conditions.set("Released", "False", { reason, message });
  const told = {
    revision: chart.version,
    token: configDigest(values),
    appVersion: chart.appVersion,
    ociDigest: attempt.status.lastAttemptedRevisionDigest,
  };
  attempt.tell({ isWarning: true, reason, message: log.after(message) }, told);
}

function toldOf(attempt: Attempt): Told {
  const current = latest(attempt.status.history ?? []);
  if (current === undefined) return {};
  return {
    revision: current.chartVersion,
    token: current.configDigest,
    appVersion: current.appVersion ?? "",
    ociDigest: current.ociDigest,
  };
}

/** Runs the chart's tests. */
export async function test(context: ActionContext): Promise<ActionEnd> {
  const { attempt } = context;
  const { object } = attempt;
  const before = latest(attempt.status.history ?? []);
  const helm = context.helm({
    observed: (one) => void (attempt.status.history = withTested(attempt.status.history ?? [], one)),
  });
  const startedMs = context.nowMs();
  const filters = object.spec.test?.filters ?? [];
  const only = filters.filter((filter) => filter.exclude !== true).map((filter) => filter.name);
  const except = filters.filter((filter) => filter.exclude === true).map((filter) => filter.name);
  const result = await helm.test({
    ...commonOptions(wishOf(context), "test"),
    filters: { ...(only.length === 0 ? {} : { only }), ...(except.length === 0 ? {} : { except }) },
  });
  const current = latest(attempt.status.history ?? []);
  const at = `release ${fullName(current)} with chart ${chartName(current)}`;
  if (result.ok) {
    const count = Object.keys(current?.testHooks ?? {}).length;
    const hooks = count === 0 ? "no test hooks" : `${count} test hook${count > 1 ? "s" : ""} completed successfully`;
    const message = `Helm test succeeded for ${at}: ${hooks}`;
    // Tests that are none leave no trace in storage, and are run all the same.
    if (!hasBeenTested(current)) attempt.status.history = withTested(attempt.status.history ?? [], result.release);
    attempt.conditions.set("TestSuccess", "True", { reason: "TestSucceeded", message });
    attempt.tell({ reason: "TestSucceeded", message }, toldOf(attempt));
  } else {
    const message = attempt.masked(`Helm test failed for ${at}: ${messageOf(result)}`);
    attempt.countFailure();
    attempt.conditions.set("TestSuccess", "False", { reason: "TestFailed", message });
    attempt.tell({ isWarning: true, reason: "TestFailed", message }, toldOf(attempt));
    const remediation = activeRemediation(object, attempt.status);
    if (hasBeenTested(current) && remediation !== undefined && !remediation.ignoresTestFailures)
      attempt.countFailure(remediation.action);
  }
  attempt.summarize();
  noteEnd(context, { type: "TestSuccess", startedMs });
  if (result.ok) noteHealthy(context, attempt.status.lastAttemptedReleaseAction ?? "upgrade");
  const isSeen = hasBeenTested(latest(attempt.status.history ?? []));
  return result.ok || isSeen || before === undefined ? undefined : messageOf(result);
}

/** Goes back to a release that was good. */
export async function rollback(context: ActionContext, target: ReleaseSnapshot): Promise<ActionEnd> {
  const { attempt, nowMs } = context;
  const { object } = attempt;
  const before = latest(attempt.status.history ?? []);
  const log = new LogLines(nowMs);
  let newest: Release | undefined;
  const helm = context.helm({
    observed: (one) => {
      attempt.status.history = withRolledBack(attempt.status.history ?? [], one);
      if (newest === undefined || one.version >= newest.version) newest = one;
    },
    onEvent: log.hear,
  });
  const spec = object.spec.rollback ?? {};
  const startedMs = nowMs();
  const result = await helm.rollback({
    ...commonOptions(wishOf(context), "rollback"),
    name: target.name,
    revision: target.version,
    ...applyMode(spec, await context.storage.get(target.name, target.version)),
    ...(spec.cleanupOnFail === undefined ? {} : { cleanupOnFail: spec.cleanupOnFail }),
    maxHistory: maxHistoryOf(object),
  });
  await takeInventory(context, newest);
  const at = `previous release ${fullName(target)} with chart ${chartName(target)}`;
  const told = {
    revision: target.chartVersion,
    token: configDigest(context.values),
    appVersion: target.appVersion ?? "",
    ociDigest: target.ociDigest,
  };
  const message = `Helm rollback to ${at}${result.ok ? " succeeded" : ` failed: ${attempt.masked(messageOf(result))}`}`;
  const reason = result.ok ? "RollbackSucceeded" : "RollbackFailed";
  if (!result.ok) attempt.countFailure();
  attempt.conditions.set("Remediated", result.ok ? "True" : "False", { reason, message });
  attempt.tell({ isWarning: !result.ok, reason, message: result.ok ? message : log.after(message) }, told);
  attempt.summarize();
  noteEnd(context, { type: "Remediated", startedMs, revision: target.chartVersion });
  if (result.ok) noteHealthy(context, "rollback");
  const isStored = latest(attempt.status.history ?? [])?.digest !== before?.digest;
  return result.ok || isStored ? undefined : messageOf(result);
}

/** Uninstalls: as a remediation, or since the release is not wanted any more. */
export async function uninstall(context: ActionContext, isRemediation: boolean): Promise<ActionEnd> {
  const { attempt, nowMs } = context;
  const before = latest(attempt.status.history ?? []);
  if (before === undefined) return "no latest release: required to uninstall";
  const action = isRemediation ? "uninstall-remediation" : "uninstall";
  const log = new LogLines(nowMs);
  const helm = context.helm({
    observed: (one) => {
      attempt.status.history = withUpdated(attempt.status.history ?? [], one, action) ?? attempt.status.history ?? [];
    },
    onEvent: log.hear,
  });
  const spec = attempt.object.spec.uninstall ?? {};
  const startedMs = nowMs();
  const result = await helm.uninstall({
    ...commonOptions(wishOf(context), "uninstall"),
    name: before.name,
    namespace: before.namespace,
    keepHistory: spec.keepHistory ?? false,
    propagation: spec.deletionPropagation ?? "background",
  });
  const why = uninstallFailure(result, { attempt, before });
  const end = isRemediation ? uninstallRemediated(attempt, { why, log }) : uninstalled(attempt, { why, log, result });
  // After a remediation Ready goes on to say why the release failed, as in Flux.
  if (!isRemediation) attempt.summarize();
  noteEnd(context, { type: isRemediation ? "Remediated" : "Released", startedMs, revision: before.chartVersion });
  const isStored = latest(attempt.status.history ?? [])?.digest !== before.digest;
  return isRemediation && isStored ? undefined : end;
}

type Before = { attempt: Attempt; before: { digest: string; status: string } };

/** An uninstall that left no trace in storage has not been one. */
function uninstallFailure(result: ActionResult, { attempt, before }: Before): string | undefined {
  if (!result.ok) return messageOf(result);
  const isSame = latest(attempt.status.history ?? [])?.digest === before.digest;
  return isSame && before.status !== "uninstalled"
    ? "uninstall completed with error: release not updated in Helm storage"
    : undefined;
}

function uninstallRemediated(attempt: Attempt, { why, log }: { why: string | undefined; log: LogLines }): ActionEnd {
  const current = latest(attempt.status.history ?? []);
  const at = `Helm uninstall remediation for release ${fullName(current)} with chart ${chartName(current)}`;
  const message = why === undefined ? `${at} succeeded` : attempt.masked(`${at} failed: ${why}`);
  const reason = why === undefined ? "UninstallSucceeded" : "UninstallFailed";
  if (why !== undefined) attempt.countFailure();
  attempt.conditions.set("Remediated", why === undefined ? "True" : "False", { reason, message });
  const isWarning = why !== undefined;
  attempt.tell({ isWarning, reason, message: isWarning ? log.after(message) : message }, toldOf(attempt));
  return why;
}

type Uninstalled = { why: string | undefined; log: LogLines; result: ActionResult };

function uninstalled(attempt: Attempt, { why, log, result }: Uninstalled): ActionEnd {
  const current = latest(attempt.status.history ?? []);
  const reason = "UninstallSucceeded";
  const isGone = !result.ok && /release: not found|not found$/.test(result.fault.message);
  const isKept = attempt.object.spec.uninstall?.keepHistory === true && why?.includes("is already deleted") === true;
  if (isGone || isKept) {
    const message = isGone
      ? `Release ${fullName(current)} was not found, assuming it is uninstalled`
      : `Release ${fullName(current)} was already uninstalled`;
    attempt.conditions.set("Released", "False", { reason, message });
    return undefined;
  }
  const at = `release ${fullName(current)} with chart ${chartName(current)}`;
  if (why === undefined) {
    const message = `Helm uninstall succeeded for ${at}`;
    delete attempt.status.inventory;
    attempt.conditions.set("Released", "False", { reason, message });
    attempt.tell({ reason, message }, toldOf(attempt));
    return undefined;
  }
  const message = attempt.masked(`Helm uninstall failed for ${at}: ${why}`);
  attempt.countFailure();
  attempt.conditions.set("Released", "False", { reason: "UninstallFailed", message });
  attempt.tell({ isWarning: true, reason: "UninstallFailed", message: log.after(message) }, toldOf(attempt));
  return why;
}

/** Marks failed what a killed process left pending. */
export async function unlock(context: ActionContext, last: Release): Promise<ActionEnd> {
  const { attempt } = context;
  const { status } = last.info;
  const helm = context.helm({
    observed: (one) => void (attempt.status.history = withUnlocked(attempt.status.history ?? [], one)),
  });
  const metadata = last.chart.metadata;
  const at = `Helm release ${last.namespace}/${last.name}.v${last.version} with chart ${metadata.name}@${metadata.version}`;
  const told = {
    revision: metadata.version ?? "",
    token: configDigest(last.config),
    appVersion: metadata.appVersion ?? "",
  };
  try {
    await helm.unlock(last.name, `Release unlocked from stale '${status}' state`);
  } catch (thrown) {
    const message = `Unlock of ${at} in ${status} state failed: ${formatFault(thrown)}`;
    attempt.countFailure();
    attempt.conditions.set("Released", "False", { reason: "PendingRelease", message });
    attempt.tell({ isWarning: true, reason: "PendingRelease", message }, told);
    attempt.summarize();
    return formatFault(thrown);
  }
  const message = `Unlocked ${at} in ${status} state`;
  attempt.conditions.set("Released", "False", { reason: "PendingRelease", message });
  attempt.tell({ reason: "PendingRelease", message }, told);
  attempt.summarize();
  return undefined;
}

function messageOf(result: ActionResult): string {
  return result.ok ? "" : formatFault(result.fault).trim();
}

/** The last lines of what an action did, for the event of its failure. */
export class LogLines {
  readonly #nowMs: () => number;
  readonly #lines: string[] = [];

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  readonly hear = (event: ReleaseEvent): void => {
    const text = describeEvent(event);
    if (text === undefined || this.#lines.at(-1)?.endsWith(`: ${text}`) === true) return;
    this.#lines.push(`${formatTime(this.#nowMs())}: ${text}`);
    if (this.#lines.length > logLinesMost) this.#lines.shift();
  };

  after(message: string): string {
    return this.#lines.length === 0 ? message : `${message}\n\nLast Helm logs:\n\n${this.#lines.join("\n")}`;
  }
}

function describeEvent(event: ReleaseEvent): string | undefined {
  switch (event.type) {
    case "object": {
      const { ref, action, message } = event.outcome;
      return `${ref.kind} ${ref.namespace}/${ref.name} ${action}${message === undefined ? "" : `: ${message}`}`;
    }
    case "hook":
      return `hook ${event.event} ${event.kind} ${event.hook}: ${event.phase}`;
    case "waiting":
      return `waiting for ${event.ref.kind} ${event.ref.namespace}/${event.ref.name}: ${event.status} ${event.message}`;
    case "warning":
      return `warning: ${event.message}`;
    case "recorded":
    case "hookLog":
      return undefined;
  }
}
