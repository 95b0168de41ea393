// `keelson helm history NAME`: a release's revisions, oldest first, as `helm history` shows them.

import type { Release } from "#releases";
import { type Command, defineCommand } from "../command.ts";
import { ansiTime, chartName, formatColumns, formatData } from "../helm/print-release.ts";
import { helmFlags, outputFlag } from "../helm/release-flags.ts";
import { readRelease, readRevision, withReleases } from "../helm/releases.ts";

export const command: Command = defineCommand({
  arguments: "NAME",
  arity: [1, 1],
  about: "Shows the revisions of a Helm release.",
  examples: ["keelson helm history web -n shop"],
  flags: {
    ...helmFlags,
    ...outputFlag,
    max: { takes: "COUNT", about: "at most so many, the newest", default: "256" },
    "show-rollback-revision": { about: "show which revision was gone back to" },
  },
  async run({ args, flags, io, ports }) {
    const [name = ""] = args;
    const max = readRevision(flags.max);
    return withReleases(flags, { io, ports }, async ({ storage }) => {
      await readRelease(storage, name, undefined);
      const releases = (await storage.history(name)).slice(max === 0 ? Number.POSITIVE_INFINITY : -max);
      if (flags.output !== "table") io.stdout.write(formatData(releases.map(dataOf), flags.output));
      else io.stdout.write(formatColumns(tableOf(releases, flags["show-rollback-revision"]), io));
      return 0;
    });
  },
});

function dataOf(release: Release): object {
  const { version, info, chart } = release;
  return {
    revision: version,
    ...(info.last_deployed === undefined ? {} : { updated: info.last_deployed }),
    status: info.status,
    chart: chartName(release),
    app_version: chart.metadata.appVersion ?? "",
    ...(info.rollback_revision === undefined ? {} : { rollback_revision: info.rollback_revision }),
    description: info.description ?? "",
  };
}

function tableOf(releases: readonly Release[], hasRollback: boolean): { header: string[]; rows: string[][] } {
  const rollback = (release: Release): string[] => (hasRollback ? [String(release.info.rollback_revision ?? "")] : []);
  return {
    header: [
      "REVISION",
      "UPDATED",
      "STATUS",
      "CHART",
      "APP VERSION",
      ...(hasRollback ? ["ROLLBACK"] : []),
      "DESCRIPTION",
    ],
    rows: releases.map((release) => [
      String(release.version),
      ansiTime(release.info.last_deployed),
      release.info.status,
      chartName(release),
      release.chart.metadata.appVersion ?? "",
      ...rollback(release),
      release.info.description ?? "",
    ]),
  };
}
