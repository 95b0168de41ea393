// What follows from the state of a release: the one action that comes next, or why there is none. Pure; the rules are Flux's
// (helm-controller 1.6, internal/reconcile/atomic_release.go).

import type { HelmRelease, HelmReleaseStatus, ReleaseSnapshot } from "#api/flux";
import { type History, previous, shortened, truncated } from "./history.ts";
import {
  activeRemediation,
  activeRetryMs,
  type FailureOptions,
  failuresOf,
  isExhausted,
  remediationOf,
} from "./remediation.ts";
import type { ReleaseState } from "./state.ts";

/** One step towards being in sync. */
export type Action = "install" | "upgrade" | "test" | "rollback" | "uninstall" | "unlock" | "correct";

/** Actions of one kind are run once in a pass. */
export type ActionKind = "release" | "remediate" | "test" | "unlock" | "drift correction";

export const kindOfAction: Readonly<Record<Action, ActionKind>> = {
  install: "release",
  upgrade: "release",
  test: "test",
  rollback: "remediate",
  uninstall: "remediate",
  unlock: "unlock",
  correct: "drift correction",
};

export type Decision = {
  /** The history as the decision leaves it. */
  history: History;
} & (
  | { do: Exclude<Action, "rollback"> }
  | { do: "rollback"; target: ReleaseSnapshot }
  /** Nothing is left to do. */
  | { do: "nothing" }
  /** Nothing more is tried, until somebody changes something. */
  | { do: "stall"; reason: "RetriesExceeded"; message: string }
  | { do: "stall"; reason: "MissingRollbackTarget"; message: string }
);

export type Situation = {
  object: HelmRelease;
  status: HelmReleaseStatus;
  options: FailureOptions;
  /** A person asked for an upgrade whatever the state is. */
  isForced: boolean;
  /** What became of the release to go back to. */
  target: (snapshot: ReleaseSnapshot) => "whole" | "changed";
  /** The last release before this one that proved healthy, where that is asked for. */
  proven?: ReleaseSnapshot | undefined;
};

export function decide(state: ReleaseState, situation: Situation): Decision {
  const history = situation.status.history ?? [];
  switch (state.is) {
    case "in-sync":
      return inSync(situation);
    case "locked":
      return { do: "unlock", history };
    case "interrupted-install":
      return { do: "install", history };
    case "interrupted-upgrade":
      return { do: "upgrade", history };
    case "interrupted-rollback": {
      const target = history.find(({ version }) => version === state.revision);
      return target === undefined ? { do: "unlock", history } : { do: "rollback", history, target };
    }
    case "absent":
      return release("install", situation);
    case "unmanaged":
      // What was observed of another hand's release cannot be relied on.
      return { do: "upgrade", history: [] };
    case "out-of-sync":
      return release("upgrade", situation);
    case "drifted":
      return { do: situation.object.spec.driftDetection?.mode === "enabled" ? "correct" : "nothing", history };
    case "untested":
      return { do: "test", history };
    case "failed":
      return failed(situation);
  }
}

function inSync({ object, status, options, isForced }: Situation): Decision {
  const isRetried = activeRetryMs(object, status, options) !== undefined;
  const before = status.history ?? [];
  const history = isRetried ? shortened(before) : truncated(before, ignoresTests(object, status));
  return { do: isForced ? "upgrade" : "nothing", history };
}

function ignoresTests(object: HelmRelease, status: HelmReleaseStatus): boolean {
  return activeRemediation(object, status)?.ignoresTestFailures ?? object.spec.test?.ignoreFailures ?? false;
}

function release(action: "install" | "upgrade", { object, status, isForced }: Situation): Decision {
  const history = status.history ?? [];
  if (isExhausted(remediationOf(object, action), status) && !isForced) return stalled(object, status, history);
  return { do: action, history };
}

function failed(situation: Situation): Decision {
  const { object, status, options, isForced } = situation;
  const history = status.history ?? [];
  if (activeRetryMs(object, status, options) !== undefined) return { do: "upgrade", history: shortened(history) };
  const remediation = activeRemediation(object, status);
  // No count means that what failed was something else than what is wanted now.
  if (remediation === undefined || failuresOf(status, remediation.action) <= 0 || isForced)
    return { do: "upgrade", history };
  if (isExhausted(remediation, status) && !remediation.remediatesLast) return stalled(object, status, history);
  const kept = truncated(history, remediation.ignoresTestFailures);
  if (remediation.strategy === "uninstall") return { do: "uninstall", history: kept };
  const target = remediation.isToProven ? situation.proven : previous(kept, remediation.ignoresTestFailures);
  if (target === undefined) {
    const error = "missing target release for rollback: cannot remediate failed release";
    return {
      do: "stall",
      reason: "MissingRollbackTarget",
      message: `Failed to perform remediation: ${error}`,
      history: kept,
    };
  }
  // What cannot be gone back to is no help: the upgrade is tried again.
  if (situation.target(target) === "changed") return { do: "upgrade", history: kept };
  return { do: "rollback", history: kept, target };
}

/** Retries are used up. */
function stalled(object: HelmRelease, status: HelmReleaseStatus, history: History): Decision {
  return { do: "stall", reason: "RetriesExceeded", message: exhaustedMessage(object, status), history };
}

export function exhaustedMessage(object: HelmRelease, status: HelmReleaseStatus): string {
  const remediation = activeRemediation(object, status);
  const attempts = remediation === undefined ? 0 : failuresOf(status, remediation.action);
  return `Failed to ${status.lastAttemptedReleaseAction ?? ""} after ${attempts} attempt(s)`;
}
