// Watches of kinds that may be served only later: each begins as soon as its definition is there.

import { type Cluster, Informer, type Resource } from "#cluster";
import type { Kinds } from "#delivery";
import type { Clock, Manifest } from "#kernel";
import { kindPollMs } from "./limits.ts";

export type KindWatchOptions = {
  cluster: Cluster;
  kinds: Kinds;
  clock: Clock;
  signal: AbortSignal;
  /** Told when some definition changed. */
  defined?: () => void;
};

export type WatchedKind = {
  group: string;
  kind: string;
  labelSelector?: string;
  isMetadataOnly?: boolean;
  served?: (resource: Resource) => void;
  changed: (object: Manifest, previous: Manifest | undefined) => void;
  deleted: (object: Manifest) => void;
};

export class KindWatch {
  readonly #options: KindWatchOptions;
  readonly #wakers = new Set<() => void>();

  constructor(options: KindWatchOptions) {
    this.#options = options;
  }

  /** Resolved when the signal has aborted and all watches have ended. */
  async run(kinds: readonly WatchedKind[]): Promise<void> {
    const definitions: WatchedKind = {
      group: "apiextensions.k8s.io",
      kind: "CustomResourceDefinition",
      isMetadataOnly: true,
      changed: () => {
        this.#options.defined?.();
        this.#wake();
      },
      deleted: () => {},
    };
    await Promise.all([definitions, ...kinds].map((kind) => this.#watch(kind)));
  }

  async #watch({ group, kind, served, changed, deleted, ...selection }: WatchedKind): Promise<void> {
    const { cluster, kinds, clock, signal } = this.#options;
    while (!signal.aborted) {
      const resource = await kinds.find({ group, kind }).catch(() => undefined);
      if (resource !== undefined) {
        served?.(resource);
        const informer = new Informer<Manifest>({ cluster, resource, clock, keep: (object) => object, ...selection });
        informer.subscribe({ changed, deleted });
        return informer.run(signal);
      }
      await this.#pause();
    }
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
  }

  /** Until some definition changed, or for a while. */
  #pause(): Promise<void> {
    const { clock, signal } = this.#options;
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        signal.removeEventListener("abort", end);
        this.#wakers.delete(end);
        resolve();
      };
      const cancel = clock.after(kindPollMs, end);
      signal.addEventListener("abort", end, { once: true });
      this.#wakers.add(end);
    });
  }
}
