// helmCharts of a kustomization, rendered by our own Helm: what kustomize passes to `helm template` for each chart
// (api/internal/builtins/HelmChartInflationGenerator.go, v5.8.2). Charts are taken from the tree, never pulled.

import { formatYaml } from "#formats/yaml";
import { decodeUtf8, Fault, isObject, joinPath, type JsonObject } from "#kernel";
import { type FunctionEnvironment, formatTemplateOutput, renderChart, renderNameTemplate } from "#render/helm";
import { type HelmChart, type HelmPort, type HelmRequest, readData } from "#render/kustomize";
import type { CliCode } from "./faults.ts";

export type ChartFlags = {
  apiVersions: readonly string[];
  kubeVersion: string | undefined;
  environment: FunctionEnvironment;
};

/** Renders the charts of a build with what its flags say. */
export function chartPort(flags: ChartFlags): HelmPort {
  return (request) => render(request, flags);
}

function render(request: HelmRequest, flags: ChartFlags): string {
  const { chart, tree } = request;
  const home = chartHome(request);
  const path = joinPath(request.folder, `${home}/${chart.name}`);
  if (path === undefined || tree.entry(path)?.type !== "folder") throw noChart(chart, home);
  const kubeVersion = flags.kubeVersion ?? chart.kubeVersion;
  const rendering = renderChart(tree, {
    path,
    releaseName: releaseName(chart),
    namespace: chart.namespace ?? "default",
    given: { files: valuesFiles(request, home) },
    includeCrds: chart.includeCRDs ?? false,
    apiVersions: flags.apiVersions.length > 0 ? flags.apiVersions : (chart.apiVersions ?? []),
    ...(kubeVersion ? { kubeVersion } : {}),
    environment: flags.environment,
  });
  const options = { noHooks: chart.skipHooks ?? false, skipTests: chart.skipTests ?? false };
  return decodeUtf8(formatTemplateOutput(rendering, options));
}

/** A chart that names its repository and version lies in a folder of that version. */
function chartHome({ chart, globals }: HelmRequest): string {
  const home = globals.chartHome || "charts";
  return chart.version && chart.repo ? `${home}/${chart.name}-${chart.version}` : home;
}

function noChart(chart: HelmChart, home: string): Fault<CliCode> {
  return new Fault({
    code: "not-found",
    disposition: "stall",
    at: `${home}/${chart.name}`,
    message: "no such chart",
    hint: chart.repo ? `pull it first: helm pull --untar --untardir ${home} ${chart.name}` : "check name and chartHome",
  });
}

function releaseName(chart: HelmChart): string {
  if (chart.nameTemplate) return renderNameTemplate(chart.nameTemplate);
  // Helm makes a name of the chart's and the time; one that stays keeps builds equal.
  return chart.releaseName || `${chart.name}-0`;
}

function valuesFiles(request: HelmRequest, home: string): { name: string; text: string }[] {
  const { chart, load } = request;
  const name = chart.valuesFile ?? `${home}/${chart.name}/values.yaml`;
  const hasInline = Object.keys(chart.valuesInline ?? {}).length > 0;
  const needsFile = !hasInline || chart.valuesMerge !== "replace";
  const text = needsFile ? decodeUtf8(load(name)) : "";
  const first = hasInline ? formatYaml(mergeInline(chart, text)) : text;
  const more = (chart.additionalValuesFiles ?? []).map((path) => ({ name: path, text: decodeUtf8(load(path)) }));
  return [{ name, text: first }, ...more];
}

/** `override`: the inline values win; `merge`: those of the file do; `replace`: the file does not count. */
function mergeInline(chart: HelmChart, text: string): JsonObject {
  const inline = chart.valuesInline ?? {};
  if (chart.valuesMerge === "replace") return inline;
  const parsed = readData(text);
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
