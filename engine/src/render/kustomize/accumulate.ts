// One kustomization and all below it: resources, configuration, generators, components, transformers, validators, vars, in
// kustomize's own order (api/internal/target). What only the top does is in build.ts.

import type { YamlNode } from "#formats/yaml";
import type { Fault } from "#kernel";
import {
  type Configuration,
  defaultConfiguration,
  emptyConfiguration,
  mergeConfigurations,
  parseConfiguration,
  readCrdConfiguration,
} from "./configuration.ts";
import type { BuildContext } from "./context.ts";
import { attempt, fault, invalid, within } from "./faults.ts";
import { formatId, idKey } from "./ids.ts";
import { type Kustomization, parseKustomization, type Variable } from "./kustomization.ts";
import type { Loader } from "./loader.ts";
import { annotateOrigin, appendOrigin, cleanJoin, noteTransformation, type Origin, setOrigin } from "./origin.ts";
import { decodeText, readResources } from "./read.ts";
import { makeGenerators, makeTransformers, pluginOrigin } from "./steps.ts";
import type { Resource } from "./resource.ts";
import { ResourceList } from "./resource-list.ts";
import { mergeVariables, markVariables } from "./variables.ts";
import { makePlugin, type Plugin } from "./plugins.ts";

/** What has been gathered so far. */
export type Accumulator = {
  list: ResourceList;
  configuration: Configuration;
  variables: Map<string, Variable>;
};

export function emptyAccumulator(): Accumulator {
  return { list: new ResourceList(), configuration: emptyConfiguration, variables: new Map() };
}

/** One kustomization that has been read. */
export type Target = {
  kustomization: Kustomization;
  fileName: string;
  loader: Loader;
  /** Where it lies, seen from the top; undefined unless origins are wanted. */
  origin: Origin | undefined;
  /** The namespace charts get where the kustomization itself sets none. */
  helmNamespace: string;
};

const fileNames = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

export function loadTarget(loader: Loader, context: BuildContext): Target {
  context.countVisit();
  const found = fileNames.flatMap((name) => {
    const content = loader.has(name) ? attempt(() => loader.load(name)).value : undefined;
    return content === undefined ? [] : [{ name, content }];
  });
  const file = found[0];
  if (file === undefined)
    throw fault("kustomize-no-kustomization", `unable to find one of '${fileNames.join("', '")}'`, {
      at: loader.place,
    });
  if (found.length > 1)
    throw fault("kustomize-conflict", `found multiple kustomization files under ${loader.place}`, {
      hint: `keep one of ${found.map((one) => one.name).join(", ")}`,
    });
  const at = cleanJoin(loader.root, file.name);
  const { kustomization, warnings } = within(at, "invalid Kustomization", () =>
    parseKustomization(decodeText(file.content)),
  );
  for (const warning of warnings) context.warn({ ...warning, path: at });
  return { kustomization, fileName: file.name, loader, origin: undefined, helmNamespace: "" };
}

/** Sets the build's schema from the kustomization's `openapi`. */
export function setSchema(target: Target, context: BuildContext, isTop: boolean): void {
  const openapi = target.kustomization.openapi ?? {};
  const content = openapi["path"] === undefined ? undefined : target.loader.load(openapi["path"]);
  context.schema.set(openapi, content, isTop);
}

/** Adds all that the kustomization makes to what is there; a component works on what is there as well. */
export function accumulate(target: Target, into: Accumulator, context: BuildContext): void {
  const { kustomization, loader } = target;
  addResources(target, into, { paths: kustomization.resources ?? [], context });
  let configuration = defaultConfiguration;
  for (const path of kustomization.configurations ?? [])
    configuration = within(path, "unable to use this configuration", () =>
      mergeConfigurations(configuration, parseConfiguration(decodeText(loader.load(path)))),
    );
  into.configuration = mergeConfigurations(into.configuration, configuration);
  for (const path of kustomization.crds ?? [])
    into.configuration = within(path, "unable to use these definitions", () =>
      mergeConfigurations(into.configuration, readCrdConfiguration(decodeText(loader.load(path)))),
    );
  runGenerators(target, into, context);
  for (const path of kustomization.components ?? [])
    addFolder(target, into, { path, loader: loader.descend(path), isComponent: true, context });
  runTransformers(target, into, context);
  runValidators(target, into, context);
  markVariables(into.list, kustomization.vars ?? [], context.schema);
  mergeVariables(into.variables, kustomization.vars ?? []);
}

type Paths = { paths: readonly string[]; context: BuildContext };

/** Each path is a file, or else a folder or a remote with a kustomization. */
function addResources(target: Target, into: Accumulator, { paths, context }: Paths): void {
  for (const path of paths) {
    const asFile = attempt(() => addFile(target, into, { path, context }));
    if (asFile.fault === undefined) continue;
    const asFolder = attempt(() => target.loader.descend(path));
    if (asFolder.fault !== undefined) throw chooseFault(path, asFile.fault, asFolder.fault);
    within(path, "accumulating resources", () =>
      addFolder(target, into, { path, loader: asFolder.value, isComponent: false, context }),
    );
  }
}

/** A path is meant as a file or as a folder; the fault tells of the one it probably is. */
function chooseFault(path: string, asFile: Fault, asFolder: Fault): Fault {
  const isFolder = asFolder.code === "kustomize-cycle" || asFolder.code === "kustomize-refused";
  const isFile = !isFolder && asFile.code !== "kustomize-not-found" && !/must resolve to a file/.test(asFile.message);
  const cause = isFile ? asFile : asFolder;
  return invalid(`unable to use '${path}' as a resource`, { cause, ...(cause.hint ? { hint: cause.hint } : {}) });
}

function addFile(target: Target, into: Accumulator, { path, context }: { path: string; context: BuildContext }): true {
  // A fault of loading keeps its code, by which a missing file is told from a broken one.
  const content = target.loader.load(path);
  const resources = within(path, "unable to read this file", () => readResources(decodeText(content), context.schema));
  if (target.origin !== undefined)
    for (const resource of resources) annotateOrigin(resource, appendOrigin(target.origin, path));
  into.list.addAll(resources);
  return true;
}

type Folder = { path: string; loader: Loader; isComponent: boolean; context: BuildContext };

function addFolder(target: Target, into: Accumulator, { path, loader, isComponent, context }: Folder): void {
  const below = loadTarget(loader, context);
  if (target.kustomization.buildMetadata === undefined) delete below.kustomization.buildMetadata;
  else below.kustomization.buildMetadata = target.kustomization.buildMetadata;
  if (target.origin !== undefined) below.origin = appendOrigin(target.origin, path);
  below.helmNamespace = target.kustomization.namespace || target.helmNamespace;
  setSchema(below, context, false);
  const { kind } = below.kustomization;
  if (isComponent && kind !== "Component")
    throw invalid(`expected kind 'Component' but got '${kind}'`, { at: loader.place });
  if (!isComponent && kind === "Component")
    throw invalid("a component cannot be a resource", { at: loader.place, hint: "list it under components" });
  if (isComponent) {
    accumulate(below, into, context);
    // All objects are gathered anew behind a component: two that it gave one id are refused here.
    return into.list.reset(into.list.items);
  }
  const own = emptyAccumulator();
  accumulate(below, own, context);
  into.list.addAll(own.list.items);
  into.configuration = mergeConfigurations(into.configuration, own.configuration);
  mergeVariables(into.variables, own.variables.values());
}

function runGenerators(target: Target, into: Accumulator, context: BuildContext): void {
  const generators = makeGenerators(target, context);
  for (const { plugin, origin } of loadPlugins(target, target.kustomization.generators ?? [], context)) {
    if (!("generate" in plugin)) throw invalid("plugin not a generator", { at: "generators" });
    generators.push({ generate: plugin.generate, origin });
  }
  for (const { generate, origin } of generators)
    for (const resource of generate()) {
      if (origin !== undefined && !resource.annotations.has("config.kubernetes.io/origin")) setOrigin(resource, origin);
      into.list.absorb(resource);
    }
}

function runTransformers(target: Target, into: Accumulator, context: BuildContext): void {
  const transformers = makeTransformers(target, into.configuration, context);
  for (const { plugin, origin } of loadPlugins(target, target.kustomization.transformers ?? [], context))
    transformers.push({ transform: asTransformer(plugin), origin });
  for (const { transform, origin } of transformers) {
    transform(into.list);
    if (origin !== undefined) for (const resource of into.list.items) noteTransformation(resource, origin);
    into.list.dropEmpty();
  }
}

function asTransformer(plugin: Plugin): (list: ResourceList) => void {
  if ("transform" in plugin) return plugin.transform;
  throw invalid("plugin not a transformer", { at: "transformers" });
}

function runValidators(target: Target, into: Accumulator, context: BuildContext): void {
  for (const { plugin } of loadPlugins(target, target.kustomization.validators ?? [], context)) {
    const before = fingerprint(into.list.items);
    asTransformer(plugin)(into.list);
    checkDistinct(into.list);
    if (fingerprint(into.list.items.map(withoutSeal)) !== before)
      throw invalid("a validator must not change objects", { at: "validators", hint: "use it as a transformer" });
  }
}

/** The object as it would be without the label that validators may leave behind; that label stays. */
function withoutSeal(resource: Resource): Resource {
  const { labels } = resource;
  if (!labels.delete("validated-by")) return resource;
  const copy = resource.copy();
  copy.setLabels(labels);
  return copy;
}

/** What was there before is found again by its id, which replacements may have given to two. */
function checkDistinct({ items }: ResourceList): void {
  const seen = new Set<string>();
  for (const { id } of items) {
    const key = idKey(id);
    if (seen.has(key))
      throw fault("kustomize-conflict", `two objects have the id ${formatId(id)}, which validators cannot tell apart`);
    seen.add(key);
  }
}

/** kustomize compares nodes, not data: also how and where something is written tells that it was touched. */
function fingerprint(resources: readonly Resource[]): string {
  const parts: string[] = [];
  const visit = (node: YamlNode): void => {
    parts.push(`${node.kind} ${node.tag} ${node.style} ${node.line}:${node.column} ${node.items.length} ${node.value}`);
    for (const item of node.items) visit(item);
  };
  for (const { node } of resources) if (node !== undefined) visit(node);
  return parts.join("\n");
}

/** Plugins from inline text, files and folders, in this order of kinds as kustomize has it. */
function loadPlugins(
  target: Target,
  entries: readonly string[],
  context: BuildContext,
): { plugin: Plugin; origin: Origin | undefined }[] {
  if (entries.length === 0) return [];
  const own = emptyAccumulator();
  const paths: string[] = [];
  for (const entry of entries) {
    const inline = attempt(() => readResources(entry, context.schema));
    if (inline.value === undefined) paths.push(entry);
    else own.list.addAll(withOrigin(inline.value, target));
  }
  addResources(target, own, { paths, context });
  return own.list.items.map((resource) => {
    const at = `${resource.kind}/${resource.name}`;
    const plugin = within(at, "this plugin cannot be used", () => makePlugin(resource, target.loader, context));
    return { plugin, origin: target.origin === undefined ? undefined : pluginOrigin(resource) };
  });
}

function withOrigin(resources: Resource[], target: Target): Resource[] {
  if (target.origin !== undefined)
    for (const resource of resources) setOrigin(resource, appendOrigin(target.origin, target.fileName));
  return resources;
}
