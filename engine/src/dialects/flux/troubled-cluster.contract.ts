// A cluster that is in trouble: by a seed, requests are refused with conflicts, too many requests, timeouts and no answer at
// all (sometimes after they took effect), and watches end early. What is written and deleted is noted.

import type { Answer, Cluster, Status, Target, WatchEvent } from "#cluster";

const refusals: readonly Status[] = [
  {
    code: 409,
    reason: "Conflict",
    message:
      "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again",
  },
  {
    code: 429,
    reason: "TooManyRequests",
    message: "too many requests, please try again later",
    details: { retryAfterSeconds: 1 },
  },
  { code: 504, reason: "Timeout", message: "Timeout: request did not complete within the allotted timeout" },
  { code: 503, reason: "ServiceUnavailable", message: "the server is currently unable to handle the request" },
  { code: 0, reason: "Unreachable", message: "connect ECONNREFUSED" },
];

export class Trouble {
  /** Chance of a refusal for each request; 0 ends the trouble. */
  chance: number;
  requests = 0;
  refused = 0;
  readonly deleted: string[] = [];
  readonly #random: () => number;
  readonly #watches = new Set<() => void>();

  constructor(seed: number, chance: number) {
    this.chance = chance;
    let state = seed;
    // A small linear congruential generator: the same seed, the same trouble.
    this.#random = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  }

  /** Ends every open watch, as a restart of the server does. */
  dropWatches(): void {
    for (const drop of this.#watches) drop();
  }

  in(cluster: Cluster): Cluster {
    const ask = async <T>(run: () => Promise<Answer<T>>, isWrite: boolean): Promise<Answer<T>> => {
      this.requests += 1;
      if (this.#random() >= this.chance) return run();
      this.refused += 1;
      const choices = isWrite ? refusals : refusals.slice(1);
      const status = choices[Math.floor(this.#random() * choices.length)] as Status;
      // A timeout may come after the work was done.
      if (status.code === 504 && this.#random() < 0.5) await run();
      return { ok: false, status };
    };
    const noteDelete = (target: Target): void => void this.deleted.push(`${target.resource.kind}/${target.name}`);
    return {
      name: cluster.name,
      discover: (isFresh) => ask(() => cluster.discover(isFresh), false),
      get: (target, signal) => ask(() => cluster.get(target, signal), false),
      list: (resource, options, signal) => ask(() => cluster.list(resource, options, signal), false),
      watch: (resource, options, signal) => this.#watch((end) => cluster.watch(resource, options, end), signal),
      apply: (target, manifest, options) => ask(() => cluster.apply(target, manifest, options), true),
      patch: (target, body, options) => ask(() => cluster.patch(target, body, options), true),
      update: (target, manifest, options) => ask(() => cluster.update(target, manifest, options), true),
      create: (target, manifest, options) => ask(() => cluster.create(target, manifest, options), true),
      delete: (target, options) => {
        noteDelete(target);
        return ask(() => cluster.delete(target, options), true);
      },
      review: (question) => ask(() => cluster.review(question), false),
      as: (identity) => this.in(cluster.as(identity)),
    };
  }

  async *#watch(open: (end: AbortSignal) => AsyncIterable<WatchEvent>, signal: AbortSignal): AsyncIterable<WatchEvent> {
    const ending = new AbortController();
    const drop = (): void => ending.abort();
    this.#watches.add(drop);
    try {
      for await (const event of open(AbortSignal.any([signal, ending.signal]))) {
        yield event;
        if (this.#random() < this.chance / 4) return;
      }
    } finally {
      this.#watches.delete(drop);
    }
  }
}
