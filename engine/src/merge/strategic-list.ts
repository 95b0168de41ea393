// Merging lists in a strategic merge patch: by merge key, or as sets of scalars; and the order of the result.

import { encodeJson, equalJson, isObject, type Json, type JsonObject } from "#kernel";
import { formatGo, goTypeOf } from "./go-text.ts";

/** Carries a message out of the depth of a merge to `strategicMerge`. */
export class StrategicRefusal extends Error {
  readonly reason: "BadRequest" | "Unprocessable" | "Internal";

  constructor(message: string, reason: StrategicRefusal["reason"]) {
    super(message);
    this.reason = reason;
  }
}

type Merge = {
  original: Json[];
  patch: Json[];
  mergeKey: string;
  merge: (live: JsonObject, change: JsonObject) => JsonObject;
};

/** Merges a patch's items into a list; items of the patch come in its order, among those of the list alone. */
export function mergeItems({ original, patch, mergeKey, merge }: Merge): Json[] {
  if (original.length === 0 && patch.length === 0) return original;
  const areMaps = checkTypes(original, patch);
  if (!areMaps) {
    const items = uniqueScalars([...original, ...patch]);
    return orderItems({ items, wanted: patch, before: original, mergeKey: "" });
  }
  if (mergeKey === "") throw new StrategicRefusal("cannot merge lists without merge key", "Internal");
  const { kept, changes } = applyDirectives(original, patch, mergeKey);
  const items = [...kept];
  for (const change of changes) {
    const at = findItem(items, mergeKey, keyOf(change, mergeKey));
    if (at < 0) items.push(change);
    else items[at] = merge(items[at] as JsonObject, change);
  }
  return orderItems({ items, wanted: changes, before: kept, mergeKey });
}

/** True for lists of maps. All items must be of one type. */
function checkTypes(...lists: readonly Json[][]): boolean {
  const items = lists.flat();
  const [first] = items;
  if (Array.isArray(first)) throw new StrategicRefusal("lists of lists are not supported", "Unprocessable");
  if (items.some((item) => goTypeOf(item) !== goTypeOf(first as Json)))
    throw new StrategicRefusal(`list element types are not identical: ${formatGo(lists)}`, "Internal");
  return isObject(first);
}

function keyOf(item: Json, mergeKey: string): Json {
  const key = isObject(item) ? item[mergeKey] : undefined;
  if (key === undefined)
    throw new StrategicRefusal(`map: ${formatGo(item)} does not contain declared merge key: ${mergeKey}`, "Internal");
  return key;
}

function findItem(items: readonly Json[], mergeKey: string, key: Json): number {
  return items.findIndex((item) => isObject(item) && Object.hasOwn(item, mergeKey) && equalJson(item[mergeKey], key));
}

/** Carries out `$patch: delete` and `$patch: replace` items; the rest are changes. */
function applyDirectives(original: Json[], patch: Json[], mergeKey: string): { kept: Json[]; changes: JsonObject[] } {
  let kept = original;
  const changes: JsonObject[] = [];
  let isReplaced = false;
  for (const item of patch as JsonObject[]) {
    const directive = item["$patch"];
    if (directive === undefined) changes.push(item);
    else if (directive === "replace") isReplaced = true;
    else if (directive === "delete") {
      const key = keyOf(item, mergeKey);
      kept = kept.filter((other) => !(isObject(other) && equalJson(other[mergeKey], key)));
    } else if (directive === "merge")
      throw new StrategicRefusal("merging lists cannot yet be specified in the patch", "Internal");
    else
      throw new StrategicRefusal(
        `unknown patch type: ${encodeJson(directive)} in map: ${encodeJson(item)}`,
        "Internal",
      );
  }
  return isReplaced ? { kept: changes, changes: [] } : { kept, changes };
}

/** Without repeats, as the API server drops them: a repeated value is replaced by the last of the list. */
function uniqueScalars(items: Json[]): Json[] {
  const unique = [...items];
  for (let i = 0; i < unique.length; i++) {
    for (let j = i + 1; j < unique.length; j++) {
      if (!equalJson(unique[i], unique[j])) continue;
      const last = unique.pop() as Json;
      if (j < unique.length) unique[j] = last;
      j--;
    }
  }
  return unique;
}

/** The list without the values named. */
export function deleteItems(items: readonly Json[], values: readonly Json[]): Json[] {
  return items.filter((item) => !values.some((value) => equalJson(value, item)));
}

type Order = { items: readonly Json[]; wanted: readonly Json[]; before: readonly Json[]; mergeKey: string };

/** Items that `wanted` names in its order, the others in the order of `before`, woven together by their places in `before`. */
export function orderItems({ items, wanted, before, mergeKey }: Order): Json[] {
  const placeIn = (list: readonly Json[], item: Json): number =>
    mergeKey === ""
      ? list.findIndex((other) => equalJson(other, item))
      : findItem(list, mergeKey, keyOf(item, mergeKey));
  const sorted = (list: Json[], order: readonly Json[]): Json[] =>
    list
      .map((item) => ({ item, place: placeIn(order, item) }))
      .sort((a, b) => a.place - b.place)
      .map(({ item }) => item);
  const named = sorted(
    items.filter((item) => placeIn(wanted, item) >= 0),
    wanted,
  );
  const others = sorted(
    items.filter((item) => placeIn(wanted, item) < 0),
    before,
  );
  const woven: Json[] = [];
  let next = 0;
  for (const item of named) {
    const place = placeIn(before, item);
    while (place >= 0 && next < others.length && isBefore(placeIn(before, others[next] as Json), place))
      woven.push(others[next++] as Json);
    woven.push(item);
  }
  return [...woven, ...others.slice(next)];
}

function isBefore(place: number, other: number): boolean {
  return place >= 0 && place < other;
}
