// Conditions of source objects, as Flux keeps them: a fixed order, times that move only when the status does, Ready last
// derived from the others.

import type { Condition } from "#api/flux";
import { conditionMessageMost } from "./limits.ts";

export type Wish = { type: string; status: "True" | "False" | "Unknown"; reason: string; message: string };

export type ConditionsInput = {
  before: readonly Condition[];
  wishes: readonly Wish[];
  generation: number;
  now: string;
};

/** The wished conditions; all others of the object are dropped. */
export function conditionsOf(input: ConditionsInput): Condition[] {
  return input.wishes.map((wish) => {
    const before = input.before.find((condition) => condition.type === wish.type);
    return {
      type: wish.type,
      status: wish.status,
      observedGeneration: input.generation,
      lastTransitionTime: before?.status === wish.status ? before.lastTransitionTime : input.now,
      reason: wish.reason,
      message: wish.message.slice(0, conditionMessageMost),
    };
  });
}

/** All is well: the artifact of a revision is stored. */
export function readyWishes(message: string): Wish[] {
  const done = { status: "True", reason: "Succeeded", message } as const;
  return [
    { type: "Ready", ...done },
    { type: "ArtifactInStorage", ...done },
  ];
}

export type FailureInput = {
  /** The condition that names the kind of failure: FetchFailed, IncludeUnavailable, … */
  type: string;
  reason: string;
  message: string;
  isStalled: boolean;
  /** Kept as it was: an older artifact still stands. */
  inStorage: Condition | undefined;
};

/** A pass failed: tried again, or not before something changes. */
export function failedWishes(input: FailureInput): Wish[] {
  const { reason, message } = input;
  const kept = input.inStorage;
  return [
    input.isStalled
      ? { type: "Stalled", status: "True", reason, message }
      : { type: "Reconciling", status: "True", reason: "ProgressingWithRetry", message },
    { type: "Ready", status: "False", reason, message },
    { type: input.type, status: "True", reason, message },
    ...(kept === undefined
      ? []
      : [{ type: kept.type, status: kept.status, reason: kept.reason, message: kept.message }]),
  ];
}

/** A pass has begun that will change the artifact. */
export function progressWishes(message: string, before: readonly Condition[]): Wish[] {
  const kept = before.filter((condition) => !["Ready", "Reconciling", "Stalled"].includes(condition.type));
  return [
    { type: "Reconciling", status: "True", reason: "Progressing", message },
    { type: "Ready", status: "Unknown", reason: "Progressing", message },
    ...kept.map(({ type, status, reason, message: text }) => ({ type, status, reason, message: text })),
  ];
}
