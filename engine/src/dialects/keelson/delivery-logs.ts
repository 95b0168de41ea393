// The journal of deliveries, kept as one DeliveryLog beside each delivery's object. Where the kind is not served nothing is
// kept. Entries are gathered for a moment and written together; a write that fails is tried with the next entry.

import { deliveryLogKind, type LogEntry, type LogList, logLists } from "#api/keelson";
import type { Cluster, Resource } from "#cluster";
import type { Journal, Journaled, JournalEntry } from "#delivery";
import {
  asJson,
  asManifest,
  type Clock,
  formatTime,
  isObject,
  type Json,
  joinApiVersion,
  type Manifest,
  sha256Hex,
} from "#kernel";
import { entriesMost, gatherMs, textMost, waitingMost } from "./limits.ts";

export type DeliveryLogsOptions = {
  cluster: Cluster;
  clock: Clock;
  logged?: (message: string) => void;
};

type Noted = { list: LogList; entry: LogEntry };
type Waiting = { delivery: Journaled; noted: Noted[]; isScheduled: boolean };

const manager = "keelson";

/** A journal that writes DeliveryLogs. */
export function deliveryLogs(options: DeliveryLogsOptions): Journal {
  return new DeliveryLogs(options);
}

/** The name of the log of an object: its kind and name, shortened where that is too long. */
export function logNameOf(ref: { kind: string; name: string }): string {
  const name = `${ref.kind.toLowerCase()}-${ref.name}`;
  return name.length <= 253 ? name : `${name.slice(0, 240)}-${sha256Hex(name).slice(0, 12)}`;
}

class DeliveryLogs implements Journal {
  readonly #options: DeliveryLogsOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #running = new Set<Promise<void>>();
  /** undefined: to be asked; null: not served. */
  #resource: Resource | null | undefined;

  constructor(options: DeliveryLogsOptions) {
    this.#options = options;
  }

  kindsChanged(): void {
    if (this.#resource === null) this.#resource = undefined;
  }

  note(delivery: Journaled, entry: JournalEntry): void {
    if (this.#resource === null) return;
    const waiting = this.#waiting.get(delivery.key) ?? { delivery, noted: [], isScheduled: false };
    this.#waiting.set(delivery.key, waiting);
    waiting.delivery = delivery;
    waiting.noted.push(this.#notedOf(entry));
    if (waiting.noted.length > waitingMost) waiting.noted.shift();
    if (waiting.isScheduled) return;
    waiting.isScheduled = true;
    this.#options.clock.after(gatherMs, () => this.#start(delivery.key));
  }

  async flush(): Promise<void> {
    for (const key of this.#waiting.keys()) this.#start(key);
    await Promise.all(this.#running);
  }

  #notedOf(entry: JournalEntry): Noted {
    const time = formatTime(this.#options.clock.now());
    switch (entry.what) {
      case "applied": {
        const { revision, digest, result, message, tookMs } = entry;
        const tookMilliseconds = Math.round(tookMs);
        return { list: "applies", entry: { time, revision, digest, result, message: cut(message), tookMilliseconds } };
      }
      case "healed":
      case "drift": {
        const by = cut(entry.by.join(", "));
        const fields = { object: entry.object, fields: cut(entry.fields), managers: cut(entry.managers.join(", ")) };
        const list = entry.what === "healed" ? "heals" : "drifts";
        return { list, entry: { time, ...fields, ...(by === "" ? {} : { by }) } };
      }
      case "held": {
        const { revision, reason, message } = entry;
        return { list: "holds", entry: { time, revision, reason, message: cut(message) } };
      }
      case "approved":
        return { list: "approvals", entry: { time, revision: entry.revision, by: cut(entry.by) } };
      case "healthy":
        return { list: "healthyRevisions", entry: { time, revision: entry.revision, digest: entry.digest } };
    }
  }

  #start(key: string): void {
    const running = this.#write(key)
      .catch((thrown: unknown) => this.#options.logged?.(`a delivery log was not written: ${String(thrown)}`))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #write(key: string): Promise<void> {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return;
    this.#waiting.delete(key);
    const resource = await this.#find();
    if (resource === undefined) return;
    const { delivery, noted } = waiting;
    const target = { resource, namespace: delivery.ref.namespace, name: logNameOf(delivery.ref) };
    const found = await this.#options.cluster.get(target);
    const options = { fieldManager: manager };
    if (found.ok) {
      const patch = listsAfter(found.value, noted);
      await this.#options.cluster.patch(target, { type: "merge", patch }, options);
    } else if (found.status.code === 404) {
      await this.#options.cluster.create(target, newLog(delivery, target.name, listsAfter(undefined, noted)), options);
    }
  }

  async #find(): Promise<Resource | undefined> {
    if (this.#resource === undefined) {
      const { group, kind } = deliveryLogKind;
      const discovery = await this.#options.cluster.discover(true);
      if (!discovery.ok) return undefined;
      this.#resource = discovery.value.byKind(group, kind) ?? null;
    }
    return this.#resource ?? undefined;
  }
}

/** The lists that change: newest first, the oldest dropped. */
function listsAfter(log: Manifest | undefined, noted: readonly Noted[]): { [list: string]: Json } {
  const lists: { [list: string]: Json } = {};
  for (const name of Object.keys(logLists) as LogList[]) {
    const added = noted.flatMap(({ list, entry }) => (list === name ? [entry] : [])).reverse();
    if (added.length === 0) continue;
    const before = log === undefined ? undefined : asJson(log)[name];
    const kept = Array.isArray(before) ? before.filter(isObject) : [];
    lists[name] = [...added, ...kept].slice(0, entriesMost[name]);
  }
  return lists;
}

/** It goes with the object it is about. */
function newLog(delivery: Journaled, name: string, lists: { [list: string]: Json }): Manifest {
  const { group, version, kind, namespace } = delivery.ref;
  const deliveryRef = { apiVersion: joinApiVersion(group, version), kind, name: delivery.ref.name };
  return asManifest({
    apiVersion: joinApiVersion(deliveryLogKind.group, deliveryLogKind.version),
    kind: deliveryLogKind.kind,
    metadata: { name, namespace, ownerReferences: [{ ...deliveryRef, uid: delivery.uid }] },
    deliveryRef,
    ...lists,
  });
}

function cut(text: string): string {
  return text.length <= textMost ? text : `${text.slice(0, textMost)}…`;
}
