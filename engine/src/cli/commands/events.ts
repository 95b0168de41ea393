// `keelson events`: Kubernetes Events of deliveries and sources, oldest first; with --watch as they come.

import type { Cluster, Resource } from "#cluster";
import { formatAge, type Manifest } from "#kernel";
import { discover, refusal, resourceOf, valueOf } from "../answers.ts";
import { usage } from "../arguments.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import { type Subject, subjectsOf } from "../event-subjects.ts";
import { fieldOf, textOf } from "../flux-objects.ts";
import type { Io } from "../io.ts";
import { knownKinds } from "../kinds.ts";
import { formatNext, formatObjects } from "../print-objects.ts";
import { cut, formatTable, oneLine } from "../table.ts";
import { targetFlags, withTarget } from "../target.ts";

const flags = {
  ...targetFlags,
  "all-namespaces": { short: "A", about: "of all namespaces" },
  for: { takes: "KIND[/NAME]", about: "only of this kind, or of this object and what it refers to" },
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
      const discovery = await discover(cluster);
      const resource = resourceOf(discovery, { group: "", kind: "Event", version: "v1" });
      const isEverywhere = given["all-namespaces"];
      const isType = typesOf(given);
      const subjects =
        given.for === undefined
          ? undefined
          : await subjectsOf(cluster, discovery, { text: given.for, namespace, isEverywhere });
      const wanted = (event: Manifest): boolean => isType(event) && isAbout(event, subjects);
      const places = placesOf(subjects) ?? [isEverywhere ? "" : namespace];
      const found = await Promise.all(
        places.map(async (where) => ({
          where,
          list: valueOf(await cluster.list(resource, { namespace: where }), "listing events"),
        })),
      );
      const events = found.flatMap(({ list }) => list.items.filter(wanted)).sort((a, b) => timeOf(a) - timeOf(b));
      const format = given.output as "json" | "yaml" | undefined;
      const next = format && ((event: Manifest): void => io.stdout.write(formatNext(event, format)));
      if (given.watch && next !== undefined) events.forEach(next);
      else if (format !== undefined) io.stdout.write(formatObjects(events, format, false));
      else print(events, { ...given, hasNamespaces: isEverywhere || places.some((place) => place !== namespace) }, io);
      if (given.watch) {
        const since = found.map(({ where, list }) => ({ where, since: list.resourceVersion }));
        await Promise.all(since.map((each) => follow({ cluster, resource, ...each, wanted, next, io })));
      }
      return 0;
    });
  },
});

const fluxKindNames = new Set(knownKinds.map((known) => known.kind));

/** Without --for: those about the kinds that deliver. */
function isAbout(event: Manifest, subjects: readonly Subject[] | undefined): boolean {
  const kind = textOf(event, "involvedObject", "kind");
  if (subjects === undefined) return fluxKindNames.has(kind);
  const [name, namespace] = [textOf(event, "involvedObject", "name"), event.metadata.namespace];
  return subjects.some(
    (each) =>
      each.kind.toLowerCase() === kind.toLowerCase() &&
      (each.name === "" || each.name === name) &&
      (each.namespace === "" || each.namespace === namespace),
  );
}

/** The namespaces to ask; "" for all, which holds the others. */
function placesOf(subjects: readonly Subject[] | undefined): string[] | undefined {
  const places = [...new Set(subjects?.map(({ namespace }) => namespace))];
  if (subjects === undefined) return undefined;
  return places.includes("") ? [""] : places;
}

function typesOf(given: Flags): (event: Manifest) => boolean {
  const types = given.types.map((type) => type.toLowerCase());
  const wrong = types.findIndex((type) => type !== "normal" && type !== "warning");
  if (wrong >= 0) throw usage(`--types cannot be ${JSON.stringify(given.types[wrong])}`, "Normal or Warning");
  return (event) => types.length === 0 || types.includes(textOf(event, "type").toLowerCase());
}

function timeOf(event: Manifest): number {
  const text =
    textOf(event, "series", "lastObservedTime") ||
    textOf(event, "lastTimestamp") ||
    textOf(event, "eventTime") ||
    (event.metadata.creationTimestamp ?? "");
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? 0 : ms;
}

function print(events: readonly Manifest[], given: Flags & { hasNamespaces: boolean }, io: Io): void {
  if (events.length === 0) {
    if (!given.watch) io.stderr.write("no events\n");
    return;
  }
  const header = [...(given.hasNamespaces ? ["NAMESPACE"] : []), "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];
  const rows = events.map((event) => [
    ...(given.hasNamespaces ? [event.metadata.namespace ?? ""] : []),
    lastSeen(event, io.clock.now()),
    textOf(event, "type"),
    textOf(event, "reason"),
    objectOf(event),
    textOf(event, "message"),
  ]);
  const text = formatTable({ header, rows }, io.stdout);
  io.stdout.write(given["no-header"] ? text.slice(text.indexOf("\n") + 1) : text);
}

/** As kubectl and flux write it: `5s`, and `5s (x3 over 2m)` of what has repeated. */
function lastSeen(event: Manifest, nowMs: number): string {
  const first = Date.parse(textOf(event, "eventTime") || textOf(event, "firstTimestamp"));
  const since = Number.isNaN(first) ? "<unknown>" : formatAge(nowMs - first);
  const count = Number(fieldOf(event, "series", "count") ?? fieldOf(event, "count") ?? 1);
  return count > 1 ? `${formatAge(nowMs - timeOf(event))} (x${count} over ${since})` : since;
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
  /** Prints an Event whole; undefined: a line says what is in it. */
  next: ((event: Manifest) => void) | undefined;
  io: Io;
};

async function follow({ cluster, resource, where, since, wanted, next, io }: Follow): Promise<void> {
  for await (const event of cluster.watch(resource, { namespace: where, resourceVersion: since }, io.signal)) {
    if (event.type === "ERROR") throw refusal(event.status, "watching events");
    if ((event.type !== "ADDED" && event.type !== "MODIFIED") || !wanted(event.object)) continue;
    if (next === undefined) writeLine(event.object, io);
    else next(event.object);
  }
}

function writeLine(event: Manifest, io: Io): void {
  const isWarning = textOf(event, "type") === "Warning";
  const time = new Date(timeOf(event)).toISOString().slice(11, 19);
  const message = oneLine(textOf(event, "message"));
  const line = `${time}   ${textOf(event, "reason").padEnd(24)}   ${objectOf(event).padEnd(28)}   ${message}`;
  const shown = io.stdout.isTerminal ? cut(line, io.stdout.columns) : line;
  io.stdout.write(`${isWarning ? io.stdout.style("red", shown) : shown}\n`);
}
