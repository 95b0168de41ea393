// Sprig's maps. `set`, `unset`, `merge` and `mergeOverwrite` change their first argument, as in Sprig.

import {
  define,
  type FunctionTable,
  GoError,
  type GoMap,
  goTypeOf,
  isMap,
  isNilContainer,
  mapGet,
  mapSet,
  sortedKeys,
  strings,
  type Value,
} from "#formats/gotemplate";
import { deepCopy } from "./copy.ts";
import { toText } from "./cast.ts";
import { mergeMaps } from "./merge.ts";

function dict(...values: Value[]): Value {
  const map: GoMap = {};
  for (let i = 0; i < values.length; i += 2)
    mapSet(map, toText(values[i] as Value), i + 1 < values.length ? (values[i + 1] as Value) : "");
  return map;
}

function pick(map: GoMap, ...keys: string[]): Value {
  const picked: GoMap = {};
  for (const key of keys) if (Object.hasOwn(map ?? {}, key)) mapSet(picked, key, map[key]);
  return picked;
}

function omit(map: GoMap, ...keys: string[]): Value {
  const kept: GoMap = {};
  for (const key of Object.keys(map ?? {})) if (!keys.includes(key)) mapSet(kept, key, map[key]);
  return kept;
}

function setKey(map: GoMap, key: string, value: Value): Value {
  if (map === null) throw new GoError("assignment to entry in nil map");
  if (isNilContainer(map)) throw new GoError("assignment to entry in nil map");
  mapSet(map, key, value);
  return map;
}

function unset(map: GoMap, key: string): Value {
  if (map !== null) delete map[key];
  return map ?? {};
}

function dig(...parts: Value[]): Value {
  if (parts.length < 3) throw new GoError("dig needs at least three arguments");
  let map = asDict(parts.at(-1));
  const fallback = parts.at(-2) as Value;
  const keys = parts.slice(0, -2).map(asKey);
  for (const [i, key] of keys.entries()) {
    const step = mapGet(map, key);
    if (step === undefined) return fallback;
    if (i === keys.length - 1) return step;
    map = asDict(step);
  }
  return fallback;
}

function asKey(key: Value): string {
  if (typeof key === "string") return key;
  const type = key === null || key === undefined ? "nil" : goTypeOf(key);
  throw new GoError(`interface conversion: interface {} is ${type}, not string`);
}

function asDict(value: Value): GoMap {
  if (isMap(value) && goTypeOf(value) === "map[string]interface {}") return value;
  const type = value === null || value === undefined ? "nil" : goTypeOf(value);
  throw new GoError(`interface conversion: interface {} is ${type}, not map[string]interface {}`);
}

function merge(destination: GoMap, sources: readonly GoMap[], isOverwriting: boolean): Value {
  const merged = destination ?? {};
  for (const source of sources) mergeMaps(merged, source, isOverwriting);
  return merged;
}

export const mapFunctions: FunctionTable = {
  dict: define("...any", dict),
  get: define("map, string", (map: GoMap, key: string) => {
    const value = mapGet(map ?? {}, key);
    return value === undefined ? "" : value;
  }),
  set: define("map, string, any", setKey),
  unset: define("map, string", unset),
  hasKey: define("map, string", (map: GoMap, key: string) => Object.hasOwn(map ?? {}, key)),
  pluck: define("string, ...map", (key: string, ...maps: GoMap[]) =>
    maps.filter((map) => Object.hasOwn(map ?? {}, key)).map((map) => map[key] ?? null),
  ),
  // Go gives no order; sorted is one of its possible answers and always the same.
  keys: define("...map", (...maps: GoMap[]) => strings(maps.flatMap((map) => sortedKeys(map ?? {})))),
  values: define("map", (map: GoMap) => sortedKeys(map ?? {}).map((key) => map[key] ?? null)),
  pick: define("map, ...string", pick),
  omit: define("map, ...string", omit),
  dig: define("...any", dig),
  merge: define("map, ...map", (map: GoMap, ...maps: GoMap[]) => merge(map, maps, false)),
  mustMerge: define("map, ...map", (map: GoMap, ...maps: GoMap[]) => merge(map, maps, false)),
  mergeOverwrite: define("map, ...map", (map: GoMap, ...maps: GoMap[]) => merge(map, maps, true)),
  mustMergeOverwrite: define("map, ...map", (map: GoMap, ...maps: GoMap[]) => merge(map, maps, true)),
  deepCopy: define("any", copyOrFail),
  mustDeepCopy: define("any", copyOrFail),
};

function copyOrFail(value: Value): Value {
  if (value === null) throw new GoError("reflect: call of reflect.Value.Type on zero Value");
  return deepCopy(value);
}
