// watch: the past from a version on, or the present state, then every change; seen through the request's selectors.

import type { WatchOptions } from "#cluster";
import type { Manifest } from "#kernel";
import { zeroOf } from "#merge";
import type { Change, Past, Stored } from "./collection.ts";
import { InOrder } from "./conversion.ts";
import { glimpsesMax } from "./limits.ts";
import { type Filter, futureVersion, glimpse, parseFilter, parseResourceVersion, passes, scopePrefix } from "./read.ts";
import { badRequest, plainError } from "./refusal.ts";
import type { Call, Registry } from "./registry.ts";
import { apiVersionOf, type Served } from "./resource.ts";
import { writeWhole } from "./stored-text.ts";
import type { TextBuffer } from "./text-buffer.ts";

/** What a watcher is told. `change` is the same for all watchers of one write, so that encodings can be kept by it. */
export type Notice =
  | {
      type: "ADDED" | "MODIFIED" | "DELETED";
      object: Manifest;
      change: Change | undefined;
      /** Writes the object's text without decoding it. */
      write?: (to: TextBuffer) => void;
    }
  | { type: "BOOKMARK"; object: Manifest };

export type Watch = {
  /** What comes before all that is delivered: what stands there, or changes of the past. Refuses on the way what has become too old. */
  start: Past<Notice>;
  stop: () => void;
  /** A bookmark of now. */
  bookmark: () => Notice;
};

/** Begins a watch: notices are delivered as changes become durable; the reader takes those of the start at its own pace. */
export function watchObjects(
  registry: Registry,
  call: Call,
  options: WatchOptions,
  deliver: (notices: readonly Notice[]) => void,
): Watch {
  const filter = parseFilter(call.served, options);
  const collection = registry.collection(call.served.storage);
  const prefix = scopePrefix(call);
  const version = options.resourceVersion ?? "";
  const now = registry.store.revision;
  const wantsState = wantsInitialState(options, version);
  const since = version === "" || version === "0" ? 0 : parseWatchedVersion(version);
  if (since > now) throw futureVersion(since, now);
  const noticed = (change: Change): Notice | undefined =>
    change.key.startsWith(prefix) ? noticeOf(registry, call, filter, change) : undefined;
  const tell = (changes: readonly Change[]): void => {
    const notices = changes.map(noticed).filter((notice) => notice !== undefined);
    if (notices.length > 0) deliver(notices);
  };
  const changes = inOrder(registry, call, tell);
  const from = wantsState ? now : since;
  const { past, stop } = registry.orExpired(since, () => collection.watch(from, changes.push));
  // Whoever takes bookmarks is told where the present ends, asked for or not.
  const isTold = wantsState && options.allowBookmarks === true;
  const end = isTold ? bookmarkOf(call, now, { "k8s.io/initial-events-end": "true" }) : undefined;
  const stopAll = (): void => {
    stop();
    changes.stop();
  };
  const state = (): Past<Notice> => standing(registry, call, filter, [...collection.range(prefix)], end);
  const begin = (): Past<Notice> => {
    if (!changes.isLate) return wantsState ? state() : each(past, noticed);
    return wantsState ? whole(state()) : each(changes.first(past), noticed);
  };
  try {
    return {
      start: registry.eachOrExpired(from, begin()),
      stop: stopAll,
      bookmark: () => bookmarkOf(call, changes.revision()),
    };
  } catch (error) {
    stopAll();
    throw error;
  }
}

/** What is no version is a fault of the server's own where a watch is to begin there. */
function parseWatchedVersion(text: string): number {
  if (/^\d+$/.test(text)) return parseResourceVersion(text);
  throw plainError(
    `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

type Changes = {
  push: (changes: readonly Change[]) => void;
  stop: () => void;
  /** What is told up to. */
  revision: () => number;
  /** Told in its order once its objects are at hand, what is past included. */
  isLate: boolean;
  first: (past: Past<Change>) => Past<Change>;
};

/** Changes as they happen; where a webhook converts, as soon as it has. */
function inOrder(registry: Registry, call: Call, tell: (changes: readonly Change[]) => void): Changes {
  const { conversion } = call.served;
  const present = (): number => registry.store.revision;
  if (conversion === undefined)
    return { push: tell, stop: () => undefined, revision: present, isLate: false, first: (past) => past };
  let told = present();
  const prepare = (changes: readonly Change[]): Promise<void> | undefined => {
    const objects = changes.flatMap(({ object, previous }) => (previous === undefined ? [object] : [object, previous]));
    return conversion.prepare(objects, apiVersionOf(call.served));
  };
  const queue = new InOrder<readonly Change[]>(registry, prepare, (changes) => {
    told = changes.at(-1)?.revision ?? told;
    tell(changes);
  });
  return {
    push: (changes) => queue.push(changes),
    stop: () => queue.stop(),
    revision: () => (queue.isIdle ? present() : told),
    isLate: true,
    first: (past) => {
      queue.push([...past].filter((change) => change !== undefined));
      return [];
    },
  };
}

/** What stood there when the watch began, and the word that this was all. */
// oxlint-disable-next-line max-params -- what is looked at, how, and what comes after it
function* standing(
  registry: Registry,
  call: Call,
  filter: Filter,
  found: readonly Stored[],
  end: Notice | undefined,
): Past<Notice> {
  let looks = 0;
  for (const stored of found) {
    const notice = standingNotice(registry, call.served, filter, stored);
    if (notice !== undefined || ++looks % glimpsesMax === 0) yield notice;
  }
  yield end;
}

function standingNotice(registry: Registry, served: Served, filter: Filter, stored: Stored): Notice | undefined {
  if (!filter.isByLabels) {
    const object = glimpse(registry, served, filter, stored);
    return object === undefined ? undefined : { type: "ADDED", object, change: undefined };
  }
  if (!filter.isAll && !filter.labels(stored.labels)) return undefined;
  return {
    type: "ADDED",
    get object() {
      return registry.view(served, stored.glimpse());
    },
    change: undefined,
    write: (to) => writeWhole(registry, served, stored, to),
  };
}

/** With every object made now: what a webhook has converted is at hand only for a while. */
function whole(past: Past<Notice>): Past<Notice> {
  return [...past].map((notice) => {
    if (notice === undefined || notice.type === "BOOKMARK") return notice;
    const { type, object, change } = notice;
    return { type, object, change };
  });
}

function* each(past: Past<Change>, noticed: (change: Change) => Notice | undefined): Past<Notice> {
  for (const change of past) yield change === undefined ? undefined : noticed(change);
}

function wantsInitialState(options: WatchOptions, version: string): boolean {
  if (options.sendInitialEvents === undefined) {
    if (options.resourceVersionMatch !== undefined)
      throw badRequest(
        "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
      );
    return version === "" || version === "0";
  }
  if (options.resourceVersionMatch !== "NotOlderThan")
    throw badRequest("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  return options.sendInitialEvents;
}

/** What a change is to a watcher: an object that begins to match is ADDED, one that ceases to match is DELETED. */
function noticeOf(registry: Registry, call: Call, filter: Filter, change: Change): Notice | undefined {
  const object = registry.view(call.served, change.object);
  if (filter.isAll) return { type: change.type, object, change };
  const previous = change.previous === undefined ? undefined : registry.view(call.served, change.previous);
  const did = previous !== undefined && passes(filter, previous);
  const does = change.type !== "DELETED" && passes(filter, object);
  if (does) return { type: did ? "MODIFIED" : "ADDED", object, change };
  if (!did) return undefined;
  if (change.type === "DELETED") return { type: "DELETED", object, change };
  const metadata = { ...previous.metadata, resourceVersion: String(change.revision) };
  return { type: "DELETED", object: { ...previous, metadata }, change: undefined };
}

function bookmarkOf(call: Call, revision: number, annotations?: Record<string, string>): Notice {
  const { schemas, schema, custom, resource } = call.served;
  const zero = custom === undefined && schemas !== undefined && schema !== undefined ? zeroOf(schemas, schema) : {};
  return {
    type: "BOOKMARK",
    object: {
      ...zero,
      apiVersion: apiVersionOf(call.served),
      kind: resource.kind,
      metadata: {
        resourceVersion: String(revision),
        ...(annotations === undefined ? {} : { annotations }),
      } as Manifest["metadata"],
    },
  };
}
