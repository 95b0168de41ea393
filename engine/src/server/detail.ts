// One delivery or source with everything its page shows: conditions, objects with their health, events, history.

import { helmGroup, kustomizeGroup, requestedAtAnnotation, sourceGroup, type Condition } from "#api/flux";
import type { Answer, Cluster, Discovery, Resource, Status, Target } from "#cluster";
import { assess } from "#health";
import { type Clock, type Json, type Manifest, shortRevision } from "#kernel";
import { objectsMost, requestsAtOnce } from "./limits.ts";
import {
  type Card,
  cardOf,
  conditionsOf,
  fieldOf,
  type Happening,
  happeningOf,
  type InventoryItem,
  inventoryOf,
  type Link,
  textOf,
} from "./view.ts";

export type ObjectView = Link & { group: string; health: string; message: string };

export type Detail = {
  card: Card;
  conditions: Condition[];
  objects: ObjectView[];
  /** Objects that are not listed because there are too many. */
  unlisted: number;
  events: Happening[];
  history: { revision: string; atMs: number; status: string; times: number }[];
};

export type Found<T> = { ok: true; value: T } | { ok: false; status: Status };

export class Details {
  readonly #cluster: Cluster;
  readonly #clock: Clock;

  constructor(cluster: Cluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  async read(link: Link): Promise<Found<Detail>> {
    const discovery = await this.#cluster.discover();
    if (!discovery.ok) return discovery;
    const target = targetOf(discovery.value, link);
    if (target === undefined) return notServed(link);
    const object = await this.#cluster.get(target);
    if (!object.ok) return object;
    const items = inventoryOf(object.value);
    const [objects, events] = await Promise.all([
      this.#objects(discovery.value, items.slice(0, objectsMost)),
      this.#events(discovery.value, link),
    ]);
    const value: Detail = {
      card: cardOf(object.value),
      conditions: conditionsOf(object.value).map((condition) => ({
        ...condition,
        message: shortRevision(condition.message),
      })),
      objects,
      unlisted: Math.max(0, items.length - objectsMost),
      events,
      history: historyOf(object.value),
    };
    return { ok: true, value };
  }

  /** Asks for a pass now. */
  async reconcile(link: Link): Promise<Answer<Manifest>> {
    const token = new Date(this.#clock.now()).toISOString();
    return await this.#patch(link, { metadata: { annotations: { [requestedAtAnnotation]: token } } });
  }

  async suspend(link: Link, isSuspended: boolean): Promise<Answer<Manifest>> {
    return await this.#patch(link, { spec: { suspend: isSuspended } });
  }

  async #patch(link: Link, patch: { [key: string]: Json }): Promise<Answer<Manifest>> {
    const discovery = await this.#cluster.discover();
    if (!discovery.ok) return discovery;
    const target = targetOf(discovery.value, link);
    if (target === undefined) return notServed(link);
    return await this.#cluster.patch(target, { type: "merge", patch }, { fieldManager: "keelson-console" });
  }

  async #objects(discovery: Discovery, items: readonly InventoryItem[]): Promise<ObjectView[]> {
    const views: ObjectView[] = Array.from({ length: items.length });
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < items.length; index = next++)
        views[index] = await this.#object(discovery, items[index] as InventoryItem);
    };
    await Promise.all(Array.from({ length: Math.min(requestsAtOnce, items.length) }, work));
    return views;
  }

  async #object(discovery: Discovery, item: InventoryItem): Promise<ObjectView> {
    const { kind, namespace, name, group } = item;
    const resource = discovery.byKind(group, kind, item.version) ?? discovery.byKind(group, kind);
    if (resource === undefined)
      return { kind, namespace, name, group, health: "unknown", message: "its kind is not served" };
    const live = await this.#cluster.get({ resource, namespace, name });
    if (!live.ok && live.status.code !== 404)
      return { kind, namespace, name, group, health: "unknown", message: live.status.message };
    const health = assess(live.ok ? live.value : undefined, { now: this.#clock.now() });
    return { kind, namespace, name, group, health: health.status, message: health.message };
  }

  async #events(discovery: Discovery, link: Link): Promise<Happening[]> {
    const resource = discovery.byKind("", "Event", "v1");
    if (resource === undefined) return [];
    const list = await this.#cluster.list(resource, { namespace: link.namespace });
    if (!list.ok) return [];
    return list.value.items
      .map(happeningOf)
      .filter(({ about }) => about.kind === link.kind && about.name === link.name)
      .sort((a, b) => b.atMs - a.atMs)
      .slice(0, 50);
  }
}

function targetOf(discovery: Discovery, link: Link): Target | undefined {
  let resource: Resource | undefined;
  for (const group of [kustomizeGroup, helmGroup, sourceGroup]) resource ??= discovery.byKind(group, link.kind);
  return resource === undefined ? undefined : { resource, namespace: link.namespace, name: link.name };
}

function notServed(link: Link): { ok: false; status: Status } {
  return {
    ok: false,
    status: { code: 404, reason: "NotFound", message: `no kind ${link.kind} of deliveries or sources` },
  };
}

function historyOf(object: Manifest): Detail["history"] {
  const list = fieldOf(object, "status", "history");
  return (Array.isArray(list) ? list : []).map((entry) => ({
    revision: shortRevision(textOf(entry, "metadata", "revision") || textOf(entry, "chartVersion")),
    atMs: Date.parse(textOf(entry, "lastReconciled") || textOf(entry, "lastDeployed")) || 0,
    status: textOf(entry, "lastReconciledStatus") || textOf(entry, "status"),
    times: Number(textOf(entry, "totalReconciliations") || 1),
  }));
}
