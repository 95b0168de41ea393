// A HelmRelease as people follow it: how far it is and what it waits for.

import type { HelmRelease } from "#api/flux";
import { type Manifest, refOf, type VersionedRef } from "#kernel";

export type ReleaseSnapshotView = {
  ref: VersionedRef;
  phase: "waiting" | "applying" | "checking" | "ready" | "held" | "failed" | "suspended" | "deleting";
  message: string;
  waitingFor: string | undefined;
};

export function snapshotOfRelease(state: {
  object: Manifest;
  waitingFor: string | undefined;
  isRunning: boolean;
}): ReleaseSnapshotView {
  const { spec, status } = state.object as unknown as HelmRelease;
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const held = status?.conditions?.find((condition) => condition.type === "Held" && condition.status === "True");
  const phaseOf = (): ReleaseSnapshotView["phase"] => {
    if (state.object.metadata.deletionTimestamp !== undefined) return "deleting";
    if (spec.suspend === true) return "suspended";
    if (state.waitingFor !== undefined) return "checking";
    if (held !== undefined && !state.isRunning) return "held";
    if (ready?.status === "True") return "ready";
    if (state.isRunning) return "applying";
    return ready?.status === "False" && !/^(DependencyNotReady|SourceNotReady)$/.test(ready.reason)
      ? "failed"
      : "waiting";
  };
  const waitingFor = state.waitingFor ?? held?.message;
  return { ref: refOf(state.object), phase: phaseOf(), message: ready?.message ?? "", waitingFor };
}
