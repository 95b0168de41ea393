// A chart in memory: its metadata, default values, templates, other files, and the charts below it.

import type { GoMap, Value } from "#formats/gotemplate";

export type ChartFile = { name: string; data: Uint8Array };

export type Maintainer = { name: string; email: string; url: string };

export type Dependency = {
  name: string;
  version: string;
  repository: string;
  condition: string;
  tags: string[];
  enabled: boolean;
  importValues: Value[];
  alias: string;
};

/** Chart.yaml, absent texts as "". */
export type Metadata = {
  name: string;
  home: string;
  sources: string[];
  version: string;
  description: string;
  keywords: string[];
  maintainers: Maintainer[];
  icon: string;
  apiVersion: string;
  condition: string;
  tags: string;
  appVersion: string;
  deprecated: boolean;
  annotations: { [key: string]: string } | null;
  kubeVersion: string;
  /** null when Chart.yaml has none: then charts/ is taken as it is. */
  dependencies: Dependency[] | null;
  type: string;
};

export type Chart = {
  metadata: Metadata;
  values: GoMap;
  schema: string | undefined;
  templates: ChartFile[];
  /** All that is neither template, values, schema, metadata nor subchart. */
  files: ChartFile[];
  /** Every file as it was loaded, for packing. */
  raw: ChartFile[];
  dependencies: Chart[];
  parent: Chart | undefined;
};

/** "parent/charts/child". */
export function chartPath(chart: Chart): string {
  return chart.parent === undefined ? chart.metadata.name : `${chartPath(chart.parent)}/charts/${chart.metadata.name}`;
}

export function setDependencies(chart: Chart, dependencies: Chart[]): void {
  chart.dependencies = dependencies;
  for (const dependency of dependencies) dependency.parent = chart;
}

export function isLibrary(chart: Chart): boolean {
  return chart.metadata.type.toLowerCase() === "library";
}

export type CustomResource = { path: string; data: Uint8Array };

/** What stands in crds/, the chart's own first. */
export function customResources(chart: Chart): CustomResource[] {
  const own = chart.files
    .filter((file) => file.name.startsWith("crds/") && /\.(ya?ml|json)$/i.test(file.name))
    .map((file) => ({ path: `${chartPath(chart)}/${file.name}`, data: file.data }));
  return [...own, ...chart.dependencies.flatMap(customResources)];
}
