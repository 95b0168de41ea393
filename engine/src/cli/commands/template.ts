// `keelson template [NAME] CHART`: what `helm template` prints, byte for byte, with its flags.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
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
  openChartSource,
  postRenderer,
  postRenderFlags,
  renderTimeLimit,
  valueFlags,
} from "../chart-source.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import { defaultNamespace } from "../helm/default-namespace.ts";
import { helmFlags } from "../helm/release-flags.ts";
import type { Io } from "../io.ts";
import type { Ports } from "../ports.ts";

const flags = {
  ...helmFlags,
  ...valueFlags,
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
  debug: { about: "print what was rendered also when it is no YAML" },
  "skip-crds": { about: "accepted", isHidden: true },
  "create-namespace": { about: "accepted", isHidden: true },
  ...chartFlags,
  ...chartAccessFlags,
  "dry-run": {
    takes: "MODE",
    bare: "client",
    about:
      "server: ask the cluster for its versions, for lookups, and whether it would take the objects (default client)",
  },
  validate: { about: "the same as --dry-run=server" },
  "take-ownership": { about: "with --dry-run=server: do not mind objects that belong to others" },
  ...postRenderFlags,
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
  "repository-config": { takes: "FILE", about: "names of repositories, in place of $HELM_REPOSITORY_CONFIG" },
  "registry-config": { takes: "FILE", about: "logins to registries, in place of $HELM_REGISTRY_CONFIG" },
  "repository-cache": { takes: "FOLDER", about: "accepted: nothing is kept", isHidden: true },
  "content-cache": { takes: "FOLDER", about: "accepted: nothing is kept", isHidden: true },
} as const;

type Flags = FlagValues<typeof flags>;

export const command: Command = defineCommand({
  arguments: "[NAME] CHART",
  arity: [1, 2],
  about:
    "Renders a chart: the output of `helm template`, byte for byte. CHART is a folder, a packed chart, an address\n" +
    "(https://…/web-1.0.0.tgz, oci://registry/web), repository/chart, or a name with --repo. Symlinks in a folder are\n" +
    "followed within its repository; one that leads out of it is refused.",
  examples: [
    "keelson template web oci://ghcr.io/stefanprodan/charts/podinfo --version ^6",
    "keelson template web ./charts/web --dry-run=server",
    "keelson template web ./charts/web -f production.yaml --set image.tag=1.2",
    "keelson template . -s templates/deployment.yaml",
  ],
  flags,
  async run({ args, flags: given, io: plain, ports }) {
    const io = withPlaces(plain, given);
    const [name, chart] = nameAndChart(args, given);
    const source = await openChartSource(chart, given, io);
    const options = await optionsOf(name, given, io);
    const rendering = await renderAs(source, options, { given, io, ports });
    for (const warning of rendering.warnings) io.stderr.write(`${warning.message}\n`);
    if (given["output-dir"] === undefined) io.stdout.write(textOf(rendering, given));
    else writeFiles(rendering, name, given, io);
    return 0;
  },
});

/** Flags that name a file count before the variables that do. */
function withPlaces(io: Io, given: Flags): Io {
  const { "repository-config": repositories, "registry-config": registries } = given;
  if (repositories === undefined && registries === undefined) return io;
  return {
    ...io,
    env: {
      ...io.env,
      ...(repositories === undefined ? {} : { HELM_REPOSITORY_CONFIG: repositories }),
      ...(registries === undefined ? {} : { HELM_REGISTRY_CONFIG: registries }),
    },
  };
}

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
  if (given.validate && mode !== undefined)
    throw usage("if any flags in the group [validate dry-run] are set none of the others can be");
  if (mode === undefined || mode === "client" || mode === "true") return given.validate;
  if (mode === "server") return true;
  throw usage(`invalid dry-run value (${JSON.stringify(mode)}). Must be "server" or "client"`);
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
  const kubeVersion = given["kube-version"];
  const postRender = await postRenderer(given, io);
  return {
    releaseName: name,
    namespace: given.namespace || defaultNamespace(given, io),
    given: await givenValues(given, io),
    isUpgrade: given["is-upgrade"],
    includeCrds: given["include-crds"],
    skipSchemaValidation: given["skip-schema-validation"],
    apiVersions: given["api-versions"],
    ...(kubeVersion === undefined || kubeVersion === "" ? {} : { kubeVersion }),
    ...(postRender === undefined ? {} : { postRender }),
    notesReads: false,
    ...(given.debug ? { onInvalid: (text: string) => io.stdout.write(bytesOf(text)) } : {}),
    environment: machineEnvironment(io.clock),
  };
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
