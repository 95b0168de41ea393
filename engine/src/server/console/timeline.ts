// The Git log with what each commit changed where, when that was applied and healthy, and what happened between: from Git,
// from DeliveryLogs and from Events, as far as each reaches back.

import { type Card, type CommitEffect, type Link, linkKey, type Timeline, type TimelineEntry } from "#api/console";
import type { LogEntry } from "#api/keelson";
import { faultFrom, formatFault, parseRevision } from "#kernel";
import { wordsOf } from "./cards.ts";
import { type Remembered, readDeliveryLogs } from "./delivery-log.ts";
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
  const { logs, limit } = await readLogs(world, cards, viewer);
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

/** As the viewer; where logs may not be listed everywhere, namespace by namespace. */
async function readLogs(
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
  const scopes = readers.map((card) => ({ card, covers: scopeOf(world, card) }));
  return list.map(({ paths, ...commit }) => ({
    what: "commit" as const,
    atMs: commit.atMs,
    commit,
    source,
    changed: scopes.flatMap(({ card, covers }) => {
      const count = paths.filter(covers).length;
      if (count === 0) return [];
      const concern = { card, paths: count, at: order.get(commit.id) ?? 0, commitMs: commit.atMs };
      return [effectOf(concern, past.logs.get(card.key), order)];
    }),
  }));
}

/** Which files concern a delivery: those below its path, and those that it reads elsewhere. */
function scopeOf({ fleet }: PageWorld, card: Card): (path: string) => boolean {
  const below = card.path.replace(/^\.?\/*/, "").replace(/\/+$/, "");
  const reads = new Set(fleet.engine?.looking.look(card.key)?.rendered?.reads ?? []);
  return (path) => below === "" || path === below || path.startsWith(`${below}/`) || reads.has(path);
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
