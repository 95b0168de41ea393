// `helmCharts`: rendered by whoever was given as `helm`, behind the same switch as kustomize's.

import { fault, invalid, within } from "./faults.ts";
import type { BuildContext } from "./context.ts";
import type { HelmChart, HelmGlobals } from "./kustomization.ts";
import type { Loader } from "./loader.ts";
import { readData, readResources } from "./read.ts";
import type { Resource } from "./resource.ts";

const valuesMerges: readonly string[] = ["merge", "override", "replace"];

export function generateChart(args: HelmChart & HelmGlobals, loader: Loader, context: BuildContext): Resource[] {
  const { chartHome, configHome, ...chart } = args;
  const at = `helmCharts: ${chart.name ?? ""}`;
  if (!context.isHelmEnabled)
    throw fault("kustomize-refused", "must specify --enable-helm", { at, hint: "helm charts need this switch" });
  if (context.helm === undefined) throw fault("kustomize-refused", "helm charts cannot be rendered here", { at });
  if (!chart.name) throw invalid("chart name cannot be empty", { at });
  if (chart.valuesMerge && !valuesMerges.includes(chart.valuesMerge))
    throw invalid(`valuesMerge must be one of ${valuesMerges.join(", ")}`, { at });
  const { helm } = context;
  const globals: HelmGlobals = {};
  if (chartHome) globals.chartHome = chartHome;
  if (configHome) globals.configHome = configHome;
  return within(at, "the chart cannot be rendered", () => {
    const text = helm({
      chart,
      globals,
      tree: loader.tree,
      folder: loader.root,
      load: (path) => loader.load(path),
      parse: readData,
    });
    const resources = readResources(text, context.schema);
    for (const resource of resources) resource.markHelmGenerated();
    return resources;
  });
}
