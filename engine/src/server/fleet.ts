// What the console is told: a card for each delivery and source, kept current by watches, and what happened lately.

import { helmGroup, kustomizeGroup, sourceGroup } from "#api/flux";
import { type Cluster, Informer } from "#cluster";
import type { EngineSnapshot, DeliverySnapshot } from "#delivery";
import type { Clock, Manifest } from "#kernel";
import { happeningsMost } from "./limits.ts";
import { type Card, cardOf, type Happening, happeningOf, keyOf, linkOf } from "./view.ts";

/** The part of the engine that the console looks at, where it runs in this process. */
export type EngineView = {
  snapshot(): EngineSnapshot;
  subscribe(listener: (changed: DeliverySnapshot) => void): () => void;
};

export type Change = { put: Card } | { removed: string } | { happened: Happening };

const kinds = [
  { group: kustomizeGroup, kind: "Kustomization" },
  { group: helmGroup, kind: "HelmRelease" },
  ...["GitRepository", "OCIRepository", "HelmRepository", "HelmChart", "Bucket", "ExternalArtifact"].map((kind) => ({
    group: sourceGroup,
    kind,
  })),
];

const shownKinds = new Set(kinds.map(({ kind }) => kind));

export class Fleet {
  readonly #cards = new Map<string, Card>();
  readonly #happenings = new Map<string, Happening>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #phases = new Map<string, { phase: string; waitingFor: string }>();

  cards(): Card[] {
    return [...this.#cards.values()];
  }

  happenings(): Happening[] {
    return [...this.#happenings.values()];
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Watches until the signal aborts; resolves once the present state is in. */
  async follow(cluster: Cluster, clock: Clock, signal: AbortSignal): Promise<void> {
    const discovery = await cluster.discover();
    if (!discovery.ok) return;
    const synced: Promise<void>[] = [];
    const watch = (
      kind: { group: string; kind: string },
      told: { changed(object: Manifest): void; deleted(object: Manifest): void },
    ): void => {
      const resource = discovery.value.byKind(kind.group, kind.kind, kind.group === "" ? "v1" : undefined);
      if (resource === undefined) return;
      const informer = new Informer<Manifest>({ cluster, resource, clock, keep: (object) => object });
      informer.subscribe(told);
      void informer.run(signal);
      synced.push(informer.synced);
    };
    for (const kind of kinds)
      watch(kind, {
        changed: (object) => this.#put(cardOf(object)),
        deleted: (object) => this.#remove(keyOf(linkOf(object))),
      });
    watch(
      { group: "", kind: "Event" },
      { changed: (event) => this.#happened(happeningOf(event)), deleted: () => undefined },
    );
    await Promise.all(synced);
  }

  /** Adds what only the engine knows: phases. Returns the end of it. */
  followEngine(engine: EngineView): () => void {
    for (const delivery of engine.snapshot().deliveries) this.#phase(delivery);
    return engine.subscribe((delivery) => this.#phase(delivery));
  }

  #phase(delivery: DeliverySnapshot): void {
    const phase = { phase: delivery.phase, waitingFor: delivery.waitingFor ?? "" };
    const before = this.#phases.get(delivery.label);
    if (before?.phase === phase.phase && before.waitingFor === phase.waitingFor) return;
    this.#phases.set(delivery.label, phase);
    const card = this.#cards.get(delivery.label);
    if (card !== undefined) this.#put(card);
  }

  #put(card: Card): void {
    const whole = { ...card, ...this.#phases.get(card.key) };
    this.#cards.set(card.key, whole);
    this.#tell({ put: whole });
  }

  #remove(key: string): void {
    this.#cards.delete(key);
    this.#tell({ removed: key });
  }

  #happened(happening: Happening): void {
    if (!shownKinds.has(happening.about.kind)) return;
    this.#happenings.delete(happening.key);
    this.#happenings.set(happening.key, happening);
    for (const key of this.#happenings.keys()) {
      if (this.#happenings.size <= happeningsMost) break;
      this.#happenings.delete(key);
    }
    this.#tell({ happened: happening });
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
