// `keelson helm upgrade NAME CHART`: what `helm upgrade` does, with its flags; with --install also the first time.

import type { ReleaseActions, ValuesPolicy } from "#releases";
import { chartAccessFlags } from "../chart-access.ts";
import { chartFlags, postRenderFlags, valueFlags } from "../chart-source.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import { historyMax, readServerSide } from "../helm/action-options.ts";
import { applyOptions, chartOptions, withoutSecrets } from "../helm/chart-options.ts";
import { formatData, formatStatus, releaseData } from "../helm/print-release.ts";
import { actionFlags, helmFlags, outputFlag, renderFlags, writeFlags } from "../helm/release-flags.ts";
import { commonOptions, type OpenReleases, saying, successOf, withReleases } from "../helm/releases.ts";
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
  install: { short: "i", about: "install it when there is no such release" },
  "reset-values": { about: "forget the former values" },
  "reuse-values": { about: "keep the former values and the former chart's defaults; new ones come on top" },
  "reset-then-reuse-values": { about: "keep the former values over the new chart's defaults; new ones come on top" },
  "cleanup-on-fail": { about: "remove what a failed upgrade has created" },
  "history-max": { takes: "COUNT", about: "revisions that are kept; 0 for all (default 10, or $HELM_MAX_HISTORY)" },
  "server-side": { takes: "BOOL", bare: "true", about: "true, false, or auto (default): as the release was applied" },
} as const;

type Flags = FlagValues<typeof flags>;

export const command: Command = defineCommand({
  arguments: "NAME CHART",
  arity: [2, 2],
  about: "Brings a Helm release to another chart or to other values, with helm's flags and helm's records.",
  examples: [
    "keelson helm upgrade web ./charts/web --set image.tag=1.3 --reuse-values",
    "keelson helm upgrade --install web ./charts/web -n shop --create-namespace --rollback-on-failure",
  ],
  flags,
  async run({ args, flags: given, io, ports }) {
    const [name = "", chart = ""] = args;
    return withReleases(given, { io, ports }, async (open) => {
      announceTarget(open.target, io);
      const last = given.install ? await open.storage.last(name) : undefined;
      const isNew = given.install && (last === undefined || last.info.status === "uninstalled");
      if (isNew && given.output === "table")
        io.stdout.write(`Release ${JSON.stringify(name)} does not exist. Installing it now.\n`);
      const done = isNew
        ? successOf(await install({ name, chart, hasHistory: last !== undefined }, open, given, io))
        : await saying("UPGRADE FAILED", async () => successOf(await upgrade({ name, chart }, open, given, io)));
      const release = withoutSecrets(done, given);
      if (given.output !== "table") {
        io.stdout.write(formatData(releaseData(release, { hasChart: true }), given.output));
        return 0;
      }
      if (!isNew) io.stdout.write(`Release ${JSON.stringify(name)} has been upgraded. Happy Helming!\n`);
      io.stdout.write(formatStatus(release, io, { hideNotes: given["hide-notes"] }));
      return 0;
    });
  },
});

type Subject = { name: string; chart: string };

async function upgrade(
  { name, chart }: Subject,
  open: OpenReleases,
  given: Flags,
  io: Io,
): ReturnType<ReleaseActions["upgrade"]> {
  return (await open.actions()).upgrade({
    ...commonOptions(name, open, given, io),
    ...(await chartOptions(chart, given, io)),
    ...applyOptions(given),
    ...historyMax(given, io),
    waitForJobs: given["wait-for-jobs"],
    serverSide: readServerSide(given["server-side"], true),
    valuesPolicy: valuesPolicy(given),
    cleanupOnFail: given["cleanup-on-fail"],
    rollbackOnFailure: given["rollback-on-failure"] || given.atomic,
  });
}

async function install(
  { name, chart, hasHistory }: Subject & { hasHistory: boolean },
  open: OpenReleases,
  given: Flags,
  io: Io,
): ReturnType<ReleaseActions["install"]> {
  return (await open.actions()).install({
    ...commonOptions(name, open, given, io),
    ...(await chartOptions(chart, given, io)),
    ...applyOptions(given),
    waitForJobs: given["wait-for-jobs"],
    crds: given["skip-crds"] ? "Skip" : "Create",
    createNamespace: given["create-namespace"],
    serverSide: readServerSide(given["server-side"], true) !== false,
    replace: hasHistory,
    rollbackOnFailure: given["rollback-on-failure"] || given.atomic,
  });
}

function valuesPolicy(given: Flags): ValuesPolicy {
  if (given["reset-values"]) return "reset";
  if (given["reuse-values"]) return "reuse";
  return given["reset-then-reuse-values"] ? "reset-then-reuse" : "default";
}
