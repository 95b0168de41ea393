// Events, newest first: when, what about, and what happened.

import type { JSX } from "preact";
import { hrefOf } from "../route/place.ts";
import type { Happening } from "../wire/types.ts";
import { shortRevision } from "../words/revision.ts";
import { Age } from "./when.tsx";

export function HappeningList({ list, isNamed }: { list: readonly Happening[]; isNamed: boolean }): JSX.Element {
  if (list.length === 0)
    return (
      <p class="soft none">
        Nothing yet. Applies, heals, drifts and failures appear here as they happen; Kubernetes keeps events for an
        hour.
      </p>
    );
  return (
    <ol class="happenings">
      {list.map((one) => (
        <li key={one.key} class={one.isBad ? "is-bad" : ""}>
          <Age atMs={one.atMs} />
          <div>
            <p class="happening-head">
              {isNamed && <a href={hrefOf(one.about)}>{one.about.name}</a>}
              <span class={one.isBad ? "text-failed" : "soft"}>{one.reason}</span>
              {one.count > 1 && <span class="soft">{one.count} times</span>}
            </p>
            <p class="happening-words">{shortRevision(one.message)}</p>
          </div>
        </li>
      ))}
    </ol>
  );
}
