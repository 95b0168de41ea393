// Events as a list, newest first.

import type { JSX } from "preact";
import type { Happening } from "./api.ts";
import { hrefOf } from "./route.ts";

export function Happenings({ list, isNamed }: { list: readonly Happening[]; isNamed: boolean }): JSX.Element {
  if (list.length === 0) return <p class="empty">Nothing yet.</p>;
  return (
    <ol class="happenings">
      {list.map((one) => (
        <li key={one.key} class={one.isBad ? "bad" : ""}>
          <time dateTime={new Date(one.atMs).toISOString()}>{new Date(one.atMs).toLocaleTimeString()}</time>
          <div>
            {isNamed && <a href={hrefOf(one.about)}>{one.about.name}</a>} <em>{one.reason}</em>
            <p>{one.message}</p>
          </div>
        </li>
      ))}
    </ol>
  );
}
