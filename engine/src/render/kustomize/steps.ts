// The generators and transformers that a kustomization's own fields stand for, in kustomize's fixed order.

import { parseYaml } from "#formats/yaml";
import { isObject } from "#kernel";
import type { Target } from "./accumulate.ts";
import { type Configuration, mergeSpecs } from "./configuration.ts";
import type { BuildContext } from "./context.ts";
import { within } from "./faults.ts";
import { generate, mergeOptions } from "./generators.ts";
import { originAnnotation } from "./generated.ts";
import { generateChart } from "./helm.ts";
import { setImage } from "./images.ts";
import type { FieldSpec, GeneratorArguments, Kustomization, Label } from "./kustomization.ts";
import { cleanJoin, type Origin } from "./origin.ts";
import { prepareJsonPatch, prepareMerges, preparePatch } from "./patches.ts";
import type { Generator, Transformer } from "./plugins.ts";
import { applyReplacements, loadReplacements } from "./replacements.ts";
import type { Resource } from "./resource.ts";
import { addAffix, setEntries, setNamespace, setReplicas } from "./transformers.ts";

type WithOrigin<T> = T & { origin: Origin | undefined };
type GeneratorStep = WithOrigin<{ generate: Generator }>;
type TransformerStep = WithOrigin<{ transform: Transformer }>;

/** The origin of what a field of the kustomization makes or changes. */
function stepOrigin(target: Target, kind: string): Origin | undefined {
  const { origin } = target;
  if (origin === undefined) return undefined;
  return {
    ...(origin.repo ? { repo: origin.repo } : {}),
    ...(origin.ref ? { ref: origin.ref } : {}),
    configuredIn: cleanJoin(origin.path ?? "", target.fileName),
    configuredBy: { apiVersion: "builtin", kind },
  };
}

/** The origin of what a plugin of its own makes or changes. */
export function pluginOrigin(resource: Resource): Origin | undefined {
  const text = resource.annotations.get(originAnnotation);
  if (text === undefined) return undefined;
  const data = parseYaml(text);
  const part = (name: string): string => {
    const value = isObject(data) ? data[name] : undefined;
    return typeof value === "string" ? value : "";
  };
  return {
    repo: part("repo"),
    ref: part("ref"),
    configuredIn: part("path"),
    configuredBy: {
      apiVersion: resource.apiVersion,
      kind: resource.kind,
      name: resource.name,
      namespace: resource.namespace,
    },
  };
}

export function makeGenerators(target: Target, context: BuildContext): GeneratorStep[] {
  const { kustomization, loader } = target;
  const make = (kind: "ConfigMap" | "Secret", list: readonly GeneratorArguments[]): GeneratorStep[] =>
    list.map((args) => {
      const options = mergeOptions(args.options, kustomization.generatorOptions);
      const merged = options === undefined ? args : { ...args, options };
      const at = `${kind} generator ${args.name ?? ""}`;
      return {
        generate: () =>
          within(at, "unable to generate", () => [generate(kind, merged, { loader, schema: context.schema })]),
        origin: stepOrigin(target, `${kind}Generator`),
      };
    });
  return [
    ...make("ConfigMap", kustomization.configMapGenerator ?? []),
    ...make("Secret", kustomization.secretGenerator ?? []),
    ...chartSteps(target, context),
  ];
}

function chartSteps(target: Target, context: BuildContext): GeneratorStep[] {
  const { kustomization, loader, helmNamespace } = target;
  return (kustomization.helmCharts ?? []).map((chart) => {
    const namespace = chart.namespace || kustomization.namespace || helmNamespace;
    const args = { ...kustomization.helmGlobals, ...chart, ...(namespace ? { namespace } : {}) };
    return {
      generate: () => generateChart(args, loader, context),
      origin: stepOrigin(target, "HelmChartInflationGenerator"),
    };
  });
}

export function makeTransformers(
  target: Target,
  configuration: Configuration,
  context: BuildContext,
): TransformerStep[] {
  const patchContext = { loader: target.loader, schema: context.schema };
  const { kustomization } = target;
  const merges = kustomization.patchesStrategicMerge ?? [];
  const replacements = kustomization.replacements ?? [];
  const groups: [string, Transformer[]][] = [
    ["PatchStrategicMergeTransformer", merges.length > 0 ? [prepareMerges(merges, patchContext)] : []],
    ["PatchTransformer", (kustomization.patches ?? []).map((entry) => preparePatch(entry, patchContext))],
    ...namingSteps(kustomization, configuration),
    ...labellingSteps(kustomization, configuration),
    [
      "PatchJson6902Transformer",
      (kustomization.patchesJson6902 ?? []).map((entry) => prepareJsonPatch(entry, patchContext)),
    ],
    [
      "ReplicaCountTransformer",
      (kustomization.replicas ?? []).map((one) => (list) => setReplicas(list, one, configuration.replicas)),
    ],
    [
      "ImageTagTransformer",
      (kustomization.images ?? []).map((one) => (list) => setImage(list, one, configuration.images)),
    ],
    ["ReplacementTransformer", replacements.length > 0 ? [replacementStep(target)] : []],
  ];
  return groups.flatMap(([kind, transformers]) =>
    transformers.map((transform) => ({ transform, origin: stepOrigin(target, kind) })),
  );
}

function replacementStep({ kustomization, loader }: Target): Transformer {
  const replacements = loadReplacements(kustomization.replacements ?? [], loader);
  return (list) => applyReplacements(list, replacements);
}

function namingSteps(kustomization: Kustomization, configuration: Configuration): [string, Transformer[]][] {
  const { namespace, namePrefix: prefix, nameSuffix: suffix } = kustomization;
  const namespaceOptions = { specs: configuration.namespace, isUnsetOnly: false, subjects: "defaultOnly" as const };
  return [
    ["NamespaceTransformer", namespace ? [(list) => setNamespace(list, { namespace, ...namespaceOptions })] : []],
    ["PrefixTransformer", prefix ? [(list) => addAffix(list, { prefix }, configuration.namePrefix)] : []],
    ["SuffixTransformer", suffix ? [(list) => addAffix(list, { suffix }, configuration.nameSuffix)] : []],
  ];
}

function labellingSteps(kustomization: Kustomization, configuration: Configuration): [string, Transformer[]][] {
  const { labels = [], commonLabels = {}, commonAnnotations = {} } = kustomization;
  const steps: Transformer[] = labels.map((label) => {
    const specs = labelSpecs(label, configuration);
    return (list) => setEntries(list, label.pairs ?? {}, specs);
  });
  if (labels.length > 0 || Object.keys(commonLabels).length > 0)
    steps.push((list) => setEntries(list, commonLabels, configuration.commonLabels));
  const hasAnnotations = Object.keys(commonAnnotations).length > 0;
  return [
    ["LabelTransformer", steps],
    [
      "AnnotationsTransformer",
      hasAnnotations ? [(list) => setEntries(list, commonAnnotations, configuration.commonAnnotations)] : [],
    ],
  ];
}

function labelSpecs(label: Label, configuration: Configuration): readonly FieldSpec[] {
  let specs = mergeSpecs(label.fields ?? [], configuration.labels);
  if (label.includeSelectors) return mergeSpecs(specs, configuration.commonLabels);
  if (label.includeTemplates) specs = mergeSpecs(specs, configuration.templateLabels);
  if (label.includeVolumeClaimTemplates) specs = mergeSpecs(specs, configuration.volumeClaimTemplateLabels);
  return mergeSpecs(specs, [{ path: "metadata/labels", create: true }]);
}
