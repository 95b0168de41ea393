// What the engine in this process adds to a card: its phase, what it waits for, and drift as data.

import type { Card, DriftView } from "#api/console";
import type { DeliverySnapshot } from "#delivery";
import { formatChange } from "#plan";
import { wordsOf } from "./cards.ts";

/** The card with what the engine knows; as it is where there is none. */
export function withSnapshot(card: Card, snapshot: DeliverySnapshot | undefined): Card {
  if (snapshot === undefined) return card;
  return {
    ...card,
    phase: snapshot.phase,
    phaseMs: snapshot.phaseSinceMs,
    waitingFor: wordsOf(snapshot.waitingFor ?? ""),
    drift: snapshot.drift.map(driftView),
  };
}

function driftView({ ref, changes, reason, by }: DeliverySnapshot["drift"][number]): DriftView {
  const { group, kind, namespace, name } = ref;
  return {
    object: { group, kind, namespace, name },
    fields: changes.length === 0 ? [wordsOf(reason)] : changes.map((change) => wordsOf(formatChange(change))),
    by: by.length > 0 ? by : [...new Set(changes.flatMap((change) => change.managers))],
  };
}
