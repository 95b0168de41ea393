// What happened lately, over the whole fleet, newest first.

import type { JSX } from "preact";
import { HappeningList } from "../../parts/happening-list.tsx";
import { happenings } from "../../state/fleet.ts";

/** As many as a screen shows beside the list. */
const shownMost = 30;

export function Lately(): JSX.Element {
  return (
    <aside class="lately" aria-label="What happened lately">
      <h2>Lately</h2>
      <HappeningList list={happenings.value.slice(0, shownMost)} isNamed />
    </aside>
  );
}
