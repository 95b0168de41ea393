// What ends by itself after a time: Events, bootstrap tokens past their expiration, identity Leases of servers that are
// gone. One timer an object, none polled.

import { type Cluster, Informer, type InformerOptions, type Resource } from "#cluster";
import { WorkQueue } from "#controller";
import type { Clock, Manifest } from "#kernel";
import { refused } from "./faults.ts";
import { eventTtlMs, identityLeaseTtlMs, retryBackOff } from "./limits.ts";

type Ending = { uid: string; resourceVersion: string; namespace: string; name: string; endsAtMs: number };

export type ExpiryRule = {
  resource: Resource;
  /** Milliseconds since 1970; NaN: never. */
  endsAt: (object: Manifest) => number;
  /** How long it lives after it was written, where that is what ends it: then a clock that is set back does not keep it. */
  livesMs?: number;
  select?: Pick<InformerOptions<Ending>, "labelSelector" | "fieldSelector" | "namespace" | "isMetadataOnly">;
};

/** Deletes the objects of one rule when their time has come. */
export class Expiry {
  readonly queue: WorkQueue;
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #rule: ExpiryRule;
  readonly #informer: Informer<Ending>;
  /** Written in what is the future now; by key, the version whose whole time is being waited for. */
  readonly #future = new Map<string, string>();

  constructor(cluster: Cluster, clock: Clock, rule: ExpiryRule) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#rule = rule;
    this.queue = new WorkQueue({ clock, backOff: retryBackOff });
    const keep = (object: Manifest): Ending => endingOf(object, rule.endsAt(object));
    this.#informer = new Informer({ cluster, clock, resource: rule.resource, ...rule.select, keep });
  }

  async start(signal: AbortSignal): Promise<void> {
    void this.#informer.run(signal);
    await this.#informer.synced;
    this.#informer.subscribe({
      changed: (ending) => this.#plan(ending),
      deleted: ({ namespace, name }) => {
        this.#future.delete(`${namespace}/${name}`);
        this.queue.remove(`${namespace}/${name}`);
      },
    });
  }

  async reconcile(key: string): Promise<void> {
    const slash = key.indexOf("/");
    const ending = this.#informer.get(key.slice(0, slash), key.slice(slash + 1));
    if (ending === undefined) return;
    const { namespace, name, uid, resourceVersion } = ending;
    const hasWaited = this.#future.get(key) === resourceVersion;
    if (ending.endsAtMs > this.#clock.now() && !hasWaited) return this.#plan(ending);
    const target = { resource: this.#rule.resource, namespace, name };
    const answer = await this.#cluster.delete(target, { preconditions: { uid, resourceVersion } });
    // Changed meanwhile: its new state comes with a new end.
    if (answer.ok || answer.status.code === 404 || answer.status.code === 409) return;
    throw refused(`deleting expired ${this.#rule.resource.kind} ${key}`, answer.status);
  }

  #plan({ namespace, name, resourceVersion, endsAtMs }: Ending): void {
    if (!Number.isFinite(endsAtMs)) return;
    const key = `${namespace}/${name}`;
    const { livesMs = Number.POSITIVE_INFINITY } = this.#rule;
    const leftMs = endsAtMs - this.#clock.now();
    if (leftMs > livesMs) this.#future.set(key, resourceVersion);
    else this.#future.delete(key);
    this.queue.addAfter(key, "status", Math.min(leftMs, livesMs));
  }
}

function endingOf({ metadata }: Manifest, endsAtMs: number): Ending {
  const { uid = "", resourceVersion = "", namespace = "", name } = metadata;
  return { uid, resourceVersion, namespace, name, endsAtMs };
}

/** An Event lives an hour after it was last written, of which its managed fields tell. */
export function eventEndsAt({ metadata }: Manifest): number {
  const times = [metadata.creationTimestamp, ...(metadata.managedFields ?? []).map(({ time }) => time)];
  const written = times.map((time) => Date.parse(time ?? "")).filter((time) => Number.isFinite(time));
  return written.length === 0 ? Number.NaN : Math.max(...written) + eventTtlMs;
}

/** A bootstrap token Secret carries its own end, in base64. */
export function tokenEndsAt(secret: Manifest): number {
  const expiration = (secret["data"] as { expiration?: string } | undefined)?.expiration;
  return expiration === undefined ? Number.NaN : Date.parse(Buffer.from(expiration, "base64").toString("utf8"));
}

/** An identity Lease is kept for an hour after it was last renewed. */
export function leaseEndsAt(lease: Manifest): number {
  const spec = lease["spec"] as { renewTime?: string } | undefined;
  return Date.parse(spec?.renewTime ?? "") + identityLeaseTtlMs;
}

export const tokenSelection = {
  namespace: "kube-system",
  fieldSelector: "type=bootstrap.kubernetes.io/token",
} as const;
export const leaseSelection = {
  namespace: "kube-system",
  labelSelector: "apiserver.kubernetes.io/identity=kube-apiserver",
} as const;
