// kustomize's own generators and transformers, configured by an object of `apiVersion: builtin`. Plugins that run programs
// or containers are refused.

import type { JsonObject } from "#kernel";
import { baseName } from "#kernel";
import { generateServiceAccount } from "./iam-policy.ts";
import { decode, type Shape } from "./decode.ts";
import { fault, invalid } from "./faults.ts";
import { generate } from "./generators.ts";
import { generateChart } from "./helm.ts";
import { formatId } from "./ids.ts";
import { setImage } from "./images.ts";
import {
  fieldSpecShape,
  type FieldSpec,
  type GeneratorArguments,
  generatorFields,
  type HelmChart,
  helmChartFields,
  type HelmGlobals,
  helmGlobalsFields,
  type Image,
  imageShape,
  type Patch,
  patchShape,
  pluginReplacementShape,
  type Replacement,
  type Replica,
  replicaShape,
  type Selector,
  selectorShape,
} from "./kustomization.ts";
import type { BuildContext } from "./context.ts";
import type { Loader } from "./loader.ts";
import { prepareJsonPatch, prepareMerges, preparePatch } from "./patches.ts";
import { applyReplacements, loadReplacements } from "./replacements.ts";
import type { Resource } from "./resource.ts";
import type { ResourceList } from "./resource-list.ts";
import { addAffix, addHashes, setEntries, setNamespace, setReplicas, type SubjectMode } from "./transformers.ts";
import { prepareValueAdd, type ValueAddArguments, valueAddShape } from "./value-add.ts";
import { nodeToOutput } from "./values.ts";

export type Transformer = (list: ResourceList) => void;
export type Generator = () => Resource[];
export type Plugin = { transform: Transformer } | { generate: Generator };

type Maker = (config: JsonObject, context: BuildContext & { loader: Loader }) => Plugin;

const specs: Shape = { list: fieldSpecShape };
const textMap: Shape = { map: "text" };
const metadata: Shape = { fields: { name: "text", namespace: "text" } };

/** Makes the plugin that the object configures. */
export function makePlugin(resource: Resource, loader: Loader, context: BuildContext): Plugin {
  const { group, version, kind } = resource.gvk;
  const at = formatId(resource.originalId);
  if (group !== "" || version !== "builtin")
    throw fault("kustomize-refused", `only kustomize's own plugins can be used, and ${kind} is none`, {
      at,
      hint: "plugins that run programs or containers are refused; use apiVersion: builtin, or render beforehand",
    });
  const maker = Object.hasOwn(makers, kind) ? makers[kind] : undefined;
  if (maker === undefined) throw invalid(`there is no builtin plugin ${kind}`, { at });
  const data = resource.node === undefined ? {} : nodeToOutput(resource.node);
  return maker(data as JsonObject, { ...context, loader });
}

function read<T>(config: JsonObject, fields: { readonly [name: string]: Shape }): T {
  return decode(config, { fields }, { isStrict: false }) as unknown as T;
}

type Named = { metadata?: { name?: string; namespace?: string } };

function generator(kind: "ConfigMap" | "Secret"): Maker {
  return (config, { loader, schema }) => {
    const fields = { ...generatorFields, type: "text", metadata } as const;
    const args = read<GeneratorArguments & Named>(config, fields);
    args.name ||= args.metadata?.name ?? "";
    args.namespace ||= args.metadata?.namespace ?? "";
    return { generate: () => [generate(kind, args, { loader, schema })] };
  };
}

function affix(field: "prefix" | "suffix"): Maker {
  return (config) => {
    const args = read<{ prefix?: string; suffix?: string; fieldSpecs?: FieldSpec[] }>(config, {
      [field]: "text",
      fieldSpecs: specs,
    });
    const { fieldSpecs } = args;
    if (fieldSpecs === undefined) throw invalid("fieldSpecs is not expected to be nil");
    return { transform: (list) => addAffix(list, { [field]: args[field] ?? "" }, fieldSpecs) };
  };
}

function entries(field: "labels" | "annotations"): Maker {
  return (config) => {
    type Arguments = {
      labels?: { [key: string]: string };
      annotations?: { [key: string]: string };
      fieldSpecs?: FieldSpec[];
    };
    const args = read<Arguments>(config, { [field]: textMap, fieldSpecs: specs });
    return { transform: (list) => setEntries(list, args[field] ?? {}, args.fieldSpecs ?? []) };
  };
}

const subjectModes: readonly string[] = ["defaultOnly", "allServiceAccounts", "none"];

const namespaceMaker: Maker = (config) => {
  type Arguments = Named & { fieldSpecs?: FieldSpec[]; unsetOnly?: boolean; setRoleBindingSubjects?: string };
  const args = read<Arguments>(config, {
    metadata,
    fieldSpecs: specs,
    unsetOnly: "boolean",
    setRoleBindingSubjects: "text",
  });
  const subjects = args.setRoleBindingSubjects || "defaultOnly";
  if (!subjectModes.includes(subjects))
    throw invalid(`invalid value "${subjects}" for setRoleBindingSubjects`, {
      hint: `one of ${subjectModes.join(", ")}`,
    });
  const options = {
    namespace: args.metadata?.namespace ?? "",
    specs: args.fieldSpecs ?? [],
    isUnsetOnly: args.unsetOnly ?? false,
    subjects: subjects as SubjectMode,
  };
  return { transform: (list) => setNamespace(list, options) };
};

const makers: { readonly [kind: string]: Maker } = {
  ConfigMapGenerator: generator("ConfigMap"),
  SecretGenerator: generator("Secret"),
  HelmChartInflationGenerator: (config, context) => {
    const args = read<HelmChart & HelmGlobals>(config, { ...helmChartFields, ...helmGlobalsFields });
    return { generate: () => generateChart(args, context.loader, context) };
  },
  IAMPolicyGenerator: (config, { schema }) => ({ generate: () => [generateServiceAccount(config, schema)] }),
  AnnotationsTransformer: entries("annotations"),
  LabelTransformer: entries("labels"),
  NamespaceTransformer: namespaceMaker,
  PrefixSuffixTransformer: (config, context) => {
    const parts = [affix("prefix"), affix("suffix")].map((make) => make(config, context));
    return { transform: (list) => parts.forEach((part) => "transform" in part && part.transform(list)) };
  },
  PrefixTransformer: affix("prefix"),
  SuffixTransformer: affix("suffix"),
  HashTransformer: () => ({ transform: addHashes }),
  ImageTagTransformer: (config) => {
    const args = read<{ imageTag?: Image; fieldSpecs?: FieldSpec[] }>(config, {
      imageTag: imageShape,
      fieldSpecs: specs,
    });
    return { transform: (list) => setImage(list, args.imageTag ?? {}, args.fieldSpecs ?? []) };
  },
  ReplicaCountTransformer: (config) => {
    const args = read<{ replica?: Replica; fieldSpecs?: FieldSpec[] }>(config, {
      replica: replicaShape,
      fieldSpecs: specs,
    });
    return { transform: (list) => setReplicas(list, args.replica ?? {}, args.fieldSpecs ?? []) };
  },
  PatchTransformer: (config, context) => {
    const args = decode(config, patchShape, { isStrict: false }) as unknown as Patch;
    return { transform: preparePatch(args, context) };
  },
  PatchJson6902Transformer: (config, context) => {
    const args = read<{ target?: Selector; path?: string; jsonOp?: string }>(config, {
      target: selectorShape,
      path: "text",
      jsonOp: "text",
    });
    const { jsonOp, ...rest } = args;
    return { transform: prepareJsonPatch(jsonOp === undefined ? rest : { ...rest, patch: jsonOp }, context) };
  },
  PatchStrategicMergeTransformer: (config, context) => {
    const args = read<{ paths?: string[]; patches?: string }>(config, { paths: { list: "text" }, patches: "text" });
    const { paths = [], patches = "" } = args;
    if (paths.length === 0 && patches === "") throw invalid("empty file path and empty patch content");
    return { transform: prepareMerges(patches === "" ? paths : [...paths, patches], context) };
  },
  ReplacementTransformer: (config, { loader }) => {
    const args = read<{ replacements?: Replacement[] }>(config, { replacements: { list: pluginReplacementShape } });
    const replacements = loadReplacements(args.replacements ?? [], loader);
    return { transform: (list) => applyReplacements(list, replacements) };
  },
  ValueAddTransformer: (config, { loader }) => {
    const args = decode(config, valueAddShape, { isStrict: false }) as unknown as ValueAddArguments;
    return { transform: prepareValueAdd(args, { folder: baseName(loader.root), loader }) };
  },
};
