// The annotation `keelson.dev/simulate`: how a workload's pods behave. It is read from the pod (that is, from the pod
// template) first, then from the workload that owns it, so a running workload can be broken and mended by `kubectl annotate`.

import type { Manifest } from "#kernel";

export const simulateAnnotation = "keelson.dev/simulate";

/** `normal`: starts and becomes ready, or runs to completion, at once. */
export type Behaviour = "normal" | "slow" | "stall" | "crash" | "pull-error" | "fail";

const behaviours: readonly string[] = ["slow", "stall", "crash", "pull-error", "fail"];

/** What one object asks for; undefined when it says nothing, or nothing known. */
export function askedOf(object: Manifest | undefined): Behaviour | undefined {
  const value = object?.metadata.annotations?.[simulateAnnotation]?.trim();
  return value !== undefined && behaviours.includes(value) ? (value as Behaviour) : undefined;
}
