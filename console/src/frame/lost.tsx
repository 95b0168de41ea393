// What a reader is told when the server cannot be reached: that it is known, that it is being tried, and from when what is shown is.

import type { JSX } from "preact";
import { Clock } from "../parts/when.tsx";
import { connection, retryNow } from "../state/fleet.ts";
import { now } from "../state/now.ts";

/** A calm line above a page that shows what was last known. */
export function LostLine(): JSX.Element | null {
  const { value } = connection;
  if (value.state !== "lost") return null;
  // Read, so that the countdown counts.
  void now.value;
  const seconds = Math.max(0, Math.ceil((value.retryAtMs - Date.now()) / 1_000));
  return (
    <section class="lost-line" aria-label="Connection">
      <span>
        Not connected. This is how things stood at <Clock atMs={value.sinceMs} />.{" "}
        {seconds > 0 ? `Trying again in ${seconds} s.` : "Trying again…"}
      </span>
      <button type="button" onClick={retryNow}>
        Try now
      </button>
    </section>
  );
}

/** Instead of a page, when nothing was ever read. */
export function Lost({ why }: { why: string }): JSX.Element {
  return (
    <div class="trouble" role="alert">
      <p class="nothing-title">Keelson does not answer</p>
      <p>{why}. This page tries again by itself.</p>
      <p>
        Is <code>keelson up</code> or <code>keelson run</code> still running where this address leads?
      </p>
      <button type="button" onClick={retryNow}>
        Try now
      </button>
    </div>
  );
}
