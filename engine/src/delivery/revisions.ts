// What a new revision means for the deliveries of its source. What it changed is found by comparing trees, whom that
// concerns by an index of what each has read: they run. The others hold as they are and are carried to the revision at once;
// only their status is written, later. Whatever is not certain runs as well: a pass gives the same, at more cost.

import type { Cluster } from "#cluster";
import type { Priority } from "#controller";
import { changedReads, type Read } from "#kernel";
import { whyNotReady } from "./dependencies.ts";
import { treeChangesMost } from "./limits.ts";
import type { SourceRef } from "./model.ts";
import { ObjectLook } from "./object-reads.ts";
import type { SourceArtifact } from "./pass.ts";
import type { ArtifactView } from "./ports.ts";
import { ReadIndex } from "./read-index.ts";
import { type OpenTree, type SourceTree, withNeeds } from "./render-desk.ts";
import type { DeliveryState } from "./state.ts";
import { isSettled, readsTheSame } from "./triggers.ts";

export type RevisionsOptions = {
  artifacts: ArtifactView;
  /** Where objects that deliveries read are asked for. */
  cluster: Pick<Cluster, "get">;
  state: (key: string) => DeliveryState | undefined;
  /** True while a pass over the delivery runs: what it will find is not known. */
  isRunning: (key: string) => boolean;
  /** True when everything from elsewhere that the delivery read is as it was. */
  holdsElsewhere: (state: DeliveryState) => boolean;
  enqueue: (key: string, priority: Priority) => void;
  /** Told of a delivery that stands at an artifact as it is. */
  carry: (state: DeliveryState, artifact: SourceArtifact) => void;
};

/** The deliveries of one source. */
type Book = {
  key: string;
  states: Map<string, DeliveryState>;
  index: ReadIndex;
  /** The hash of the tree at which what a delivery read is known to be as it read it. */
  holdsAt: Map<string, string>;
  /** The tree that the last look compared with. */
  last: SourceTree | undefined;
  /** Looks follow each other. */
  looking: Promise<void>;
};

/** One look at what a source offers; `fresh`: whose variables and keys are known to be as they were. */
type Look = { book: Book; artifact: SourceArtifact; fresh: ReadonlySet<DeliveryState> };

export class Revisions {
  /** For measurements: deliveries brought to a revision without a pass. */
  carried = 0;
  readonly #options: RevisionsOptions;
  readonly #books = new Map<string, Book>();
  readonly #placed = new Map<string, Book>();

  constructor(options: RevisionsOptions) {
    this.#options = options;
  }

  /** A delivery is there, or may have another source now. */
  place(state: DeliveryState): void {
    const { key, source } = state.delivery;
    const book = this.#bookOf(source);
    if (this.#placed.get(key) !== book) this.remove(key);
    this.#placed.set(key, book);
    book.states.set(key, state);
  }

  remove(key: string): void {
    const book = this.#placed.get(key);
    if (book === undefined) return;
    this.#placed.delete(key);
    for (const kept of [book.states, book.index, book.holdsAt]) kept.delete(key);
    if (book.states.size === 0) this.#books.delete(book.key);
  }

  /** A delivery has read these, all of them, at a source's tree. */
  hasRead(key: string, reads: readonly (readonly Read[])[], tree: SourceTree): void {
    const book = this.#placed.get(key);
    if (book === undefined) return;
    book.index.set(key, reads);
    book.holdsAt.set(key, tree.hash);
    book.last ??= tree;
  }

  /** Looks at what a source offers now. Those whose files changed go first. */
  changed(source: SourceRef): Promise<void> {
    const book = this.#books.get(keyOf(source));
    if (book === undefined) return Promise.resolve();
    book.looking = book.looking.catch(() => {}).then(() => this.#look(source, book));
    return book.looking;
  }

  #bookOf(source: SourceRef): Book {
    const key = keyOf(source);
    const known = this.#books.get(key);
    if (known !== undefined) return known;
    const parts = { states: new Map(), index: new ReadIndex(), holdsAt: new Map() };
    const book: Book = { key, ...parts, last: undefined, looking: Promise.resolve() };
    this.#books.set(key, book);
    return book;
  }

  async #look(source: SourceRef, book: Book): Promise<void> {
    const { artifacts, enqueue } = this.#options;
    const artifact = artifacts.get(source);
    const settled: DeliveryState[] = [];
    for (const state of book.states.values()) {
      // What is pinned takes nothing new.
      if (state.delivery.guard.pinnedRevision !== undefined && state.isReady) continue;
      if (artifact !== undefined && isSettled(state)) settled.push(state);
      else enqueue(state.delivery.key, "revision");
    }
    if (artifact === undefined || settled.length === 0) return;
    const moved = await this.#moved(book, artifact, settled);
    for (const { delivery } of moved) enqueue(delivery.key, "revision");
    const unmoved = settled.filter((state) => !moved.has(state));
    // A newer revision has its own look at all of them.
    const isNow = (): boolean => artifacts.get(source)?.revision === artifact.revision;
    if (!isNow()) return;
    const left = this.#carryAll(unmoved, { book, artifact, fresh: new Set() });
    if (left.length === 0) return;
    const fresh = await this.#fresh(left);
    if (!isNow()) return;
    for (const state of this.#carryAll(left, { book, artifact, fresh })) {
      const isSame = fresh.has(state) && this.#holds(state, book, artifact);
      state.bumpedTo = isSame ? artifact.revision : undefined;
      enqueue(state.delivery.key, isSame ? "status" : "revision");
    }
  }

  /** Those that read something that is otherwise now. */
  async #moved(book: Book, artifact: SourceArtifact, settled: readonly DeliveryState[]): Promise<Set<DeliveryState>> {
    const { source } = artifact;
    const open = await source.open();
    const from = book.last;
    const changes = from === undefined ? undefined : await changesBetween(from, open);
    const readers = changes === undefined ? undefined : book.index.readersOf(changes);
    book.last = source;
    const moved = new Set<DeliveryState>();
    const unknown: DeliveryState[] = [];
    for (const state of settled) {
      const { key } = state.delivery;
      if (readers === undefined || book.holdsAt.get(key) !== from?.hash) unknown.push(state);
      else if (readers.has(key)) moved.add(state);
      else book.holdsAt.set(key, source.hash);
    }
    for (const state of unknown) {
      const { desired } = state;
      const holds = await readsTheSame(state, open);
      if (holds && state.desired === desired) book.holdsAt.set(state.delivery.key, source.hash);
      else moved.add(state);
    }
    return moved;
  }

  /** Carries those that can be, each after what it depends on; gives those that cannot. */
  #carryAll(states: readonly DeliveryState[], look: Look): DeliveryState[] {
    const open = new Set(states);
    const left: DeliveryState[] = [];
    const visit = (state: DeliveryState): void => {
      if (!open.delete(state)) return;
      for (const { key } of state.delivery.dependsOn) {
        const dependency = this.#options.state(key);
        if (dependency !== undefined) visit(dependency);
      }
      if (!this.#canCarry(state, look)) return void left.push(state);
      this.carried += 1;
      this.#options.carry(state, look.artifact);
    };
    for (const state of states) visit(state);
    return left;
  }

  #canCarry(state: DeliveryState, { book, artifact, fresh }: Look): boolean {
    const { delivery, desired } = state;
    // Another cluster may not answer: a pass says so.
    if (delivery.isSuspended || delivery.isDeleting || delivery.target !== undefined) return false;
    if (!isSettled(state) || this.#options.isRunning(delivery.key)) return false;
    if ((desired?.objects.size ?? 0) > 0 && !fresh.has(state)) return false;
    if (!this.#holds(state, book, artifact)) return false;
    return delivery.dependsOn.every(({ key, readyExpression }) => {
      const dependency = this.#options.state(key);
      if (dependency === undefined || readyExpression !== undefined) return false;
      return whyNotReady(state, dependency, artifact.revision) === undefined;
    });
  }

  /** True when what it read is as it read it, here and elsewhere. A pass may have read something else meanwhile. */
  #holds(state: DeliveryState, book: Book, { source }: SourceArtifact): boolean {
    return book.holdsAt.get(state.delivery.key) === source.hash && this.#options.holdsElsewhere(state);
  }

  /** Those whose variables and keys are as they were read. */
  async #fresh(states: readonly DeliveryState[]): Promise<Set<DeliveryState>> {
    const look = new ObjectLook(this.#options.cluster);
    const asked = states.map(async (state) => {
      const isFresh = await look.areAsRead(state.desired?.objects.values() ?? []);
      return isFresh ? [state] : [];
    });
    return new Set((await Promise.all(asked)).flat());
  }
}

/** undefined when they cannot be compared, or differ in too much: then each delivery's reads are looked at. */
async function changesBetween(from: SourceTree, to: OpenTree): Promise<ReadonlySet<string> | undefined> {
  try {
    const before = await from.open();
    const both: OpenTree = {
      tree: to.tree,
      fetch: async (needs) => {
        await before.fetch(needs);
        await to.fetch(needs);
      },
    };
    return await withNeeds(both, (after) => changedReads(before.tree, after, treeChangesMost));
  } catch {
    return undefined;
  }
}

function keyOf({ kind, namespace, name }: SourceRef): string {
  return `${kind}/${namespace}/${name}`;
}
