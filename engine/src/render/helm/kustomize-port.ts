// helmCharts of a kustomization: the chart beside it, rendered as kustomize's call of `helm template` would.

import { copyJson, decodeUtf8, joinPath } from "#kernel";
import type { GoMap } from "#formats/gotemplate";
import type { HelmRequest } from "#render/kustomize";
import { helmFault } from "./faults.ts";
import { mergeMaps } from "./functions/merge.ts";
import { toFloats } from "./functions/yaml.ts";
import { formatTemplateOutput, renderChart } from "./render.ts";
import { renderNameTemplate } from "./show-only.ts";
import { loadValues, mergeValues } from "./values.ts";

/** The text of the chart's objects, for `build`'s option `helm`. */
export function renderForKustomize(request: HelmRequest): string {
  const { chart, tree, folder } = request;
  const path = chartFolder(request);
  if (path === undefined || tree.entry(path) === undefined)
    throw helmFault("chart-load", `chart ${chart.name ?? ""} is not in ${request.globals.chartHome ?? "charts"}`, {
      at: folder,
      hint: "put the chart there: builds fetch no charts",
    });
  const { namespace, kubeVersion } = chart;
  const rendering = renderChart(tree, {
    path,
    releaseName: nameOf(request),
    values: valuesOf(request, path),
    includeCrds: chart.includeCRDs ?? false,
    apiVersions: chart.apiVersions ?? [],
    ...(namespace === undefined ? {} : { namespace }),
    ...(kubeVersion === undefined ? {} : { kubeVersion }),
  });
  const output = formatTemplateOutput(rendering, {
    noHooks: chart.skipHooks ?? false,
    skipTests: chart.skipTests ?? false,
  });
  return decodeUtf8(output);
}

function nameOf({ chart }: HelmRequest): string {
  if (chart.nameTemplate) return renderNameTemplate(chart.nameTemplate);
  return chart.releaseName ?? "release-name";
}

/** chartHome/NAME, or chartHome/NAME-VERSION/NAME, where kustomize keeps what it has fetched. */
function chartFolder({ chart, globals, tree, folder }: HelmRequest): string | undefined {
  const home = joinPath(folder, globals.chartHome ?? "charts");
  const name = chart.name ?? "";
  if (home === undefined) return undefined;
  const fetched = joinPath(home, `${name}-${chart.version ?? ""}/${name}`);
  if (chart.version && chart.repo && fetched !== undefined && tree.entry(fetched) !== undefined) return fetched;
  return joinPath(home, name);
}

/** The values file and the inline values as valuesMerge says, then the additional files. */
function valuesOf(request: HelmRequest, path: string): GoMap {
  const { chart } = request;
  const inline = toFloats(copyJson(chart.valuesInline ?? {})) as GoMap;
  let values: GoMap = inline;
  if (chart.valuesMerge !== "replace" || chart.valuesInline === undefined) {
    values =
      chart.valuesFile === undefined
        ? ownValues(request, path)
        : loadValues(decodeUtf8(request.load(chart.valuesFile)));
    mergeMaps(values, inline, chart.valuesMerge !== "merge");
  }
  for (const file of chart.additionalValuesFiles ?? [])
    values = mergeValues(values, loadValues(decodeUtf8(request.load(file))));
  return values;
}

function ownValues({ tree }: HelmRequest, path: string): GoMap {
  const file = `${path}/values.yaml`;
  return tree.entry(file)?.type === "file" ? loadValues(decodeUtf8(tree.read(file))) : {};
}
