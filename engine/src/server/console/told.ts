// Every action leaves an Event on its object that names the user, and a line in the engine's log.

import { linkKey } from "#api/console";
import { asManifest, formatTime } from "#kernel";
import { maskUrl } from "./masks.ts";
import type { ActionWorld, Subject } from "./intent.ts";
import { consoleManager } from "./marks.ts";

/** Written as the server: who may act need not be allowed to write Events. */
export async function tellAction(world: ActionWorld, { ask, viewer, object }: Subject, done: string): Promise<void> {
  const nowMs = world.clock.now();
  const message = maskUrl(`${viewer.user}: ${done}`).slice(0, 1024);
  world.fleet.lines.note(ask.link, { atMs: nowMs, level: "info", message });
  world.logged(`${linkKey(ask.link)} ${ask.action} by ${viewer.user}: ${done}`);
  const resource = (await world.fleet.discovery())?.byKind("", "Event", "v1");
  if (resource === undefined) return;
  const { name, namespace = "default", uid = "" } = object.metadata;
  const now = formatTime(nowMs);
  const event = {
    apiVersion: "v1",
    kind: "Event",
    metadata: {
      name: `${name.slice(0, 230)}.${(BigInt(nowMs) * 1_000_000n + BigInt(world.nextSerial())).toString(16)}`,
      namespace,
      annotations: { "keelson.dev/user": viewer.user },
    },
    involvedObject: { apiVersion: object.apiVersion, kind: object.kind, name, namespace, uid },
    type: "Normal",
    reason: reasons[ask.action],
    message,
    source: { component: consoleManager },
    reportingComponent: consoleManager,
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
  const target = { resource, namespace, name: event.metadata.name };
  const answer = await world.cluster.create(target, asManifest(event), { fieldManager: consoleManager });
  if (!answer.ok) world.logged(`the Event about ${linkKey(ask.link)} was not written: ${answer.status.message}`);
}

const reasons = {
  reconcile: "ReconcileRequested",
  suspend: "Suspended",
  resume: "Resumed",
  approve: "RevisionApproved",
  heal: "DriftHealedByUser",
  accept: "DriftAccepted",
  "roll-back": "RolledBack",
} as const;

/** Reasons of Events that tell of actions. */
export const actionReasons: ReadonlySet<string> = new Set(Object.values(reasons));
