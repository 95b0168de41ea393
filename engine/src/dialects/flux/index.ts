// The Flux dialect: Kustomization v1 as deliveries, with Flux's marks, managers, conditions and status.

import {
  eventGroup,
  fluxFinalizer,
  kustomizeGroup,
  kustomizeStatusManager,
  ownerNameLabel,
  watchLabel,
} from "#api/flux";
import type { Dialect, Reading, Report } from "#delivery";
import { faultFrom, type Manifest } from "#kernel";
import { laterFault, laterKindRefs, writeRefusal } from "./later-kinds.ts";
import { readKustomization, type ReadOptions } from "./read.ts";
import { reasonOf, writeKustomization } from "./write.ts";

export type FluxOptions = Partial<ReadOptions>;

/** Reads and writes Flux's Kustomizations; says of Flux's other kinds that their turn comes later. */
export function fluxDialect(options: FluxOptions = {}): Dialect {
  const readOptions: ReadOptions = {
    isCrossNamespaceAllowed: options.isCrossNamespaceAllowed ?? true,
    defaultServiceAccount: options.defaultServiceAccount,
    stagedKinds: options.stagedKinds ?? [],
  };
  return {
    name: "flux",
    kinds: [{ group: kustomizeGroup, kind: "Kustomization" }, ...laterKindRefs],
    statusManager: kustomizeStatusManager,
    finalizer: fluxFinalizer,
    ownerLabel: ownerNameLabel,
    watchSelector: `${watchLabel}=Enabled`,
    read: (object) => read(object, readOptions),
    writeStatus: writeKustomization,
    writeRefusal,
    describe,
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

function describe(report: Report): { reason: string; annotations: { [key: string]: string } } {
  const annotations: { [key: string]: string } = {};
  if (report.revision !== undefined) annotations[`${kustomizeGroup}/revision`] = report.revision;
  if (report.originRevision !== undefined) annotations[`${kustomizeGroup}/originRevision`] = report.originRevision;
  if (report.isApplied) annotations[`${eventGroup}/commit_status`] = "update";
  const reason = report.fault === undefined ? "ReconciliationSucceeded" : reasonOf(report.fault);
  return { reason, annotations };
}
