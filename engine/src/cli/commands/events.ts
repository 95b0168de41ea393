// `keelson events`: Kubernetes Events of deliveries and sources, oldest first; with --watch as they come.

import type { Cluster, Resource } from "#cluster";
import type { Manifest } from "#kernel";
import { discover, refusal, resourceOf, valueOf } from "../answers.ts";
import { usage } from "../arguments.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import { textOf } from "../flux-objects.ts";
import type { Io } from "../io.ts";
import { knownKinds } from "../kinds.ts";
import { formatObjects } from "../print-objects.ts";
import { cut, formatAge, formatTable, oneLine } from "../table.ts";
import { targetFlags, withTarget } from "../target.ts";

const flags = {
  ...targetFlags,
  "all-namespaces": { short: "A", about: "of all namespaces" },
  for: { takes: "KIND/NAME", about: "only of this object" },
  types: { takes: "TYPES", about: "only of these types: Normal, Warning", isList: true },
  watch: { short: "w", about: "go on printing what happens" },
  output: { short: "o", takes: "FORMAT", about: "print as", choices: ["json", "yaml"] },
  "no-header": { about: "leave the header out" },
} as const;

type Flags = FlagValues<typeof flags>;

export const command: Command = defineCommand({
  about: "Shows what happened to deliveries and sources: fetched, applied, healed, drifted, failed.",
  examples: ["keelson events -A", "keelson events --for Kustomization/apps --watch"],
  flags,
  async run({ flags: given, io, ports }) {
    return await withTarget(given, { io, ports }, async ({ cluster, namespace }) => {
      const resource = resourceOf(await discover(cluster), { group: "", kind: "Event", version: "v1" });
      const where = given["all-namespaces"] ? "" : namespace;
      const wanted = wantedBy(given);
      const list = valueOf(await cluster.list(resource, { namespace: where }), "listing events");
      const events = list.items.filter(wanted).sort((a, b) => timeOf(a) - timeOf(b));
      if (given.output !== undefined) io.stdout.write(formatObjects(events, given.output as "json" | "yaml", false));
      else print(events, given, io);
      if (given.watch) await follow({ cluster, resource, where, since: list.resourceVersion, wanted, io });
      return 0;
    });
  },
});

const fluxKindNames = new Set(knownKinds.map((known) => known.kind));

/** Without --for: events about the kinds that deliver. */
function wantedBy(given: Flags): (event: Manifest) => boolean {
  const types = given.types.map((type) => type.toLowerCase());
  const isType = (event: Manifest): boolean =>
    types.length === 0 || types.includes(textOf(event, "type").toLowerCase());
  if (given.for === undefined)
    return (event) => isType(event) && fluxKindNames.has(textOf(event, "involvedObject", "kind"));
  const [kind = "", name] = given.for.split("/");
  if (name === undefined || name === "")
    throw usage(`--for cannot be ${JSON.stringify(given.for)}`, "KIND/NAME, for example Kustomization/apps");
  const wanted = knownKinds.find((known) => known.words.includes(kind.toLowerCase()))?.kind ?? kind;
  return (event) =>
    isType(event) &&
    textOf(event, "involvedObject", "kind").toLowerCase() === wanted.toLowerCase() &&
    textOf(event, "involvedObject", "name") === name;
}

function timeOf(event: Manifest): number {
  const text = textOf(event, "lastTimestamp") || textOf(event, "eventTime") || (event.metadata.creationTimestamp ?? "");
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? 0 : ms;
}

function print(events: readonly Manifest[], given: Flags, io: Io): void {
  if (events.length === 0) {
    if (!given.watch) io.stderr.write("no events\n");
    return;
  }
  const header = [
    ...(given["all-namespaces"] ? ["NAMESPACE"] : []),
    "LAST SEEN",
    "TYPE",
    "REASON",
    "OBJECT",
    "MESSAGE",
  ];
  const rows = events.map((event) => [
    ...(given["all-namespaces"] ? [event.metadata.namespace ?? ""] : []),
    `${formatAge(io.clock.now() - timeOf(event))}${Number(textOf(event, "count")) > 1 ? ` (x${textOf(event, "count")})` : ""}`,
    textOf(event, "type"),
    textOf(event, "reason"),
    objectOf(event),
    textOf(event, "message"),
  ]);
  const text = formatTable({ header, rows }, io.stdout);
  io.stdout.write(given["no-header"] ? text.slice(text.indexOf("\n") + 1) : text);
}

function objectOf(event: Manifest): string {
  return `${textOf(event, "involvedObject", "kind")}/${textOf(event, "involvedObject", "name")}`;
}

type Follow = {
  cluster: Cluster;
  resource: Resource;
  where: string;
  since: string;
  wanted: (event: Manifest) => boolean;
  io: Io;
};

async function follow({ cluster, resource, where, since, wanted, io }: Follow): Promise<void> {
  for await (const event of cluster.watch(resource, { namespace: where, resourceVersion: since }, io.signal)) {
    if (event.type === "ERROR") throw refusal(event.status, "watching events");
    if ((event.type !== "ADDED" && event.type !== "MODIFIED") || !wanted(event.object)) continue;
    const isWarning = textOf(event.object, "type") === "Warning";
    const time = new Date(timeOf(event.object)).toISOString().slice(11, 19);
    const message = oneLine(textOf(event.object, "message"));
    const line = `${time}   ${textOf(event.object, "reason").padEnd(24)}   ${objectOf(event.object).padEnd(28)}   ${message}`;
    const shown = io.stdout.isTerminal ? cut(line, io.stdout.columns) : line;
    io.stdout.write(`${isWarning ? io.stdout.style("red", shown) : shown}\n`);
  }
}
