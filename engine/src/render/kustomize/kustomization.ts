// The kustomization file: its fields, their types, and what older spellings become (types/kustomization.go, v5.8.2).

import { parseYaml } from "#formats/yaml";
import type { Issue, Json, JsonObject } from "#kernel";
import { type Shape, decode } from "./decode.ts";
import { invalid } from "./faults.ts";
import { readBack } from "./values.ts";

export type Selector = {
  group?: string;
  version?: string;
  kind?: string;
  name?: string;
  namespace?: string;
  annotationSelector?: string;
  labelSelector?: string;
};

export type FieldSpec = { group?: string; version?: string; kind?: string; path?: string; create?: boolean };
export type PatchArguments = { allowNameChange?: boolean; allowKindChange?: boolean };
export type Patch = { path?: string; patch?: string; target?: Selector; options?: PatchArguments };
export type Image = { name?: string; newName?: string; tagSuffix?: string; newTag?: string; digest?: string };
export type Replica = { name?: string; count?: number | bigint };
export type FieldOptions = { delimiter?: string; index?: number; encoding?: string; create?: boolean };
export type ReplacementSource = Selector & { fieldPath?: string; options?: FieldOptions };
export type ReplacementTarget = {
  select?: Selector;
  reject?: Selector[];
  fieldPaths?: string[];
  options?: FieldOptions;
};
export type Replacement = {
  path?: string;
  source?: ReplacementSource;
  sourceValue?: string;
  targets?: ReplacementTarget[];
};
export type VariableObject = Selector & { apiVersion?: string };
export type Variable = { name?: string; objref?: VariableObject; fieldref?: { fieldPath?: string } };
export type Label = {
  pairs?: { [key: string]: string };
  includeSelectors?: boolean;
  includeTemplates?: boolean;
  includeVolumeClaimTemplates?: boolean;
  fields?: FieldSpec[];
};
export type GeneratorOptions = {
  labels?: { [key: string]: string };
  annotations?: { [key: string]: string };
  disableNameSuffixHash?: boolean;
  immutable?: boolean;
};
export type GeneratorArguments = {
  name?: string;
  namespace?: string;
  behavior?: string;
  literals?: string[];
  files?: string[];
  envs?: string[];
  env?: string;
  options?: GeneratorOptions;
  /** Of a secret. */
  type?: string;
};
export type HelmGlobals = { chartHome?: string; configHome?: string };
export type HelmChart = {
  name?: string;
  version?: string;
  repo?: string;
  releaseName?: string;
  namespace?: string;
  additionalValuesFiles?: string[];
  valuesFile?: string;
  valuesInline?: JsonObject;
  valuesMerge?: string;
  includeCRDs?: boolean;
  skipHooks?: boolean;
  skipTests?: boolean;
  apiVersions?: string[];
  kubeVersion?: string;
  nameTemplate?: string;
  debug?: boolean;
  devel?: boolean;
};
export type SortOptions = { order?: string; legacySortOptions?: { orderFirst?: string[]; orderLast?: string[] } };

export type Kustomization = {
  kind?: string;
  apiVersion?: string;
  metadata?: JsonObject;
  openapi?: { [key: string]: string };
  namePrefix?: string;
  nameSuffix?: string;
  namespace?: string;
  commonLabels?: { [key: string]: string };
  labels?: Label[];
  commonAnnotations?: { [key: string]: string };
  patchesStrategicMerge?: string[];
  patchesJson6902?: Patch[];
  patches?: Patch[];
  images?: Image[];
  imageTags?: Image[];
  replacements?: Replacement[];
  replicas?: Replica[];
  vars?: Variable[];
  sortOptions?: SortOptions;
  resources?: string[];
  components?: string[];
  crds?: string[];
  bases?: string[];
  configMapGenerator?: GeneratorArguments[];
  secretGenerator?: GeneratorArguments[];
  helmGlobals?: HelmGlobals;
  helmCharts?: HelmChart[];
  helmChartInflationGenerator?: JsonObject[];
  generatorOptions?: GeneratorOptions;
  configurations?: string[];
  generators?: string[];
  transformers?: string[];
  validators?: string[];
  buildMetadata?: string[];
};

const texts: Shape = { list: "text" };
const textMap: Shape = { map: "text" };
const exactMap: Shape = { map: "exact-text" };
const idFields = { group: "text", version: "text", kind: "text", name: "text", namespace: "text" } as const;
const selector: Shape = { fields: { ...idFields, annotationSelector: "text", labelSelector: "text" } };
const fieldOptions: Shape = { fields: { delimiter: "text", index: "integer", encoding: "text", create: "boolean" } };

export const fieldSpecShape: Shape = {
  fields: { group: "text", version: "text", kind: "text", path: "text", create: "boolean" },
};
export const selectorShape: Shape = selector;
export const patchShape: Shape = {
  fields: {
    path: "text",
    patch: "text",
    target: selector,
    options: { fields: { allowNameChange: "boolean", allowKindChange: "boolean" } },
  },
};
export const imageShape: Shape = {
  fields: { name: "text", newName: "text", tagSuffix: "text", newTag: "text", digest: "text" },
};
export const replicaShape: Shape = { fields: { name: "text", count: "integer" } };
const replacementFields: { readonly [name: string]: Shape } = {
  path: "text",
  source: { fields: { ...idFields, fieldPath: "text", options: fieldOptions } },
  sourceValue: "text",
  targets: {
    list: {
      fields: { select: selector, reject: { list: selector }, fieldPaths: texts, options: fieldOptions },
    },
  },
};
export const replacementShape: Shape = { fields: replacementFields };
/** In a plugin's configuration. */
export const pluginReplacementShape: Shape = { fields: { ...replacementFields, sourceValue: "exact-text" } };
const generatorOptions: Shape = {
  fields: { labels: exactMap, annotations: exactMap, disableNameSuffixHash: "boolean", immutable: "boolean" },
};
export const generatorFields: { readonly [name: string]: Shape } = {
  name: "text",
  namespace: "text",
  behavior: "text",
  literals: texts,
  files: texts,
  envs: texts,
  env: "text",
  options: generatorOptions,
};
export const helmGlobalsFields: { readonly [name: string]: Shape } = { chartHome: "text", configHome: "text" };
export const helmChartFields: { readonly [name: string]: Shape } = {
  name: "text",
  version: "text",
  repo: "text",
  releaseName: "text",
  namespace: "text",
  additionalValuesFiles: texts,
  valuesFile: "text",
  valuesInline: { map: "any" },
  valuesMerge: "text",
  includeCRDs: "boolean",
  skipHooks: "boolean",
  skipTests: "boolean",
  apiVersions: texts,
  kubeVersion: "text",
  nameTemplate: "text",
  debug: "boolean",
  devel: "boolean",
};
const oldHelmChart: Shape = {
  fields: {
    chartName: "text",
    chartVersion: "text",
    chartRepoUrl: "text",
    chartHome: "text",
    chartRepoName: "text",
    helmBin: "text",
    helmHome: "text",
    values: "text",
    valuesLocal: { map: "any" },
    valuesMerge: "text",
    releaseName: "text",
    releaseNamespace: "text",
    extraArgs: texts,
  },
};
export const sortOptionsShape: Shape = {
  fields: { order: "text", legacySortOptions: { fields: { orderFirst: texts, orderLast: texts } } },
};

const kustomizationShape: Shape = {
  fields: {
    kind: "text",
    apiVersion: "text",
    metadata: { fields: { name: "text", namespace: "text", labels: textMap, annotations: textMap } },
    openapi: textMap,
    namePrefix: "text",
    nameSuffix: "text",
    namespace: "text",
    commonLabels: textMap,
    labels: {
      list: {
        fields: {
          pairs: textMap,
          includeSelectors: "boolean",
          includeTemplates: "boolean",
          includeVolumeClaimTemplates: "boolean",
          fields: { list: fieldSpecShape },
        },
      },
    },
    commonAnnotations: textMap,
    patchesStrategicMerge: texts,
    patchesJson6902: { list: patchShape },
    patches: { list: patchShape },
    images: { list: imageShape },
    imageTags: { list: imageShape },
    replacements: { list: replacementShape },
    replicas: { list: replicaShape },
    vars: {
      list: {
        fields: {
          name: "text",
          objref: { fields: { ...idFields, apiVersion: "text" } },
          fieldref: { fields: { fieldPath: "text" } },
        },
      },
    },
    sortOptions: sortOptionsShape,
    resources: texts,
    components: texts,
    crds: texts,
    bases: texts,
    configMapGenerator: { list: { fields: generatorFields } },
    secretGenerator: { list: { fields: { ...generatorFields, type: "text" } } },
    helmGlobals: { fields: helmGlobalsFields },
    helmCharts: { list: { fields: helmChartFields } },
    helmChartInflationGenerator: { list: oldHelmChart },
    generatorOptions,
    configurations: texts,
    generators: texts,
    transformers: texts,
    validators: texts,
    buildMetadata: texts,
  },
};

const componentVersion = "kustomize.config.k8s.io/v1alpha1";
const kustomizationVersion = "kustomize.config.k8s.io/v1beta1";

/** Reads a kustomization file; deprecated fields are moved to their successors and give a warning each. */
export function parseKustomization(text: string): { kustomization: Kustomization; warnings: Issue[] } {
  // kustomize hands most fields to its plugins as text, which they read once more.
  const data = readBack(parseYaml(text));
  const kustomization = decode(data, kustomizationShape, { isStrict: true }) as unknown as Kustomization;
  const warnings = findDeprecated(kustomization);
  modernise(kustomization);
  if (isBlank(kustomization))
    throw invalid("kustomization.yaml is empty", { hint: "list resources, or remove the file" });
  checkKind(kustomization);
  return { kustomization, warnings };
}

/** A kustomization file as plain data, without members that kustomize does not know: as a tool reads one to write it anew. */
export function readKnownFields(text: string): JsonObject {
  return decode(parseYaml(text), kustomizationShape, { isStrict: false }) as JsonObject;
}

const deprecated: readonly (readonly [keyof Kustomization, string])[] = [
  ["bases", "resources"],
  ["commonLabels", "labels"],
  ["imageTags", "images"],
  ["patchesJson6902", "patches"],
  ["patchesStrategicMerge", "patches"],
  ["vars", "replacements"],
];

function findDeprecated(kustomization: Kustomization): Issue[] {
  const found = deprecated.filter(([field]) => kustomization[field] !== undefined);
  return found.map(([field, successor]) => {
    const mark = field === "vars" ? "[EXPERIMENTAL] " : "";
    const advice = `${mark}Run 'kustomize edit fix' to update your Kustomization automatically.`;
    return { severity: "warning", message: `'${field}' is deprecated. Please use '${successor}' instead. ${advice}` };
  });
}

function modernise(kustomization: Kustomization): void {
  kustomization.kind ||= "Kustomization";
  kustomization.apiVersion ||= kustomization.kind === "Component" ? componentVersion : kustomizationVersion;
  moveList(kustomization, "bases", "resources");
  moveList(kustomization, "imageTags", "images");
  for (const generator of [...(kustomization.configMapGenerator ?? []), ...(kustomization.secretGenerator ?? [])]) {
    if (!generator.env) continue;
    generator.envs = [...(generator.envs ?? []), generator.env];
    delete generator.env;
  }
  moveHelmCharts(kustomization);
}

function moveList(kustomization: Kustomization, from: "bases" | "imageTags", to: "resources" | "images"): void {
  const old = kustomization[from];
  if (old === undefined) return;
  // An empty list leaves nothing behind.
  if (old.length > 0) (kustomization as { [field: string]: unknown })[to] = [...(kustomization[to] ?? []), ...old];
  delete kustomization[from];
}

function moveHelmCharts(kustomization: Kustomization): void {
  const old = kustomization.helmChartInflationGenerator;
  if (old === undefined) return;
  const globals: HelmGlobals = {};
  const charts = old.map((one) => {
    if (one["helmHome"]) globals.configHome = one["helmHome"] as string;
    if (one["chartHome"]) globals.chartHome = one["chartHome"] as string;
    return oldChart(one);
  });
  if (kustomization.helmGlobals === undefined && Object.keys(globals).length > 0) kustomization.helmGlobals = globals;
  kustomization.helmCharts = [...(kustomization.helmCharts ?? []), ...charts];
  delete kustomization.helmChartInflationGenerator;
}

function oldChart(old: JsonObject): HelmChart {
  const pairs: [string, Json | undefined][] = [
    ["name", old["chartName"]],
    ["version", old["chartVersion"]],
    ["repo", old["chartRepoUrl"]],
    ["valuesFile", old["values"]],
    ["valuesInline", old["valuesLocal"]],
    ["valuesMerge", old["valuesMerge"]],
    ["releaseName", old["releaseName"]],
  ];
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined)) as HelmChart;
}

/** Nothing but kind and apiVersion. An empty list counts: it was written down. */
function isBlank(kustomization: Kustomization): boolean {
  return Object.entries(kustomization).every(
    ([field, value]) => field === "kind" || field === "apiVersion" || value === "",
  );
}

function checkKind({ kind, apiVersion }: Kustomization): void {
  if (kind !== "Kustomization" && kind !== "Component")
    throw invalid(`kind should be Kustomization or Component, but is ${kind}`, { at: "kind" });
  const wanted = kind === "Component" ? componentVersion : kustomizationVersion;
  if (apiVersion !== wanted)
    throw invalid(`apiVersion for ${kind} should be ${wanted}, but is ${apiVersion}`, { at: "apiVersion" });
}
