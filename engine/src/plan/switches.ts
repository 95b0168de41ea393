// What an object says about how it wants to be treated: labels or annotations under one prefix, on the manifest or on
// the live object. Either is enough, and values are compared without regard to case, as Flux does.

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

/** Where label and annotation disagree, the more careful one counts. */
const modes: readonly (readonly [string, ApplyMode])[] = [
  ["ignore", "ignore"],
  ["ifnotpresent", "if-not-present"],
  ["merge", "merge"],
];

/** The values of a label and an annotation, lower case. */
function marksOf(object: Manifest, key: string): string[] {
  const { labels, annotations } = object.metadata;
  return [labels?.[key], annotations?.[key]].flatMap((value) => (value === undefined ? [] : [value.toLowerCase()]));
}

/** Switches under `prefix`, such as `kustomize.toolkit.fluxcd.io/`. */
export function readSwitches(object: Manifest, prefix: string): Switches {
  const is = (name: string, value: string): boolean => marksOf(object, `${prefix}${name}`).includes(value);
  return {
    isReconciled: !is("reconcile", "disabled"),
    mode: modes.find(([value]) => is("ssa", value))?.[1] ?? "override",
    isForced: is("force", "enabled"),
    isPruned: !is("prune", "disabled"),
    drift: readDriftMode(marksOf(object, driftMark)[0]),
  };
}

/** `heal`, `warn` or `off`; anything else says nothing. */
export function readDriftMode(value: string | undefined): DriftMode | undefined {
  return value === "heal" || value === "warn" || value === "off" ? value : undefined;
}
