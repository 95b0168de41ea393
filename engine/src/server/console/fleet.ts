// The fleet as the console sees it: cards, the objects behind them, happenings and log lines, kept current by watches and by
// the engine in this process. Changes are gathered for a moment and noted in one log that all open pages read from.

import { type Card, type Happening, linkKey } from "#api/console";
import { type Cluster, type Discovery, Informer, type Resource } from "#cluster";
import type { DeliverySnapshot } from "#delivery";
import { type Clock, equalJson, type Json, type Manifest } from "#kernel";
import { CardCommits, type Stated, statedBy } from "./card-commits.ts";
import { cardOf, happeningOf, type InventoryItem, inventoryOf } from "./cards.ts";
import { ChangeLog } from "./change-log.ts";
import { EngineLog } from "./engine-log.ts";
import { Grown } from "./grown.ts";
import type { Remembered } from "./delivery-log.ts";
import { gatherMs, happeningsMost, pastTtlMs, topicLingerMs } from "./limits.ts";
import type { ObjectEntry } from "./object-entries.ts";
import { ObjectIndex } from "./object-index.ts";
import { Places } from "./places.ts";
import type { EngineView, ReleasesView, SourceHistory } from "./ports.ts";
import { Recent } from "./recent.ts";
import { ReleaseStates } from "./release-states.ts";
import { shownKind, shownKinds } from "./shown-kinds.ts";
import { type ReleasePhase, withRelease, withSnapshot } from "./snapshot-view.ts";

export type FleetOptions = {
  cluster: Cluster;
  clock: Clock;
  signal: AbortSignal;
  /** Unlike that of any other process. */
  epoch: string;
};

/** A change in the log. Parts are joined by a character that no name has. */
export const changeKey = {
  card: (key: string): string => `c\0${key}`,
  happening: (key: string): string => `h\0${key}`,
  object: (owner: string, id: string): string => `o\0${owner}\0${id}`,
  line: (about: string, key: string): string => `l\0${about}\0${key}`,
} as const;

/** What is kept of a delivery or a source: its card as the object alone gives it, and the whole one. */
type Held = Stated & {
  uid: string;
  inventory: readonly InventoryItem[];
  card: Card;
  /** As it was last noted in the log: what is the same is not told again. */
  told: Card | undefined;
};

type Told<T> = { changed(value: T): void; deleted?(value: T): void };

export class Fleet {
  readonly log: ChangeLog;
  readonly index: ObjectIndex;
  readonly grown: Grown;
  readonly lines: EngineLog = new EngineLog();
  readonly places: Places = new Places();
  /** What all deliveries remember, by viewer. */
  readonly logs: Recent<{ logs: ReadonlyMap<string, Remembered>; limit: string }>;
  readonly #options: FleetOptions;
  readonly #held = new Map<string, Held>();
  readonly #happenings = new Map<string, Happening>();
  readonly #snapshots = new Map<string, DeliverySnapshot>();
  readonly #releases = new Map<string, ReleasePhase>();
  readonly #commits = new CardCommits((key) => this.#touch(changeKey.card(key)));
  readonly #listeners = new Set<() => void>();
  readonly #dirty = new Set<string>();
  /** Deliveries whose pages are open, with the number of the change after which theirs are noted. */
  readonly #topics = new Map<string, { readers: number; since: number }>();
  readonly #watched = new Set<string>();
  #engine: EngineView | undefined;
  #history: SourceHistory | undefined;
  #releaseStates: ReleaseStates | undefined;
  #isGathering = false;
  #isLooking = false;
  #discovery: Discovery | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.log = new ChangeLog(options.epoch);
    this.logs = new Recent(options.clock, pastTtlMs);
    const { cluster, clock, signal } = options;
    const changed = (id: string, owner: string): void => this.#objectChanged(id, owner);
    this.index = new ObjectIndex({ cluster, clock, signal, changed, isListed: (entry) => this.isListed(entry) });
    this.grown = new Grown({ cluster, clock, signal, changed: (entry) => this.#grownChanged(entry) });
    this.lines.subscribe((about, key) => {
      if (this.#topics.has(about)) this.#touch(changeKey.line(about, key));
    });
  }

  get engine(): EngineView | undefined {
    return this.#engine;
  }

  get history(): SourceHistory | undefined {
    return this.#history;
  }

  /** What releases consist of; undefined where no loop over them runs in this process. */
  get releases(): ReleaseStates | undefined {
    return this.#releaseStates;
  }

  cards(): Card[] {
    return [...this.#held.values()].map((held) => held.card);
  }

  card(key: string): Card | undefined {
    return this.#held.get(key)?.card;
  }

  uidOf(key: string): string {
    return this.#held.get(key)?.uid ?? "";
  }

  inventory(key: string): readonly InventoryItem[] {
    return this.#held.get(key)?.inventory ?? [];
  }

  /** True for what the inventory of its delivery names. */
  isListed({ owner, link }: Pick<ObjectEntry, "owner" | "link">): boolean {
    const { group, kind, namespace, name } = link;
    return this.inventory(owner).some(
      (item) => item.kind === kind && item.group === group && item.namespace === namespace && item.name === name,
    );
  }

  snapshot(key: string): DeliverySnapshot | undefined {
    return this.#snapshots.get(key);
  }

  happenings(): Happening[] {
    return [...this.#happenings.values()];
  }

  happening(key: string): Happening | undefined {
    return this.#happenings.get(key);
  }

  /** Told after each batch of changes. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Notes the changes of a delivery's objects from now on, until `close` is called and a while longer. */
  open(key: string): { since: number; close: () => void } {
    const topic = this.#topics.get(key) ?? { readers: 0, since: this.log.last };
    this.#topics.set(key, topic);
    topic.readers += 1;
    const release = this.grown.hold();
    let isOver = false;
    const close = (): void => {
      if (isOver) return;
      isOver = true;
      topic.readers -= 1;
      release();
      this.#options.clock.after(topicLingerMs, () => {
        if (topic.readers === 0 && this.#topics.get(key) === topic) this.#topics.delete(key);
      });
    };
    return { since: topic.since, close };
  }

  /** Watches until the signal aborts; resolves once the present state is in. */
  async follow(): Promise<void> {
    await this.#watchShown();
    await this.index.synced();
    this.#flush();
  }

  /** Adds what only the engine in this process knows. */
  followEngine(engine: EngineView, history: SourceHistory | undefined): () => void {
    this.#engine = engine;
    this.#history = history;
    this.places.attach(engine, history);
    for (const delivery of engine.snapshot().deliveries) this.#snapshots.set(delivery.label, delivery);
    for (const key of this.#held.keys()) this.#touch(changeKey.card(key));
    return engine.subscribe((delivery) => {
      this.#snapshots.set(delivery.label, delivery);
      this.#touch(changeKey.card(delivery.label));
    });
  }

  /** Adds how far each release is. */
  followReleases(releases: ReleasesView): () => void {
    this.#releaseStates = new ReleaseStates(releases.looking, this.#options.clock);
    const noted = ({ ref, phase, waitingFor = "" }: ReturnType<ReleasesView["snapshot"]>[number]): void => {
      const key = linkKey(ref);
      const before = this.#releases.get(key);
      const sinceMs = before?.phase === phase ? before.sinceMs : this.#options.clock.now();
      this.#releases.set(key, { phase, waitingFor, sinceMs });
      this.#touch(changeKey.card(key));
    };
    for (const release of releases.snapshot()) noted(release);
    return releases.subscribe(noted);
  }

  /** What the cluster serves, as last asked. */
  async discovery(isFresh = false): Promise<Discovery | undefined> {
    if (this.#discovery !== undefined && !isFresh) return this.#discovery;
    const answer = await this.#options.cluster.discover(isFresh);
    if (answer.ok) this.#discovery = answer.value;
    return this.#discovery;
  }

  async #watchShown(): Promise<void> {
    const discovery = await this.discovery();
    if (discovery === undefined) return;
    const shown = shownKinds.map(({ group, kind }) =>
      this.#watch(discovery.byKind(group, kind), heldOf, {
        changed: (held) => this.#put(held),
        deleted: ({ base }) => this.#remove(base.key),
      }),
    );
    const events = this.#watch(discovery.byKind("", "Event", "v1"), eventOf, {
      changed: (event) => this.#happened(event),
    });
    const definitions = discovery.byKind("apiextensions.k8s.io", "CustomResourceDefinition");
    const defined = this.#watch(definitions, () => undefined, { changed: () => this.#definitionsChanged() });
    await Promise.all([...shown, events, defined]);
  }

  /** One watch a kind; what is kept of an object is made once for each of its states. */
  async #watch<T>(resource: Resource | undefined, keep: (object: Manifest) => T, told: Told<T>): Promise<void> {
    if (resource === undefined || this.#watched.has(`${resource.group}/${resource.kind}`)) return;
    this.#watched.add(`${resource.group}/${resource.kind}`);
    const { cluster, clock, signal } = this.#options;
    const informer = new Informer<T>({ cluster, resource, clock, keep });
    informer.subscribe(told);
    void informer.run(signal);
    await informer.synced;
  }

  /** Kinds that are shown may be served now, and kinds of inventories: looked at once for all that come together. */
  #definitionsChanged(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#options.clock.after(gatherMs * 10, () => {
      this.#isLooking = false;
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    await this.discovery(true);
    void this.#watchShown();
    for (const held of this.#held.values()) this.#wantObjects(held);
  }

  #put(seen: Omit<Held, "card" | "told">): void {
    const { base } = seen;
    const before = this.#held.get(base.key);
    const held: Held = { ...seen, card: before?.card ?? base, told: before?.told };
    this.#held.set(base.key, held);
    this.#commits.note(held, before);
    this.#wantObjects(held);
    if (before === undefined) held.card = this.#compose(held);
    this.#touch(changeKey.card(base.key));
  }

  #wantObjects({ base, inventory }: Held): void {
    const discovery = this.#discovery;
    if (base.role !== "delivery" || base.cluster !== "" || discovery === undefined) return;
    const resources = new Map<string, Resource>();
    for (const { group, kind, version } of inventory) {
      const resource = discovery.byKind(group, kind, version) ?? discovery.byKind(group, kind);
      if (resource?.verbs.includes("watch") === true) resources.set(`${group}/${resource.plural}`, resource);
    }
    this.index.want(base.key, base.kind === "HelmRelease" ? "HelmRelease" : "Kustomization", [...resources.values()]);
  }

  #remove(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    this.#commits.note(undefined, held);
    this.#snapshots.delete(key);
    this.#releases.delete(key);
    if (held.base.role === "delivery") this.index.want(key, held.base.kind as "Kustomization" | "HelmRelease", []);
    this.#touch(changeKey.card(key));
  }

  #happened(event: Happening | undefined): void {
    if (event === undefined) return;
    this.#happenings.delete(event.key);
    this.#happenings.set(event.key, event);
    for (const key of this.#happenings.keys()) {
      if (this.#happenings.size <= happeningsMost) break;
      this.#happenings.delete(key);
    }
    this.#touch(changeKey.happening(event.key));
  }

  #objectChanged(id: string, owner: string): void {
    this.#touch(changeKey.card(owner));
    if (this.#topics.has(owner)) this.#touch(changeKey.object(owner, id));
  }

  #grownChanged(entry: ObjectEntry): void {
    if (this.#topics.size === 0) return;
    const owner = this.#statedAbove(entry)?.owner;
    if (owner !== undefined && this.#topics.has(owner)) this.#touch(changeKey.object(owner, entry.id));
  }

  /** The stated object that something grew from. */
  #statedAbove(entry: ObjectEntry): ObjectEntry | undefined {
    let parent = entry.parentUid;
    for (let steps = 0; steps < 8 && parent !== ""; steps++) {
      const stated = this.index.byUid(parent);
      if (stated !== undefined) return stated;
      parent = this.grown.byUid(parent)?.parentUid ?? "";
    }
    return undefined;
  }

  #touch(key: string): void {
    this.#dirty.add(key);
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#options.clock.after(gatherMs, () => this.#flush());
  }

  #flush(): void {
    this.#isGathering = false;
    if (this.#dirty.size === 0) return;
    for (const key of this.#dirty) {
      const held = key.startsWith("c\0") ? this.#held.get(key.slice(2)) : undefined;
      if (held !== undefined && !this.#composeAnew(held)) continue;
      this.log.note(key);
    }
    this.#dirty.clear();
    for (const listener of this.#listeners) listener();
  }

  /** False when the card says what it said before. */
  #composeAnew(held: Held): boolean {
    held.card = this.#compose(held);
    const isNew = held.told === undefined || !equalJson(held.told as unknown as Json, held.card as unknown as Json);
    held.told = held.card;
    return isNew;
  }

  #compose(held: Held): Card {
    const { base } = held;
    const { key, role } = base;
    const find = (other: string): Held | undefined => this.#held.get(other);
    const commit = this.#commits.of(held, { find, history: this.#history });
    const health = role === "delivery" ? this.index.counts(key) : {};
    const card = { ...base, health, ...(commit === undefined ? {} : { commit }) };
    return withRelease(withSnapshot(card, this.#snapshots.get(key)), this.#releases.get(key));
  }
}

function heldOf(object: Manifest): Omit<Held, "card" | "told"> {
  const uid = object.metadata.uid ?? "";
  return { ...statedBy(object), base: cardOf(object), uid, inventory: inventoryOf(object) };
}

/** Events about other kinds are not kept: there are many, and pages ask for theirs. */
function eventOf(event: Manifest): Happening | undefined {
  const happening = happeningOf(event);
  return shownKind(happening.about.kind) === undefined ? undefined : happening;
}
