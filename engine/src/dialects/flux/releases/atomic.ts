// Brings a release in sync: state, next action, state again, until nothing is left to do or no more may be done in this pass
// (helm-controller 1.6, internal/reconcile/atomic_release.go).

import { formatDuration, type ReleaseSnapshot } from "#api/flux";
import type { Guard, Hold } from "#delivery";
import { formatRef, refOf } from "#kernel";
import type { Release } from "#releases";
import {
  type ActionContext,
  type ActionEnd,
  release,
  rollback,
  successMessage,
  test,
  uninstall,
  unlock,
} from "./actions.ts";
import { type Action, type ActionKind, decide, exhaustedMessage, kindOfAction } from "./decide.ts";
import type { Attempt } from "./attempt.ts";
import { configDigest } from "./digests.ts";
import { type correct, describeDrift, isDrift, type ObjectDrift } from "./drift.ts";
import { fullName, latest, previous } from "./history.ts";
import { holdFor } from "./holds.ts";
import { actionsInPassMost } from "./limits.ts";
import { releaseNameOf, type TimedAction, timeoutOf } from "./names.ts";
import { activeRemediation, activeRetryMs, isExhausted } from "./remediation.ts";
import { isProven } from "./proven.ts";
import { noteUnnoted } from "./unnoted.ts";
import { isAsObserved, snapshotOf } from "./snapshots.ts";
import { type ReleaseState, stateOf } from "./state.ts";

/** How a pass ended. */
export type AtomicEnd =
  /** In sync, or nothing more is tried at this generation: the next look is at the interval. */
  | { is: "done" }
  /** To be looked at again at once. */
  | { is: "again" }
  /** To be tried again after a while. */
  | { is: "retry"; afterMs: number }
  /** Nothing more until somebody changes something. */
  | { is: "stalled"; message: string }
  /** What is asked for may not be done now. */
  | { is: "held"; revision: string; hold: Hold }
  /** Nothing was changed; to be tried again with back-off. */
  | { is: "failed"; message: string };

export type AtomicContext = ActionContext & {
  /** An action is over: what others have stored meanwhile is to be seen. */
  dropRecords: () => void;
  /** Compares the objects of a release with what is there; undefined when nobody asks for it. */
  findDrift: ((release: Release) => Promise<ObjectDrift[]>) | undefined;
  /** undefined when the chart looks up nothing. */
  lookUps: LookUps | undefined;
  /** When something new may be done. */
  guard: Guard;
  /** How many objects of a release would be deleted now. */
  departing: (release: Release) => Promise<number>;
  corrects: (drift: readonly ObjectDrift[]) => ReturnType<typeof correct>;
  /** Marks a release whose objects are all healthy; undefined when nobody goes by that. */
  prove: ((release: Release) => Promise<boolean>) | undefined;
};

export type LookUps = {
  /** True when the chart looks up something else than when this release was made; without one, than when it was tried last. */
  areOther: (release: Release | undefined) => Promise<boolean>;
  /** False for a rest after each upgrade for them. */
  mayUpgrade: () => boolean;
};

export async function bringInSync(context: AtomicContext): Promise<AtomicEnd> {
  const { attempt } = context;
  const done = new Set<ActionKind>();
  for (let i = 0; i < actionsInPassMost; i++) {
    const seen = await observe(context);
    if ("failure" in seen) return stateFailed(context, seen.failure);
    const { history } = attempt.status;
    const next = await nextAction(context, seen);
    const held = "is" in next ? undefined : await whyHeldBack(context, next, seen);
    if (held !== undefined) {
      if (history !== undefined) attempt.status.history = history;
      await guardMeanwhile(context, seen.last);
      return { is: "held", ...held };
    }
    attempt.conditions.remove("Held");
    if ("is" in next) return next;
    const kind = kindOfAction[next.do];
    if (done.has(kind)) return stopped(context);
    await announce(context, next.do);
    const end = await perform(context, next, seen);
    context.dropRecords();
    // Given up for something newer: what follows is the next pass's to say.
    if (context.signal.aborted) return { is: "again" };
    if (end !== undefined) return actionFailed(context, end);
    if (kind === "remediate") {
      // What was gone back to, and was waited for, is what the next failure may go back to.
      await proveHealthy(context, await context.storage.last(releaseNameOf(attempt.object)));
      return remediated(context, seen.last);
    }
    done.add(kind);
    await attempt.save();
  }
  return { is: "again" };
}

/** An action with what it needs to know. */
type Next = { do: Exclude<Action, "rollback"> } | { do: "rollback"; target: ReleaseSnapshot };

type Seen = {
  last: Release | undefined;
  state: ReleaseState;
  drift: readonly ObjectDrift[];
  /** True when the same chart and values are asked for again, for what the chart looks up. */
  isForLookUps?: boolean;
};

async function observe(context: AtomicContext): Promise<Seen | { failure: string }> {
  const { attempt, chart, values, storage, findDrift } = context;
  const last = await storage.last(releaseNameOf(attempt.object));
  await noteUnnoted(context, last);
  const { object, status } = attempt;
  const wanted = {
    object,
    status,
    chart: { name: chart.name, version: chart.version },
    configDigest: configDigest(values),
  };
  const state = stateOf(last, wanted);
  if (state.is === "unknown") return { failure: state.reason };
  if (last !== undefined && (await mustRenderAgain(context, state, last))) {
    const reason = "what the chart looks up has changed";
    return { last, state: { is: "out-of-sync", reason }, drift: [], isForLookUps: true };
  }
  if (state.is !== "in-sync" || last === undefined || findDrift === undefined) return { last, state, drift: [] };
  try {
    const drift = await findDrift(last);
    return { last, state: drift.some(isDrift) ? { is: "drifted", reason: "" } : state, drift };
  } catch (thrown) {
    return { failure: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

async function mustRenderAgain(context: AtomicContext, { is }: ReleaseState, last: Release): Promise<boolean> {
  const { attempt, lookUps } = context;
  if (lookUps === undefined || (is !== "in-sync" && is !== "failed") || !(await lookUps.areOther(last))) return false;
  // What was gone back to is not what is wanted; where that was tried with the same answers, its failures count.
  const undone = is === "in-sync" && last.info.rollback_revision !== undefined ? await attempted(context) : undefined;
  if (undone !== undefined && !(await lookUps.areOther(undone))) return true;
  if (!lookUps.mayUpgrade()) return false;
  attempt.clearFailures();
  return true;
}

/** What was looked up is an input as values are: with others something else is wanted, and failures count anew. */
async function isWantedAnew({ attempt, lookUps }: AtomicContext, undone: Release | undefined): Promise<boolean> {
  if (lookUps === undefined || !(await lookUps.areOther(undone)) || !lookUps.mayUpgrade()) return false;
  attempt.clearFailures();
  return true;
}

/** The record of what was tried last and undone; undefined when none is left. */
async function attempted({ attempt, storage, chart, values }: AtomicContext): Promise<Release | undefined> {
  const wanted = configDigest(values);
  const stored = await storage.history(releaseNameOf(attempt.object));
  return stored.findLast(
    ({ info, chart: { metadata }, config }) =>
      (info.status === "failed" || info.status === "uninstalled") &&
      metadata.version === chart.version &&
      configDigest(config) === wanted,
  );
}

/** The next action, or how the pass ends without one. */
async function nextAction(context: AtomicContext, seen: Seen): Promise<Next | AtomicEnd> {
  const { attempt, options } = context;
  const proven = await provenBefore(context, seen);
  const target = await targetOf(context, seen.state, proven);
  const decision = decide(seen.state, {
    object: attempt.object,
    status: attempt.status,
    options,
    isForced: attempt.takeForce(),
    target: () => target,
    proven,
  });
  attempt.status.history = [...decision.history];
  if (decision.do === "stall") {
    // Of what failed and still stands, or was undone, that was asked already.
    const isAsked = decision.reason !== "RetriesExceeded" || seen.state.is === "failed" || seen.isForLookUps === true;
    if (!isAsked && (await isWantedAnew(context, await attempted(context)))) return again(attempt);
    attempt.conditions.stalled(decision.reason, decision.message);
    return { is: "stalled", message: decision.message };
  }
  if (seen.state.is === "drifted") tellDrift(context, seen.drift);
  if (seen.state.is === "untested") inSyncAfterAll(context);
  if (decision.do !== "nothing") return decision;
  if (seen.state.is === "in-sync") {
    markInSync(context);
    await proveHealthy(context, seen.last);
  }
  attempt.conditions.remove("Reconciling");
  attempt.summarize();
  return { is: "done" };
}

/** Why an install or upgrade waits for a person or a time; what was approved is noted once. */
async function whyHeldBack(
  context: AtomicContext,
  next: Next,
  { last, isForLookUps = false }: Seen,
): Promise<{ revision: string; hold: Hold } | undefined> {
  const { attempt, chart, values, guard, nowMs } = context;
  if (next.do !== "install" && next.do !== "upgrade") return undefined;
  const { revision, hold, isApproved } = await holdFor({
    guard,
    asked: { object: attempt.object, chart, values },
    status: attempt.status,
    last,
    isForLookUps,
    nowMs: nowMs(),
    departing: async () => (last === undefined ? 0 : context.departing(last)),
  });
  if (hold !== undefined) return { revision, hold };
  const isNew = attempt.object.status?.lastAttemptedConfigDigest !== attempt.status.lastAttemptedConfigDigest;
  if (isApproved && (isNew || attempt.conditions.get("Held") !== undefined))
    attempt.note({ what: "approved", revision, by: guard.approvedBy ?? "" });
  return undefined;
}

/** What was applied stays guarded while something newer is held back. */
async function guardMeanwhile(context: AtomicContext, last: Release | undefined): Promise<void> {
  const { attempt, findDrift } = context;
  const current = latest(attempt.status.history ?? []);
  if (findDrift === undefined || last === undefined || current === undefined) return;
  if (last.info.status !== "deployed" || !isAsObserved(current, last)) return;
  const drift = await findDrift(last);
  if (!drift.some(isDrift)) return noDrift(attempt);
  tellDrift(context, drift);
  if (attempt.object.spec.driftDetection?.mode !== "enabled") return;
  if (await putRight(context, drift)) noDrift(attempt);
}

/** Whether the release to go back to is still what it was. */
async function targetOf(
  { attempt, storage }: AtomicContext,
  state: ReleaseState,
  proven: ReleaseSnapshot | undefined,
): Promise<"whole" | "changed"> {
  if (state.is !== "failed" || proven !== undefined) return "whole";
  const remediation = activeRemediation(attempt.object, attempt.status);
  const snapshot = previous(attempt.status.history ?? [], remediation?.ignoresTestFailures ?? false);
  if (snapshot === undefined) return "whole";
  const stored = await storage.get(snapshot.name, snapshot.version);
  return stored !== undefined && isAsObserved(snapshot, stored) ? "whole" : "changed";
}

/** The last release in storage that proved healthy, before the one that failed. */
async function provenBefore(context: AtomicContext, { state, last }: Seen): Promise<ReleaseSnapshot | undefined> {
  const { attempt, storage } = context;
  const remediation = activeRemediation(attempt.object, attempt.status);
  if (state.is !== "failed" || last === undefined || remediation?.isToProven !== true) return undefined;
  const stored = await storage.history(last.name);
  const found = stored.filter((release) => release.version < last.version && isProven(release)).at(-1);
  return found === undefined ? undefined : snapshotOf(found, {});
}

/** What was rolled back may be what is wanted now: then it is no remediation any more. */
function inSyncAfterAll({ attempt }: AtomicContext): void {
  if (!attempt.conditions.is("Remediated", "True")) return;
  const mark = { reason: "UpgradeSucceeded", message: successMessage(attempt, "upgrade") };
  attempt.conditions.replace("Remediated", "Released", mark);
}

function markInSync(context: AtomicContext): void {
  const { attempt } = context;
  const { conditions } = attempt;
  inSyncAfterAll(context);
  if (!conditions.is("Ready", "True") || !conditions.is("Released", "True")) {
    const failed = conditions.get("Released")?.reason;
    const action = failed === "InstallFailed" ? "install" : failed === "UpgradeFailed" ? "upgrade" : undefined;
    if (action !== undefined) {
      const reason = action === "install" ? "InstallSucceeded" : "UpgradeSucceeded";
      conditions.set("Released", "True", { reason, message: successMessage(attempt, action) });
      attempt.summarize();
    }
  }
  if (context.findDrift !== undefined) noDrift(attempt);
}

function noDrift({ conditions }: Attempt): void {
  const message = "No drift detected against the cluster state";
  conditions.set("Drifted", "False", { reason: "NoDriftDetected", message });
}

async function proveHealthy({ attempt, prove }: AtomicContext, last: Release | undefined): Promise<void> {
  if (prove === undefined || last === undefined || !(await prove(last))) return;
  const [newest] = attempt.status.history ?? [];
  if (newest !== undefined)
    attempt.note({ what: "healthy", revision: newest.chartVersion, digest: newest.configDigest });
}

function tellDrift({ attempt }: AtomicContext, drift: readonly ObjectDrift[]): void {
  // Said once: as long as it stays as it is there is nothing new to keep.
  if (!attempt.conditions.is("Drifted", "True")) noteDrift(attempt, "drift", drift);
  const current = latest(attempt.status.history ?? []);
  const message = `Cluster state of release ${fullName(current)} has drifted from the desired state:\n${describeDrift(drift)}`;
  attempt.tell({ isWarning: true, reason: "DriftDetected", message });
  attempt.conditions.set("Drifted", "True", { reason: "DriftDetected", message });
}

function noteDrift(attempt: Attempt, what: "drift" | "healed", drift: readonly ObjectDrift[]): void {
  for (const one of drift.filter(isDrift)) {
    const fields = one.is === "changed" ? one.operations.map(({ path }) => path).join(", ") : one.is;
    attempt.note({ what, object: formatRef(refOf(one.object)), fields, managers: [], by: [] });
  }
}

const actionNames: Readonly<Record<Action, string>> = {
  install: "install",
  upgrade: "upgrade",
  test: "test",
  rollback: "rollback",
  uninstall: "uninstall",
  unlock: "unlock",
  correct: "correct cluster drift",
};

/** Says what goes on now, since it may take its time. */
async function announce({ attempt }: AtomicContext, action: Action): Promise<void> {
  const timed = action === "unlock" || action === "correct" ? undefined : (action satisfies TimedAction);
  const timeout = formatDuration(timeoutOf(attempt.object, timed));
  const message = `Running '${actionNames[action]}' action with timeout of ${timeout}`;
  attempt.conditions.reconciling("Progressing", message);
  if (kindOfAction[action] === "release")
    attempt.conditions.set("Ready", "Unknown", { reason: "Progressing", message });
  await attempt.save();
}

async function perform(context: AtomicContext, next: Next, { last, drift }: Seen): Promise<ActionEnd> {
  switch (next.do) {
    case "install":
    case "upgrade":
      return release(context, next.do);
    case "test":
      return test(context);
    case "rollback":
      return rollback(context, next.target);
    case "uninstall":
      return uninstall(context, true);
    case "unlock":
      return last === undefined ? undefined : unlock(context, last);
    case "correct":
      return correctDrift(context, drift);
  }
}

async function correctDrift(context: AtomicContext, drift: readonly ObjectDrift[]): Promise<undefined> {
  const message = "correcting cluster drift";
  context.attempt.conditions.set("Ready", "Unknown", { reason: "Progressing", message });
  await putRight(context, drift);
}

/** True when all of it was put right. */
async function putRight({ attempt, corrects }: AtomicContext, drift: readonly ObjectDrift[]): Promise<boolean> {
  const { done, failures } = await corrects(drift);
  if (failures.length === 0) noteDrift(attempt, "healed", drift);
  const current = latest(attempt.status.history ?? []);
  const told = {
    revision: current?.chartVersion ?? "",
    token: current?.configDigest ?? "",
    appVersion: current?.appVersion ?? "",
    ociDigest: current?.ociDigest,
  };
  if (failures.length > 0) {
    const partly = done.length > 0 ? "partially " : "";
    const also = done.length > 0 ? `\n\nSuccessful corrections:\n${done.join("\n")}` : "";
    const message = `Failed to ${partly}correct cluster state of release ${fullName(current)}:\n${failures.join("\n")}${also}`;
    attempt.tell({ isWarning: true, reason: "DriftCorrectionFailed", message }, told);
  } else if (done.length > 0) {
    const message = `Cluster state of release ${fullName(current)} has been corrected:\n${done.join("\n")}`;
    attempt.tell({ reason: "DriftCorrected", message }, told);
  }
  return failures.length === 0;
}

/** The same kind of action would come again: this pass has done its part. */
function stopped({ attempt, options }: AtomicContext): AtomicEnd {
  const retryMs = activeRetryMs(attempt.object, attempt.status, options);
  if (retryMs !== undefined) return retryLater(attempt, retryMs);
  const remediation = activeRemediation(attempt.object, attempt.status);
  if (remediation === undefined || !isExhausted(remediation, attempt.status)) return again(attempt);
  attempt.conditions.remove("Reconciling");
  return { is: "done" };
}

/** `undone`: what had failed. */
async function remediated(context: AtomicContext, undone: Release | undefined): Promise<AtomicEnd> {
  const { attempt, options } = context;
  const retryMs = activeRetryMs(attempt.object, attempt.status, options);
  if (retryMs !== undefined) return retryLater(attempt, retryMs);
  const remediation = activeRemediation(attempt.object, attempt.status);
  const isUninstalledUpgrade = remediation?.action === "upgrade" && remediation.strategy === "uninstall";
  if (remediation === undefined || !isExhausted(remediation, attempt.status) || isUninstalledUpgrade)
    return again(attempt);
  if (await isWantedAnew(context, undone)) return again(attempt);
  const message = exhaustedMessage(attempt.object, attempt.status);
  attempt.conditions.stalled("RetriesExceeded", message);
  return { is: "stalled", message };
}

function again(attempt: AtomicContext["attempt"]): AtomicEnd {
  const message = attempt.conditions.get("Ready")?.message ?? "";
  attempt.conditions.reconciling("ProgressingWithRetry", message);
  return { is: "again" };
}

function retryLater(attempt: AtomicContext["attempt"], afterMs: number): AtomicEnd {
  attempt.conditions.reconciling("ProgressingWithRetry", `retrying after ${formatDuration(afterMs)}`);
  return { is: "retry", afterMs };
}

function actionFailed({ attempt, options }: AtomicContext, message: string): AtomicEnd {
  const retryMs = activeRetryMs(attempt.object, attempt.status, options);
  if (retryMs !== undefined) return retryLater(attempt, retryMs);
  if (attempt.conditions.is("Ready", "True"))
    attempt.conditions.set("Ready", "False", { reason: "ReconcileError", message: attempt.masked(message) });
  return { is: "failed", message };
}

function stateFailed({ attempt }: AtomicContext, why: string): AtomicEnd {
  const message = attempt.masked(`Could not determine release state: ${why}`);
  attempt.conditions.set("Ready", "False", { reason: "StateError", message });
  return { is: "failed", message };
}
