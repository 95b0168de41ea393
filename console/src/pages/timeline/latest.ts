// When the history has grown: a delivery's revision or state changed, or something happened.

import { type ReadonlySignal, useComputed } from "@preact/signals";
import { allCards, happenings } from "../../state/fleet.ts";

/** Changes with each of them, and not with the passing phases of a delivery. */
export function useLatestHappening(): ReadonlySignal<string> {
  return useComputed(() => {
    const [newest] = happenings.value;
    const changed = allCards.value.reduce((latest, card) => Math.max(latest, card.changedMs), 0);
    const revisions = new Set(allCards.value.map((card) => card.revision));
    return `${newest?.key ?? ""} ${newest?.count ?? 0} ${changed} ${[...revisions].join(" ")}`;
  });
}
