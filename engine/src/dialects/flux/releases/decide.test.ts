// Each state of the machine with what the spec says about failures, and the action that follows.

import { describe, expect, it } from "vitest";
import type { HelmRelease, HelmReleaseSpec, HelmReleaseStatus, ReleaseSnapshot } from "#api/flux";
import { decide, type Situation } from "./decide.ts";
import type { ReleaseStateName } from "./state.ts";

function snapshot(version: number, more: Partial<ReleaseSnapshot> = {}): ReleaseSnapshot {
  return {
    digest: "",
    name: "web",
    namespace: "shop",
    version,
    status: "superseded",
    chartName: "web",
    chartVersion: "1.0.0",
    configDigest: "",
    firstDeployed: "",
    lastDeployed: "",
    ...more,
  };
}

const upgraded: HelmReleaseStatus = {
  lastAttemptedReleaseAction: "upgrade",
  upgradeFailures: 1,
  history: [snapshot(3, { status: "failed" }), snapshot(2), snapshot(1)],
};

type Case = [
  title: string,
  state: ReleaseStateName,
  spec: Partial<HelmReleaseSpec>,
  status: HelmReleaseStatus,
  expected: string,
  more?: Partial<Situation>,
];

const cases: Case[] = [
  ["no release is installed", "absent", {}, {}, "install"],
  [
    "an install that failed too often stalls",
    "absent",
    {},
    { lastAttemptedReleaseAction: "install", installFailures: 1 },
    "stall: Failed to install after 1 attempt(s)",
  ],
  [
    "an install that failed is tried again while there are retries",
    "absent",
    { install: { remediation: { retries: 1 } } },
    { installFailures: 1 },
    "install",
  ],
  [
    "without a bound it is tried for ever",
    "absent",
    { install: { remediation: { retries: -1 } } },
    { installFailures: 99 },
    "install",
  ],
  ["a forced install goes beyond its retries", "absent", {}, { installFailures: 9 }, "install", { isForced: true }],
  ["another hand's release is upgraded, its history forgotten", "unmanaged", {}, upgraded, "upgrade []"],
  ["new values are an upgrade", "out-of-sync", {}, { history: [snapshot(1)] }, "upgrade"],
  [
    "an upgrade that failed too often stalls",
    "out-of-sync",
    {},
    upgraded,
    "stall: Failed to upgrade after 1 attempt(s)",
  ],
  ["a crashed action is unlocked", "locked", {}, {}, "unlock"],
  ["tests that have not run are run", "untested", {}, {}, "test"],
  ["drift is corrected", "drifted", { driftDetection: { mode: "enabled" } }, {}, "correct"],
  ["drift is only told where the mode is warn", "drifted", { driftDetection: { mode: "warn" } }, {}, "nothing"],
  ["nothing is left to do", "in-sync", {}, {}, "nothing"],
  ["unless it is forced", "in-sync", {}, {}, "upgrade", { isForced: true }],
  ["a failure without an attempt of ours is upgraded", "failed", {}, { history: [snapshot(1)] }, "upgrade"],
  [
    "a failure under other conditions is upgraded",
    "failed",
    { upgrade: { remediation: { retries: 1 } } },
    { ...upgraded, upgradeFailures: 0 },
    "upgrade",
  ],
  ["a failure with no retries stays", "failed", {}, upgraded, "stall: Failed to upgrade after 1 attempt(s)"],
  [
    "with retries it is rolled back",
    "failed",
    { upgrade: { remediation: { retries: 1 } } },
    upgraded,
    "rollback [3,2]",
  ],
  [
    "also after the last, as is the default",
    "failed",
    { upgrade: { remediation: { retries: 1 } } },
    { ...upgraded, upgradeFailures: 2 },
    "rollback [3,2]",
  ],
  [
    "but not where the last failure is to stay",
    "failed",
    { upgrade: { remediation: { retries: 1, remediateLastFailure: false } } },
    { ...upgraded, upgradeFailures: 2 },
    "stall: Failed to upgrade after 2 attempt(s)",
  ],
  [
    "or uninstalled",
    "failed",
    { upgrade: { remediation: { retries: 1, strategy: "uninstall" } } },
    upgraded,
    "uninstall [3,2]",
  ],
  [
    "a failed install is uninstalled",
    "failed",
    { install: { remediation: { retries: 1 } } },
    { lastAttemptedReleaseAction: "install", installFailures: 1, history: [snapshot(1, { status: "failed" })] },
    "uninstall",
  ],
  [
    "without a release to go back to it stalls",
    "failed",
    { upgrade: { remediation: { retries: 1 } } },
    { ...upgraded, history: [snapshot(1, { status: "failed" })] },
    "stall: Failed to perform remediation: missing target release for rollback: cannot remediate failed release",
  ],
  [
    "a release that was changed since is not gone back to",
    "failed",
    { upgrade: { remediation: { retries: 1 } } },
    upgraded,
    "upgrade [3,2]",
    { target: () => "changed" },
  ],
  [
    "a release whose tests failed is passed over",
    "failed",
    { upgrade: { remediation: { retries: 1 } } },
    { ...upgraded, history: [snapshot(3), snapshot(2, { testHooks: { t: { phase: "Failed" } } }), snapshot(1)] },
    "rollback [3,2,1]",
  ],
  [
    "a strategy of retries undoes nothing",
    "failed",
    { upgrade: { strategy: { name: "RetryOnFailure" }, remediation: { retries: 1 } } },
    upgraded,
    "upgrade [3,2,1]",
  ],
  [
    "nor does the flag that makes it the default",
    "failed",
    {},
    upgraded,
    "upgrade [3,2,1]",
    { options: { retriesByDefault: true } },
  ],
];

function summary(decision: ReturnType<typeof decide>, before: readonly ReleaseSnapshot[]): string {
  if (decision.do === "stall") return `stall: ${decision.message}`;
  const versions = (history: readonly ReleaseSnapshot[]): string => `[${history.map(({ version }) => version).join()}]`;
  const isKept = versions(decision.history) === versions(before);
  return isKept && decision.do !== "upgrade" && decision.do !== "rollback" ? decision.do : decision.do + note();
  function note(): string {
    return before.length === 0 || (isKept && before.length === 1) ? "" : ` ${versions(decision.history)}`;
  }
}

describe("what comes next", () => {
  it.each(cases)("%s", (...[, is, spec, status, expected, more = {}]) => {
    const object: HelmRelease = {
      apiVersion: "helm.toolkit.fluxcd.io/v2",
      kind: "HelmRelease",
      metadata: { name: "web", namespace: "shop" },
      spec: { interval: "1m", ...spec },
    };
    const situation: Situation = {
      object,
      status,
      options: { retriesByDefault: false },
      isForced: false,
      target: () => "whole",
      ...more,
    };
    const said = summary(decide({ is, reason: "" }, situation), status.history ?? []);
    expect(said.startsWith(expected) ? expected : said).toBe(expected);
  });
});
