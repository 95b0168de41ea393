// The Git log with what each commit changed where, when that was applied and healthy, and what happened between: from Git,
// from DeliveryLogs and from Events, as far as each reaches back.

import { type Card, type CommitEffect, type Link, linkKey, type Timeline, type TimelineEntry } from "#api/console";
import type { LogEntry } from "#api/keelson";
import { faultFrom, formatFault, parentPath, parseRevision } from "#kernel";
import { wordsOf } from "./cards.ts";
import { readDeliveryLog, readDeliveryLogs, type Remembered } from "./delivery-log.ts";
import { commitsMost } from "./limits.ts";
import type { PageWorld } from "./page-world.ts";
import type { PastCommit } from "./ports.ts";
import { wishFor } from "./shown-kinds.ts";
import { actionReasons } from "./told.ts";
import { clusterOf, type Viewer } from "./viewer.ts";

export type TimelineAsk = { before: number; limit: number; delivery: string };

/** Newest first. */
export async function readTimeline(world: PageWorld, asked: TimelineAsk, viewer: Viewer): Promise<Timeline> {
  const past = await readPast(world, asked.delivery, viewer);
  const all = [
    ...past.commits.flatMap((each) => commitEntries(world, past, each)),
    ...happened(past),
    ...acted(world, past),
  ]
    .filter((entry) => entry.atMs < asked.before)
    .sort((a, b) => b.atMs - a.atMs);
  const entries = all.slice(0, asked.limit);
  const last = entries.at(-1);
  return {
    entries,
    ...(all.length > entries.length && last !== undefined ? { next: last.atMs } : {}),
    limits: past.limits,
  };
}

/** What is known of the past of the deliveries that a viewer may read. */
export type Past = {
  cards: readonly Card[];
  logs: ReadonlyMap<string, Remembered>;
  commits: readonly { source: Link; list: readonly PastCommit[]; order: ReadonlyMap<string, number> }[];
  limits: readonly string[];
};

export async function readPast(world: PageWorld, delivery: string, viewer: Viewer): Promise<Past> {
  const { fleet, rights } = world;
  const wanted = fleet.cards().filter(({ role, key }) => role === "delivery" && (delivery === "" || key === delivery));
  const cards = await rights.sieve(viewer, wanted, (card) => wishFor(card));
  const { logs, limit } =
    delivery === "" ? await readLogs(world, cards, viewer) : await readOwnLog(world, cards, viewer);
  const sources = new Map(cards.flatMap(({ source }) => (source === undefined ? [] : [[linkKey(source), source]])));
  const limits = [
    "what was applied is known from DeliveryLogs: the last 50 applies of each delivery, 50 heals, 50 drifts",
    ...(cards.some(({ kind }) => kind === "HelmRelease")
      ? ["of a release, what was done first after a commit to its chart counts as done for that commit"]
      : []),
    ...(limit === "" ? [] : [limit]),
  ];
  const commits: { source: Link; list: readonly PastCommit[]; order: ReadonlyMap<string, number> }[] = [];
  for (const source of sources.values()) {
    const found = await readCommits(world, source, limits);
    if (found.length > 0) commits.push({ source, list: found, order: new Map(found.map(({ id }, at) => [id, at])) });
  }
  return { cards, logs, commits, limits };
}

/** Of the one delivery that is asked about. */
async function readOwnLog(world: PageWorld, [card]: readonly Card[], viewer: Viewer): ReturnType<typeof readLogsNow> {
  if (card === undefined) return { logs: new Map(), limit: "" };
  const own = await readDeliveryLog(world.fleet, clusterOf(world.cluster, viewer), card);
  return { logs: new Map([[card.key, own]]), limit: own.limit };
}

/** As the viewer; where logs may not be listed everywhere, namespace by namespace. */
function readLogs(
  world: PageWorld,
  cards: readonly Card[],
  viewer: Viewer,
): Promise<{ logs: ReadonlyMap<string, Remembered>; limit: string }> {
  const namespaces = [...new Set(cards.map((card) => card.namespace))].sort().join(" ");
  return world.fleet.logs.get(`${viewer.id} ${namespaces}`, () => readLogsNow(world, cards, viewer));
}

async function readLogsNow(
  world: PageWorld,
  cards: readonly Card[],
  viewer: Viewer,
): Promise<{ logs: ReadonlyMap<string, Remembered>; limit: string }> {
  const cluster = clusterOf(world.cluster, viewer);
  const whole = await readDeliveryLogs(world.fleet, cluster, "");
  if (whole.limit === "") return whole;
  const logs = new Map<string, Remembered>();
  let limit = "";
  for (const namespace of new Set(cards.map((card) => card.namespace))) {
    const found = await readDeliveryLogs(world.fleet, cluster, namespace);
    if (found.limit !== "") limit = found.limit;
    for (const [key, log] of found.logs) logs.set(key, log);
  }
  return { logs, limit };
}

async function readCommits({ fleet }: PageWorld, source: Link, limits: string[]): Promise<readonly PastCommit[]> {
  if (fleet.history === undefined) {
    limits.push("no engine runs in this process: the Git log is not at hand");
    return [];
  }
  if (source.kind !== "GitRepository") {
    limits.push(`${linkKey(source)} is no Git repository: its log is not shown`);
    return [];
  }
  try {
    const { commits, isWhole } = await fleet.history.log(source, commitsMost);
    if (!isWhole) limits.push(`of ${linkKey(source)} the last ${commits.length} commits are shown`);
    return commits;
  } catch (thrown) {
    limits.push(`the log of ${linkKey(source)} could not be read: ${wordsOf(formatFault(faultFrom(thrown)))}`);
    return [];
  }
}

function commitEntries(
  world: PageWorld,
  past: Past,
  { source, list, order }: Past["commits"][number],
): TimelineEntry[] {
  const readers = past.cards.filter((card) => card.source !== undefined && linkKey(card.source) === linkKey(source));
  const scopes = scopesOf(world, readers);
  return list.map(({ paths, ...commit }) => ({
    what: "commit" as const,
    atMs: commit.atMs,
    commit,
    source,
    changed: [...concerned(scopes, paths)].map(([card, count]) => {
      const concern = { card, paths: count, at: order.get(commit.id) ?? 0, commitMs: commit.atMs };
      return effectOf(concern, past.logs.get(card.key), order);
    }),
  }));
}

/** Which files concern which deliveries: those below a delivery's path, and those that it reads elsewhere. */
type Scopes = { byFolder: ReadonlyMap<string, readonly Card[]>; byFile: ReadonlyMap<string, readonly Card[]> };

function scopesOf({ fleet }: PageWorld, cards: readonly Card[]): Scopes {
  const [byFolder, byFile] = [new Map<string, Card[]>(), new Map<string, Card[]>()];
  const add = (map: Map<string, Card[]>, path: string, card: Card): void => {
    const list = map.get(path);
    if (list === undefined) map.set(path, [card]);
    else list.push(card);
  };
  for (const card of cards) {
    add(byFolder, card.path.replace(/^\.?\/*/, "").replace(/\/+$/, ""), card);
    for (const path of fleet.engine?.looking.look(card.key)?.rendered?.reads ?? []) add(byFile, path, card);
  }
  return { byFolder, byFile };
}

/** The deliveries that some files concern, with how many of these: in time by the files, however many deliveries there are. */
function concerned({ byFolder, byFile }: Scopes, paths: readonly string[]): Map<Card, number> {
  const counts = new Map<Card, number>();
  for (const path of paths) {
    const cards = new Set(byFile.get(path));
    for (const card of byFolder.get(path) ?? []) cards.add(card);
    for (let folder = path; folder !== ""; ) {
      folder = parentPath(folder);
      for (const card of byFolder.get(folder) ?? []) cards.add(card);
    }
    for (const card of cards) counts.set(card, (counts.get(card) ?? 0) + 1);
  }
  return counts;
}

type Concern = { card: Card; paths: number; at: number; commitMs: number };

/** A commit is applied with the first revision that holds it. `order` counts back from the newest. */
function effectOf(
  { card, paths, at, commitMs }: Concern,
  log: Remembered | undefined,
  order: ReadonlyMap<string, number>,
): CommitEffect {
  const { kind, namespace, name, cluster } = card;
  const holds = (entry: LogEntry): boolean => {
    // Versions of charts name no commit: what was done next with the release counts as this commit's.
    if (kind === "HelmRelease") return Date.parse(entry.time) >= commitMs - 1_000;
    const place = order.get(parseRevision(String(entry["revision"] ?? "")).digest);
    return place !== undefined && place <= at;
  };
  // Lists are newest first: the last that holds it was the first.
  const applies = (log?.applies ?? []).filter(holds);
  const good = applies.filter((entry) => String(entry["result"]).endsWith("Succeeded")).at(-1);
  const apply = good ?? applies[0];
  const appliedMs = good === undefined ? undefined : Date.parse(good.time);
  const healthy = (log?.healthyRevisions ?? [])
    .filter((entry) => holds(entry) && (appliedMs === undefined || Date.parse(entry.time) >= appliedMs - 1_000))
    .at(-1);
  return {
    delivery: { kind, namespace, name },
    cluster,
    paths,
    ...(appliedMs === undefined ? {} : { appliedMs }),
    ...(healthy === undefined || appliedMs === undefined ? {} : { healthyMs: Date.parse(healthy.time) }),
    tookMs: Number(apply?.["tookMilliseconds"] ?? 0),
    result: String(apply?.["result"] ?? ""),
  };
}

/** A JSON pointer, as the journal of a release has it, in the form of all other paths. */
function dotted(path: string): string {
  if (!/^\/[A-Za-z]/.test(path)) return path.replace(/^\.(?=[a-z])/, "");
  return path
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : /^[\w-]+$/.test(part) ? `.${part}` : `["${part}"]`))
    .join("")
    .replace(/^\./, "");
}

function happened({ cards, logs }: Past): TimelineEntry[] {
  return cards.flatMap(({ key, kind, namespace, name }): TimelineEntry[] => {
    const log = logs.get(key);
    if (log === undefined) return [];
    const delivery = { kind, namespace, name };
    const text = (entry: LogEntry, field: string): string => wordsOf(String(entry[field] ?? ""));
    const timed = (entry: LogEntry) => ({ atMs: Date.parse(entry.time) || 0, delivery });
    const touched = (what: "drift" | "heal") => (entry: LogEntry) => ({
      what,
      ...timed(entry),
      object: text(entry, "object"),
      fields: text(entry, "fields").split(", ").map(dotted).join(", "),
      by: text(entry, "by") || text(entry, "managers"),
    });
    return [
      ...log.drifts.map(touched("drift")),
      ...log.heals.map(touched("heal")),
      ...log.holds.map((entry) => ({
        what: "hold" as const,
        ...timed(entry),
        by: "",
        message: `${text(entry, "reason")}: ${text(entry, "message")}`,
      })),
      ...log.approvals.map((entry) => ({
        what: "approval" as const,
        ...timed(entry),
        by: text(entry, "by"),
        message: `revision ${text(entry, "revision")} was approved`,
      })),
    ];
  });
}

/** What people did through the console, as long as the cluster keeps Events. */
function acted({ fleet }: PageWorld, { cards }: Past): TimelineEntry[] {
  const keys = new Set(cards.map((card) => card.key));
  return fleet.happenings().flatMap(({ about, reason, message, atMs }): TimelineEntry[] => {
    if (!keys.has(linkKey(about)) || !actionReasons.has(reason)) return [];
    const [by = "", ...rest] = message.split(": ");
    return [{ what: "action", atMs, delivery: about, by, message: rest.join(": ") }];
  });
}
