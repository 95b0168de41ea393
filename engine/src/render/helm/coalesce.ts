// Lays the user's values over the charts' own: the user wins, null deletes a default, globals flow down. Mirrors
// pkg/chart/common/util/coalesce.go of Helm 4.3.

import { GoError, type GoMap, isMap, mapGet, mapSet, printValue, sprintf, type Value } from "#formats/gotemplate";
import type { Chart } from "./chart.ts";
import { deepCopy } from "./functions/copy.ts";

export type Warn = (message: string) => void;

/** The values a chart and its subcharts are rendered with. */
export function coalesceValues(chart: Chart, values: GoMap, warn: Warn): GoMap {
  const destination = copyMap(values);
  coalesce({ chart, prefix: "", isMerge: false, warn }, destination);
  return destination;
}

/** As coalesceValues, but nulls of the charts' own values stay. */
export function mergeChartValues(chart: Chart, values: GoMap, warn: Warn): GoMap {
  const destination = copyMap(values);
  coalesce({ chart, prefix: "", isMerge: true, warn }, destination);
  return destination;
}

export function copyMap(values: GoMap): GoMap {
  return deepCopy(values) as GoMap;
}

type Scope = { chart: Chart; prefix: string; isMerge: boolean; warn: Warn };

function joinPrefix(a: string, b: string): string {
  return a === "" ? b : `${a}.${b}`;
}

function coalesce(scope: Scope, destination: GoMap): void {
  ownValues(scope, destination);
  const prefix = joinPrefix(scope.prefix, scope.chart.metadata.name);
  for (const chart of scope.chart.dependencies) {
    const { name } = chart.metadata;
    const known = mapGet(destination, name);
    if (known !== undefined && !isMap(known)) throw new GoError(`type mismatch on ${name}: ${sprintf("%t", [known])}`);
    const inner: GoMap = known ?? {};
    if (known === undefined) mapSet(destination, name, inner);
    coalesceGlobals(scope, inner, destination, prefix);
    coalesce({ ...scope, chart, prefix }, inner);
  }
}

function coalesceGlobals(scope: Scope, destination: GoMap, source: GoMap, prefix: string): void {
  const own = mapGet(destination, "global");
  const outer = mapGet(source, "global");
  if (own !== undefined && !isMap(own))
    return scope.warn("warning: skipping globals because destination global is not a table.");
  if (outer !== undefined && !isMap(outer))
    return scope.warn("warning: skipping globals because source global is not a table.");
  const globals: GoMap = own ?? {};
  for (const key of Object.keys(outer ?? {}))
    mergeGlobal(scope, globals, { key, value: (outer as GoMap)[key], prefix });
  mapSet(destination, "global", globals);
}

function mergeGlobal(scope: Scope, globals: GoMap, from: { key: string; value: Value; prefix: string }): void {
  const { key, value } = from;
  const known = mapGet(globals, key);
  if (isMap(value)) {
    const copy = { ...value };
    if (known === undefined) mapSet(globals, key, copy);
    else if (!isMap(known)) scope.warn(`Conflict: cannot merge map onto non-map for ${JSON.stringify(key)}. Skipping.`);
    else {
      mergeTables(copy, known, { prefix: joinPrefix(from.prefix, key), isMerge: true, warn: scope.warn });
      mapSet(globals, key, copy);
    }
  } else if (isMap(known)) scope.warn(`key ${key} is table. Skipping`);
  else mapSet(globals, key, value ?? null);
}

function ownValues(scope: Scope, destination: GoMap): void {
  const prefix = joinPrefix(scope.prefix, scope.chart.metadata.name);
  const own = copyMap(scope.chart.values);
  for (const key of Object.keys(own)) {
    const value = own[key] ?? null;
    const given = mapGet(destination, key);
    if (given === undefined) takeDefault(scope, destination, key, value);
    else if (given === null && !scope.isMerge) delete destination[key];
    else if (isMap(given)) coalesceKey(scope, given, { key, value, prefix });
  }
}

function takeDefault(scope: Scope, destination: GoMap, key: string, value: Value): void {
  if (!scope.isMerge) {
    if (value === null) return;
    if (isMap(value)) dropNulls(value);
  }
  mapSet(destination, key, value);
}

function coalesceKey(scope: Scope, given: GoMap, from: { key: string; value: Value; prefix: string }): void {
  const { key, value, prefix } = from;
  if (!isMap(value)) {
    if (value !== null) scope.warn(`warning: skipped value for ${prefix}.${key}: Not a table.`);
    return;
  }
  const isMerge = scope.isMerge || scope.chart.dependencies.some((chart) => chart.metadata.name === key);
  if (!isMerge) dropNulls(value);
  mergeTables(given, value, { prefix: joinPrefix(prefix, key), isMerge, warn: scope.warn });
}

function dropNulls(map: GoMap): void {
  for (const key of Object.keys(map)) {
    const value = map[key];
    if (value === null || value === undefined) delete map[key];
    else if (isMap(value)) dropNulls(value);
  }
}

export type TableMerge = { prefix: string; isMerge: boolean; warn: Warn };

/** Fills `destination` with what it lacks of `source`; unless merging, a null in it deletes a key that the source sets. */
export function mergeTables(destination: GoMap, source: GoMap, how: TableMerge): GoMap {
  const set = new Set(Object.keys(source).filter((key) => source[key] !== null && source[key] !== undefined));
  for (const key of Object.keys(destination)) if (destination[key] === null) mapSet(source, key, null);
  for (const key of Object.keys(source)) {
    const value = source[key] ?? null;
    const known = mapGet(destination, key);
    if (known === null && !how.isMerge && set.has(key)) delete destination[key];
    else if (known === undefined) mapSet(destination, key, value);
    else mergeTable(known, value, { ...how, prefix: joinPrefix(how.prefix, key) });
  }
  return destination;
}

function mergeTable(known: Value, value: Value, how: TableMerge): void {
  if (isMap(value)) {
    if (isMap(known)) mergeTables(known, value, how);
    else how.warn(`warning: cannot overwrite table with non table for ${how.prefix} (${printValue(value)})`);
  } else if (isMap(known) && value !== null)
    how.warn(`warning: destination for ${how.prefix} is a table. Ignoring non-table value (${printValue(value)})`);
}
