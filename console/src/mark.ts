// The one state that a card is shown in.

import type { Card } from "./api.ts";

export type Mark = "ready" | "working" | "waiting" | "failed" | "suspended" | "drifted";

export function markOf(card: Card): Mark {
  if (card.isSuspended) return "suspended";
  if (card.phase === "failed") return "failed";
  if (card.phase === "waiting" || card.reason === "DependencyNotReady") return "waiting";
  if (["rendering", "applying", "pruning", "checking", "deleting"].includes(card.phase)) return "working";
  if (card.ready === "True") return card.drift.length > 0 ? "drifted" : card.isReconciling ? "working" : "ready";
  return card.ready === "False" ? "failed" : "working";
}

/** What a row says: nothing where all is well. */
export function wordsOf(card: Card): string {
  const mark = markOf(card);
  if (mark === "ready") return "";
  if (mark === "drifted") return card.drift.join("; ");
  if (mark === "suspended") return "suspended";
  if (card.waitingFor !== "") return `waits for ${card.waitingFor}`;
  if (mark === "working" && card.phase !== "") return card.phase;
  return card.message === "" ? "not looked at yet" : card.message;
}
