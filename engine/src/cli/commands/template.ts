// `keelson template [NAME] CHART`: what `helm template` prints, byte for byte, with its flags.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Fault } from "#kernel";
import {
  type ChartRendering,
  formatTemplateOutput,
  renderChart,
  renderNameTemplate,
  renderTimeMaxMs,
  type RenderOptions,
  showOnly,
} from "#render/helm";
import { usage } from "../arguments.ts";
import { machineEnvironment, openChart } from "../chart-files.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import type { CliCode } from "../faults.ts";
import type { Io } from "../io.ts";

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
  "dependency-update": { about: "accepted: dependencies are built by `keelson dependency build`", isHidden: true },
  devel: { about: "accepted", isHidden: true },
  "disable-openapi-validation": { about: "accepted", isHidden: true },
  "enable-dns": { about: "accepted: names are not resolved", isHidden: true },
  "dry-run": { takes: "MODE", bare: "client", about: "accepted", isHidden: true },
  version: { takes: "RANGE", about: "accepted: the chart on disk is taken", isHidden: true },
} as const;

type Flags = FlagValues<typeof flags>;

export const command: Command = defineCommand({
  arguments: "[NAME] CHART",
  arity: [1, 2],
  about: "Renders a chart: the output of `helm template`, byte for byte. CHART is a folder or a packed chart.",
  examples: [
    "keelson template web ./charts/web -f production.yaml --set image.tag=1.2",
    "keelson template . -s templates/deployment.yaml",
  ],
  flags,
  async run({ args, flags: given, io }) {
    const [name, chart] = nameAndChart(args, given);
    const options = await optionsOf(name, given, io);
    const rendering = render(openChart(io.folder, chart), options, io);
    for (const warning of rendering.warnings) io.stderr.write(`${warning.message}\n`);
    if (given["output-dir"] === undefined) io.stdout.write(textOf(rendering, given));
    else writeFiles(rendering, name, given, io);
    return 0;
  },
});

/** Renders with a limit on time: a template can be written to run for ever. */
function render(source: Parameters<typeof renderChart>[0], options: RenderOptions, io: Io): ChartRendering {
  const deadline = io.clock.now() + renderTimeMaxMs;
  const checkTime = (): void => {
    if (io.clock.now() > deadline)
      throw new Fault<CliCode>({
        code: "timed-out",
        disposition: "stall",
        message: `rendering took more than ${renderTimeMaxMs / 1000} seconds`,
        hint: "look for a loop or a recursion that never ends",
      });
  };
  return renderChart(source, { ...options, checkTime });
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
  for (const path of given.values) files.push({ name: path, text: await readText(path, io) });
  const kubeVersion = given["kube-version"];
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
    environment: machineEnvironment(io.clock),
  };
}

async function readText(path: string, io: Io): Promise<string> {
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
