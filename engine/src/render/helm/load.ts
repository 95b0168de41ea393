// Loads a chart from a FileTree's folder or from a packed chart's bytes.

import { baseName, decodeUtf8, Fault, type FileTree, type Issue } from "#kernel";
import { type GoMap, stringOf } from "#formats/gotemplate";
import { unpackChart, withoutMark } from "./archive.ts";
import { type Chart, type ChartFile, setDependencies } from "./chart.ts";
import { helmFault, inFile } from "./faults.ts";
import { type IgnoreRules, isIgnored, parseIgnoreRules } from "./ignore.ts";
import { chartDepthMax, unpackedFileSizeMax, unpackedSizeMax } from "./limits.ts";
import { readLock } from "./lock.ts";
import { parseAsGo } from "./functions/yaml.ts";
import { checkMetadata, emptyMetadata, readMetadata } from "./metadata.ts";
import { loadValues } from "./values.ts";

/** Loads the chart that is the folder `path` of the tree. */
export function loadChartTree(tree: FileTree, path: string, warnings: Issue[] = []): Chart {
  const entry = tree.entry(path);
  if (entry === undefined) throw helmFault("chart-load", "path not found", { at: path === "" ? "." : path });
  if (entry.type === "file") return loadChartArchive(tree.read(path), baseName(path));
  const ignoreFile = join(path, ".helmignore");
  const text = tree.entry(ignoreFile)?.type === "file" ? decodeUtf8(tree.read(ignoreFile)) : "";
  const files: ChartFile[] = [];
  const walk: Walk = { tree, root: path, rules: parseIgnoreRules(text), files, warnings, size: 0 };
  walkFolder(walk, path);
  return loadChartFiles(files);
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
    throw helmFault("chart-load", `chart is larger than the maximum size ${unpackedSizeMax}`);
  if (data.length > unpackedFileSizeMax && !name.startsWith("charts/"))
    throw helmFault(
      "chart-load",
      `chart file ${JSON.stringify(name)} is larger than the maximum file size ${unpackedFileSizeMax}`,
    );
  return withoutMark(data);
}

/** Sorts files into the parts of a chart, and loads the charts in charts/. */
export function loadChartFiles(files: readonly ChartFile[], depth = 0): Chart {
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
  // An archive may hold the file twice: each is read over those before it.
  const chartYamls = files.filter((file) => file.name === "Chart.yaml");
  for (const file of chartYamls) {
    readYamlInto(chart, file);
    if (chart.metadata.apiVersion === "") chart.metadata.apiVersion = "v1";
  }
  const subcharts = new Map<string, ChartFile[]>();
  for (const file of files) sortFile(chart, file, subcharts);
  if (chartYamls.length === 0 && !files.some((file) => file.name === "requirements.yaml"))
    throw helmFault("chart-load", "Chart.yaml file is missing");
  checkMetadata(chart.metadata);
  checkApiVersion(chart.metadata.apiVersion);
  setDependencies(
    chart,
    [...subcharts].flatMap(([name, inner]) => loadSubchart(chart, name, inner, depth)),
  );
  return chart;
}

function checkApiVersion(version: string): void {
  if (version === "v1" || version === "v2") return;
  throw helmFault(
    "chart-load",
    version === "v3" ? "invalid chart apiVersion" : `unsupported chart version ${version}`,
    {
      at: "Chart.yaml",
      hint: "use apiVersion: v2",
    },
  );
}

function readYamlInto(chart: Chart, file: ChartFile): void {
  chart.metadata = inFile(file.name, "chart-load", () => readMetadata(chart.metadata, parseAsGo(stringOf(file.data))));
}

function sortFile(chart: Chart, file: ChartFile, subcharts: Map<string, ChartFile[]>): void {
  const { name } = file;
  if (name === "Chart.yaml") return;
  if (name === "Chart.lock" || name === "requirements.lock") readLock(file);
  if (name === "Chart.lock") return;
  if (name === "values.yaml") chart.values = inFile(name, "values-parse", (): GoMap => loadValues(stringOf(file.data)));
  else if (name === "values.schema.json") chart.schema = decodeUtf8(file.data);
  else if (name === "requirements.yaml" || name === "requirements.lock") {
    if (name === "requirements.yaml") readYamlInto(chart, file);
    if (chart.metadata.apiVersion === "v1") chart.files.push(file);
  } else if (name.startsWith("templates/")) chart.templates.push(file);
  else if (name.startsWith("charts/") && !name.endsWith(".prov")) {
    const rest = name.slice("charts/".length);
    const first = rest.split("/")[0] as string;
    const known = subcharts.get(first) ?? [];
    known.push({ name: rest, data: file.data });
    subcharts.set(first, known);
  } else chart.files.push(file);
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
      return [loadChartFiles(unpackChart(file.data, name), depth + 1)];
    }
    const inner = files.filter((file) => file.name.includes("/"));
    return [
      loadChartFiles(
        inner.map((file) => ({ name: file.name.slice(file.name.indexOf("/") + 1), data: file.data })),
        depth + 1,
      ),
    ];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw helmFault("chart-load", `error unpacking subchart ${name} in ${chart.metadata.name}`, { cause: error });
  }
}
