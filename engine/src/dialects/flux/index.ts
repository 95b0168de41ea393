// The Flux dialect: Kustomization v1 as deliveries, with Flux's marks, managers, conditions and status.

import {
  fluxFinalizer,
  kustomizeGroup,
  kustomizeManager,
  kustomizeStatusManager,
  ownerNameLabel,
  watchLabel,
} from "#api/flux";
import type { Dialect, Reading, Report } from "#delivery";
import { faultFrom, type Manifest } from "#kernel";
import { laterFault, laterKindRefs } from "./later-kinds.ts";
import { dependencyRetryMs } from "./limits.ts";
import { readKustomization, type ReadOptions } from "./read.ts";
import { reasonOf } from "./reasons.ts";
import { writeKustomization, writeRefusal } from "./write.ts";

export type FluxOptions = Partial<ReadOptions> & {
  /** Which Kustomizations are looked at, by label: `sharding.fluxcd.io/key=shard1`; absent: all. */
  watchSelector?: string;
};

const defaults: ReadOptions = {
  isCrossNamespaceAllowed: true,
  hasRemoteBases: true,
  defaultServiceAccount: undefined,
  defaultDecryptionServiceAccount: undefined,
  defaultKubeConfigServiceAccount: undefined,
  isMacRequired: false,
  stagedKinds: [],
  overriddenManagers: [],
  dependencyRetryMs,
  isSubstitutionStrict: true,
  isReadyExpressionAdditive: false,
  failsFast: true,
  hasObjectIdentity: false,
};

/** Reads and writes Flux's Kustomizations; says of Flux's other kinds that their turn comes later. */
export function fluxDialect(options: FluxOptions = {}): Dialect {
  const { watchSelector, ...given } = options;
  const readOptions: ReadOptions = { ...defaults, ...given };
  return {
    name: "flux",
    kinds: [{ group: kustomizeGroup, kind: "Kustomization" }, ...laterKindRefs],
    statusManager: kustomizeStatusManager,
    eventSource: kustomizeManager,
    selector: watchSelector,
    finalizer: fluxFinalizer,
    ownerLabel: ownerNameLabel,
    watchSelector: `${watchLabel}=Enabled`,
    read: (object) => read(object, readOptions),
    writeStatus: writeKustomization,
    writeRefusal,
    reasonOf,
    annotationsOf,
  };
}

function read(object: Manifest, options: ReadOptions): Reading {
  if (object.kind !== "Kustomization") {
    const fault = laterFault(object);
    return fault === undefined ? { is: "foreign" } : { is: "refused", fault };
  }
  try {
    return { is: "delivery", delivery: readKustomization(object, options) };
  } catch (thrown) {
    return { is: "refused", fault: faultFrom(thrown) };
  }
}

/** What notification reads off an Event; the last tells it to write a commit status. */
function annotationsOf(report: Pick<Report, "revision" | "originRevision" | "isApplied">): { [key: string]: string } {
  const annotations: { [key: string]: string } = {};
  if (report.revision !== undefined) annotations[`${kustomizeGroup}/revision`] = report.revision;
  if (report.originRevision !== undefined) annotations[`${kustomizeGroup}/originRevision`] = report.originRevision;
  if (report.isApplied) annotations[`${kustomizeGroup}/commit_status`] = "update";
  return annotations;
}
