// `keelson get KIND [NAME]`: flux's columns and words, kubectl's formats.

import type { Cluster, Discovery, Resource } from "#cluster";
import { conditionsOf, formatAge, type Manifest } from "#kernel";
import { discover, valueOf } from "../answers.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import { readiness } from "../flux-objects.ts";
import type { Io } from "../io.ts";
import { chooseKinds, type KnownKind, knownKinds } from "../kinds.ts";
import { formatNext, formatObjects } from "../print-objects.ts";
import { formatTable, oneLine } from "../table.ts";
import { targetFlags, withTarget } from "../target.ts";
import { usage } from "../arguments.ts";
import { refusal } from "../answers.ts";

const flags = {
  ...targetFlags,
  "all-namespaces": { short: "A", about: "of all namespaces" },
  output: { short: "o", takes: "FORMAT", about: "print as", choices: ["wide", "json", "yaml", "name"] },
  "label-selector": { short: "l", takes: "SELECTOR", about: "only objects with these labels" },
  "status-selector": { takes: "TYPE=STATUS", about: "only objects with this condition, for example Ready=false" },
  watch: { short: "w", about: "go on printing what changes" },
  "no-header": { about: "leave the header out" },
} as const;

type Flags = FlagValues<typeof flags>;

export const command: Command = defineCommand({
  arguments: "KIND [NAME]",
  arity: [1, 3],
  about: "Lists deliveries, sources and the other kinds: kustomizations, helmreleases, sources git, …, all.",
  examples: [
    "keelson get kustomizations",
    "keelson get sources git -A",
    "keelson get all -A --status-selector Ready=false",
  ],
  words: [...new Set(knownKinds.map((kind) => kind.words[0]?.split(" ")[0] ?? "")), "all"],
  flags,
  async run({ args, flags: given, io, ports }) {
    const { kinds, isMany, rest } = chooseKinds(args, "get");
    const name = rest[0];
    if (given.watch && (isMany || kinds.length !== 1)) throw usage("--watch takes one kind at a time");
    return await withTarget(given, { io, ports }, async (target) => {
      const namespace = given["all-namespaces"] ? "" : target.namespace;
      const query: Query = { flags: given, namespace, name, isMany, cluster: target.cluster };
      const discovery = await discover(target.cluster);
      const found = await listKinds(kinds, discovery, query);
      if (given.watch) return await watchKind(kinds[0] as KnownKind, discovery, query, io);
      return print(found, query, io);
    });
  },
});

type Query = { flags: Flags; namespace: string; name: string | undefined; isMany: boolean; cluster: Cluster };
type Found = { kind: KnownKind; objects: Manifest[] };

async function listKinds(kinds: readonly KnownKind[], discovery: Discovery, query: Query): Promise<Found[]> {
  const lists = kinds.map(async (kind): Promise<Found> => {
    const resource = discovery.byKind(kind.group, kind.kind);
    if (resource === undefined) {
      if (query.isMany) return { kind, objects: [] };
      throw refusal({ code: 404, reason: "NotFound", message: `the server does not serve ${kind.kind}` }, "listing");
    }
    const list = valueOf(await query.cluster.list(resource, listOptions(query)), `listing ${resource.plural}`);
    return { kind, objects: list.items.filter((object) => isWanted(object, query)) };
  });
  return await Promise.all(lists);
}

function listOptions(query: Query): { namespace: string; labelSelector?: string; fieldSelector?: string } {
  const selector = query.flags["label-selector"];
  return {
    namespace: query.namespace,
    ...(selector === undefined ? {} : { labelSelector: selector }),
    ...(query.name === undefined ? {} : { fieldSelector: `metadata.name=${query.name}` }),
  };
}

function isWanted(object: Manifest, query: Query): boolean {
  const selector = query.flags["status-selector"];
  if (selector === undefined) return true;
  const [type = "", status] = selector.split("=");
  if (status === undefined)
    throw usage(`--status-selector cannot be ${JSON.stringify(selector)}`, "for example Ready=false");
  // In any case of letters, as in Flux.
  const condition = conditionsOf(object).find((one) => one.type.toLowerCase() === type.toLowerCase());
  return (condition?.status ?? "").toLowerCase() === status.toLowerCase();
}

function print(found: readonly Found[], query: Query, io: Io): 0 | 1 {
  const objects = found.flatMap(({ objects: some }) => some);
  const format = query.flags.output;
  if (objects.length === 0 && (format === undefined || format === "wide" || query.name !== undefined)) {
    const where = query.namespace === "" ? "in any namespace" : `in namespace ${query.namespace}`;
    const what = query.name === undefined ? "objects" : JSON.stringify(query.name);
    io.stderr.write(`no ${what} found ${where}${query.namespace === "" ? "" : " (-A looks in all)"}\n`);
    return query.name === undefined ? 0 : 1;
  }
  if (format === "json" || format === "yaml" || format === "name") {
    io.stdout.write(formatObjects(objects, format, query.name !== undefined));
    return 0;
  }
  const tables = found
    .filter((some) => some.objects.length > 0)
    .map(({ kind, objects: some }) => {
      const text = formatTable(
        { header: header(kind, query), rows: some.map((o) => row(kind, o, query, io)) },
        io.stdout,
        format === "wide",
      );
      return query.flags["no-header"] ? text.slice(text.indexOf("\n") + 1) : text;
    });
  io.stdout.write(tables.join("\n"));
  return 0;
}

function header(kind: KnownKind, query: Query): string[] {
  const isWide = query.flags.output === "wide";
  return [
    ...(query.namespace === "" ? ["NAMESPACE"] : []),
    "NAME",
    ...kind.columns.filter((column) => isWide || column.isWide !== true).map((column) => column.header),
    ...(isWide ? ["AGE"] : []),
    "MESSAGE",
  ];
}

function row(kind: KnownKind, object: Manifest, query: Query, io: Io): string[] {
  const isWide = query.flags.output === "wide";
  const name = query.isMany ? `${kind.kind.toLowerCase()}/${object.metadata.name}` : object.metadata.name;
  const created = Date.parse(object.metadata.creationTimestamp ?? "");
  return [
    ...(query.namespace === "" ? [object.metadata.namespace ?? ""] : []),
    name,
    ...kind.columns.filter((column) => isWide || column.isWide !== true).map((column) => column.cell(object)),
    ...(isWide ? [Number.isNaN(created) ? "" : formatAge(io.clock.now() - created)] : []),
    readiness(object).message,
  ];
}

/** Prints what there is, then each change, until interrupted. */
async function watchKind(kind: KnownKind, discovery: Discovery, query: Query, io: Io): Promise<0> {
  const resource = discovery.byKind(kind.group, kind.kind) as Resource;
  const list = valueOf(await query.cluster.list(resource, listOptions(query)), `listing ${resource.plural}`);
  const present = list.items.filter((object) => isWanted(object, query));
  const { output } = query.flags;
  const isTable = output !== "json" && output !== "yaml" && output !== "name";
  const write = isTable
    ? tableWriter(kind, present, query, io)
    : (object: Manifest) => io.stdout.write(formatNext(object, output));
  present.forEach(write);
  const options = { ...listOptions(query), resourceVersion: list.resourceVersion };
  for await (const event of query.cluster.watch(resource, options, io.signal)) {
    if (event.type === "ERROR") throw refusal(event.status, `watching ${resource.plural}`);
    if (event.type !== "BOOKMARK" && isWanted(event.object, query)) write(event.object);
  }
  return 0;
}

/** Writes the header, then a row for each object; columns are as wide as what is there needs, and grow. */
function tableWriter(kind: KnownKind, present: readonly Manifest[], query: Query, io: Io): (object: Manifest) => void {
  let widths: number[] = [];
  const write = (cells: readonly string[]): void => {
    widths = cells.map((cell, index) => Math.max(cell.length, widths[index] ?? 0));
    io.stdout.write(
      `${cells
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("   ")
        .trimEnd()}\n`,
    );
  };
  const rowOf = (object: Manifest): string[] => row(kind, object, query, io).map(oneLine);
  for (const cells of present.map(rowOf))
    widths = cells.map((cell, index) => Math.max(cell.length, widths[index] ?? 0));
  if (!query.flags["no-header"]) write(header(kind, query));
  return (object) => write(rowOf(object));
}
