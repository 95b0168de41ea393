// The history of one delivery: what its log remembers, or where there is none, the few results that its status keeps.

import type { Card, Commit, HistoryEntry, Link } from "#api/console";
import { parseDuration } from "#api/flux";
import { fieldOf, type Json, type Manifest, textOf } from "#kernel";
import { wordsOf } from "./cards.ts";
import type { Remembered } from "./delivery-log.ts";
import type { Fleet } from "./fleet.ts";
import { historyPatienceMs } from "./limits.ts";
import type { SourceHistory } from "./ports.ts";
import { releaseHistory, snapshotEntry } from "./release-history.ts";

type Past = Omit<HistoryEntry, "commit" | "canRollBack" | "whyNot">;

/** What is known of a delivery's past when its page is made. */
export type HistoryAsk = { card: Card; remembered: Remembered; fleet: Fleet };

/** Newest first: of a release from Helm's records, of the others with the commits that are known. */
export function historyOf(object: Manifest, ask: HistoryAsk): Promise<readonly HistoryEntry[]> {
  const { card, fleet } = ask;
  const isRecorded = card.kind === "HelmRelease" && fleet.releases !== undefined;
  return isRecorded ? releaseHistory(object, ask, fleet.releases) : historyByRevision(object, ask);
}

async function historyByRevision(
  object: Manifest,
  { card, remembered, fleet: { history } }: HistoryAsk,
): Promise<HistoryEntry[]> {
  const past = remembered.applies.length > 0 ? pastOfLog(remembered) : pastOfStatus(object);
  const commits = new Map<string, Commit | undefined>();
  if (card.source !== undefined && past.some(({ revision }) => revision !== card.revision))
    await fetched(history, card.source);
  for (const { revision } of past) {
    if (commits.has(revision) || card.source === undefined) continue;
    commits.set(revision, await history?.commit(card.source, revision).catch(() => undefined));
  }
  return past.map((entry) => {
    const commit = commits.get(entry.revision);
    const whyNot = whyNoReturn(entry, card);
    return { ...entry, ...(commit === undefined ? {} : { commit }), canRollBack: whyNot === "", whyNot };
  });
}

/** Earlier commits are in the source's history, which is fetched when somebody first asks; a slow server is not waited for. */
async function fetched(history: SourceHistory | undefined, source: Link): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, historyPatienceMs);
  });
  const asked = history?.log(source, 1).then(
    () => {},
    () => {},
  );
  await Promise.race([asked, patience]);
  clearTimeout(timer);
}

function whyNoReturn({ revision, result }: Past, card: Card): string {
  if (revision === card.revision) return "it is what is applied now";
  if (card.kind !== "Kustomization") return "no engine in this process runs it: `helm rollback` goes back";
  if (card.source?.kind !== "GitRepository")
    return "its source is not a Git repository: an earlier revision may be gone";
  if (!result.endsWith("Succeeded")) return "it did not succeed";
  return "";
}

function pastOfLog({ applies, healthyRevisions }: Remembered): Past[] {
  return applies.map((entry) => {
    const atMs = Date.parse(entry.time) || 0;
    const healthy = healthyRevisions
      .filter(({ revision, time }) => revision === entry["revision"] && Date.parse(time) >= atMs)
      .at(-1);
    const revision = String(entry["revision"] ?? "");
    return {
      revision,
      to: revision,
      atMs,
      tookMs: Number(entry["tookMilliseconds"] ?? 0),
      result: String(entry["result"] ?? ""),
      message: wordsOf(String(entry["message"] ?? "")),
      ...(healthy === undefined ? {} : { healthyMs: Date.parse(healthy.time) }),
      times: 1,
    };
  });
}

/** Of a release: `podinfo@6.5.0`, as the card says it. */
function releaseRevision(entry: Json): string {
  const [name, version] = [textOf(entry, "chartName"), textOf(entry, "chartVersion")];
  return name === "" ? version : `${name}@${version}`;
}

function pastOfStatus(object: Manifest): Past[] {
  const list = fieldOf(object, "status", "history");
  return (Array.isArray(list) ? list : []).map((entry) => {
    const revision = textOf(entry, "metadata", "revision");
    return {
      revision: revision || releaseRevision(entry),
      to: revision || `v${textOf(entry, "version")}`,
      ...(revision === "" ? { release: snapshotEntry(entry) } : {}),
      atMs: Date.parse(textOf(entry, "lastReconciled") || textOf(entry, "lastDeployed")) || 0,
      tookMs: parseDuration(textOf(entry, "lastReconciledDuration")) ?? 0,
      result: textOf(entry, "lastReconciledStatus") || textOf(entry, "status"),
      message: "",
      times: Number(textOf(entry, "totalReconciliations") || 1),
    };
  });
}
