// Remembers heals, to tell a slip from a fight: what is undone three times is left until the next interval, and said so.

import { formatRef, refKey, type VersionedRef } from "#kernel";
import { type FieldChange, listChanges } from "#plan";
import { healsMax, healWindowMs } from "./limits.ts";
import type { Outcome } from "./model.ts";
import type { DeliveryState } from "./state.ts";
import { type AuthorOf, authorsOf } from "./touches.ts";

/** `spec.replicas 2 → 5 by kubectl`: what the field was, what somebody made of it. */
export function describeDrift(changes: readonly FieldChange[]): string {
  if (changes.length === 0) return "was changed";
  return listChanges(changes.map((change) => ({ ...change, from: change.to, to: change.from })));
}

/** Why drift of an object is not healed now; undefined: it is. */
export function whyResting(state: DeliveryState, ref: VersionedRef, nowMs: number): string | undefined {
  const log = state.heals.get(refKey(ref));
  if (log === undefined || log.restUntilMs <= nowMs) return undefined;
  const rival = log.managers.length === 0 ? "somebody who deletes it" : log.managers.join(", ");
  return `${rival} undid ${healsMax} heals; it is healed again at the next interval`;
}

export type DriftTold = {
  reason: "DriftHealed" | "DriftDetected";
  message: string;
  outcome: Outcome;
  by: readonly string[];
};

/** `, by ada`: those who did it, where that is known. */
export function byWhom(authors: readonly string[], start = ", "): string {
  return authors.length === 0 ? "" : `${start}by ${authors.join(" and ")}`;
}

/** Notes what a pass did about drift. Returns sentences for Events: what was healed, what is only reported. */
export function noteOutcomes(
  state: DeliveryState,
  outcomes: readonly Outcome[],
  { nowMs, authorOf }: { nowMs: number; authorOf: AuthorOf },
): DriftTold[] {
  const told: DriftTold[] = [];
  for (const outcome of outcomes) {
    const key = refKey(outcome.ref);
    const by = outcome.isDrift ? authorsOf(outcome.touchedIn ?? [], authorOf) : [];
    // What differs and is let stand is drift no more.
    if (!outcome.isDrift || outcome.word === "unchanged") {
      state.drift.delete(key);
    } else if (outcome.word === "skipped") {
      const isKnown = state.drift.get(key)?.reason === outcome.reason;
      state.drift.set(key, { ref: outcome.ref, changes: outcome.changes, reason: outcome.reason, by });
      const message =
        outcome.changes.length === 0
          ? `${outcome.reason}${byWhom(by)}`
          : `${describeDrift(outcome.changes)}${byWhom(by)}; left alone`;
      if (!isKnown)
        told.push({ reason: "DriftDetected", message: `${formatRef(outcome.ref)}: ${message}`, outcome, by });
    } else if (outcome.word !== "failed") {
      state.drift.delete(key);
      noteHeal(state, outcome, nowMs);
      const what =
        outcome.word === "created"
          ? `was deleted${byWhom(by, " ")}; created again`
          : `${describeDrift(outcome.changes)}${byWhom(by)}; healed`;
      told.push({ reason: "DriftHealed", message: `${formatRef(outcome.ref)}: ${what}`, outcome, by });
    }
  }
  return told;
}

/** A fight is the same thing undone again and again, each time soon after our heal; anything else starts a new count. */
function noteHeal(state: DeliveryState, outcome: Outcome, nowMs: number): void {
  const key = refKey(outcome.ref);
  const before = state.heals.get(key);
  const managers = [...new Set(outcome.changes.flatMap((change) => change.managers))];
  const cause = [...managers, ...outcome.changes.map((change) => change.path)].join(" ");
  const isSame = before?.cause === cause && nowMs - (before.timesMs.at(-1) ?? 0) < healWindowMs;
  const timesMs = [...(isSame ? before.timesMs : []), nowMs].slice(-healsMax);
  // From now on an undoing is left alone for an interval; the heal that was just made may well stay.
  const restUntilMs = timesMs.length >= healsMax ? nowMs + state.delivery.intervalMs : 0;
  state.heals.set(key, { cause, timesMs, managers, restUntilMs });
}
