// What a release is, compared with what its HelmRelease says: pure. The states and their reasons are Flux's
// (helm-controller 1.6, internal/reconcile/state.go).

import type { HelmRelease, HelmReleaseStatus } from "#api/flux";
import type { Release } from "#releases";
import { commonMetadataDigest, postRenderersDigest } from "./digests.ts";
import { hasBeenTested, hasFailedTest, latest } from "./history.ts";
import { activeRemediation } from "./remediation.ts";
import { isAsObserved } from "./snapshots.ts";

export type ReleaseStateName =
  | "absent"
  | "unmanaged"
  | "out-of-sync"
  | "drifted"
  | "locked"
  /** Begun by us and cut off: it goes on where it was, so that no hook runs twice and none is left out. */
  | "interrupted-install"
  | "interrupted-upgrade"
  | "interrupted-rollback"
  | "untested"
  | "in-sync"
  | "failed";

/** `revision`: what an interrupted rollback goes back to. */
export type ReleaseState = { is: ReleaseStateName; reason: string; revision?: number };

/** What a HelmRelease wants. */
export type Wanted = {
  object: HelmRelease;
  status: HelmReleaseStatus;
  chart: { name: string; version: string };
  configDigest: string;
};

/** The state but for drift, which only a look at the objects can tell. Throws a message for what Flux cannot tell either. */
export function stateOf(last: Release | undefined, wanted: Wanted): ReleaseState | { is: "unknown"; reason: string } {
  if (last === undefined) return { is: "absent", reason: "no release in storage for object" };
  const { status } = last.info;
  if (status.startsWith("pending-")) {
    const { rollback_revision: revision } = last.info;
    const reason = `release with status '${status}'`;
    return { is: pendingState(last), reason, ...(revision === undefined ? {} : { revision }) };
  }
  const current = latest(wanted.status.history ?? []);
  if (current === undefined) {
    if (status === "uninstalled") return { is: "absent", reason: "found uninstalled release in storage" };
    return { is: "unmanaged", reason: "found existing release in storage" };
  }
  if (!isAsObserved(current, last)) return { is: "unmanaged", reason: "release not observed to be made for object" };
  if (status === "failed") return { is: "failed", reason: "" };
  if (status === "uninstalled") return { is: "absent", reason: "found uninstalled release in storage" };
  if (status !== "deployed")
    return { is: "unknown", reason: `unable to determine state for release with status '${status}'` };
  return deployedState(last, wanted);
}

function pendingState({ keelson, info }: Release): ReleaseStateName {
  if (keelson === undefined) return "locked";
  if (info.status === "pending-install") return "interrupted-install";
  if (info.status === "pending-rollback") return "interrupted-rollback";
  return info.status === "pending-upgrade" ? "interrupted-upgrade" : "locked";
}

function deployedState(last: Release, { object, status, chart, configDigest }: Wanted): ReleaseState {
  const { metadata } = last.chart;
  const current = latest(status.history ?? []);
  if (metadata.name !== chart.name || metadata.version !== chart.version)
    return { is: "out-of-sync", reason: "release chart changed" };
  if (current?.configDigest !== configDigest) return { is: "out-of-sync", reason: "release config values changed" };
  // Only a new generation can have changed these.
  if (status.observedGeneration !== object.metadata.generation) {
    if (postRenderersDigest(object.spec.postRenderers) !== (status.observedPostRenderersDigest ?? ""))
      return { is: "out-of-sync", reason: "postrenderers digest has changed" };
    if (commonMetadataDigest(object.spec.commonMetadata) !== (status.observedCommonMetadataDigest ?? ""))
      return { is: "out-of-sync", reason: "common metadata digest has changed" };
  }
  if (object.spec.test?.enable === true) {
    if (!hasBeenTested(current)) return { is: "untested", reason: "" };
    const remediation = activeRemediation(object, status);
    if (remediation !== undefined && !remediation.ignoresTestFailures && hasFailedTest(current))
      return { is: "failed", reason: "release has test in failed phase" };
  }
  return { is: "in-sync", reason: "" };
}
