// `keelson template [NAME] CHART`: what `helm template` prints, byte for byte, with its flags.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Fault, type FileTree } from "#kernel";
import {
  type ChartRendering,
  checkPresent,
  formatTemplateOutput,
  loadChartTree,
  type PostRender,
  renderChart,
  renderNameTemplate,
  renderTimeMaxMs,
  type RenderOptions,
  showOnly,
} from "#render/helm";
import { usage } from "../arguments.ts";
import { chartAccess, chartAccessFlags } from "../chart-access.ts";
import { machineEnvironment } from "../chart-files.ts";
import { locateChart } from "../chart-locate.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import type { CliCode } from "../faults.ts";
import type { Io } from "../io.ts";
import { localTree } from "../local-tree.ts";
import type { Ports } from "../ports.ts";

const flags = {
  values: { short: "f", takes: "FILE", isList: true, about: "values from a YAML file; - is standard input" },
  set: { takes: "KEY=VALUE", isRepeated: true, about: "set values: a.b=1,c={x,y}" },
  "set-string": { takes: "KEY=VALUE", isRepeated: true, about: "set values that stay text" },
  "set-json": { takes: "KEY=JSON", isRepeated: true, about: "set values given as JSON" },
  "set-file": { takes: "KEY=PATH", isRepeated: true, about: "set values to the content of files" },
  "set-literal": { takes: "KEY=TEXT", isRepeated: true, about: "set one value to the text as it stands" },
  namespace: { short: "n", takes: "NAME", about: "the release's namespace" },
  "name-template": { takes: "TEMPLATE", about: "template for the release's name" },
  "generate-name": { short: "g", about: "take the default name, with CHART alone" },
  "api-versions": { short: "a", takes: "VERSION", isList: true, about: "add to .Capabilities.APIVersions" },
  "kube-version": { takes: "VERSION", about: "the Kubernetes version to render for" },
  "include-crds": { about: "print what stands in crds/ too" },
  "show-only": { short: "s", takes: "PATH", isRepeated: true, about: "print only what these templates give" },
  "is-upgrade": { about: "set .Release.IsUpgrade instead of .Release.IsInstall" },
  "no-hooks": { about: "leave hooks out" },
  "skip-tests": { about: "leave tests out" },
  "output-dir": { takes: "FOLDER", about: "write files into this folder instead of printing" },
  "release-name": { about: "put the release's name into the path below --output-dir" },
  "skip-schema-validation": { about: "do not check values against values.schema.json" },
  "render-subchart-notes": { about: "accepted: notes are not printed here", isHidden: true },
  debug: { about: "print what was rendered also when it is no YAML", isHidden: true },
  "skip-crds": { about: "accepted", isHidden: true },
  "create-namespace": { about: "accepted", isHidden: true },
  repo: { takes: "URL", about: "take CHART from the chart repository at this address" },
  version: { takes: "RANGE", about: "version or range of the chart (default: the newest)" },
  devel: { about: "take pre-releases too: --version '>0.0.0-0'" },
  "pass-credentials": { about: "send user name and password to all domains" },
  "dependency-update": { about: "fill charts/ from Chart.yaml first when a dependency is missing" },
  ...chartAccessFlags,
  "dry-run": {
    takes: "MODE",
    bare: "client",
    about:
      "server: ask the cluster for its versions, for lookups, and whether it would take the objects (default client)",
  },
  validate: { about: "the same as --dry-run=server" },
  kubeconfig: { takes: "FILE", about: "kubeconfig to use with --dry-run=server" },
  "kube-context": { takes: "NAME", about: "context of the kubeconfig" },
  "take-ownership": { about: "with --dry-run=server: do not mind objects that belong to others" },
  "post-renderer": { takes: "NAME", about: "kustomize: run kustomize in this process over what was rendered" },
  "post-renderer-args": {
    takes: "FOLDER",
    isRepeated: true,
    about: "for --post-renderer kustomize: the folder of the kustomization (patches, images, …)",
  },
  "disable-openapi-validation": { about: "accepted", isHidden: true },
  "enable-dns": { about: "accepted: names are not resolved", isHidden: true },
  "hide-notes": { about: "accepted", isHidden: true },
  "hide-secret": { about: "accepted", isHidden: true },
  description: { takes: "TEXT", about: "accepted", isHidden: true },
  replace: { about: "accepted", isHidden: true },
  force: { about: "accepted", isHidden: true },
  "force-replace": { about: "accepted", isHidden: true },
  "force-conflicts": { about: "accepted", isHidden: true },
  "server-side": { bare: "true", takes: "BOOL", about: "accepted", isHidden: true },
  labels: { short: "l", takes: "KEY=VALUE", isList: true, about: "accepted", isHidden: true },
  timeout: { takes: "DURATION", about: "accepted: nothing is waited for", isHidden: true },
  wait: { bare: "watcher", takes: "STRATEGY", about: "accepted: nothing is waited for", isHidden: true },
  "wait-for-jobs": { about: "accepted: nothing is waited for", isHidden: true },
  atomic: { about: "accepted", isHidden: true },
  "rollback-on-failure": { about: "accepted", isHidden: true },
} as const;

type Flags = FlagValues<typeof flags>;

export const command: Command = defineCommand({
  arguments: "[NAME] CHART",
  arity: [1, 2],
  about:
    "Renders a chart: the output of `helm template`, byte for byte. CHART is a folder, a packed chart, an address " +
    "(https://…/web-1.0.0.tgz, oci://registry/web), repository/chart, or a name with --repo.",
  examples: [
    "keelson template web oci://ghcr.io/stefanprodan/charts/podinfo --version ^6",
    "keelson template web ./charts/web --dry-run=server",
    "keelson template web ./charts/web -f production.yaml --set image.tag=1.2",
    "keelson template . -s templates/deployment.yaml",
  ],
  flags,
  async run({ args, flags: given, io, ports }) {
    const [name, chart] = nameAndChart(args, given);
    const source = await openSource(chart, given, io);
    const options = await optionsOf(name, given, io);
    const rendering = await renderAs(source, options, { given, io, ports });
    for (const warning of rendering.warnings) io.stderr.write(`${warning.message}\n`);
    if (given["output-dir"] === undefined) io.stdout.write(textOf(rendering, given));
    else writeFiles(rendering, name, given, io);
    return 0;
  },
});

type Source = FileTree | Uint8Array;

/** The chart, with its dependencies brought in where that is asked for and one is missing. */
async function openSource(reference: string, given: Flags, io: Io): Promise<Source> {
  const version = given.version ?? (given.devel ? ">0.0.0-0" : "");
  const access = chartAccess(given, io);
  const source = await locateChart(io, { reference, repository: given.repo ?? "", version: version.trim(), access });
  if (!given["dependency-update"] || source instanceof Uint8Array) return source;
  try {
    checkPresent(loadChartTree(source, ""));
    return source;
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== "chart-dependency") throw thrown;
  }
  const { updateDependencies } = await import("../chart-dependencies.ts");
  const folder = resolve(io.folder, reference);
  // Helm writes its progress among the objects; here they stay fit to be piped.
  await updateDependencies(folder, { io, shown: reference, access, write: (text) => io.stderr.write(text) });
  return localTree(folder);
}

type Surroundings = { given: Flags; io: Io; ports: Ports };

async function renderAs(source: Source, options: RenderOptions, around: Surroundings): Promise<ChartRendering> {
  const { given, io, ports } = around;
  if (!asksServer(given)) return renderChart(source, { ...options, checkTime: timeLimit(io) });
  const { connectTarget } = await import("../target.ts");
  const { ClusterView } = await import("#releases");
  const flags = { kubeconfig: given.kubeconfig, context: given["kube-context"], namespace: undefined, timeout: "5m" };
  const target = await connectTarget(flags, { io, ports });
  try {
    const view = new ClusterView(target.cluster);
    const rendering = await view.render(source, { ...options, checkTime: timeLimit(io) });
    const { releaseName, namespace = "default", isUpgrade = false } = options;
    const isFree = isUpgrade || given["take-ownership"];
    await view.check(rendering, { name: releaseName, namespace, isFree });
    return rendering;
  } finally {
    target.close();
  }
}

function asksServer(given: Flags): boolean {
  const mode = given["dry-run"];
  if (given.validate && mode !== undefined)
    throw usage("if any flags in the group [validate dry-run] are set none of the others can be");
  if (mode === undefined || mode === "client" || mode === "true") return given.validate;
  if (mode === "server") return true;
  throw usage(`invalid dry-run value (${JSON.stringify(mode)}). Must be "server" or "client"`);
}

/** A limit on time: a template can be written to run for ever. */
function timeLimit(io: Io): () => void {
  const deadline = io.clock.now() + renderTimeMaxMs;
  return () => {
    if (io.clock.now() > deadline)
      throw new Fault<CliCode>({
        code: "timed-out",
        disposition: "stall",
        message: `rendering took more than ${renderTimeMaxMs / 1000} seconds`,
        hint: "look for a loop or a recursion that never ends",
      });
  };
}

/** `--post-renderer kustomize`; Helm's own plugins are programs, and none is started here. */
async function postRenderer(given: Flags, io: Io): Promise<PostRender | undefined> {
  const name = given["post-renderer"];
  if (name === undefined || name === "") return undefined;
  if (name !== "kustomize")
    throw usage(
      `--post-renderer ${name}: post-renderers that are programs or plugins are not run`,
      "--post-renderer kustomize --post-renderer-args FOLDER runs kustomize in this process; or pipe the output into the program",
    );
  const [folder = ".", ...others] = given["post-renderer-args"];
  if (others.length > 0) throw usage("--post-renderer kustomize takes one folder");
  const { kustomizationFolder } = await import("../post-renderer-folder.ts");
  return kustomizationFolder(resolve(io.folder, folder));
}

function nameAndChart(args: readonly string[], given: Flags): [name: string, chart: string] {
  if (args.length === 2) {
    if (given["generate-name"]) throw usage("cannot set --generate-name and also specify a name");
    if (given["name-template"] !== undefined) throw usage("cannot set --name-template and also specify a name");
    return [checkName(args[0] as string), args[1] as string];
  }
  const template = given["name-template"];
  const name = template === undefined ? "release-name" : renderNameTemplate(template);
  return [checkName(name), args[0] as string];
}

function checkName(name: string): string {
  if (name.length <= 53 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)) return name;
  throw usage(
    `release name ${JSON.stringify(name)}: invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53`,
  );
}

async function optionsOf(name: string, given: Flags, io: Io): Promise<RenderOptions> {
  const files: { name: string; text: string }[] = [];
  for (const path of given.values) files.push({ name: path, text: await readText(path, io, given) });
  const kubeVersion = given["kube-version"];
  const postRender = await postRenderer(given, io);
  return {
    releaseName: name,
    namespace: given.namespace ?? io.env["HELM_NAMESPACE"] ?? "default",
    given: {
      files,
      set: given.set,
      setString: given["set-string"],
      setJson: given["set-json"],
      setFile: given["set-file"],
      setLiteral: given["set-literal"],
      readFile: (path) => readFile(path, io).toString("utf8"),
    },
    isUpgrade: given["is-upgrade"],
    includeCrds: given["include-crds"],
    skipSchemaValidation: given["skip-schema-validation"],
    apiVersions: given["api-versions"],
    ...(kubeVersion === undefined ? {} : { kubeVersion }),
    ...(postRender === undefined ? {} : { postRender }),
    environment: machineEnvironment(io.clock),
  };
}

async function readText(path: string, io: Io, given: Flags): Promise<string> {
  if (/^https?:\/\//.test(path)) {
    const { ChartNetwork } = await import("../chart-network.ts");
    const network = new ChartNetwork(io, chartAccess(given, io));
    try {
      return await network.text(path);
    } finally {
      network.close();
    }
  }
  if (path.trim() === "-") return Buffer.from(await io.readInput()).toString("utf8");
  return readFile(path, io).toString("utf8");
}

function readFile(path: string, io: Io): Buffer {
  const full = resolve(io.folder, path);
  if (!existsSync(full)) throw usage(`open ${path}: no such file or directory`);
  return readFileSync(full);
}

function textOf(rendering: ChartRendering, given: Flags): Uint8Array {
  const output = formatTemplateOutput(rendering, { noHooks: given["no-hooks"], skipTests: given["skip-tests"] });
  return given["show-only"].length === 0 ? output : showOnly(output, given["show-only"]);
}

function writeFiles(rendering: ChartRendering, name: string, given: Flags, io: Io): void {
  const root = given["output-dir"] as string;
  const folder = given["release-name"] ? join(root, name) : root;
  const written = new Set<string>();
  const write = (base: string, path: string, content: Uint8Array | string): void => {
    const full = resolve(io.folder, base, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(
      full,
      Buffer.concat([Buffer.from(`---\n# Source: ${path}\n`), Buffer.from(content as string), Buffer.from("\n")]),
      {
        flag: written.has(full) ? "a" : "w",
      },
    );
    written.add(full);
    io.stdout.write(`wrote ${base}/${path}\n`);
  };
  if (given["include-crds"]) for (const crd of rendering.crds) write(root, crd.path, crd.data);
  for (const document of rendering.documents) write(folder, document.path, document.content);
  const hooks = given["no-hooks"] ? [] : rendering.hooks;
  for (const hook of hooks)
    if (!given["skip-tests"] || !hook.events.includes("test")) write(folder, hook.path, hook.content);
  io.stdout.write("\n");
}
