// Kubernetes Events (core/v1, as `kubectl describe` and `flux events` read them). What repeats is counted, not repeated.

import type { Cluster } from "#cluster";
import { asManifest, type Clock, formatTime, joinApiVersion, type VersionedRef } from "#kernel";
import { rememberedEvents } from "./limits.ts";

export type EventInput = {
  ref: VersionedRef;
  uid: string;
  isWarning: boolean;
  reason: string;
  message: string;
  annotations: { readonly [key: string]: string };
};

const resource = {
  group: "",
  version: "v1",
  plural: "events",
  singular: "event",
  kind: "Event",
  isNamespaced: true,
  verbs: ["create", "patch"],
  shortNames: ["ev"],
  categories: [],
  subresources: [],
};

const messageMost = 1024;

type Remembered = { name: string; count: number };

export type EventWriterOptions = {
  cluster: Cluster;
  clock: Clock;
  /** Who tells it. */
  component: string;
  /** Told of each as well, repeated or not: for a log. */
  told?: ((input: EventInput) => void) | undefined;
};

/** Writes events one after another; none is lost to another's failure, and none stops the work it tells of. */
export class EventWriter {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #component: string;
  readonly #told: EventWriterOptions["told"];
  readonly #remembered = new Map<string, Remembered>();
  #serial = 0;
  #tail: Promise<void> = Promise.resolve();

  constructor({ cluster, clock, component, told }: EventWriterOptions) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#component = component;
    this.#told = told;
  }

  write(input: EventInput): void {
    this.#told?.(input);
    this.#tail = this.#tail.then(() => this.#write(input)).catch(() => {});
  }

  /** Tells those in this process alone. */
  tell(input: EventInput): void {
    this.#told?.(input);
  }

  /** Resolved when all that was written so far has arrived. */
  flush(): Promise<void> {
    return this.#tail;
  }

  async #write(input: EventInput): Promise<void> {
    const key = `${input.uid} ${input.reason} ${input.message}`;
    const known = this.#remembered.get(key);
    if (known !== undefined && (await this.#countUp(input, known))) return;
    const name = this.#nextName(input.ref.name);
    const answer = await this.#cluster.create(this.#target(input, name), this.#event(input, name), {
      fieldManager: this.#component,
    });
    if (!answer.ok) return;
    this.#remembered.set(key, { name, count: 1 });
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= rememberedEvents) break;
      this.#remembered.delete(oldest);
    }
  }

  async #countUp(input: EventInput, known: Remembered): Promise<boolean> {
    known.count += 1;
    const patch = { count: known.count, lastTimestamp: formatTime(this.#clock.now()) };
    const options = { fieldManager: this.#component };
    const answer = await this.#cluster.patch(this.#target(input, known.name), { type: "merge", patch }, options);
    return answer.ok;
  }

  #target(input: EventInput, name: string) {
    return { resource, namespace: input.ref.namespace === "" ? "default" : input.ref.namespace, name };
  }

  /** Unique as client-go makes it: the object's name, and the time in hex. */
  #nextName(name: string): string {
    this.#serial += 1;
    const stamp = BigInt(this.#clock.now()) * 1_000_000n + BigInt(this.#serial % 1_000_000);
    return `${name.slice(0, 230)}.${stamp.toString(16)}`;
  }

  #event(input: EventInput, name: string) {
    const { ref, uid } = input;
    const now = formatTime(this.#clock.now());
    const { namespace } = this.#target(input, name);
    return asManifest({
      apiVersion: "v1",
      kind: "Event",
      metadata: { name, namespace, annotations: { ...input.annotations } },
      involvedObject: {
        apiVersion: joinApiVersion(ref.group, ref.version),
        kind: ref.kind,
        name: ref.name,
        namespace: ref.namespace,
        uid,
      },
      type: input.isWarning ? "Warning" : "Normal",
      reason: input.reason,
      message: input.message.slice(0, messageMost),
      source: { component: this.#component },
      reportingComponent: this.#component,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    });
  }
}
