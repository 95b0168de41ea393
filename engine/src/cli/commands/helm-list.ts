// `keelson helm list`: the releases of a namespace or of all, as `helm list` shows them.

import type { Release, ReleaseStatus } from "#releases";
import { usage } from "../arguments.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import { chartName, formatColumns, formatData, goTime } from "../helm/print-release.ts";
import { helmFlags, outputFlag } from "../helm/release-flags.ts";
import { withReleases } from "../helm/releases.ts";

const flags = {
  ...helmFlags,
  ...outputFlag,
  "all-namespaces": { short: "A", about: "releases of all namespaces" },
  all: { short: "a", about: "accepted: all statuses are shown unless some are named", isHidden: true },
  short: { short: "q", about: "names alone" },
  "no-headers": { about: "leave the header out" },
  date: { short: "d", about: "sort by date, the oldest first" },
  reverse: { short: "r", about: "sort the other way" },
  filter: { short: "f", takes: "REGEXP", about: "only names that match" },
  selector: { short: "l", takes: "SELECTOR", about: "only records with these labels: key=value,key!=value" },
  "time-format": { takes: "LAYOUT", about: "times by this layout of Go's, such as 2006-01-02" },
  max: { short: "m", takes: "COUNT", about: "at most so many; 0 for all", default: "256" },
  offset: { takes: "COUNT", about: "leave the first ones out", default: "0" },
  deployed: { about: "only deployed ones" },
  failed: { about: "only failed ones" },
  pending: { about: "only pending ones" },
  superseded: { about: "superseded revisions" },
  uninstalled: { about: "only uninstalled ones whose history is kept" },
  uninstalling: { about: "only those that are being uninstalled" },
} as const;

type Flags = FlagValues<typeof flags>;

export const command: Command = defineCommand({
  about: "Lists Helm releases, whoever made them: keelson, Flux or helm.",
  examples: ["keelson helm list -A", "keelson helm list -n shop -o json"],
  flags,
  async run({ flags: given, io, ports }) {
    const isEverywhere = given["all-namespaces"];
    return withReleases(
      given,
      { io, ports },
      async ({ storage }) => {
        const releases = choose(await storage.list(), given);
        const layout = given["time-format"];
        const time = layout === undefined ? goTime : (await import("../helm/time-layout.ts")).byLayout(layout);
        if (given.short) {
          const names = releases.map(({ name }) => name);
          io.stdout.write(
            given.output === "table" ? names.map((name) => `${name}\n`).join("") : formatData(names, given.output),
          );
        } else if (given.output !== "table")
          io.stdout.write(
            formatData(
              releases.map((release) => rowOf(release, time)),
              given.output,
            ),
          );
        else {
          const table = {
            header: ["NAME", "NAMESPACE", "REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION"],
            rows: releases.map((release) => Object.values(rowOf(release, time))),
          };
          io.stdout.write(formatColumns(table, io, !given["no-headers"]));
        }
        return 0;
      },
      isEverywhere,
    );
  },
});

type Row = {
  name: string;
  namespace: string;
  revision: string;
  updated: string;
  status: string;
  chart: string;
  app_version: string;
};

type TimeFormat = (time: string | undefined) => string;

function rowOf(release: Release, format: TimeFormat): Row {
  const { name, namespace, version, info, chart } = release;
  return {
    name,
    namespace,
    revision: String(version),
    updated: format(info.last_deployed),
    status: info.status,
    chart: chartName(release),
    app_version: chart.metadata.appVersion ?? "",
  };
}

/** The newest revision of each, by status, name and labels, in order. */
function choose(all: readonly Release[], given: Flags): Release[] {
  const statuses = wantedStatuses(given);
  const isOnlySuperseded = statuses.length === 1 && statuses[0] === "superseded";
  const newest = new Map(all.map((release) => [`${release.namespace}/${release.name}`, release]));
  const pattern = readPattern(given.filter);
  const matches = selectorOf(given.selector ?? "");
  const chosen = (isOnlySuperseded ? [...all] : [...newest.values()])
    .filter(({ name, info, labels }) => pattern.test(name) && statuses.includes(info.status) && matches(labels))
    .sort((a, b) => compare(a.name, b.name));
  if (given.date) chosen.sort((a, b) => compare(a.info.last_deployed ?? "", b.info.last_deployed ?? ""));
  if (given.reverse) chosen.reverse();
  const [offset, max] = [count(given.offset), count(given.max)];
  return chosen.slice(offset, max === 0 ? undefined : offset + max);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function count(text: string): number {
  if (!/^\d+$/.test(text)) throw usage(`${JSON.stringify(text)} is no count`);
  return Number(text);
}

function readPattern(text: string | undefined): RegExp {
  try {
    return new RegExp(text ?? "");
  } catch {
    throw usage(`--filter ${JSON.stringify(text)} is no regular expression`);
  }
}

function wantedStatuses(given: Flags): ReleaseStatus[] {
  const named: ReleaseStatus[] = [
    ...(given.deployed ? (["deployed"] as const) : []),
    ...(given.failed ? (["failed"] as const) : []),
    ...(given.superseded ? (["superseded"] as const) : []),
    ...(given.uninstalled ? (["uninstalled"] as const) : []),
    ...(given.uninstalling ? (["uninstalling"] as const) : []),
    ...(given.pending ? (["pending-install", "pending-upgrade", "pending-rollback"] as const) : []),
  ];
  if (named.length > 0) return named;
  return [
    "deployed",
    "uninstalled",
    "uninstalling",
    "pending-install",
    "pending-upgrade",
    "pending-rollback",
    "superseded",
    "failed",
  ];
}

/** `key=value`, `key==value`, `key!=value`, `key`, `!key`, joined by commas. */
function selectorOf(text: string): (labels: { [key: string]: string }) => boolean {
  const terms = text.split(",").filter((term) => term !== "");
  const tests = terms.map((term) => {
    const match = /^\s*(!?)([^=!\s]+)\s*(?:(==|=|!=)\s*(\S*)\s*)?$/.exec(term);
    const [, not = "", key = "", sign, value = ""] = match ?? [];
    if (match === null || (not !== "" && sign !== undefined))
      throw usage(`--selector ${JSON.stringify(term)}: key=value, key!=value, key or !key`);
    return (labels: { [key: string]: string }): boolean =>
      sign === undefined ? (labels[key] !== undefined) === (not === "") : (labels[key] === value) === (sign !== "!=");
  });
  return (labels) => tests.every((test) => test(labels));
}
