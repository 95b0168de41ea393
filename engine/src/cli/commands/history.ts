// `keelson history kustomization NAME`: which revisions were applied, when, for how long, and how it ended.

import { formatDuration, parseDuration } from "#api/flux";
import { isObject, type Json, type Manifest, shortRevision } from "#kernel";
import { discover, resourceOf, valueOf } from "../answers.ts";
import { usage } from "../arguments.ts";
import { type Command, defineCommand } from "../command.ts";
import { fieldOf, textOf } from "../flux-objects.ts";
import { formatYaml } from "#formats/yaml";
import { chooseKind } from "../kinds.ts";
import { prettyJson } from "../print-objects.ts";
import { formatAge, formatTable } from "../table.ts";
import { targetFlags, withTarget } from "../target.ts";
import { targetOf } from "../waiting.ts";

export const command: Command = defineCommand({
  arguments: "kustomization|helmrelease NAME",
  arity: [2, 2],
  about: "Shows what a delivery has applied so far, newest first.",
  examples: ["keelson history kustomization apps"],
  words: ["kustomization", "helmrelease"],
  flags: { ...targetFlags, output: { short: "o", takes: "FORMAT", about: "print as", choices: ["json", "yaml"] } },
  async run({ args, flags, io, ports }) {
    const { kind, rest } = chooseKind(args, "history");
    const name = rest[0];
    if (name === undefined || !["Kustomization", "HelmRelease"].includes(kind.kind))
      throw usage("history of what?", "keelson history kustomization NAME");
    return await withTarget(flags, { io, ports }, async ({ cluster, namespace }) => {
      const target = targetOf(resourceOf(await discover(cluster), kind), namespace, name);
      const object = valueOf(await cluster.get(target), `reading ${kind.kind} ${name}`);
      const entries = historyOf(object);
      if (flags.output === "json") io.stdout.write(`${prettyJson(entries)}\n`);
      else if (flags.output === "yaml") io.stdout.write(formatYaml(entries));
      else if (entries.length === 0) io.stderr.write(`${kind.kind} ${name} has applied nothing yet\n`);
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

function ageOf(time: string, now: number): string {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? "" : `${formatAge(now - ms)} ago`;
}

function shortDuration(text: string): string {
  const ms = parseDuration(text);
  return ms === undefined ? text : formatDuration(Math.round(ms));
}
