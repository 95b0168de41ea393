// Which subcharts take part, under which names, and which of their values a parent imports. Mirrors
// pkg/chart/v2/util/dependencies.go of Helm 4.3.

import { type GoMap, goTypeOf, isMap, mapGet, printValue, typed, type Value } from "#formats/gotemplate";
import { type Chart, type Dependency, setDependencies } from "./chart.ts";
import { coalesceValues, copyMap, mergeChartValues, mergeTables, type Warn } from "./coalesce.ts";
import { helmFault } from "./faults.ts";
import { isCompatibleRange } from "./functions/semver.ts";
import { trimSpace } from "./functions/space.ts";

/** Drops disabled subcharts, applies aliases and imports values. Changes the chart. */
export function processDependencies(chart: Chart, values: GoMap, warn: Warn): void {
  processEnabled(chart, values, { path: "", warn });
  processImports(chart, warn);
}

/** Fails when Chart.yaml names a dependency that charts/ lacks. */
export function checkDependencies(chart: Chart): void {
  checkPresent(
    chart,
    "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch missing dependencies: ",
  );
}

/** As `checkDependencies`, with words of the caller before Helm's. */
export function checkPresent(chart: Chart, before = ""): void {
  const present = new Set(chart.dependencies.map((dependency) => dependency.metadata.name));
  const missing = (chart.metadata.dependencies ?? []).filter((dependency) => !present.has(dependency.name));
  if (missing.length === 0) return;
  const names = missing.map((dependency) => dependency.name).join(", ");
  throw helmFault("chart-dependency", `${before}found in Chart.yaml, but missing in charts/ directory: ${names}`, {
    hint: "keelson dependency build CHART fetches them",
  });
}

function processEnabled(chart: Chart, values: GoMap, context: { path: string; warn: Warn }): void {
  const requested = chart.metadata.dependencies;
  if (requested === null) return;
  setDependencies(chart, resolve(chart, requested));
  for (const request of requested) if (request.alias !== "") request.name = request.alias;
  for (const request of requested) request.enabled = true;
  const coalesced = coalesceValues(chart, values, context.warn);
  for (const request of requested) {
    applyTags(request, mapGet(coalesced, "tags"));
    applyCondition(request, coalesced, context.path);
  }
  const removed = new Set(requested.filter((request) => !request.enabled).map((request) => request.name));
  const kept = chart.dependencies.filter((dependency) => !removed.has(dependency.metadata.name));
  for (const dependency of kept)
    processEnabled(dependency, coalesced, { ...context, path: `${context.path}${dependency.metadata.name}.` });
  const enabled = requested.filter((request) => !removed.has(request.name));
  // Helm tells "none" from "none left" no more: then nothing is imported, and nulls stay where they are.
  chart.metadata.dependencies = enabled.length === 0 ? null : enabled;
  setDependencies(chart, kept);
}

/** Charts that nothing declares, then one chart for each declaration that finds one. */
function resolve(chart: Chart, requested: readonly Dependency[]): Chart[] {
  const fits = (candidate: Chart, request: Dependency): boolean =>
    candidate.metadata.name === request.name && isCompatibleRange(request.version, candidate.metadata.version);
  const undeclared = chart.dependencies.filter((candidate) => !requested.some((request) => fits(candidate, request)));
  const declared = requested.flatMap((request) => {
    const found = chart.dependencies.find((candidate) => fits(candidate, request));
    return found === undefined ? [] : [copyChart(found, request.alias)];
  });
  return [...undeclared, ...declared];
}

/**
 * A chart of its own for each alias. As in Helm the charts below it are copies that share their metadata with each other,
 * and the charts below those are the same ones, whose paths go on naming the chart as it was loaded.
 */
function copyChart(chart: Chart, alias: string): Chart {
  const metadata = {
    ...chart.metadata,
    dependencies: chart.metadata.dependencies?.map((item) => ({ ...item })) ?? null,
  };
  if (alias !== "") metadata.name = alias;
  const copy: Chart = { ...chart, metadata, dependencies: [] };
  setDependencies(
    copy,
    chart.dependencies.map((dependency) => ({ ...dependency })),
  );
  return copy;
}

function applyTags(request: Dependency, tags: Value): void {
  if (!isMap(tags)) return;
  const known = request.tags.map((tag) => mapGet(tags, tag)).filter((value) => typeof value === "boolean");
  if (known.includes(true)) request.enabled = true;
  else request.enabled = !known.includes(false);
}

function applyCondition(request: Dependency, values: GoMap, path: string): void {
  for (const condition of trimSpace(request.condition).split(",")) {
    if (condition === "") continue;
    const value = valueAt(values, path + condition);
    if (typeof value !== "boolean") continue;
    request.enabled = value;
    return;
  }
}

/** The value at a dotted path; undefined when there is none, or when it is a table. */
function valueAt(values: GoMap, path: string): Value {
  const keys = path.split(".");
  const last = keys.pop() as string;
  const table = tableAt(values, keys);
  return table === undefined ? undefined : mapGet(table, last);
}

function tableAt(values: GoMap, keys: readonly string[]): GoMap | undefined {
  let table: GoMap = values;
  for (const key of keys) {
    const next = mapGet(table, key);
    if (!isMap(next)) return undefined;
    table = next;
  }
  return table;
}

function processImports(chart: Chart, warn: Warn): void {
  for (const dependency of chart.dependencies) processImports(dependency, warn);
  if (chart.metadata.dependencies === null) return;
  const values = mergeChartValues(chart, {}, warn);
  let imported: GoMap = {};
  for (const request of chart.metadata.dependencies)
    request.importValues = request.importValues.flatMap((item) => {
      const [child, parent, isExport] = importPaths(item);
      if (child === undefined) return [];
      const found = tableAt(values, [request.name, ...child.split(".")]);
      // Merging writes the nulls of what was imported before into the table, unless it is empty: then Helm takes a new one.
      const table = found !== undefined && Object.keys(found).length === 0 ? {} : found;
      if (table !== undefined)
        imported = mergeTables(imported, isExport ? table : nest(parent, table), { prefix: "", isMerge: true, warn });
      return [typed({ child, parent }, importedType)];
    });
  chart.values = mergeTables(copyMap(values), imported, { prefix: "", isMerge: true, warn });
}

/** Go's type of what was imported once: charts that share their metadata import it no other time. */
const importedType = "map[string]string";

function importPaths(item: Value): [child: string | undefined, parent: string, isExport: boolean] {
  if (typeof item === "string") return [`exports.${item}`, ".", true];
  if (!isMap(item) || goTypeOf(item) === importedType) return [undefined, "", false];
  return [printValue(item["child"] ?? null), printValue(item["parent"] ?? null), false];
}

function nest(path: string, table: GoMap): GoMap {
  if (path === ".") return table;
  return path.split(".").reduceRight<GoMap>((inner, key) => ({ [key]: inner }), table);
}
