// A watched copy of one kind: the present first, then every change, over any Cluster. It restarts what ends, lists again
// when its place in history is gone (410), and reports what vanished meanwhile as deleted. It holds only what `keep`
// returns, so a fingerprint can stand for the object. Restart rules follow client-go's reflector.

import type { Clock, Manifest } from "#kernel";
import { backOffMs } from "./back-off.ts";
import type { Cluster, Resource, Status, WatchEvent, WatchOptions } from "./contract.ts";
import { listChunk, watchBackOff, watchLeastMs } from "./limits.ts";
import { pause } from "./pause.ts";

export type InformerOptions<T> = {
  cluster: Cluster;
  resource: Resource;
  clock: Clock;
  /** What is held for an object; called once for each state seen. */
  keep: (object: Manifest) => T;
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  isMetadataOnly?: boolean;
  random?: () => number;
  /** Told of each failed list or watch; the informer goes on by itself. */
  failed?: (status: Status) => void;
};

/** Both are called in the order of events, between two of which `get` and `values` already show the new state. */
export type InformerListener<T> = {
  changed?(current: T, previous: T | undefined): void;
  /** `last` is the state the server sent with the deletion, or, found by listing again, the last one seen. */
  deleted?(last: T): void;
};

type Held<T> = { value: T; uid: string; resourceVersion: string };

/** How one list or watch ended. */
type End =
  | { kind: "listed" }
  | { kind: "ended"; hadEvents: boolean }
  /** The place in history is gone. */
  | { kind: "relist" }
  /** The server does not stream the first list. */
  | { kind: "unsupported" }
  | { kind: "failed"; status: Status };

export class Informer<T> {
  /** Resolved once the first list is whole. Never rejected: what fails is tried again until `run`'s signal aborts. */
  readonly synced: Promise<void>;
  #markSynced: () => void = () => {};
  #isSynced = false;
  readonly #options: InformerOptions<T>;
  readonly #random: () => number;
  readonly #held = new Map<string, Held<T>>();
  readonly #listeners = new Set<InformerListener<T>>();
  /** Where the next watch goes on; "" means that the present must be listed first. */
  #resourceVersion = "";
  /** False once the server has refused to stream the first list. */
  #canStreamList = true;
  #failure: Status | undefined;
  /** Ends in a row that were no good; the back-off grows with it. */
  #failures = 0;
  #isRunning = false;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.synced = new Promise((resolve) => {
      this.#markSynced = resolve;
    });
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Why the last list or watch failed, until one works again. */
  get failure(): Status | undefined {
    return this.#failure;
  }

  get size(): number {
    return this.#held.size;
  }

  /** `namespace` is "" for what has none. */
  get(namespace: string, name: string): T | undefined {
    return this.#held.get(`${namespace}/${name}`)?.value;
  }

  *values(): IterableIterator<T> {
    for (const held of this.#held.values()) yield held.value;
  }

  /** Calls `changed` at once for each object held, then for what follows. The function returned ends it. */
  subscribe(listener: InformerListener<T>): () => void {
    for (const held of this.#held.values()) listener.changed?.(held.value, undefined);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lists and watches until the signal aborts; then resolves. Call it once. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (!signal.aborted) {
      const startedMs = this.#options.clock.now();
      const end = await this.#pass(signal).catch(endOfThrown);
      if (signal.aborted) return;
      const delayMs = this.#judge(end, this.#options.clock.now() - startedMs);
      if (delayMs > 0) await pause(this.#options.clock, delayMs, signal);
    }
  }

  /** One list, or one watch, or both in one stream. */
  #pass(signal: AbortSignal): Promise<End> {
    if (this.#resourceVersion !== "") return this.#watch(signal);
    return this.#canStreamList ? this.#streamList(signal) : this.#list(signal);
  }

  /** How long to wait after a pass that ended so. One quick end or one lost place is forgiven, a row of them is not. */
  #judge(end: End, lastedMs: number): number {
    if (end.kind === "listed") return 0;
    if (end.kind === "unsupported") {
      this.#canStreamList = false;
      return 0;
    }
    if (end.kind === "relist") this.#resourceVersion = "";
    if (end.kind === "failed") this.#fail(end.status);
    if (end.kind === "ended" && (end.hadEvents || lastedMs >= watchLeastMs)) {
      this.#failures = 0;
      return 0;
    }
    this.#failures += 1;
    if (this.#failures === 1 && end.kind !== "failed") return 0;
    return backOffMs(this.#failures, watchBackOff, this.#random);
  }

  async #list(signal: AbortSignal): Promise<End> {
    const { cluster, resource } = this.#options;
    const seen = new Set<string>();
    let token = "";
    for (;;) {
      const options = { ...this.#selection(), limit: listChunk, ...(token === "" ? {} : { continue: token }) };
      const answer = await cluster.list(resource, options, signal);
      if (!answer.ok) return isGone(answer.status) ? { kind: "relist" } : { kind: "failed", status: answer.status };
      for (const object of answer.value.items) seen.add(this.#put(object));
      token = answer.value.continue;
      if (token !== "") continue;
      this.#complete(seen, answer.value.resourceVersion);
      return { kind: "listed" };
    }
  }

  async #streamList(signal: AbortSignal): Promise<End> {
    const seen = new Set<string>();
    let isListing = true;
    const options: WatchOptions = { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" };
    return this.#follow(options, signal, (event) => {
      if (!isListing) return this.#apply(event);
      if (event.type === "BOOKMARK") {
        if (event.object.metadata.annotations?.["k8s.io/initial-events-end"] !== "true") return;
        isListing = false;
        return this.#complete(seen, event.object.metadata.resourceVersion ?? "");
      }
      if (event.type === "DELETED") seen.delete(this.#remove(event.object));
      else seen.add(this.#put(event.object));
    });
  }

  #watch(signal: AbortSignal): Promise<End> {
    return this.#follow({ resourceVersion: this.#resourceVersion }, signal, (event) => this.#apply(event));
  }

  async #follow(
    options: WatchOptions,
    signal: AbortSignal,
    take: (event: Exclude<WatchEvent, { type: "ERROR" }>) => void,
  ): Promise<End> {
    const { cluster, resource } = this.#options;
    const all = { ...this.#selection(), ...options, allowBookmarks: true };
    let hadEvents = false;
    for await (const event of cluster.watch(resource, all, signal)) {
      if (signal.aborted) break;
      if (event.type === "ERROR") return endOfError(event.status, options.sendInitialEvents === true);
      this.#failure = undefined;
      hadEvents = true;
      take(event);
    }
    return { kind: "ended", hadEvents };
  }

  #apply(event: Exclude<WatchEvent, { type: "ERROR" }>): void {
    if (event.type === "DELETED") this.#remove(event.object);
    else if (event.type !== "BOOKMARK") this.#put(event.object);
    this.#resourceVersion = event.object.metadata.resourceVersion ?? this.#resourceVersion;
  }

  /** The list is whole: what it did not name is gone. */
  #complete(seen: ReadonlySet<string>, resourceVersion: string): void {
    for (const [key, held] of this.#held) {
      if (seen.has(key)) continue;
      this.#held.delete(key);
      this.#tellDeleted(held.value);
    }
    this.#resourceVersion = resourceVersion;
    this.#failure = undefined;
    this.#isSynced = true;
    this.#markSynced();
  }

  #put(object: Manifest): string {
    const { uid = "", resourceVersion = "" } = object.metadata;
    const key = keyOf(object);
    const before = this.#held.get(key);
    const isSame = before?.uid === uid;
    if (before !== undefined && isSame && before.resourceVersion === resourceVersion && resourceVersion !== "")
      return key;
    if (before !== undefined && !isSame) {
      this.#held.delete(key);
      this.#tellDeleted(before.value);
    }
    const value = this.#options.keep(object);
    this.#held.set(key, { value, uid, resourceVersion });
    for (const listener of this.#listeners) listener.changed?.(value, isSame ? before?.value : undefined);
    return key;
  }

  #remove(object: Manifest): string {
    const key = keyOf(object);
    const held = this.#held.get(key);
    // The deletion of an object that another of the same name has already replaced says nothing about that other one.
    if (held === undefined || held.uid !== (object.metadata.uid ?? "")) return key;
    this.#held.delete(key);
    this.#tellDeleted(this.#options.keep(object));
    return key;
  }

  #tellDeleted(last: T): void {
    for (const listener of this.#listeners) listener.deleted?.(last);
  }

  #selection(): Pick<WatchOptions, "namespace" | "labelSelector" | "fieldSelector" | "isMetadataOnly"> {
    const { namespace, labelSelector, fieldSelector, isMetadataOnly } = this.#options;
    return {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(isMetadataOnly === undefined ? {} : { isMetadataOnly }),
    };
  }

  #fail(status: Status): void {
    this.#failure = status;
    this.#options.failed?.(status);
  }
}

function keyOf(object: Manifest): string {
  return `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}

/** 410 in either of its two reasons: the place in history is gone. */
function isGone(status: Status): boolean {
  return status.code === 410 || status.reason === "Expired" || status.reason === "Gone";
}

/** Servers before 1.32, or with the feature off, refuse `sendInitialEvents` as invalid. */
function endOfError(status: Status, isStreaming: boolean): End {
  if (isGone(status)) return { kind: "relist" };
  if (isStreaming && (status.code === 400 || status.code === 422)) return { kind: "unsupported" };
  return { kind: "failed", status };
}

/** A bug in a listener must not leave a dead watch behind: it is told of, and all is listed again. */
function endOfThrown(thrown: unknown): End {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { kind: "failed", status: { code: 0, reason: "InternalError", message } };
}
