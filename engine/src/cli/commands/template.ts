// `keelson template [NAME] CHART`: what `helm template` prints, byte for byte, with its flags.

import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseBoolText } from "#formats/go-numbers";
import { bytesOf } from "#formats/gotemplate";
import {
  type ChartRendering,
  formatTemplateOutput,
  renderChart,
  renderNameTemplate,
  type RenderOptions,
  showOnly,
} from "#render/helm";
import { usage } from "../arguments.ts";
import { chartAccessFlags } from "../chart-access.ts";
import { machineEnvironment } from "../chart-files.ts";
import {
  chartFlags,
  type ChartSource,
  givenValues,
  ofChart,
  openChartSource,
  postRenderer,
  postRenderFlags,
  renderTimeLimit,
  valueFlags,
} from "../chart-source.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import { defaultNamespace } from "../helm/default-namespace.ts";
import { helmFlags } from "../helm/release-flags.ts";
import type { HostNames } from "../host-names.ts";
import type { Io } from "../io.ts";
import { ensureFolder } from "../make-folder.ts";
import { fileFault } from "../named-files.ts";
import type { Ports } from "../ports.ts";

const { namespace, ...serverFlags } = helmFlags;

const flags = {
  ...valueFlags,
  namespace,
  "name-template": { takes: "TEMPLATE", about: "template for the release's name" },
  "generate-name": { short: "g", about: "the release's name is release-name, as it is when only CHART is given" },
  "api-versions": {
    short: "a",
    takes: "VERSION",
    isList: true,
    about: "add to .Capabilities.APIVersions, which templates ask for APIs",
  },
  "kube-version": { takes: "VERSION", about: "the Kubernetes version to render for (.Capabilities.KubeVersion)" },
  "include-crds": { about: "print what stands in crds/ too" },
  "show-only": {
    short: "s",
    takes: "PATH",
    isRepeated: true,
    about: "print only what these templates give: templates/a.yaml, templates/*.yaml",
  },
  "is-upgrade": { about: "set .Release.IsUpgrade instead of .Release.IsInstall" },
  "no-hooks": { about: "leave hooks out" },
  "skip-tests": { about: "leave tests out" },
  "output-dir": { takes: "FOLDER", about: "write files into this folder instead of printing" },
  "release-name": { about: "put the release's name into the path below --output-dir" },
  "skip-schema-validation": { about: "do not check values against values.schema.json" },
  "enable-dns": { about: "let getHostByName resolve names; without it, it gives nothing" },
  "render-subchart-notes": { about: "accepted", isHidden: true, ignored: "notes are not printed here" },
  "skip-crds": { about: "accepted", isHidden: true },
  "create-namespace": { about: "accepted", isHidden: true },
  ...postRenderFlags,
  ...chartFlags,
  ...chartAccessFlags,
  "dry-run": {
    takes: "MODE",
    bare: "client",
    about:
      "server: ask the cluster for its versions, for lookups, and whether it would take the objects (default client)",
  },
  validate: { about: "the same as --dry-run=server", excludes: ["dry-run"] },
  "take-ownership": { about: "with --dry-run=server: do not mind objects that belong to others" },
  ...serverFlags,
  debug: { about: "print what was rendered also when it is no YAML" },
  "disable-openapi-validation": { about: "accepted", isHidden: true },
  "hide-notes": { about: "accepted", isHidden: true, ignored: "notes are not printed here" },
  description: { takes: "TEXT", about: "accepted", isHidden: true },
  replace: { about: "accepted", isHidden: true },
  force: { about: "accepted", isHidden: true, excludes: ["force-conflicts"] },
  "force-replace": { about: "accepted", isHidden: true, excludes: ["force-conflicts"] },
  "force-conflicts": { about: "accepted", isHidden: true },
  "server-side": { about: "accepted", isHidden: true },
  labels: { short: "l", takes: "KEY=VALUE", isPairs: true, about: "accepted", isHidden: true },
  timeout: { takes: "DURATION", kind: "duration", about: "accepted: nothing is waited for", isHidden: true },
  wait: {
    bare: "watcher",
    takes: "STRATEGY",
    choices: ["watcher", "hookOnly", "legacy", "true", "false"],
    about: "accepted: nothing is waited for",
    isHidden: true,
  },
  "wait-for-jobs": { about: "accepted: nothing is waited for", isHidden: true },
  atomic: { about: "accepted", isHidden: true },
  "rollback-on-failure": { about: "accepted", isHidden: true },
  "repository-cache": { takes: "FOLDER", about: "accepted", isHidden: true, ignored: "nothing is cached" },
  "content-cache": { takes: "FOLDER", about: "accepted", isHidden: true, ignored: "nothing is cached" },
} as const;

type Flags = FlagValues<typeof flags>;

export const command: Command = defineCommand({
  arguments: "[NAME] CHART",
  arity: [1, 2],
  about:
    "Renders a chart: the output of `helm template`, byte for byte. CHART is a folder, a packed chart, an address\n" +
    "(https://…/web-1.0.0.tgz, oci://registry/web), repository/chart, or a name with --repo. Symlinks in a folder are\n" +
    "followed within its repository; one that leads out of it is refused.\n\n" +
    "No cluster is asked, unless --dry-run=server says so: lookups then find nothing, and the Kubernetes version and the\n" +
    "APIs are Helm's own or those of --kube-version and --api-versions. $HELM_NAMESPACE, $HELM_KUBECONTEXT, $KUBECONFIG,\n" +
    "$HELM_REPOSITORY_CONFIG, $HELM_REGISTRY_CONFIG and $HELM_DEBUG mean what they mean to helm.",
  examples: [
    "keelson template web oci://ghcr.io/stefanprodan/charts/podinfo --version ^6",
    "keelson template web ./charts/web --dry-run=server",
    "keelson template web ./charts/web -f production.yaml --set image.tag=1.2",
    "keelson template . -s templates/deployment.yaml",
  ],
  flags,
  async run({ args, flags: given, io, ports }) {
    const [name, chart] = nameAndChart(args, given, io);
    const source = await openChartSource(chart, given, io);
    const { HostNames } = given["enable-dns"] ? await import("../host-names.ts") : {};
    const names = HostNames && new HostNames(machineEnvironment(io.clock));
    const options = await optionsOf(name, given, { io, names });
    const render = (): Promise<ChartRendering> => renderAs(source, options, { given, io, ports });
    const rendering = await ofChart(chart, () => names?.resolved(render) ?? render());
    for (const warning of rendering.warnings) io.stderr.write(`${warning.message}\n`);
    if ((given["output-dir"] ?? "") === "") io.stdout.write(textOf(rendering, given));
    else writeFiles(rendering, name, given, io);
    return 0;
  },
});

type Surroundings = { given: Flags; io: Io; ports: Ports };

async function renderAs(source: ChartSource, options: RenderOptions, around: Surroundings): Promise<ChartRendering> {
  const { given, io, ports } = around;
  if (!asksServer(given)) return renderChart(source, { ...options, checkTime: renderTimeLimit(io) });
  const { renderForCluster } = await import("../cluster-rendering.ts");
  const isFree = options.isUpgrade === true || given["take-ownership"];
  const timed = { ...options, checkTime: renderTimeLimit(io) };
  return renderForCluster(source, timed, { flags: given, surroundings: { io, ports }, isFree });
}

function asksServer(given: Flags): boolean {
  const mode = given["dry-run"];
  if (mode === undefined || mode === "client" || mode === "unset" || parseBoolText(mode) === true)
    return given.validate;
  if (mode === "server") return true;
  throw usage(`invalid dry-run value (${JSON.stringify(mode)}). Must be "server" or "client"`);
}

function nameAndChart(args: readonly string[], given: Flags, io: Io): [name: string, chart: string] {
  const template = given["name-template"] ?? "";
  if (args.length === 2) {
    if (given["generate-name"]) throw usage("cannot set --generate-name and also specify a name");
    if (template !== "") throw usage("cannot set --name-template and also specify a name");
    return [checkName(args[0] as string), args[1] as string];
  }
  const name = template === "" ? "release-name" : renderNameTemplate(template, machineEnvironment(io.clock));
  return [checkName(name), args[0] as string];
}

function checkName(name: string): string {
  if (name.length <= 53 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)) return name;
  throw usage(
    `release name ${JSON.stringify(name)}: invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53`,
  );
}

async function optionsOf(
  name: string,
  given: Flags,
  { io, names }: { io: Io; names: HostNames | undefined },
): Promise<RenderOptions> {
  const kubeVersion = given["kube-version"];
  const postRender = await postRenderer(given, io);
  const onInvalid = (text: string): void => {
    if (names?.isComplete !== false) io.stdout.write(bytesOf(text));
  };
  return {
    releaseName: name,
    namespace: defaultNamespace(given, io),
    given: await givenValues(given, io),
    isUpgrade: given["is-upgrade"],
    includeCrds: given["include-crds"],
    skipSchemaValidation: given["skip-schema-validation"],
    apiVersions: given["api-versions"],
    ...(kubeVersion === undefined || kubeVersion === "" ? {} : { kubeVersion }),
    ...(postRender === undefined ? {} : { postRender }),
    notesReads: false,
    ...(given.debug || parseBoolText(io.env["HELM_DEBUG"] ?? "") === true ? { onInvalid } : {}),
    environment: names?.environment ?? machineEnvironment(io.clock),
  };
}

function textOf(rendering: ChartRendering, given: Flags): Uint8Array {
  const output = formatTemplateOutput(rendering, { noHooks: given["no-hooks"], skipTests: given["skip-tests"] });
  return given["show-only"].length === 0 ? output : showOnly(output, given["show-only"]);
}

/** Writes each template's documents into its file. As with Helm nothing is left to print then, so --show-only finds nothing. */
function writeFiles(rendering: ChartRendering, name: string, given: Flags, io: Io): void {
  const root = given["output-dir"] as string;
  const folder = given["release-name"] ? join(root, name) : root;
  const written = new Set<string>();
  const write = (base: string, path: string, content: Uint8Array | string): void => {
    const full = resolve(io.folder, base, path);
    const text = [Buffer.from(`---\n# Source: ${path}\n`), Buffer.from(content as string), Buffer.from("\n")];
    try {
      ensureFolder(dirname(full));
      writeFileSync(full, Buffer.concat(text), { flag: written.has(full) ? "a" : "w" });
    } catch (thrown) {
      throw fileFault(`${base}/${path}`, thrown);
    }
    written.add(full);
    io.stdout.write(`wrote ${base}/${path}\n`);
  };
  if (given["include-crds"]) for (const crd of rendering.crds) write(root, crd.path, crd.data);
  for (const document of rendering.documents) write(folder, document.path, document.content);
  const hooks = given["no-hooks"] ? [] : rendering.hooks;
  for (const hook of hooks)
    if (!given["skip-tests"] || !hook.events.includes("test")) write(folder, hook.path, hook.content);
  if (given["show-only"].length > 0) showOnly(new Uint8Array(), given["show-only"]);
  io.stdout.write("\n");
}
