// Watches of what describes deliveries: objects of the dialects' kinds, the definitions by which a kind comes to be served,
// and the ConfigMaps and Secrets that ask to be looked at as soon as they change.

import { type Cluster, Informer, pause } from "#cluster";
import type { Clock, Manifest } from "#kernel";
import type { Kinds } from "./kinds.ts";
import { kindPollMs } from "./limits.ts";
import type { Dialect } from "./model.ts";
import type { Served } from "./reporter.ts";

export type DescribingOptions = {
  cluster: Cluster;
  kinds: Kinds;
  clock: Clock;
  signal: AbortSignal;
  /** A kind of a dialect is served from now on. */
  served: (kind: { group: string; kind: string }, served: Served) => void;
  described: (dialect: Dialect, object: Manifest, previous: Manifest | undefined) => void;
  vanished: (object: Manifest) => void;
  /** A watched ConfigMap or Secret changed, or is gone. */
  variablesChanged: (kind: "ConfigMap" | "Secret", object: Manifest) => void;
  /** Some definition changed: kinds that were not served may be now. */
  definitionsChanged: () => void;
};

export class Describing {
  readonly #options: DescribingOptions;
  /** Called when some definition changed, by who waits for a kind to be served. */
  readonly #awaitingDefinition = new Set<() => void>();

  constructor(options: DescribingOptions) {
    this.#options = options;
  }

  /** Resolved when the signal has aborted and all watches have ended. */
  async run(dialects: readonly Dialect[]): Promise<void> {
    const ofDialects = dialects.flatMap((dialect) => [
      ...dialect.kinds.map((kind) => this.#watchKind(dialect, kind)),
      this.#watchVariables(dialect, "ConfigMap"),
      this.#watchVariables(dialect, "Secret"),
    ]);
    await Promise.all([this.#watchDefinitions(), ...ofDialects]);
  }

  /** A kind may be served only later: its definition may come out of the first delivery itself. */
  async #watchKind(dialect: Dialect, kind: { group: string; kind: string }): Promise<void> {
    const { cluster, clock, signal, kinds } = this.#options;
    for (let delayMs: number = kindPollMs.least; !signal.aborted; delayMs = Math.min(delayMs * 2, kindPollMs.most)) {
      const resource = await kinds.find(kind).catch(() => undefined);
      if (resource !== undefined) {
        this.#options.served(kind, { dialect, resource });
        const labelSelector = dialect.selector;
        const selection = labelSelector === undefined ? {} : { labelSelector };
        const informer = new Informer<Manifest>({ cluster, resource, clock, keep: (object) => object, ...selection });
        informer.subscribe({
          changed: (object, previous) => this.#options.described(dialect, object, previous),
          deleted: (object) => this.#options.vanished(object),
        });
        return informer.run(signal);
      }
      if (await this.#definitionOr(delayMs)) delayMs = kindPollMs.least;
    }
  }

  /** Ends after the delay, or as soon as some definition changed: then true. */
  async #definitionOr(delayMs: number): Promise<boolean> {
    const changed = new AbortController();
    const wake = (): void => changed.abort();
    this.#awaitingDefinition.add(wake);
    const { clock, signal } = this.#options;
    await pause(clock, delayMs, AbortSignal.any([signal, changed.signal]));
    this.#awaitingDefinition.delete(wake);
    return changed.signal.aborted;
  }

  async #watchDefinitions(): Promise<void> {
    const { cluster, clock, signal, kinds } = this.#options;
    const definition = { group: "apiextensions.k8s.io", kind: "CustomResourceDefinition" };
    const resource = await kinds.find(definition).catch(() => undefined);
    if (resource === undefined) return;
    const informer = new Informer<true>({ cluster, resource, clock, keep: () => true, isMetadataOnly: true });
    informer.subscribe({
      changed: () => {
        this.#options.definitionsChanged();
        for (const wake of this.#awaitingDefinition) wake();
      },
    });
    await informer.run(signal);
  }

  async #watchVariables(dialect: Dialect, kind: "ConfigMap" | "Secret"): Promise<void> {
    const { cluster, clock, signal, kinds } = this.#options;
    const resource = await kinds.find({ group: "", kind, version: "v1" }).catch(() => undefined);
    if (resource === undefined) return;
    const informer = new Informer<Manifest>({
      cluster,
      resource,
      clock,
      keep: (object) => object,
      labelSelector: dialect.watchSelector,
      isMetadataOnly: true,
    });
    const told = (object: Manifest): void => this.#options.variablesChanged(kind, object);
    informer.subscribe({ changed: told, deleted: told });
    await informer.run(signal);
  }
}
