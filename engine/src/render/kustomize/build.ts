// A kustomization at a path of a tree to the text that `kustomize build` prints, and to manifests with all that was read.
// Pure and synchronous: content that is not at hand makes it throw Missing, and it is called again once that is fetched.

import { formatYaml } from "#formats/yaml";
import {
  asManifest,
  deepFreeze,
  type FileTree,
  type Input,
  type Issue,
  type Json,
  RecordingTree,
  type Rendering,
} from "#kernel";
import { accumulate, emptyAccumulator, loadTarget, setSchema, type Accumulator } from "./accumulate.ts";
import type { BuildContext, HelmPort } from "./context.ts";
import { fault, invalid, within } from "./faults.ts";
import { effectiveNamespace, formatId } from "./ids.ts";
import type { Kustomization } from "./kustomization.ts";
import { visitsMax } from "./limits.ts";
import { Loader, type LocalPaths, type RemotePort } from "./loader.ts";
import { fixNameReferences } from "./name-references.ts";
import { sortResources } from "./order.ts";
import { clearTransformations, setOrigin } from "./origin.ts";
import type { Resource } from "./resource.ts";
import type { ResourceList } from "./resource-list.ts";
import { Schema } from "./schema.ts";
import { addHashes, isLocalOnly, setEntries } from "./transformers.ts";
import { resolveVariables } from "./variables.ts";
import { nodeToOutput } from "./values.ts";

export type BuildOptions = {
  /** `none` lets files be read from anywhere in the tree. */
  loadRestrictor?: "root-only" | "none";
  /** How objects are ordered where the kustomization itself does not say; the command's default is `legacy`. */
  reorder?: "legacy" | "none";
  addsManagedByLabel?: boolean;
  /** The switch for helmCharts; `helm` renders them. */
  isHelmEnabled?: boolean;
  helm?: HelmPort;
  /** Given for a tree over a local disk, whose symlinks are followed. */
  local?: LocalPaths;
  /** Remote bases and files that were fetched. Absent: none are allowed. */
  remote?: RemotePort;
};

export type BuildResult = {
  text: string;
  rendering: Rendering;
  /** Of each manifest, `default` where it says none; undefined where its kind has none. */
  namespaces: readonly (string | undefined)[];
};

/** The version whose output this is. */
export const kustomizeVersion = "v5.8.2";

/** Builds the kustomization in the folder `path` of the tree. Throws Fault and Missing. */
export function build(tree: FileTree, path: string, options: BuildOptions = {}): BuildResult {
  const recording = new RecordingTree(tree);
  const warnings: Issue[] = [];
  const inputs = new Map<string, Input>();
  const context = makeContext(options, warnings);
  const loader = Loader.at(path, {
    tree: recording,
    local: options.local,
    isRestricted: options.loadRestrictor !== "none",
    remote: options.remote,
    noteRemote: (id, hash) => inputs.set(id, { what: "remote", id, hash }),
    wrapRemote: (remote) => remote,
  });
  const list = run(loader, context, options);
  const documents = list.items.map((resource) =>
    within(formatId(resource.id), "unable to write this object", () =>
      nodeToOutput(resource.node as NonNullable<Resource["node"]>),
    ),
  );
  return {
    text: documents.map(formatYaml).join("---\n"),
    rendering: {
      manifests: documents.map((data: Json) => deepFreeze(asManifest(data))),
      reads: recording.reads(),
      inputs: [...inputs.values()],
      warnings,
      isVolatile: false,
    },
    namespaces: list.items.map(({ id }) => (id.isClusterScoped ? undefined : effectiveNamespace(id))),
  };
}

function makeContext(options: BuildOptions, warnings: Issue[]): BuildContext {
  let visits = 0;
  return {
    schema: new Schema(),
    helm: options.helm,
    isHelmEnabled: options.isHelmEnabled ?? false,
    warn: (issue) => warnings.push(issue),
    countVisit: () => {
      if (++visits > visitsMax) throw fault("kustomize-limit", `more than ${visitsMax} kustomizations in one build`);
    },
  };
}

function run(loader: Loader, context: BuildContext, options: BuildOptions): ResourceList {
  const target = loadTarget(loader, context);
  const { kustomization } = target;
  if (kustomization.buildMetadata?.length) target.origin = {};
  setSchema(target, context, true);
  const all = emptyAccumulator();
  accumulate(target, all, context);
  finish(all);
  const { list } = all;
  const reorder = options.reorder ?? "legacy";
  if (kustomization.sortOptions !== undefined) sortResources(list, kustomization.sortOptions);
  else if (reorder === "legacy") sortResources(list, { order: "legacy" });
  addManagedBy(list, kustomization, options);
  for (const resource of list.items) cleanAnnotations(resource, kustomization.buildMetadata ?? []);
  return list;
}

/** What is done once, when all objects are together. */
function finish({ list, configuration, variables }: Accumulator): void {
  addHashes(list);
  fixNameReferences(list, configuration.nameReference);
  resolveVariables(list, variables, configuration.varReference);
  list.dropEmpty();
  for (const resource of list.items) checkNamed(resource);
  list.reset(list.items.filter((resource) => !isLocalOnly(resource)));
}

/** A patch may have taken kind or name away. */
function checkNamed(resource: Resource): void {
  if (resource.kind === "") throw invalid("missing kind in object", { at: formatId(resource.id) });
  if (resource.name === "" && !resource.kind.endsWith("List"))
    throw invalid("missing metadata.name in object", { at: formatId(resource.id) });
}

function addManagedBy(list: ResourceList, { buildMetadata = [] }: Kustomization, options: BuildOptions): void {
  if (!options.addsManagedByLabel && !buildMetadata.includes("managedByLabel")) return;
  const label = { "app.kubernetes.io/managed-by": `kustomize-${kustomizeVersion}` };
  setEntries(list, label, [{ path: "metadata/labels", create: true }]);
}

function cleanAnnotations(resource: Resource, metadata: readonly string[]): void {
  resource.dropMarks();
  const keepsOrigin = metadata.includes("originAnnotations");
  const keepsTransformations = metadata.includes("transformerAnnotations");
  if (!keepsOrigin) setOrigin(resource, undefined);
  if (!keepsTransformations) clearTransformations(resource);
}
