// What a delivery's DeliveryLog remembers, read as the viewer may read it.

import { deliveryLogKind, type LogEntry, type LogList } from "#api/keelson";
import type { Link } from "#api/console";
import type { Cluster } from "#cluster";
import { logNameOf } from "#dialects/keelson";
import { asJson, isObject, textOf } from "#kernel";
import type { Fleet } from "./fleet.ts";

export type Remembered = { [list in LogList]: readonly LogEntry[] } & {
  /** Why nothing is remembered; "" when something is. */
  limit: string;
};

const nothing: Omit<Remembered, "limit"> = {
  applies: [],
  heals: [],
  drifts: [],
  holds: [],
  approvals: [],
  healthyRevisions: [],
};

/** The log of one delivery. */
export async function readDeliveryLog(fleet: Fleet, cluster: Cluster, link: Link): Promise<Remembered> {
  const discovery = await fleet.discovery();
  const resource = discovery?.byKind(deliveryLogKind.group, deliveryLogKind.kind);
  if (resource === undefined) return { ...nothing, limit: "no DeliveryLog is kept: its definition is not installed" };
  const answer = await cluster.get({ resource, namespace: link.namespace, name: logNameOf(link) });
  if (answer.ok) return { ...listsOf(answer.value), limit: "" };
  if (answer.status.code === 404) return { ...nothing, limit: "nothing is remembered yet" };
  return { ...nothing, limit: `its DeliveryLog cannot be read: ${answer.status.message}` };
}

/** All logs of a namespace, or with "" of all, by the key of their delivery. */
export async function readDeliveryLogs(
  fleet: Fleet,
  cluster: Cluster,
  namespace: string,
): Promise<{ logs: ReadonlyMap<string, Remembered>; limit: string }> {
  const discovery = await fleet.discovery();
  const resource = discovery?.byKind(deliveryLogKind.group, deliveryLogKind.kind);
  if (resource === undefined)
    return { logs: new Map(), limit: "no DeliveryLogs are kept: their definition is not installed" };
  const answer = await cluster.list(resource, { namespace });
  if (!answer.ok) return { logs: new Map(), limit: `DeliveryLogs cannot be read: ${answer.status.message}` };
  const logs = answer.value.items.map((object): [string, Remembered] => {
    const ref = object["deliveryRef"];
    const key = `${textOf(ref, "kind")}/${object.metadata.namespace ?? ""}/${textOf(ref, "name")}`;
    return [key, { ...listsOf(object), limit: "" }];
  });
  return { logs: new Map(logs), limit: "" };
}

function listsOf(object: Parameters<typeof asJson>[0]): Omit<Remembered, "limit"> {
  const json = asJson(object);
  const list = (name: LogList): readonly LogEntry[] => {
    const found = json[name];
    return Array.isArray(found) ? (found.filter(isObject) as LogEntry[]) : [];
  };
  return {
    applies: list("applies"),
    heals: list("heals"),
    drifts: list("drifts"),
    holds: list("holds"),
    approvals: list("approvals"),
    healthyRevisions: list("healthyRevisions"),
  };
}
