// `keelson helm install NAME CHART`: what `helm install` does, with its flags.

import { basename } from "node:path";
import { renderNameTemplate } from "#render/helm";
import { usage } from "../arguments.ts";
import { chartAccessFlags } from "../chart-access.ts";
import { machineEnvironment } from "../chart-files.ts";
import { chartFlags, postRenderFlags, valueFlags } from "../chart-source.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import { readServerSide } from "../helm/action-options.ts";
import { applyOptions, chartOptions, withoutSecrets } from "../helm/chart-options.ts";
import { formatData, formatStatus, releaseData } from "../helm/print-release.ts";
import { actionFlags, helmFlags, outputFlag, renderFlags, writeFlags } from "../helm/release-flags.ts";
import { commonOptions, type OpenReleases, saying, successOf, withReleases } from "../helm/releases.ts";
import type { ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { announceTarget } from "../target.ts";

const flags = {
  ...helmFlags,
  ...outputFlag,
  ...actionFlags,
  ...writeFlags,
  ...renderFlags,
  ...valueFlags,
  ...chartFlags,
  ...chartAccessFlags,
  ...postRenderFlags,
  "generate-name": { short: "g", about: "make a name up, with CHART alone" },
  "name-template": { takes: "TEMPLATE", about: "template for the release's name" },
  replace: { about: "use a name again whose release is uninstalled or failed" },
  "server-side": {
    takes: "BOOL",
    bare: "true",
    kind: "boolean",
    about: "apply on the server (default) or, with false, from here",
  },
} as const;

type Flags = FlagValues<typeof flags>;

export const command: Command = defineCommand({
  arguments: "[NAME] CHART",
  arity: [1, 2],
  about:
    "Installs a chart as a Helm release, with helm's flags and helm's records: helm and Flux see it and can go on with it.\n" +
    "CHART is a folder, a packed chart, an address, repository/chart, or a name with --repo.",
  examples: [
    "keelson helm install web oci://ghcr.io/stefanprodan/charts/podinfo --version ^6 -n shop --create-namespace",
    "keelson helm install web ./charts/web -f production.yaml --rollback-on-failure",
  ],
  flags,
  run: ({ args, flags: given, io, ports }) =>
    saying("INSTALLATION FAILED", async () => {
      const [name, chart] = nameAndChart(args, given, io);
      return withReleases(given, { io, ports }, (open) => install({ name, chart }, open, given, io));
    }),
});

async function install(
  { name, chart }: { name: string; chart: string },
  open: OpenReleases,
  given: Flags,
  io: Io,
): Promise<ExitCode> {
  announceTarget(open.target, io);
  const result = await (await open.actions()).install({
    ...commonOptions(name, open, given, io),
    ...(await chartOptions(chart, given, io)),
    ...applyOptions(given),
    waitForJobs: given["wait-for-jobs"],
    crds: given["skip-crds"] ? "Skip" : "Create",
    createNamespace: given["create-namespace"],
    serverSide: readServerSide(given["server-side"], false),
    replace: given.replace,
    rollbackOnFailure: given["rollback-on-failure"] || given.atomic,
  });
  const release = withoutSecrets(successOf(result, "INSTALLATION FAILED"), given);
  io.stdout.write(
    given.output === "table"
      ? formatStatus(release, io, { hideNotes: given["hide-notes"] })
      : formatData(releaseData(release, { hasChart: true }), given.output),
  );
  return 0;
}

function nameAndChart(args: readonly string[], given: Flags, io: Io): [name: string, chart: string] {
  const [first = "", second] = args;
  const template = given["name-template"] ?? "";
  if (second !== undefined) {
    if (given["generate-name"]) throw usage("cannot set --generate-name and also specify a name");
    if (template !== "") throw usage("cannot set --name-template and also specify a name");
    return [first, second];
  }
  if (template !== "") return [renderNameTemplate(template, machineEnvironment(io.clock)), first];
  if (!given["generate-name"]) throw usage("must either provide a name or specify --generate-name");
  const base = basename(first).split(".")[0];
  return [`${base === "" ? "chart" : base}-${Math.floor(io.clock.now() / 1000)}`, first];
}
