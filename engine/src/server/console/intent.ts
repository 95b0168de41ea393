// What an action is made of: what one asks about as it stands, what would be done, and the writes in the viewer's name.

import { type ActionAsk, type ActionDone, type ActionPlan, type Card, linkKey } from "#api/console";
import type { Target } from "#cluster";
import type { Json, JsonObject, Manifest } from "#kernel";
import { consoleManager } from "./marks.ts";
import type { ObjectWorld } from "./object-page.ts";
import { refusedBy } from "./refusals.ts";
import { clusterOf, type Viewer } from "./viewer.ts";

export type ActionWorld = ObjectWorld & {
  /** Told of each action. */
  logged: (message: string) => void;
  nextSerial: () => number;
};

/** What one asks about, as it stands. */
export type Subject = { ask: ActionAsk; viewer: Viewer; object: Manifest; card: Card; target: Target };

/** What would be done, and how to do it. */
export type Intent = {
  shown: Omit<ActionPlan, "id">;
  /** All that what is shown depends on: another state gives another id. */
  depends: Json;
  carryOut: () => Promise<ActionDone>;
};

/** Writes annotations on the object in the viewer's name. */
export async function annotate(
  world: ActionWorld,
  subject: Subject,
  annotations: { [mark: string]: string | null },
): Promise<void> {
  await patch(world, subject, { metadata: { annotations } });
}

/** Writes a merge patch on the object in the viewer's name. Throws Refused. */
export async function patch(world: ActionWorld, { target, viewer, ask }: Subject, body: JsonObject): Promise<void> {
  const answer = await clusterOf(world.cluster, viewer).patch(
    target,
    { type: "merge", patch: body },
    { fieldManager: consoleManager },
  );
  if (!answer.ok) throw refusedBy(answer.status, `changing ${linkKey(ask.link)}`);
}
