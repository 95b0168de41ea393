// What is written to Helm's storage, observed and kept in a HelmRelease's history (helm-controller 1.6, internal/release and
// internal/reconcile/release.go).

import type { ReleaseSnapshot, TestHookStatus } from "#api/flux";
import { formatTime } from "#kernel";
import type { Release } from "#releases";
import { configDigest, releaseDigest } from "./digests.ts";
import { byVersion, type History, snapshotVersion, targets } from "./history.ts";

export type Observed = { action?: string | undefined; ociDigest?: string | undefined };

/** A release as history holds it. */
export function snapshotOf(release: Release, { action, ociDigest }: Observed): ReleaseSnapshot {
  const { info, chart } = release;
  const { metadata } = chart;
  return {
    apiVersion: snapshotVersion,
    digest: releaseDigest(release, ociDigest),
    name: release.name,
    namespace: release.namespace,
    version: release.version,
    status: info.status,
    ...given("action", action),
    chartName: metadata.name ?? "",
    chartVersion: metadata.version ?? "",
    ...given("appVersion", metadata.appVersion),
    configDigest: configDigest(release.config),
    firstDeployed: wholeSeconds(info.first_deployed) ?? zeroTime,
    lastDeployed: wholeSeconds(info.last_deployed) ?? zeroTime,
    ...given("deleted", wholeSeconds(info.deleted)),
    ...given("ociDigest", ociDigest),
  };
}

const zeroTime = "0001-01-01T00:00:00Z";

function given<K extends string>(name: K, value: string | undefined): { [key in K]?: string } {
  return value === undefined || value === "" ? {} : ({ [name]: value } as { [key in K]: string });
}

/** metav1.Time: in UTC, without parts of a second. */
function wholeSeconds(time: string | undefined): string | undefined {
  const ms = time === undefined || time === "" ? Number.NaN : Date.parse(time);
  return Number.isNaN(ms) ? undefined : formatTime(ms);
}

/** After an install or upgrade: the newest of what it wrote comes first, older ones are brought up to date. */
export function withReleased(history: History, written: ReadonlyMap<number, Release>, by: Observed): ReleaseSnapshot[] {
  const [newest, ...older] = [...written.values()].sort((a, b) => b.version - a.version);
  if (newest === undefined) return [...history];
  const known = history.filter((snapshot) => !targets(snapshot, newest));
  const next = [snapshotOf(newest, by), ...known];
  // Flux brings one older release up to date and no more: Helm supersedes one.
  for (const release of older) {
    const at = next.findIndex((snapshot) => targets(snapshot, release));
    const before = next[at];
    if (before === undefined) continue;
    next[at] = withTests(snapshotOf(release, { ociDigest: before.ociDigest }), before.testHooks);
    break;
  }
  return next;
}

/** After a rollback: known releases are brought up to date, the one it made comes first. */
export function withRolledBack(history: History, release: Release): ReleaseSnapshot[] {
  const updated = withUpdated(history, release, "rollback");
  return updated ?? [snapshotOf(release, {}), ...history];
}

/** A known release brought up to date; undefined when it is not known. */
export function withUpdated(history: History, release: Release, action?: string): ReleaseSnapshot[] | undefined {
  const at = history.findIndex((snapshot) => targets(snapshot, release));
  const before = history[at];
  if (before === undefined) return undefined;
  const next = snapshotOf(release, { action: action ?? before.action, ociDigest: before.ociDigest });
  return history.map((snapshot, i) => (i === at ? withTests(next, before.testHooks) : snapshot));
}

/** After an unlock: as it stands now; what its tests said is forgotten, as in Flux. */
export function withUnlocked(history: History, release: Release): ReleaseSnapshot[] {
  return history.map((snapshot) =>
    targets(snapshot, release)
      ? snapshotOf(release, { action: snapshot.action, ociDigest: snapshot.ociDigest })
      : snapshot,
  );
}

/** Results of tests count for the newest release alone. */
export function withTested(history: History, release: Release): ReleaseSnapshot[] {
  const [newest, ...others] = byVersion(history);
  if (newest === undefined || !targets(newest, release)) return [...history];
  const next = snapshotOf(release, { action: newest.action, ociDigest: newest.ociDigest });
  return [{ ...next, testHooks: testHooksOf(release) }, ...others];
}

function withTests(snapshot: ReleaseSnapshot, testHooks: ReleaseSnapshot["testHooks"]): ReleaseSnapshot {
  return testHooks === undefined ? snapshot : { ...snapshot, testHooks };
}

function testHooksOf(release: Release): { [name: string]: TestHookStatus } {
  const tests = (release.hooks ?? []).filter((hook) => hook.events.includes("test"));
  return Object.fromEntries(
    tests.map(({ name, last_run }) => [
      name,
      {
        ...given("lastStarted", wholeSeconds(last_run.started_at)),
        ...given("lastCompleted", wholeSeconds(last_run.completed_at)),
        ...given("phase", last_run.phase),
      },
    ]),
  );
}

/** True while a release in storage is what was observed of it; snapshots of an older form are believed. */
export function isAsObserved(snapshot: ReleaseSnapshot, release: Release): boolean {
  return snapshot.apiVersion !== snapshotVersion || releaseDigest(release, snapshot.ociDigest) === snapshot.digest;
}
