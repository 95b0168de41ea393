// The page of one delivery or source: read as the viewer, so that nothing is shown that the viewer could not read.

import { type Card, type ConditionView, type DeliveryPage, type Happening, type Link, linkKey } from "#api/console";
import type { Cluster, Target } from "#cluster";
import { type Condition, conditionsOf, type Manifest } from "#kernel";
import { adviceFor } from "./advice.ts";
import { cardOf, happeningOf, wordsOf } from "./cards.ts";
import { chainOf } from "./chain.ts";
import { readDeliveryLog } from "./delivery-log.ts";
import type { Fleet } from "./fleet.ts";
import { historyOf } from "./history.ts";
import { eventsMost } from "./limits.ts";
import type { PageWorld } from "./page-world.ts";
import { Refused, refusedBy } from "./refusals.ts";
import { rightsFor } from "./action-rights.ts";
import { shownKind } from "./shown-kinds.ts";
import { clusterOf, type Viewer } from "./viewer.ts";

/** Everything about one delivery or source. */
export async function readPage(world: PageWorld, link: Link, viewer: Viewer): Promise<DeliveryPage> {
  const { fleet } = world;
  const cluster = clusterOf(world.cluster, viewer);
  const object = await readShown(world, link, viewer);
  const key = linkKey(link);
  // The watch may be a moment behind what was just read.
  const card = fleet.card(key) ?? cardOf(object);
  const isDelivery = card.role === "delivery";
  const remembered = await readDeliveryLog(fleet, cluster, link);
  const [history, events, rights] = await Promise.all([
    isDelivery ? historyOf(object, { card, remembered, fleet }) : [],
    eventsOf(fleet, cluster, { ...link }),
    rightsFor(world, { object, card, viewer }),
  ]);
  return {
    card,
    conditions: conditionsOf(object).map(conditionView),
    chain: isDelivery ? chainOf(key, (other) => fleet.card(other)) : readersOf(fleet, card),
    events: events.list,
    history,
    log: fleet.lines.of(key),
    rights,
    limits: [
      ...(isDelivery && remembered.limit !== "" ? [remembered.limit] : []),
      ...(events.limit === "" ? [] : [events.limit]),
      ...(fleet.engine === undefined
        ? ["no engine runs in this process: phases, plans and log lines are not shown"]
        : []),
    ],
  };
}

/** The object behind a page, as the viewer reads it. Throws Refused. */
export async function readShown(world: PageWorld, link: Link, viewer: Viewer): Promise<Manifest> {
  const target = await shownTarget(world.fleet, link);
  const answer = await clusterOf(world.cluster, viewer).get(target);
  if (!answer.ok) throw refusedBy(answer.status, `reading ${linkKey(link)}`);
  return answer.value;
}

/** Where a delivery or source is asked for. Throws Refused for other kinds. */
export async function shownTarget(fleet: Fleet, link: Link): Promise<Target> {
  const shown = shownKind(link.kind);
  const discovery = await fleet.discovery();
  const resource = shown === undefined ? undefined : discovery?.byKind(shown.group, shown.kind);
  if (resource === undefined)
    throw new Refused("absent", `${link.kind} is no kind of deliveries or sources that this cluster serves`);
  return { resource, namespace: link.namespace, name: link.name };
}

function conditionView(condition: Condition): ConditionView {
  const { type, status, reason, message, lastTransitionTime } = condition;
  return {
    type,
    status,
    reason,
    message: wordsOf(message),
    sinceMs: Date.parse(lastTransitionTime) || 0,
    advice: adviceFor(condition),
  };
}

/** Of a source: itself, and the deliveries that read it. */
function readersOf(fleet: Fleet, card: Card): DeliveryPage["chain"] {
  const own = chainOf(card.key, (key) => fleet.card(key));
  const readers = fleet
    .cards()
    .filter(({ source }) => source !== undefined && linkKey(source) === card.key)
    .map((reader) => ({
      key: reader.key,
      state: reader.ready === "True" ? ("ready" as const) : ("waiting" as const),
      because: reader.ready === "True" ? "" : reader.message,
      dependsOn: [card.key],
    }));
  return [...own, ...readers];
}

/** Events about one object, newest first. */
export async function eventsOf(
  fleet: Fleet,
  cluster: Cluster,
  about: Link,
): Promise<{ list: readonly Happening[]; limit: string }> {
  const resource = (await fleet.discovery())?.byKind("", "Event", "v1");
  if (resource === undefined) return { list: [], limit: "events are not served" };
  const { kind, name } = about;
  const namespace = about.namespace === "" ? "default" : about.namespace;
  const fieldSelector = `involvedObject.kind=${kind},involvedObject.name=${name}`;
  const answer = await cluster.list(resource, { namespace, fieldSelector });
  if (!answer.ok) return { list: [], limit: `events cannot be read: ${answer.status.message}` };
  const list = answer.value.items
    .map(happeningOf)
    .sort((a, b) => b.atMs - a.atMs)
    .slice(0, eventsMost);
  return { list, limit: "" };
}
