// `keelson history kustomization NAME`: which revisions were applied, when, for how long, and how it ended.

import { formatDuration, parseDuration } from "#api/flux";
import { formatAge, isObject, type Json, type Manifest, shortRevision } from "#kernel";
import { deliveryLogKind, logLists } from "#api/keelson";
import type { Cluster } from "#cluster";
import { logNameOf } from "#dialects/keelson";
import { discover, resourceOf, valueIfFound, valueOf } from "../answers.ts";
import { type Command, defineCommand } from "../command.ts";
import { fieldOf, textOf } from "../flux-objects.ts";
import { formatYaml } from "#formats/yaml";
import { chooseDelivery, deliveryWords } from "../kinds.ts";
import { prettyJson } from "../print-objects.ts";
import { formatTable } from "../table.ts";
import { targetFlags, withTarget } from "../target.ts";
import { targetOf } from "../waiting.ts";

export const command: Command = defineCommand({
  arguments: "kustomization|helmrelease NAME",
  arity: [2, 2],
  about:
    "Shows what a delivery has applied so far, newest first; with --all also what was healed, held, approved and proven\n" +
    "healthy, as far back as its log goes.",
  examples: ["keelson history kustomization apps", "keelson history kustomization apps --all"],
  words: deliveryWords,
  flags: {
    ...targetFlags,
    all: { about: "everything that its log keeps" },
    output: { short: "o", takes: "FORMAT", about: "print as", choices: ["json", "yaml"] },
  },
  async run({ args, flags, io, ports }) {
    const { kind, name } = chooseDelivery(args, "history");
    return await withTarget(flags, { io, ports }, async ({ cluster, namespace }) => {
      const target = targetOf(resourceOf(await discover(cluster), kind), namespace, name);
      const object = valueOf(await cluster.get(target), `reading ${kind.kind} ${name}`);
      const entries = flags.all ? await readLog(cluster, object) : historyOf(object);
      if (flags.output === "json") io.stdout.write(`${prettyJson(entries)}\n`);
      else if (flags.output === "yaml") io.stdout.write(formatYaml(entries));
      else if (entries.length === 0) io.stderr.write(`${kind.kind} ${name} has applied nothing yet\n`);
      else if (flags.all) io.stdout.write(formatTable(logTable(entries, io.clock.now()), io.stdout));
      else io.stdout.write(formatTable(tableOf(object, entries, io.clock.now()), io.stdout));
      return 0;
    });
  },
});

function historyOf(object: Manifest): Json[] {
  const history = fieldOf(object, "status", "history");
  return Array.isArray(history) ? history : [];
}

function tableOf(object: Manifest, entries: readonly Json[], now: number): { header: string[]; rows: string[][] } {
  if (object.kind === "HelmRelease")
    return {
      header: ["REVISION", "CHART", "DEPLOYED", "STATUS"],
      rows: entries
        .filter(isObject)
        .map((entry) => [
          textOf(entry, "version"),
          `${textOf(entry, "chartName")} ${textOf(entry, "chartVersion")}`,
          ageOf(textOf(entry, "lastDeployed"), now),
          textOf(entry, "status"),
        ]),
    };
  return {
    header: ["REVISION", "FIRST", "LAST", "TOOK", "TIMES", "STATUS"],
    rows: entries
      .filter(isObject)
      .map((entry) => [
        shortRevision(textOf(entry, "metadata", "revision")),
        ageOf(textOf(entry, "firstReconciled"), now),
        ageOf(textOf(entry, "lastReconciled"), now),
        shortDuration(textOf(entry, "lastReconciledDuration")),
        textOf(entry, "totalReconciliations"),
        textOf(entry, "lastReconciledStatus"),
      ]),
  };
}

/** All lists of the log as one, newest first; a `what` says which list an entry is of. */
async function readLog(cluster: Cluster, object: Manifest): Promise<Json[]> {
  const resource = (await discover(cluster)).byKind(deliveryLogKind.group, deliveryLogKind.kind);
  if (resource === undefined) return [];
  const name = logNameOf({ kind: object.kind, name: object.metadata.name });
  const log = valueIfFound(
    await cluster.get(targetOf(resource, object.metadata.namespace ?? "", name)),
    `reading ${resource.kind} ${name}`,
  );
  const entries = Object.keys(logLists).flatMap((list) => {
    const found = fieldOf(log, list);
    return Array.isArray(found) ? found.filter(isObject).map((entry) => ({ what: list, ...entry })) : [];
  });
  return entries.sort((a, b) => textOf(b, "time").localeCompare(textOf(a, "time")));
}

const words: { readonly [list: string]: string } = {
  applies: "applied",
  heals: "healed",
  drifts: "drifted",
  holds: "held",
  approvals: "approved",
  healthyRevisions: "healthy",
};

function logTable(entries: readonly Json[], now: number): { header: string[]; rows: string[][] } {
  return {
    header: ["WHEN", "WHAT", "REVISION", "DETAILS"],
    rows: entries.map((entry) => [
      ageOf(textOf(entry, "time"), now),
      words[textOf(entry, "what")] ?? textOf(entry, "what"),
      shortRevision(textOf(entry, "revision")),
      detailsOf(entry),
    ]),
  };
}

function detailsOf(entry: Json): string {
  const at = (field: string): string => textOf(entry, field);
  const by = at("by") === "" ? "" : `by ${at("by")}`;
  const drift = [at("object"), at("fields"), by].filter((part) => part !== "").join(" ");
  if (at("object") !== "") return drift;
  const result = at("result") || at("reason");
  return [
    result,
    at("result") === "ReconciliationSucceeded" ? `in ${shortMs(at("tookMilliseconds"))}` : at("message"),
    by,
  ]
    .filter((part) => part !== "")
    .join(" ");
}

function shortMs(text: string): string {
  return formatDuration(Number(text));
}

function ageOf(time: string, now: number): string {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? "" : `${formatAge(now - ms)} ago`;
}

function shortDuration(text: string): string {
  const ms = parseDuration(text);
  return ms === undefined ? text : formatDuration(Math.round(ms));
}
