// What a HelmRelease's spec says about failures: how often to try again, and what to undo
// (helm-controller 1.6, api/v2/helmrelease_types.go).

import { type HelmRelease, type HelmReleaseStatus, parseDuration, type RemediationSpec } from "#api/flux";
import { retryIntervalDefaultMs } from "./limits.ts";

export type ReleaseAction = "install" | "upgrade";

/** How a failed action is remediated. */
export type Remediation = {
  action: ReleaseAction;
  retries: number;
  /** undefined: as the tests say. */
  ignoresTestFailures: boolean;
  remediatesLast: boolean;
  strategy: "rollback" | "uninstall";
  /** True: only a release that proved healthy is gone back to. */
  isToProven: boolean;
};

/** `last-healthy`: a failed upgrade goes back to the last release that proved healthy, and stays there. Beyond Flux. */
export const rollbackMark = "keelson.dev/rollback";

/** True where nothing in the spec says otherwise, and the annotation asks for it. */
export function goesBackToProven({ spec, metadata }: HelmRelease): boolean {
  const isAsked = metadata.annotations?.[rollbackMark] === "last-healthy";
  return isAsked && spec.upgrade?.remediation === undefined && spec.upgrade?.strategy === undefined;
}

export type FailureOptions = {
  /** True: what names no strategy is tried again, and nothing is undone. */
  retriesByDefault: boolean;
};

export function remediationOf(object: HelmRelease, action: ReleaseAction): Remediation {
  const spec: RemediationSpec = object.spec[action]?.remediation ?? {};
  const retries = spec.retries ?? 0;
  const isToProven = action === "upgrade" && goesBackToProven(object);
  return {
    action,
    retries,
    ignoresTestFailures: spec.ignoreTestFailures ?? object.spec.test?.ignoreFailures ?? false,
    remediatesLast: isToProven || (spec.remediateLastFailure ?? (action === "upgrade" && retries > 0)),
    strategy: action === "install" ? "uninstall" : (spec.strategy ?? "rollback"),
    isToProven,
  };
}

/** Of the action that was attempted last; undefined before any. */
export function activeRemediation(object: HelmRelease, status: HelmReleaseStatus): Remediation | undefined {
  const action = status.lastAttemptedReleaseAction;
  return action === undefined ? undefined : remediationOf(object, action);
}

/** How soon the action that was attempted last is tried again, where its strategy is to retry; else undefined. */
export function activeRetryMs(
  object: HelmRelease,
  status: HelmReleaseStatus,
  options: FailureOptions,
): number | undefined {
  const action = status.lastAttemptedReleaseAction;
  return action === undefined ? undefined : retryMsOf(object, action, options);
}

export function retryMsOf(object: HelmRelease, action: ReleaseAction, options: FailureOptions): number | undefined {
  const strategy = object.spec[action]?.strategy;
  if (strategy === undefined) return options.retriesByDefault ? retryIntervalDefaultMs : undefined;
  if (strategy.name !== "RetryOnFailure") return undefined;
  return parseDuration(strategy.retryInterval ?? "") ?? retryIntervalDefaultMs;
}

export function failuresOf(status: HelmReleaseStatus, action: ReleaseAction): number {
  return (action === "install" ? status.installFailures : status.upgradeFailures) ?? 0;
}

export function isExhausted(remediation: Remediation, status: HelmReleaseStatus): boolean {
  return remediation.retries >= 0 && failuresOf(status, remediation.action) > remediation.retries;
}
