// Loads a chart from a FileTree's folder or from a packed chart's bytes.

import { baseName, decodeUtf8, Fault, type FileTree, type Issue, type JsonObject } from "#kernel";
import { type GoMap, stringOf } from "#formats/gotemplate";
import { unpackChart, withoutMark } from "./archive.ts";
import { type Chart, type ChartFile, setDependencies } from "./chart.ts";
import { helmFault, inFile } from "./faults.ts";
import { type IgnoreRules, isIgnored, parseIgnoreRules } from "./ignore.ts";
import { chartDepthMax, unpackedSizeMax } from "./limits.ts";
import { parseAsGo } from "./functions/yaml.ts";
import { isLock, readLock } from "./lock.ts";
import { decodeMetadata, emptyMetadata, metadataOf, readApiVersion } from "./metadata.ts";
import { loadValues } from "./values.ts";

/** Loads the chart that is the folder `path` of the tree. */
export function loadChartTree(tree: FileTree, path: string, warnings: Issue[] = []): Chart {
  const entry = tree.entry(path);
  if (entry === undefined) throw helmFault("chart-load", "path not found", { at: path === "" ? "." : path });
  if (entry.type === "file") return loadChartArchive(tree.read(path), baseName(path));
  const chartYaml = join(path, "Chart.yaml");
  if (tree.entry(chartYaml)?.type === "file")
    checkApiVersion({ name: "Chart.yaml", data: withoutMark(tree.read(chartYaml)) });
  const ignoreFile = join(path, ".helmignore");
  const text = tree.entry(ignoreFile)?.type === "file" ? decodeUtf8(tree.read(ignoreFile)) : "";
  const files: ChartFile[] = [];
  const walk: Walk = { tree, root: path, rules: parseIgnoreRules(text), files, warnings, size: 0 };
  walkFolder(walk, path);
  return sortFiles(files, 0);
}

/** Loads a packed chart. */
export function loadChartArchive(bytes: Uint8Array, name = "chart.tgz"): Chart {
  return loadChartFiles(unpackChart(bytes, name));
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}/${name}`;
}

type Walk = { tree: FileTree; root: string; rules: IgnoreRules; files: ChartFile[]; warnings: Issue[]; size: number };

function walkFolder(walk: Walk, folder: string): void {
  for (const entry of walk.tree.list(folder) ?? []) {
    const path = join(folder, entry.name);
    const name = walk.root === "" ? path : path.slice(walk.root.length + 1);
    if (isIgnored(walk.rules, name, entry.type === "folder")) continue;
    if (entry.type === "folder") walkFolder(walk, path);
    else if (entry.type === "file") walk.files.push({ name, data: readFile(walk, path, name) });
    else walk.warnings.push({ severity: "warning", message: `${entry.type} left out of the chart`, path });
  }
}

function readFile(walk: Walk, path: string, name: string): Uint8Array {
  const data = walk.tree.read(path);
  walk.size += data.length;
  if (walk.size > unpackedSizeMax)
    throw helmFault(
      "chart-load",
      `error reading ${name}: chart exceeds maximum decompressed size of ${unpackedSizeMax} bytes`,
      { hint: "name what is no part of the chart in .helmignore" },
    );
  return withoutMark(data);
}

/** Loads a chart of which all files are at hand, and the charts below it. */
export function loadChartFiles(files: readonly ChartFile[]): Chart {
  checkApiVersion(files.find((file) => file.name === "Chart.yaml"));
  return sortFiles(files, 0);
}

/** Sorts files into the parts of a chart, and loads the charts in charts/. */
function sortFiles(files: readonly ChartFile[], depth: number): Chart {
  if (depth > chartDepthMax) throw helmFault("chart-load", `charts nested more than ${chartDepthMax} deep`);
  const chart: Chart = {
    metadata: emptyMetadata(),
    values: {},
    schema: undefined,
    templates: [],
    files: [],
    raw: [...files],
    dependencies: [],
    parent: undefined,
  };
  const sorting: Sorting = { chart, metadata: undefined, subcharts: new Map() };
  // An archive may hold the file twice: each is read over those before it.
  for (const file of files) if (file.name === "Chart.yaml") sorting.metadata = decodeChartYaml(file, sorting.metadata);
  for (const file of files) sortFile(sorting, file);
  if (sorting.metadata === undefined) throw helmFault("chart-load", "Chart.yaml file is missing");
  chart.metadata = metadataOf(sorting.metadata);
  setDependencies(
    chart,
    [...sorting.subcharts].flatMap(([name, inner]) => loadSubchart(chart, name, inner, depth)),
  );
  return chart;
}

/** A chart on its way: the members of its metadata as far as files said them, and the files of each chart below. */
type Sorting = { chart: Chart; metadata: JsonObject | undefined; subcharts: Map<string, ChartFile[]> };

/** Helm has a loader for each version of charts; those below a chart go through the same as it. */
function checkApiVersion(chartYaml: ChartFile | undefined): void {
  if (chartYaml === undefined) return;
  const version = inFile(chartYaml.name, "chart-load", () => readApiVersion(parseAsGo(stringOf(chartYaml.data))));
  if (version === "v1" || version === "v2" || version === "") return;
  const message = version === "v3" ? "invalid chart apiVersion" : `unsupported chart version ${version}`;
  throw helmFault("chart-load", message, { at: "Chart.yaml", hint: "use apiVersion: v2" });
}

function decodeMembers(file: ChartFile, previous?: JsonObject): JsonObject {
  return inFile(file.name, "chart-load", () => decodeMetadata(parseAsGo(stringOf(file.data)), previous));
}

/** Helm 2 took charts without an apiVersion. */
function decodeChartYaml(file: ChartFile, previous?: JsonObject): JsonObject {
  const decoded = decodeMembers(file, previous);
  const { apiVersion = "" } = decoded;
  return apiVersion === "" ? { ...decoded, apiVersion: "v1" } : decoded;
}

function sortFile(sorting: Sorting, file: ChartFile): void {
  const { chart } = sorting;
  const { name } = file;
  if (name === "Chart.yaml") return;
  if (name === "values.yaml") chart.values = inFile(name, "values-parse", (): GoMap => loadValues(stringOf(file.data)));
  else if (name === "values.schema.json") chart.schema = decodeUtf8(file.data);
  else if (isLock(file) || name === "requirements.yaml") sortOfHelm2(sorting, file);
  else if (name.startsWith("templates/")) chart.templates.push(file);
  else if (name.startsWith("charts/") && !name.endsWith(".prov")) sortSubchart(sorting, file);
  else chart.files.push(file);
}

/** Locks, and what Helm 2 had in files of their own: those are files of the chart too, in charts of its time. */
function sortOfHelm2(sorting: Sorting, file: ChartFile): void {
  if (file.name === "requirements.yaml") sorting.metadata = decodeMembers(file, sorting.metadata);
  else readLock(file);
  if (file.name === "Chart.lock") return;
  sorting.metadata ??= {};
  if (sorting.metadata["apiVersion"] === "v1") sorting.chart.files.push(file);
}

function sortSubchart({ subcharts }: Sorting, file: ChartFile): void {
  const name = file.name.slice("charts/".length);
  const first = name.split("/")[0] as string;
  const known = subcharts.get(first) ?? [];
  known.push({ name, data: file.data });
  subcharts.set(first, known);
}

function loadSubchart(chart: Chart, name: string, files: readonly ChartFile[], depth: number): Chart[] {
  if (name.startsWith("_") || name.startsWith(".")) return [];
  try {
    if (name.endsWith(".tgz")) {
      const [file] = files;
      if (file === undefined || file.name !== name)
        throw helmFault(
          "chart-load",
          `error unpacking subchart tar in ${chart.metadata.name}: expected ${name}, got ${file?.name}`,
        );
      return [sortFiles(unpackChart(file.data, name), depth + 1)];
    }
    const inner = files.filter((file) => file.name.includes("/"));
    return [
      sortFiles(
        inner.map((file) => ({ name: file.name.slice(file.name.indexOf("/") + 1), data: file.data })),
        depth + 1,
      ),
    ];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw helmFault("chart-load", `error unpacking subchart ${name} in ${chart.metadata.name}`, { cause: error });
  }
}
