// The history of a HelmRelease: snapshots of what was observed in Helm's storage, newest first
// (helm-controller 1.6, api/v2/snapshot_types.go).

import type { ReleaseSnapshot } from "#api/flux";
import { historyDefault } from "./limits.ts";

export type History = readonly ReleaseSnapshot[];

/** Of the form of digest that Flux takes since Helm 4. */
export const snapshotVersion = "v2";

export function byVersion(history: History): ReleaseSnapshot[] {
  return [...history].sort((a, b) => b.version - a.version);
}

export function latest(history: History): ReleaseSnapshot | undefined {
  return byVersion(history)[0];
}

/** The release before the latest that was good: what a rollback goes back to. */
export function previous(history: History, ignoresTests: boolean): ReleaseSnapshot | undefined {
  return byVersion(history)
    .slice(1)
    .find((snapshot) => isGood(snapshot, ignoresTests));
}

/** Keeps what is needed for a rollback: all up to the release before the latest that was good. */
export function truncated(history: History, ignoresTests: boolean): ReleaseSnapshot[] {
  const sorted = byVersion(history);
  const good = sorted.findIndex((snapshot, i) => i > 0 && isGood(snapshot, ignoresTests));
  return good < 0 ? sorted.slice(0, historyDefault) : sorted.slice(0, good + 1);
}

/** Keeps the newest ones, whatever became of them. */
export function shortened(history: History): ReleaseSnapshot[] {
  return byVersion(history).slice(0, historyDefault);
}

function isGood(snapshot: ReleaseSnapshot, ignoresTests: boolean): boolean {
  if (snapshot.status !== "deployed" && snapshot.status !== "superseded") return false;
  return ignoresTests || !hasFailedTest(snapshot);
}

export function hasBeenTested(snapshot: ReleaseSnapshot | undefined): boolean {
  return snapshot?.testHooks !== undefined;
}

export function hasFailedTest(snapshot: ReleaseSnapshot): boolean {
  return Object.values(snapshot.testHooks ?? {}).some((hook) => hook?.phase === "Failed");
}

export function targets(
  snapshot: ReleaseSnapshot,
  release: { name: string; namespace: string; version: number },
): boolean {
  return (
    snapshot.name === release.name && snapshot.namespace === release.namespace && snapshot.version === release.version
  );
}

/** `shop/web.v3`, as messages name a release. */
export function fullName(snapshot: ReleaseSnapshot | undefined): string {
  return snapshot === undefined ? "" : `${snapshot.namespace}/${snapshot.name}.v${snapshot.version}`;
}

/** `podinfo@6.14.0`, as messages name a chart. */
export function chartName(snapshot: ReleaseSnapshot | undefined): string {
  return snapshot === undefined ? "" : `${snapshot.chartName}@${snapshot.chartVersion}`;
}
