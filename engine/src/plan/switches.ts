// What an object says about how it wants to be treated: labels or annotations under one prefix, on the manifest or on
// the live object. Values are compared without regard to case, as Flux does.

import type { Manifest } from "#kernel";

export type ApplyMode = "override" | "merge" | "if-not-present" | "ignore";
export type DriftMode = "heal" | "warn" | "off";

export type Switches = {
  /** False: neither applied nor pruned. */
  isReconciled: boolean;
  mode: ApplyMode;
  /** Recreate when an immutable field changed. */
  isForced: boolean;
  /** False: never pruned. */
  isPruned: boolean;
  drift: DriftMode | undefined;
};

export const driftMark = "keelson.dev/drift";

const modes: { readonly [value: string]: ApplyMode } = {
  override: "override",
  merge: "merge",
  ifnotpresent: "if-not-present",
  ignore: "ignore",
};

/** The value of a label or annotation, lower case; a label comes first. */
function markOf(object: Manifest, key: string): string | undefined {
  const { labels, annotations } = object.metadata;
  return (labels?.[key] ?? annotations?.[key])?.toLowerCase();
}

/** Switches under `prefix`, such as `kustomize.toolkit.fluxcd.io/`. */
export function readSwitches(object: Manifest, prefix: string): Switches {
  const is = (name: string, value: string): boolean => markOf(object, `${prefix}${name}`) === value;
  return {
    isReconciled: !is("reconcile", "disabled"),
    mode: modes[markOf(object, `${prefix}ssa`) ?? ""] ?? "override",
    isForced: is("force", "enabled"),
    isPruned: !is("prune", "disabled"),
    drift: readDriftMode(markOf(object, driftMark)),
  };
}

/** `heal`, `warn` or `off`; anything else says nothing. */
export function readDriftMode(value: string | undefined): DriftMode | undefined {
  return value === "heal" || value === "warn" || value === "off" ? value : undefined;
}
