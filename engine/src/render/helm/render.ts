// renderChart: a chart and values in, manifests, hooks, notes and Helm's text out. Pure and synchronous; the same inputs
// give the same output unless the chart asks for time or randomness, which `isVolatile` then says.

import {
  asManifest,
  canonicalJson,
  deepFreeze,
  type FileTree,
  type Input,
  isObject,
  type Issue,
  type Json,
  type Manifest,
  type Read,
  RecordingTree,
  type Rendering,
  sha256Hex,
} from "#kernel";
import { bytesOf, GoError, type GoMap, stringOf } from "#formats/gotemplate";
import { builtinApiVersions, Capabilities, defaultKubeVersion } from "./capabilities.ts";
import { type Chart, customResources, type CustomResource } from "./chart.ts";
import { coalesceValues } from "./coalesce.ts";
import { checkDependencies, processDependencies } from "./dependencies.ts";
import { type Lookup, renderTemplates } from "./engine.ts";
import { helmFault } from "./faults.ts";
import { type FunctionEnvironment, NotingEnvironment, seededEnvironment } from "./functions/environment.ts";
import { isCompatibleRange } from "./functions/semver.ts";
import { trimSpace } from "./functions/space.ts";
import { loadChartArchive, loadChartTree } from "./load.ts";
import { type Hook, type RenderedDocument, sortManifests } from "./manifests.ts";
import { checkSchemas } from "./schema.ts";
import { type UserValues, userValues } from "./values.ts";

/** A step between rendering and sorting. `id` tells equal steps: it is an input of the rendering. */
export type PostRender = {
  id: string;
  /** Plain data of which another thread can make the same; absent where none can. */
  steps?: readonly unknown[];
  /** `group`: hooks and the rest come apart, and what is made here is named for its group. */
  run(files: ReadonlyMap<string, string>, group?: "hooks" | "manifests"): Map<string, string>;
};

/** All files at once; hooks and the rest apart; or without the hooks. */
export type PostRenderStrategy = "combined" | "separate" | "nohooks";

export type RenderOptions = {
  /** It is not checked here; Helm takes names of DNS, 53 characters at most. */
  releaseName: string;
  /** Default `default`. */
  namespace?: string;
  /** The folder of the chart in the tree; "" for the root. */
  path?: string;
  /** Values as data, below those of `given`. */
  values?: GoMap;
  /** Values as files and --set texts. */
  given?: UserValues;
  /** `.Release.IsUpgrade` in place of `.Release.IsInstall`. */
  isUpgrade?: boolean;
  /** `.Release.Revision`, default 1. */
  revision?: number;
  /** What stands in crds/ goes into `text` too. */
  includeCrds?: boolean;
  /** Values are not held against values.schema.json. */
  skipSchemaValidation?: boolean;
  /** `.Capabilities.KubeVersion`; without it that of Helm 4.3. */
  kubeVersion?: string;
  /** Added to the built-in list. */
  apiVersions?: readonly string[];
  /** What a real cluster serves; then `kubeVersion` and `apiVersions` do not count, as in Helm. */
  cluster?: { version: string; apiVersions: readonly string[] };
  /** Changes the rendered files before they are sorted, hooks among them. */
  postRender?: PostRender;
  /** Default `combined`. */
  postRenderStrategy?: PostRenderStrategy;
  /** Takes the place of the chart's own values.yaml, as when an upgrade reuses values. */
  defaults?: GoMap;
  /** What `lookup` finds; without it nothing, as with `helm template`. */
  lookup?: Lookup;
  /** A value that is not there is an error, as with `helm lint --strict`. */
  isStrict?: boolean;
  /** The notes of subcharts too. */
  subNotes?: boolean;
  /** Time and randomness; without it both are fixed, so that a render repeats. */
  environment?: FunctionEnvironment;
  /** Most characters that one template may give. */
  outputLengthMax?: number;
  /** Called now and then while templates run; throws to stop them. */
  checkTime?: () => void;
  /** False where nobody asks what was read: noting that costs a digest for each folder and file. */
  notesReads?: boolean;
  /** Called with all that was rendered when some of it is no manifest, before the rendering fails. */
  onInvalid?: (text: string) => void;
};

export type ChartRendering = Rendering & {
  name: string;
  version: string;
  appVersion: string;
  /** The documents in install order, as Helm prints them. */
  documents: readonly RenderedDocument[];
  hooks: readonly Hook[];
  crds: readonly CustomResource[];
  notes: string;
  /** The release's manifest: what `helm get manifest` shows. */
  text: string;
  /** The values given by the user, as a release stores them. */
  config: GoMap;
  /** The chart as it was rendered: dependencies chosen, values imported. */
  chart: Chart;
};

/** Renders the chart in a folder of `source`, or a packed chart. */
export function renderChart(source: FileTree | Uint8Array, options: RenderOptions): ChartRendering {
  const warnings: Issue[] = [];
  const warn = (message: string): void => {
    warnings.push({ severity: "warning", message });
  };
  const recording =
    source instanceof Uint8Array || options.notesReads === false ? undefined : new RecordingTree(source);
  const capabilities = capabilitiesOf(options);
  const config = configOf(options);
  const chart =
    source instanceof Uint8Array
      ? loadChartArchive(source)
      : loadChartTree(recording ?? source, options.path ?? "", warnings);
  checkInstallable(chart);
  checkDependencies(chart);
  if (options.defaults !== undefined) chart.values = options.defaults;
  asFault("chart dependencies processing failed: ", () => processDependencies(chart, config, warn));
  const values = asFault("", () => coalesceValues(chart, config, warn));
  if (options.skipSchemaValidation !== true) checkSchemas(chart, values);
  checkKubeVersion(chart, capabilities);
  const environment = new NotingEnvironment(options.environment ?? seededEnvironment("keelson", 0));
  const lookups: Input[] = [];
  const rendered = renderTemplates(
    { chart, values, release: releaseOf(options), capabilities },
    { ...engineOptions(options), environment, lookup: noting(options.lookup, lookups) },
  );
  const notes = takeNotes(rendered, chart, options.subNotes ?? false);
  const { hooks, documents } = sorted(postRendered(rendered, options), options);
  const crds = customResources(chart);
  let manifests: Manifest[] | undefined;
  let reads: Read[] | undefined;
  let inputs: Input[] | undefined;
  return {
    name: chart.metadata.name,
    version: chart.metadata.version,
    appVersion: chart.metadata.appVersion,
    documents,
    hooks,
    crds,
    notes,
    config,
    chart,
    text: formatManifest(documents, options.includeCrds === true ? crds : []),
    // Not everybody asks for these, and making them takes longer than some charts take to render.
    get manifests() {
      return (manifests ??= deepFreeze(documents.flatMap((document) => manifestsOf(document.data))));
    },
    get reads() {
      return (reads ??= recording?.reads() ?? []);
    },
    get inputs() {
      return (inputs ??= [...inputsOf(source, options, config), ...lookups]);
    },
    warnings,
    isVolatile: environment.isUsed,
  };
}

/** The definitions in crds/ of the chart and of the subcharts that these values switch on. */
export function chartDefinitions(
  source: FileTree | Uint8Array,
  options: Pick<RenderOptions, "path" | "values" | "given">,
): CustomResource[] {
  const chart = source instanceof Uint8Array ? loadChartArchive(source) : loadChartTree(source, options.path ?? "");
  const config = configOf({ releaseName: "", ...options });
  asFault("chart dependencies processing failed: ", () => processDependencies(chart, config, () => {}));
  return customResources(chart);
}

function postRendered(rendered: Map<string, string>, options: RenderOptions): Map<string, string> {
  const { postRender, postRenderStrategy = "combined" } = options;
  if (postRender === undefined) return rendered;
  if (postRenderStrategy === "combined") return postRender.run(rendered);
  const { hooks, documents } = sortManifests(rendered);
  const [ofHooks, ofDocuments] = [joinedFiles(hooks), joinedFiles(documents)];
  const files = postRenderStrategy === "separate" && ofHooks.size > 0 ? postRender.run(ofHooks, "hooks") : ofHooks;
  if (ofDocuments.size === 0) return files;
  return joinedFiles(
    [...files, ...postRender.run(ofDocuments, "manifests")].map(([path, content]) => ({ path, content })),
  );
}

function sorted(
  files: ReadonlyMap<string, string>,
  { onInvalid }: RenderOptions,
): { hooks: Hook[]; documents: RenderedDocument[] } {
  try {
    return sortManifests(files);
  } catch (error) {
    const filled = [...files].filter(([, content]) => trimSpace(content) !== "");
    onInvalid?.(filled.map(([path, content]) => `---\n# Source: ${path}\n${content}\n`).join(""));
    throw error;
  }
}

/** Documents by their path again. */
function joinedFiles(documents: readonly { path: string; content: string }[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const { path, content } of documents) {
    const known = files.get(path);
    files.set(path, known === undefined ? content : `${known}\n---\n${content}`);
  }
  return files;
}

/** Values that do not fit each other are the user's mistake. */
function asFault<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof GoError) throw helmFault("values-parse", `${what}${error.message}`);
    throw error;
  }
}

function capabilitiesOf({ cluster, kubeVersion, apiVersions }: RenderOptions): Capabilities {
  if (cluster !== undefined) return new Capabilities(cluster.version, cluster.apiVersions, true);
  return new Capabilities(kubeVersion ?? defaultKubeVersion, [...builtinApiVersions, ...(apiVersions ?? [])]);
}

function engineOptions(options: RenderOptions): {
  isStrict?: boolean;
  outputLengthMax?: number;
  checkTime?: () => void;
} {
  const { isStrict, outputLengthMax, checkTime } = options;
  return {
    ...(isStrict === undefined ? {} : { isStrict }),
    ...(outputLengthMax === undefined ? {} : { outputLengthMax }),
    ...(checkTime === undefined ? {} : { checkTime }),
  };
}

function configOf(options: RenderOptions): GoMap {
  const given = userValues(options.given ?? {});
  if (options.values === undefined) return given;
  return { ...options.values, ...given };
}

function releaseOf(options: RenderOptions): GoMap {
  const isUpgrade = options.isUpgrade ?? false;
  return {
    Name: options.releaseName,
    Namespace: options.namespace ?? "default",
    IsUpgrade: isUpgrade,
    IsInstall: !isUpgrade,
    Revision: BigInt(options.revision ?? 1),
    Service: "Helm",
  };
}

function checkInstallable(chart: Chart): void {
  const { type } = chart.metadata;
  if (type !== "" && type !== "application") throw helmFault("chart-type", `${type} charts are not installable`);
}

function checkKubeVersion(chart: Chart, capabilities: Capabilities): void {
  const wanted = chart.metadata.kubeVersion;
  const { version, compared } = capabilities.kubeVersion;
  if (wanted === "" || isCompatibleRange(wanted, compared)) return;
  throw helmFault(
    "chart-kube-version",
    `chart requires kubeVersion: ${wanted} which is incompatible with Kubernetes ${version}`,
    {
      hint: "--kube-version names the version to render for",
    },
  );
}

/** Takes the NOTES.txt files out; the main chart's own is the release's notes. */
function takeNotes(files: Map<string, string>, chart: Chart, withSubcharts: boolean): string {
  const own = `${chart.metadata.name}/templates/NOTES.txt`;
  const notes: string[] = [];
  for (const path of Array.from(files.keys())) {
    if (!path.endsWith("NOTES.txt")) continue;
    if (withSubcharts || path === own) notes.push(files.get(path) as string);
    files.delete(path);
  }
  return notes.join("\n");
}

function formatManifest(documents: readonly RenderedDocument[], crds: readonly CustomResource[]): string {
  const parts = crds.map((crd) => `---\n# Source: ${crd.path}\n${stringOf(crd.data)}\n`);
  for (const { path, content } of documents) parts.push(`---\n# Source: ${path}\n${content}\n`);
  return parts.join("");
}

/** Objects of a document; a list gives its items. */
function manifestsOf(data: Json): Manifest[] {
  if (!isObject(data) || typeof data["kind"] !== "string") return [];
  const items = data["items"];
  if (data["kind"].endsWith("List") && Array.isArray(items)) return items.flatMap(manifestsOf);
  return [asManifest(data)];
}

/** What the result depends on besides the tree. */
function inputsOf(source: FileTree | Uint8Array, options: RenderOptions, config: GoMap): Input[] {
  const { releaseName, namespace, kubeVersion, apiVersions, cluster } = options;
  const flags = [
    options.isUpgrade,
    options.revision,
    options.includeCrds,
    options.skipSchemaValidation,
    options.isStrict,
    options.subNotes,
    options.postRender?.id,
    options.postRenderStrategy,
    options.defaults === undefined ? undefined : valuesText(options.defaults),
  ];
  const text = JSON.stringify([releaseName, namespace, flags]);
  const capabilities = JSON.stringify([kubeVersion, apiVersions, cluster]);
  const inputs: Input[] = [
    { what: "object", id: "release", hash: sha256Hex(text) },
    { what: "object", id: "values", hash: sha256Hex(valuesText(config)) },
    { what: "capabilities", id: "cluster", hash: sha256Hex(capabilities) },
  ];
  if (source instanceof Uint8Array) inputs.push({ what: "object", id: "chart", hash: sha256Hex(source) });
  return inputs;
}

function valuesText(config: GoMap): string {
  return canonicalJson(
    JSON.parse(
      JSON.stringify(config, (_key, value: unknown) => (typeof value === "bigint" ? `${value}n` : value)),
    ) as Json,
  );
}

function noting(lookup: Lookup | undefined, inputs: Input[]): Lookup | undefined {
  if (lookup === undefined) return undefined;
  return (...args) => {
    const answer = lookup(...args);
    inputs.push({
      what: "lookup",
      id: args.join(" "),
      hash: sha256Hex(answer === undefined ? "" : valuesText(answer)),
    });
    return answer;
  };
}

/** What `helm template` prints: manifest, then hooks; the bytes keep what is no character. */
export function formatTemplateOutput(
  rendering: ChartRendering,
  options: { noHooks?: boolean; skipTests?: boolean } = {},
): Uint8Array {
  let text = `${trimSpace(rendering.text)}\n`;
  if (options.noHooks !== true)
    for (const hook of rendering.hooks) {
      if (options.skipTests === true && hook.events.includes("test")) continue;
      text += `---\n# Source: ${hook.path}\n${hook.content}\n`;
    }
  return bytesOf(text);
}
