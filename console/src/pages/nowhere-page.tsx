// An address that leads nowhere.

import type { JSX } from "preact";

export function NowherePage(): JSX.Element {
  return (
    <div class="nothing">
      <h1 tabIndex={-1}>There is no such page</h1>
      <div class="nothing-words">
        <p>
          Pages are <a href="/">the fleet</a>, <a href="/timeline">the timeline</a>, a delivery or source at{" "}
          <code>/KIND/NAMESPACE/NAME</code>, and any object at <code>/object/GROUP/KIND/NAMESPACE/NAME</code>.
        </p>
      </div>
    </div>
  );
}
