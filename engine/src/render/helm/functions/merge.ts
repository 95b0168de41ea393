// Sprig's merge, which is mergo's: false, 0, "" and empty collections count as unset; a map or list that is taken over is
// shared with its source, not copied. Mirrors dario.cat/mergo v1.0.1 on maps.

import { type GoMap, isList, isMap, mapGet, mapSet, type Value } from "#formats/gotemplate";
import { isEmpty } from "./cast.ts";

/** Merges `source` into `destination`. Overwriting, every value of the source wins, also nil. */
export function mergeMaps(destination: GoMap, source: GoMap, isOverwriting: boolean): void {
  for (const key of Object.keys(source ?? {})) mergeKey(destination, key, source[key] ?? null, isOverwriting);
}

function mergeKey(destination: GoMap, key: string, value: Value, isOverwriting: boolean): void {
  const existing = mapGet(destination, key);
  if (value === null) {
    if (isOverwriting) mapSet(destination, key, null);
    return;
  }
  if (isMap(value) && isMap(existing)) {
    mergeMaps(existing, value, isOverwriting);
    if (!isEmpty(existing)) return;
  }
  if (isList(value) && isList(existing) && existing.length > 0) {
    if (isOverwriting) mapSet(destination, key, value);
    return;
  }
  if (isOverwriting || existing === undefined || isEmpty(existing)) mapSet(destination, key, value);
}
