// Kubernetes Events, as controllers write them: about one object, in its namespace. Told once and not awaited; when too
// many come at once the ordinary ones are dropped, since a store is for objects. Repetitions raise the count of the first.

import type { Cluster, Resource } from "#cluster";
import { type Clock, formatTime, type Manifest, sha256Hex } from "#kernel";
import { eventBurst, eventsPerSecond } from "./limits.ts";

export type Told = { type: "Normal" | "Warning"; reason: string; message: string; component: string };

export class EventWriter {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #resource: Resource;
  #tokens: number = eventBurst;
  #filledAtMs: number;
  /** Name of the event for what has been told → how often. Emptied when it grows beyond the burst. */
  readonly #counts = new Map<string, number>();

  constructor(options: { cluster: Cluster; clock: Clock }, resource: Resource) {
    this.#cluster = options.cluster;
    this.#clock = options.clock;
    this.#resource = resource;
    this.#filledAtMs = options.clock.now();
  }

  tell(about: Manifest, told: Told): void {
    if (!this.#mayTell() && told.type === "Normal") return;
    void this.#write(about, told).catch(() => undefined);
  }

  #mayTell(): boolean {
    const now = this.#clock.now();
    // A clock that is set back takes nothing away.
    const elapsedMs = Math.max(0, now - this.#filledAtMs);
    this.#tokens = Math.min(eventBurst, this.#tokens + (elapsedMs * eventsPerSecond) / 1000);
    this.#filledAtMs = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  async #write(about: Manifest, { type, reason, message, component }: Told): Promise<void> {
    const { name, namespace = "", uid = "", resourceVersion = "" } = about.metadata;
    const home = namespace === "" ? "default" : namespace;
    const digest = sha256Hex(`${uid}\0${reason}\0${message}\0${component}`).slice(0, 16);
    const eventName = `${name.slice(0, 200)}.${digest}`;
    const time = formatTime(this.#clock.now());
    const target = { resource: this.#resource, namespace: home, name: eventName };
    const count = (this.#counts.get(eventName) ?? 0) + 1;
    if (this.#counts.size > eventBurst) this.#counts.clear();
    this.#counts.set(eventName, count);
    if (count > 1) {
      const patch = { type: "merge" as const, patch: { count, lastTimestamp: time } };
      const answer = await this.#cluster.patch(target, patch, { fieldManager: component });
      if (answer.ok) return;
    }
    const event: Manifest = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: eventName, namespace: home },
      involvedObject: { apiVersion: about.apiVersion, kind: about.kind, name, namespace, uid, resourceVersion },
      reason,
      message: message.slice(0, 1024),
      type,
      count: 1,
      firstTimestamp: time,
      lastTimestamp: time,
      source: { component },
      reportingComponent: component,
      reportingInstance: "",
    };
    await this.#cluster.create(target, event, { fieldManager: component });
  }
}
