// helmCharts of a kustomization: what kustomize passes to `helm template` for each chart, rendered here
// (api/internal/builtins/HelmChartInflationGenerator.go, v5.8.2). What it pulls into its folder is asked of the caller.

import { formatYaml } from "#formats/yaml";
import { decodeUtf8, type FileTree, isObject, joinPath, type JsonObject, memoryTree, Missing } from "#kernel";
import type { HelmChart, HelmPort, HelmRequest } from "#render/kustomize";
import { unpackChart } from "./archive.ts";
import { helmFault } from "./faults.ts";
import type { FunctionEnvironment } from "./functions/environment.ts";
import { formatTemplateOutput, renderChart } from "./render.ts";
import { renderNameTemplate } from "./show-only.ts";

/** A chart that does not lie in the tree; `version` "" is the newest. */
export type WantedChart = { repository: string; name: string; version: string };

export type HelmPortOptions = {
  /** For charts that name none themselves. */
  apiVersions?: readonly string[];
  kubeVersion?: string;
  environment?: FunctionEnvironment;
  /** Packed charts that were fetched; undefined makes the build throw Missing. Absent: nothing is ever fetched. */
  pulled?: (chart: WantedChart) => Uint8Array | undefined;
  /** Called now and then while templates run; throws to stop them. */
  checkTime?: () => void;
};

/** Renders the charts of a build, for its option `helm`. */
export function helmPort(options: HelmPortOptions = {}): HelmPort {
  return (request) => render(request, options);
}

/** The chart that a Missing's need of `chart` names. */
export function wantedChart(id: string): WantedChart {
  return JSON.parse(id) as WantedChart;
}

/** Where a chart lies, and how its own files are read. */
type Place = { tree: FileTree; path: string; load: (path: string) => Uint8Array };

function render(request: HelmRequest, options: HelmPortOptions): string {
  const { chart } = request;
  for (const [what, name] of [
    ["releaseName", chart.releaseName],
    ["chart name", chart.name],
  ] as const)
    if (name?.startsWith("-")) throw helmFault("chart-load", `${what} must not start with '-', got "${name}"`);
  const place = placeOf(request, options);
  // What the kustomization says of the cluster counts before the flags.
  const kubeVersion = chart.kubeVersion || options.kubeVersion;
  const apiVersions = chart.apiVersions?.length ? chart.apiVersions : options.apiVersions;
  const rendering = renderChart(place.tree, {
    path: place.path,
    releaseName: releaseName(chart),
    namespace: chart.namespace || "default",
    given: { files: valuesFiles(request, place) },
    includeCrds: chart.includeCRDs ?? false,
    apiVersions: apiVersions ?? [],
    ...(kubeVersion ? { kubeVersion } : {}),
    ...(options.environment === undefined ? {} : { environment: options.environment }),
    ...(options.checkTime === undefined ? {} : { checkTime: options.checkTime }),
  });
  const output = { noHooks: chart.skipHooks ?? false, skipTests: chart.skipTests ?? false };
  return decodeUtf8(formatTemplateOutput(rendering, output));
}

/** A chart that names its repository and version lies in a folder of that version. */
function chartHome({ chart, globals }: HelmRequest): string {
  const home = globals.chartHome || "charts";
  return chart.version && chart.repo ? `${home}/${chart.name}-${chart.version}` : home;
}

function placeOf(request: HelmRequest, options: HelmPortOptions): Place {
  const { chart, tree } = request;
  const home = chartHome(request);
  const path = joinPath(request.folder, `${home}/${chart.name}`);
  if (path !== undefined && tree.entry(path)?.type === "folder") return { tree, path, load: request.load };
  if (!chart.repo || options.pulled === undefined)
    throw helmFault("chart-load", `chart ${chart.name} is not in ${home}`, {
      at: request.folder,
      hint: chart.repo
        ? `charts are not fetched here; pull it first: helm pull --untar --untardir ${home} ${chart.name}`
        : "check name and chartHome",
    });
  const wanted = { repository: chart.repo, name: chart.name ?? "", version: chart.version ?? "" };
  const bytes = options.pulled(wanted);
  if (bytes === undefined) throw new Missing([{ what: "chart", id: JSON.stringify(wanted) }]);
  return unpacked(request, bytes, home);
}

/** A fetched chart, as if it lay where kustomize pulls it to. */
function unpacked(request: HelmRequest, bytes: Uint8Array, home: string): Place {
  const name = request.chart.name ?? "";
  const files = unpackChart(bytes, `${name}.tgz`).map((file) => [`${name}/${file.name}`, file.data] as const);
  const tree = memoryTree(Object.fromEntries(files));
  const own = `${home}/`;
  const load = (path: string): Uint8Array =>
    path.startsWith(own) && tree.entry(path.slice(own.length))?.type === "file"
      ? tree.read(path.slice(own.length))
      : request.load(path);
  return { tree, path: name, load };
}

function releaseName(chart: HelmChart): string {
  if (chart.nameTemplate && chart.releaseName)
    throw helmFault("chart-load", "cannot set nameTemplate and releaseName both", { at: `helmCharts: ${chart.name}` });
  const name = chart.nameTemplate ? renderNameTemplate(chart.nameTemplate) : chart.releaseName || "release-name";
  if (!validName.test(name) || name.length > nameLengthMax)
    throw helmFault("chart-load", `release name ${JSON.stringify(name)} is not valid`, {
      at: `helmCharts: ${chart.name}`,
      hint: `lower-case letters, digits, dashes and dots, ${nameLengthMax} at most`,
    });
  return name;
}

/** What helm asks of a release's name, as `helm template` checks it. */
const validName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const nameLengthMax = 53;

function valuesFiles(request: HelmRequest, { load }: Place): { name: string; text: string }[] {
  const { chart } = request;
  const name = chart.valuesFile || `${chartHome(request)}/${chart.name}/values.yaml`;
  const hasInline = Object.keys(chart.valuesInline ?? {}).length > 0;
  const needsFile = !hasInline || chart.valuesMerge !== "replace";
  const text = needsFile ? decodeUtf8(load(name)) : "";
  const first = hasInline ? formatYaml(mergeInline(request, text)) : text;
  const more = (chart.additionalValuesFiles ?? []).map((path) => ({ name: path, text: decodeUtf8(load(path)) }));
  return [{ name, text: first }, ...more];
}

/** `override`: the inline values win; `merge`: those of the file do; `replace`: the file does not count. */
function mergeInline({ chart, parse }: HelmRequest, text: string): JsonObject {
  const inline = chart.valuesInline ?? {};
  if (chart.valuesMerge === "replace") return inline;
  // kustomize merges as YAML nodes, of which an empty file has none.
  if (text.trim() === "")
    throw helmFault("values-parse", "the values file is empty, and inline values cannot be merged into it", {
      at: `helmCharts: ${chart.name}`,
      hint: "set valuesMerge: replace, or write {} into the file",
    });
  const parsed = parse(text);
  const file = isObject(parsed) ? parsed : {};
  return chart.valuesMerge === "merge" ? mergeMaps(inline, file) : mergeMaps(file, inline);
}

/** Maps merge, a null removes, all else of `top` replaces. */
function mergeMaps(below: JsonObject, top: JsonObject): JsonObject {
  const merged: JsonObject = { ...below };
  for (const [key, value] of Object.entries(top)) {
    const old = merged[key];
    if (value === null) delete merged[key];
    else merged[key] = isObject(value) ? mergeMaps(isObject(old) ? old : {}, value) : value;
  }
  return merged;
}
