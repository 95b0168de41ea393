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

/** A delivery, and the hash of the tree at which what it read is known to be as it read it. */
type Member = { state: DeliveryState; holdsAt: string | undefined };

/** The deliveries of one source. */
type Book = {
  key: string;
  members: Map<string, Member>;
  index: ReadIndex;
  /** The tree that the last look compared with. */
  last: SourceTree | undefined;
  /** Looks follow each other. */
  looking: Promise<void>;
};

/** One look at what a source offers; `fresh`: whose variables and keys are known to be as they were. */
type Look = { artifact: SourceArtifact; fresh: ReadonlySet<Member> };

/** Who must be asked further after the others are decided: whose reads are not known, or who depends on others. */
type Open = { unknown: Member[]; dependent: Member[]; left: Member[] };

const nobody: ReadonlySet<Member> = new Set();

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
    const member = book.members.get(key);
    if (member === undefined) book.members.set(key, { state, holdsAt: undefined });
    else member.state = state;
  }

  remove(key: string): void {
    const book = this.#placed.get(key);
    if (book === undefined) return;
    this.#placed.delete(key);
    for (const kept of [book.members, book.index]) kept.delete(key);
    if (book.members.size === 0) this.#books.delete(book.key);
  }

  /** A delivery has read these, all of them, at a source's tree. */
  hasRead(key: string, reads: readonly (readonly Read[])[], tree: SourceTree): void {
    const book = this.#placed.get(key);
    const member = book?.members.get(key);
    if (book === undefined || member === undefined) return;
    book.index.set(key, reads);
    member.holdsAt = tree.hash;
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
    const parts = { members: new Map(), index: new ReadIndex() };
    const book: Book = { key, ...parts, last: undefined, looking: Promise.resolve() };
    this.#books.set(key, book);
    return book;
  }

  async #look(source: SourceRef, book: Book): Promise<void> {
    const { artifacts } = this.#options;
    const artifact = artifacts.get(source);
    if (artifact === undefined) return this.#waitForNext(book);
    const open = await artifact.source.open();
    const readers = await readersOfChange(book, open);
    // A newer revision has its own look at all of them.
    const isNow = (): boolean => artifacts.get(source)?.revision === artifact.revision;
    if (!isNow()) return;
    const { unknown, dependent, left } = this.#decide(book, artifact, readers);
    for (const member of unknown) {
      if (await this.#readsTheSame(member, open, artifact)) dependent.push(member);
      else this.#options.enqueue(member.state.delivery.key, "revision");
    }
    if (unknown.length > 0 && !isNow()) return;
    left.push(...this.#carryAll(dependent, book, { artifact, fresh: nobody }));
    if (left.length === 0) return;
    const fresh = await this.#fresh(left);
    if (!isNow()) return;
    for (const member of this.#carryAll(left, book, { artifact, fresh })) {
      const { state } = member;
      const isSame = fresh.has(member) && this.#holds(member, artifact);
      state.bumpedTo = isSame ? artifact.revision : undefined;
      this.#options.enqueue(state.delivery.key, isSame ? "status" : "revision");
    }
  }

  #waitForNext(book: Book): void {
    for (const { state } of book.members.values()) {
      if (!isHeldByPin(state)) this.#options.enqueue(state.delivery.key, "revision");
    }
  }

  /** One step for each: whoever read what has changed runs, whoever stands by itself is carried. */
  #decide(book: Book, artifact: SourceArtifact, readers: ReadonlySet<string> | undefined): Open {
    const { enqueue } = this.#options;
    const open: Open = { unknown: [], dependent: [], left: [] };
    const { hash } = artifact.source;
    const from = book.last?.hash;
    book.last = artifact.source;
    const look: Look = { artifact, fresh: nobody };
    for (const member of book.members.values()) {
      const { state } = member;
      const { delivery } = state;
      if (isHeldByPin(state)) continue;
      if (!isSettled(state)) enqueue(delivery.key, "revision");
      else if (readers === undefined || member.holdsAt !== from) open.unknown.push(member);
      else if (readers.has(delivery.key)) enqueue(delivery.key, "revision");
      else {
        member.holdsAt = hash;
        if (delivery.dependsOn.length > 0) open.dependent.push(member);
        else if (this.#canCarry(member, look)) this.#carry(member, look);
        else open.left.push(member);
      }
    }
    return open;
  }

  /** A pass may have read something else meanwhile. */
  async #readsTheSame(member: Member, open: OpenTree, { source }: SourceArtifact): Promise<boolean> {
    const { desired } = member.state;
    const holds = await readsTheSame(member.state, open);
    if (!holds || member.state.desired !== desired) return false;
    member.holdsAt = source.hash;
    return true;
  }

  /** Carries those that can be, each after what it depends on; gives those that cannot. */
  #carryAll(members: readonly Member[], book: Book, look: Look): Member[] {
    const open = new Set(members);
    const left: Member[] = [];
    const visit = (member: Member): void => {
      if (!open.delete(member)) return;
      for (const { key } of member.state.delivery.dependsOn) {
        const dependency = book.members.get(key);
        if (dependency !== undefined) visit(dependency);
      }
      if (isSettled(member.state) && this.#canCarry(member, look)) this.#carry(member, look);
      else left.push(member);
    };
    for (const member of members) visit(member);
    return left;
  }

  #carry({ state }: Member, { artifact }: Look): void {
    this.carried += 1;
    this.#options.carry(state, artifact);
  }

  /** Of one that is settled. */
  #canCarry(member: Member, { artifact, fresh }: Look): boolean {
    const { state } = member;
    const { delivery, desired } = state;
    // Another cluster may not answer: a pass says so.
    if (delivery.isSuspended || delivery.isDeleting || delivery.target !== undefined) return false;
    if (this.#options.isRunning(delivery.key)) return false;
    if ((desired?.objects.size ?? 0) > 0 && !fresh.has(member)) return false;
    if (!this.#holds(member, artifact)) return false;
    return delivery.dependsOn.every(({ key, readyExpression }) => {
      const dependency = this.#options.state(key);
      if (dependency === undefined || readyExpression !== undefined) return false;
      return whyNotReady(state, dependency, artifact.revision) === undefined;
    });
  }

  /** True when what it read is as it read it, here and elsewhere. A pass may have read something else meanwhile. */
  #holds({ state, holdsAt }: Member, { source }: SourceArtifact): boolean {
    return holdsAt === source.hash && this.#options.holdsElsewhere(state);
  }

  /** Those whose variables and keys are as they were read. */
  async #fresh(members: readonly Member[]): Promise<Set<Member>> {
    const look = new ObjectLook(this.#options.cluster);
    const asked = members.map(async (member) => {
      const isFresh = await look.areAsRead(member.state.desired?.objects.values() ?? []);
      return isFresh ? [member] : [];
    });
    return new Set((await Promise.all(asked)).flat());
  }
}

/** What is pinned takes nothing new. */
function isHeldByPin({ delivery, isReady }: DeliveryState): boolean {
  return isReady && delivery.guard.pinnedRevision !== undefined;
}

/** Who read something that is otherwise since the last look; undefined when each must be asked. */
async function readersOfChange({ last, index }: Book, to: OpenTree): Promise<ReadonlySet<string> | undefined> {
  const changes = last === undefined ? undefined : await changesBetween(last, to);
  return changes && index.readersOf(changes);
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
