// get and list: from the collections, at the newest revision or at a past one.

import type { List, ListOptions } from "#cluster";
import type { Manifest } from "#kernel";
import type { Stored } from "./collection.ts";
import { decodeContinue, encodeContinue, newestRevision } from "./continue-token.ts";
import { listHeadBytes, listItemsMax } from "./limits.ts";
import { badRequest, expired, notFound, pageExpired, Refusal } from "./refusal.ts";
import type { Call, Registry } from "./registry.ts";
import { type Served, storageKey, storagePrefix } from "./resource.ts";
import { writeItem } from "./stored-text.ts";
import { TextBuffer } from "./text-buffer.ts";
import { type FieldSelector, type LabelSelector, parseFieldSelector, parseLabelSelector } from "./selectors.ts";

/** One object in the version of the request; frozen and shared. */
export function getObject(registry: Registry, call: Call): Manifest {
  const { served } = call;
  const stored = registry.collection(served.storage).get(storageKey(served.storage, call.namespace, call.name));
  if (stored === undefined) throw notFound(served.resource, call.name);
  return registry.view(served, stored.object);
}

/** `isByLabels`: labels decide alone. */
export type Filter = { labels: LabelSelector; fields: FieldSelector; isAll: boolean; isByLabels: boolean };

/** The selectors of a list, watch or deletecollection, checked. */
export function parseFilter(served: Served, options: { labelSelector?: string; fieldSelector?: string }): Filter {
  const fieldsOf = served.strategy.selectableFields ?? (() => ({}));
  const known = Object.keys(fieldsOf({ apiVersion: "", kind: "", metadata: { name: "" } }));
  const labelText = options.labelSelector ?? "";
  const fieldText = options.fieldSelector ?? "";
  return {
    labels: parseLabelSelector(labelText),
    fields: parseFieldSelector(fieldText, fieldsOf, {
      known,
      isNamespaced: served.storage.isNamespaced,
      isListed: known.length > 0 || served.custom !== undefined,
      kind: served.storage.kind,
    }),
    isAll: labelText === "" && fieldText === "",
    isByLabels: fieldText === "",
  };
}

export function passes(filter: Filter, object: Manifest): boolean {
  return filter.isAll || (filter.labels(object.metadata.labels ?? {}) && filter.fields.matches(object));
}

/** The object where it passes: labels are known without looking at it. */
export function glimpse(registry: Registry, served: Served, filter: Filter, stored: Stored): Manifest | undefined {
  if (!filter.isAll && !filter.labels(stored.labels)) return undefined;
  const object = registry.view(served, stored.glimpse());
  return filter.isAll || filter.fields.matches(object) ? object : undefined;
}

/** The prefix of the keys a request on a collection is about. */
export function scopePrefix(call: Call): string {
  const prefix = storagePrefix(call.served.storage);
  return call.namespace === "" || !call.served.storage.isNamespaced ? prefix : `${prefix}${call.namespace}/`;
}

/** Objects of a list; frozen and shared. */
export function listObjects(registry: Registry, call: Call, options: ListOptions): List {
  return select(registry, call, options, (stored, filter) => glimpse(registry, call.served, filter, stored));
}

/** The items of a list as JSON, each with a comma after it. */
export type ListText = Omit<List, "items"> & { items: TextBuffer };

/** The same as text: what no selector must look into is not decoded. */
export function listText(registry: Registry, call: Call, options: ListOptions): ListText {
  const items = new TextBuffer(listHeadBytes);
  const { served } = call;
  const list = select(registry, call, options, (stored, filter) => {
    const does = filter.isByLabels ? filter.labels(stored.labels) : glimpse(registry, served, filter, stored);
    if (does === undefined || does === false) return undefined;
    writeItem(registry, served, stored, items);
    items.text(",");
    return stored.revision;
  });
  return { ...list, items };
}

type Selection<T> = Omit<List, "items"> & { items: T[] };

/** What `look` makes of the objects of a list; those it makes nothing of are left out. */
function select<T>(
  registry: Registry,
  call: Call,
  options: ListOptions,
  look: (stored: Stored, filter: Filter) => T | undefined,
): Selection<T> {
  const filter = parseFilter(call.served, options);
  const collection = registry.collection(call.served.storage);
  const prefix = scopePrefix(call);
  // The real server keeps no Events in its memory.
  const isKept = call.served.storage.kind !== "Event";
  const at = listRevision(registry, options, isKept);
  const start = at.start === undefined ? undefined : prefix + at.start;
  const found =
    at.revision === registry.store.revision
      ? collection.range(prefix, start)
      : registry.orListExpired(
          () => listExpired(at.start),
          () => collection.rangeAt(at.revision, prefix, start),
        );
  // What may be of any age is answered whole, from memory, whatever was asked for.
  const isAnyAge = isKept && options.resourceVersion === "0";
  const limit = isAnyAge || options.limit === undefined || options.limit <= 0 ? listItemsMax : options.limit;
  const list: Selection<T> = { items: [], resourceVersion: String(at.revision), continue: "" };
  let remaining = 0;
  for (const stored of found) {
    if (list.items.length === limit) {
      if (list.continue === "")
        list.continue = encodeContinue({ revision: at.revision, start: stored.key.slice(prefix.length) });
      if (!filter.isAll) break;
      remaining++;
      continue;
    }
    const seen = look(stored, filter);
    if (seen !== undefined) list.items.push(seen);
  }
  if (remaining > 0) list.remainingItemCount = remaining;
  return list;
}

function listExpired(start: string | undefined): Refusal {
  return start === undefined
    ? expired("The resourceVersion for the provided list is too old.")
    : pageExpired(encodeContinue({ revision: newestRevision, start }));
}

/** Which revision a list shows, by the rules of resourceVersion, resourceVersionMatch and continue. */
function listRevision(registry: Registry, options: ListOptions, isKept: boolean): { revision: number; start?: string } {
  const now = registry.store.revision;
  const version = options.resourceVersion ?? "";
  const match = options.resourceVersionMatch;
  if (options.continue !== undefined && options.continue !== "") {
    if (version !== "" && version !== "0")
      throw badRequest("specifying resource version is not allowed when using continue");
    const token = decodeContinue(options.continue);
    if (token.revision > now) throw futureVersion(token.revision, now, isKept);
    return { revision: token.revision === newestRevision ? now : token.revision, start: token.start };
  }
  if (match !== undefined && version === "")
    throw badRequest(
      `resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided`,
    );
  if (version === "" || version === "0") {
    if (match === "Exact")
      throw badRequest(
        'resourceVersionMatch: Forbidden: resourceVersionMatch "Exact" is forbidden for resourceVersion "0"',
      );
    return { revision: now };
  }
  const wanted = parseResourceVersion(version);
  if (wanted > now) throw futureVersion(wanted, now, isKept);
  const isExact = match === "Exact" || (match === undefined && options.limit !== undefined && options.limit > 0);
  return { revision: isExact ? wanted : now };
}

export function parseResourceVersion(text: string): number {
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return Number(text);
}

/** The answer to a version that this server has not reached. `isKept`: it would be answered from memory, where it may soon have been. */
export function futureVersion(wanted: number, now: number, isKept = true): Refusal {
  const message = `Timeout: Too large resource version: ${wanted}, current: ${now}`;
  const causes = [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }];
  return new Refusal({
    code: 504,
    reason: "Timeout",
    message,
    details: { causes, ...(isKept ? { retryAfterSeconds: 1 } : {}) },
  });
}
