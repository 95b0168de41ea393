// Rolls a release back at a person's word and in a person's name, as `helm rollback` does. The loop undoes it unless the object is
// suspended.

import type { HelmRelease } from "#api/flux";
import type { Cluster } from "#cluster";
import { type Clock, type Fault } from "#kernel";
import { releaseActions, releaseStorage } from "#releases";
import { commonOptions } from "./action-options.ts";
import { helmManager, maxHistoryOf, storageNamespaceOf } from "./names.ts";

export type RollBackWish = {
  object: HelmRelease;
  version: number;
  /** Who asks: nothing is read or written as anybody else. */
  cluster: Cluster;
  clock: Clock;
  description: string;
  signal: AbortSignal;
};

/** Hooks are waited for, health is not. A release with an action under way is refused. */
export async function rollBackRelease(
  wish: RollBackWish,
): Promise<{ ok: true; version: number } | { ok: false; fault: Fault }> {
  const { object, version, cluster, clock, description, signal } = wish;
  const storage = releaseStorage({ cluster, namespace: storageNamespaceOf(object), clock, fieldManager: helmManager });
  const { serverSideApply, cleanupOnFail = false, force = false } = object.spec.rollback ?? {};
  const isServerSide =
    serverSideApply === undefined || serverSideApply === "auto" ? "auto" : serverSideApply === "enabled";
  const result = await releaseActions({ cluster, storage, clock, fieldManager: helmManager }).rollback({
    ...commonOptions({ object, signal }, "rollback"),
    wait: "hookOnly",
    onPending: "refuse",
    revision: version,
    serverSide: isServerSide,
    forceReplace: force && isServerSide === false,
    cleanupOnFail,
    maxHistory: maxHistoryOf(object),
    description,
  });
  return result.ok ? { ok: true, version: result.release.version } : { ok: false, fault: result.fault };
}
