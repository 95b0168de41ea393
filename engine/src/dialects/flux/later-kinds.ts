// Kinds of Flux that this version serves but does not reconcile yet. Each says so in its Ready condition, so that nobody
// wonders why nothing happens, and what depends on it waits visibly.

import { type AnyFluxObject, fluxKinds, imageGroup, notificationGroup } from "#api/flux";
import type { Manifest } from "#kernel";
import { FluxFault } from "./faults.ts";

const laterKinds: ReadonlySet<string> = new Set([
  `${imageGroup}/ImageRepository`,
  `${imageGroup}/ImagePolicy`,
  `${imageGroup}/ImageUpdateAutomation`,
  `${notificationGroup}/Receiver`,
]);

export const laterKindRefs: readonly { group: string; kind: string }[] = fluxKinds
  .filter((kind) => laterKinds.has(`${kind.group}/${kind.kind}`))
  .map(({ group, kind }) => ({ group, kind }));

/** The fault that says so; undefined for an object that needs no reconciling, or that another controller looks after. */
export function laterFault(object: Manifest): FluxFault | undefined {
  const { spec, status } = object as unknown as AnyFluxObject;
  // A HelmRepository for a registry is static also in Flux: it has no status.
  if (object.kind === "HelmRepository" && spec["type"] === "oci") return undefined;
  if (spec["suspend"] === true || object.metadata.deletionTimestamp !== undefined) return undefined;
  const ready = status?.conditions?.find((condition) => condition.type === "Ready");
  if (ready !== undefined && ready.reason !== "NotReconciled") return undefined;
  return new FluxFault({
    code: "kind-later",
    disposition: "wait",
    message: `${object.kind} is not reconciled by this version of Keelson yet`,
    hint: "a later version does; what depends on it waits",
  });
}
