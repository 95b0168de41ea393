// watch: the past from a version on, or the present state, then every change; seen through the request's selectors.

import type { WatchOptions } from "#cluster";
import type { Manifest } from "#kernel";
import { zeroOf } from "#merge";
import type { Change } from "./collection.ts";
import { type Filter, futureVersion, glimpse, parseFilter, parseResourceVersion, passes, scopePrefix } from "./read.ts";
import { badRequest } from "./refusal.ts";
import { apiVersionOf, type Call, type Registry } from "./registry.ts";

/** What a watcher is told. `change` is the same for all watchers of one write, so that encodings can be kept by it. */
export type Notice =
  | { type: "ADDED" | "MODIFIED" | "DELETED"; object: Manifest; change: Change | undefined }
  | { type: "BOOKMARK"; object: Manifest };

export type Watch = { stop: () => void /** A bookmark of now. */; bookmark: () => Notice };

/** Begins a watch: notices of the past are delivered before this returns, later ones as they become durable. */
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
  const since = version === "" || version === "0" ? 0 : parseResourceVersion(version);
  if (since > now) throw futureVersion(since, now);
  if (wantsState) {
    const initial: Notice[] = [];
    for (const stored of collection.range(prefix)) {
      const object = glimpse(registry, call.served, filter, stored);
      if (object !== undefined) initial.push({ type: "ADDED", object, change: undefined });
    }
    if (options.sendInitialEvents === true && options.allowBookmarks === true)
      initial.push(bookmarkOf(call, now, { "k8s.io/initial-events-end": "true" }));
    deliver(initial);
  }
  const stop = registry.orExpired(since, () =>
    collection.watch(wantsState ? now : since, (changes) => {
      const notices: Notice[] = [];
      for (const change of changes) {
        const notice = change.key.startsWith(prefix) ? noticeOf(registry, call, filter, change) : undefined;
        if (notice !== undefined) notices.push(notice);
      }
      if (notices.length > 0) deliver(notices);
    }),
  );
  return { stop, bookmark: () => bookmarkOf(call, registry.store.revision) };
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
