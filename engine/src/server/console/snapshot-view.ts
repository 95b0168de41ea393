// What the engine in this process adds to a card: its phase, what it waits for, what is held, and drift as data.

import type { Card, DriftView, HeldView } from "#api/console";
import type { DeliverySnapshot } from "#delivery";
import { type FieldChange, shownPath } from "#plan";
import { wordsOf } from "./cards.ts";

/** The card with what the engine knows; as it is where there is none. */
export function withSnapshot(card: Card, snapshot: DeliverySnapshot | undefined): Card {
  if (snapshot === undefined) return card;
  const { held: said, ...rest } = card;
  const held = heldView(snapshot, said);
  return {
    ...rest,
    ...(held === undefined ? {} : { held }),
    phase: snapshot.phase,
    phaseMs: snapshot.phaseSinceMs,
    waitingFor: wordsOf(snapshot.waitingFor ?? ""),
    drift: snapshot.drift.map(driftView),
  };
}

/** What is held, as the engine has it; what the object says of it only tells since when. A pin is said elsewhere. */
function heldView({ held, phaseSinceMs }: DeliverySnapshot, said: HeldView | undefined): HeldView | undefined {
  if (held === undefined || held.reason === "Pinned") return undefined;
  const { reason, message, revision } = held;
  return { reason, message: wordsOf(message), revision, sinceMs: said?.sinceMs ?? phaseSinceMs };
}

/** How far a release is, since when. */
export type ReleasePhase = { phase: string; waitingFor: string; sinceMs: number };

/** The card with what the loop over releases knows. */
export function withRelease(card: Card, release: ReleasePhase | undefined): Card {
  if (release === undefined) return card;
  return { ...card, phase: release.phase, phaseMs: release.sinceMs, waitingFor: wordsOf(release.waitingFor) };
}

function driftView({ ref, changes, reason, by }: DeliverySnapshot["drift"][number]): DriftView {
  const { group, kind, namespace, name } = ref;
  return {
    object: { group, kind, namespace, name },
    fields: changes.length === 0 ? [wordsOf(reason)] : changes.map(fieldWords),
    by: by.length > 0 ? by : [...new Set(changes.flatMap((change) => change.managers))],
  };
}

/** `spec.replicas: 3 in Git, 5 live` */
function fieldWords({ path, from, to }: FieldChange): string {
  return wordsOf(`${shownPath(path)}: ${to ?? "not"} in Git, ${from ?? "not"} live`);
}
