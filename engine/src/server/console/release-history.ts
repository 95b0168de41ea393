// The history of a release: Helm's records, with what the journal remembers of how each came about, and what the journal alone
// still knows of those whose records are gone.

import { type Card, type HistoryEntry, linkKey, type ReleaseEntry } from "#api/console";
import type { LogEntry } from "#api/keelson";
import { titleOf } from "#dialects/flux/releases";
import { asJson, fieldOf, isObject, type Json, type Manifest, textOf } from "#kernel";
import { wordsOf } from "./cards.ts";
import type { Remembered } from "./delivery-log.ts";
import type { ReleaseStates } from "./release-states.ts";

type Kept = { entry: ReleaseEntry; title: string; atMs: number; description: string };

/** Newest first. Throws a Fault where the records cannot be read. */
export async function releaseHistory(
  object: Manifest,
  { card, remembered }: { card: Card; remembered: Remembered },
  states: ReleaseStates,
): Promise<readonly HistoryEntry[]> {
  const key = linkKey(card);
  const look = await states.look(key);
  const mask = look?.mask ?? ((text: string): string => text);
  const known = snapshotsOf(object);
  const records = (look === undefined ? [] : await states.looking.records(key)).map((release): Kept => {
    const { metadata } = release.chart;
    const snapshot = known.find(({ version }) => version === release.version);
    const entry: ReleaseEntry = {
      version: release.version,
      chart: metadata.name ?? "",
      chartVersion: metadata.version ?? "",
      appVersion: metadata.appVersion ?? "",
      status: release.info.status,
      action: snapshot?.action ?? "",
      tests: snapshot?.tests ?? "",
    };
    const atMs = Date.parse(release.info.last_deployed ?? "") || 0;
    return { entry, title: titleOf(release), atMs, description: mask(release.info.description ?? "") };
  });
  const runs = records.find(({ entry }) => entry.status === "deployed") ?? records[0];
  const applies = new Set(remembered.applies);
  const entries = records.map((record) => {
    const apply = [...applies].filter((one) => isOf(one, record)).at(-1);
    if (apply !== undefined) applies.delete(apply);
    const whyNot = whyNoReturn(record.entry, runs?.entry, card);
    return entryOf(record, { apply, remembered, whyNot });
  });
  const gone = [...applies].map((apply) => goneEntry(apply, card));
  return [...entries, ...gone].sort((a, b) => b.atMs - a.atMs);
}

function snapshotsOf(object: Manifest): ReleaseEntry[] {
  const list = fieldOf(asJson(object), "status", "history");
  return (Array.isArray(list) ? list : []).map((each: Json) => snapshotEntry(each));
}

/** Written once the action on that record has ended. */
function isOf(apply: LogEntry, { entry, atMs }: Kept): boolean {
  return apply["revision"] === entry.chartVersion && Date.parse(apply.time) >= atMs - 1_000;
}

function entryOf(
  { entry, title, atMs, description }: Kept,
  { apply, remembered, whyNot }: { apply: LogEntry | undefined; remembered: Remembered; whyNot: string },
): HistoryEntry {
  const healthy = remembered.healthyRevisions.filter(
    (one) => one["revision"] === entry.chartVersion && Date.parse(one.time) >= atMs - 1_000,
  );
  const healthyMs = Date.parse(healthy.at(-1)?.time ?? "");
  return {
    revision: title,
    to: `v${entry.version}`,
    release: entry,
    atMs,
    tookMs: Number(apply?.["tookMilliseconds"] ?? 0),
    result: textOf(apply, "result") || entry.status,
    message: wordsOf(textOf(apply, "message") || description),
    ...(Number.isNaN(healthyMs) ? {} : { healthyMs }),
    times: 1,
    canRollBack: whyNot === "",
    whyNot,
  };
}

/** What was done, where its record is kept no more. */
function goneEntry(apply: LogEntry, card: Card): HistoryEntry {
  const chart = card.revision.split("@")[0] ?? "";
  const version = textOf(apply, "revision");
  return {
    revision: chart === "" ? version : `${chart}@${version}`,
    to: "",
    atMs: Date.parse(apply.time) || 0,
    tookMs: Number(apply["tookMilliseconds"] ?? 0),
    result: textOf(apply, "result"),
    message: wordsOf(textOf(apply, "message")),
    times: 1,
    canRollBack: false,
    whyNot: "Helm's record of it is gone: spec.maxHistory says how many are kept",
  };
}

/** Why one cannot go back to a release; "" when one can. */
export function whyNoReturn(
  { version, status }: Pick<ReleaseEntry, "version" | "status">,
  runs: Pick<ReleaseEntry, "version"> | undefined,
  { cluster }: Card,
): string {
  if (version === runs?.version) return "it is what runs now";
  if (status !== "superseded" && status !== "deployed")
    return `it is ${status}: only what has been deployed can be again`;
  return cluster === "" ? "" : "its objects are in another cluster: roll it back there";
}

/** What a HelmRelease's status keeps of one revision. */
export function snapshotEntry(snapshot: Json): ReleaseEntry {
  const hooks = Object.values(objectOf(snapshot, "testHooks")).map((hook) => textOf(hook, "phase"));
  return {
    version: Number(textOf(snapshot, "version")),
    chart: textOf(snapshot, "chartName"),
    chartVersion: textOf(snapshot, "chartVersion"),
    appVersion: textOf(snapshot, "appVersion"),
    status: textOf(snapshot, "status"),
    action: textOf(snapshot, "action"),
    tests: hooks.includes("Failed") ? "failed" : hooks.length > 0 && hooks.every(isDone) ? "passed" : "",
  };
}

function isDone(phase: string): boolean {
  return phase === "Succeeded";
}

function objectOf(value: Json, member: string): { [name: string]: Json } {
  const found = fieldOf(value, member);
  return isObject(found) ? found : {};
}
