// Rolls a release back at a person's word and in a person's name, as `helm rollback` does. The loop undoes it unless the object is
// suspended.

import type { HelmRelease } from "#api/flux";
import type { Cluster } from "#cluster";
import { type Clock, type Fault } from "#kernel";
import { releaseActions, releaseStorage } from "#releases";
import { applyMode, commonOptions } from "./action-options.ts";
import { helmManager, maxHistoryOf, releaseNameOf, storageNamespaceOf } from "./names.ts";

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
  const spec = object.spec.rollback ?? {};
  const record = await storage.get(releaseNameOf(object), version).catch(() => undefined);
  const result = await releaseActions({ cluster, storage, clock, fieldManager: helmManager }).rollback({
    ...commonOptions({ object, signal }, "rollback"),
    wait: "hookOnly",
    onPending: "refuse",
    revision: version,
    // As the loop's own actions do: what others have changed in the meantime is taken back.
    ...applyMode(spec, record),
    cleanupOnFail: spec.cleanupOnFail ?? false,
    maxHistory: maxHistoryOf(object),
    description,
  });
  return result.ok ? { ok: true, version: result.release.version } : { ok: false, fault: result.fault };
}
