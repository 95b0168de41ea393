// The one state that a card is shown in, and the sentence that says why.

import type { Card, Health } from "../wire/types.ts";
import { shortRevision } from "./revision.ts";

export type Mark = "failed" | "held" | "drifted" | "waiting" | "working" | "suspended" | "ready";

/** What needs a person stands first. */
export const marks: readonly Mark[] = ["failed", "held", "drifted", "waiting", "working", "suspended", "ready"];

/** What each mark means, for those who meet it for the first time. */
export const meaningOf: Readonly<Record<Mark, string>> = {
  failed: "It could not be brought to what Git says. What ran before runs on.",
  held: "A new revision waits for a person or for a time.",
  drifted: "Something was changed in the cluster and is left alone.",
  waiting: "It waits for another delivery.",
  working: "It is being fetched, rendered, applied or checked.",
  suspended: "It was paused; nothing is applied until somebody resumes it.",
  ready: "What runs is what Git says.",
};

const busyPhases: ReadonlySet<string> = new Set(["rendering", "applying", "pruning", "checking", "deleting"]);

/** Cards are never changed, only replaced; each is judged once, however often a long list is sorted. */
const known = new WeakMap<Card, Mark>();

/** The state of a card. */
export function markOf(card: Card): Mark {
  const before = known.get(card);
  if (before !== undefined) return before;
  const mark = judged(card);
  known.set(card, mark);
  return mark;
}

function judged(card: Card): Mark {
  if (card.isSuspended) return "suspended";
  if (card.phase === "failed") return "failed";
  if (card.held !== undefined || card.pinned !== undefined) return "held";
  if (card.phase === "waiting" || card.reason === "DependencyNotReady") return "waiting";
  if (busyPhases.has(card.phase)) return "working";
  if (card.ready === "True") return card.drift.length > 0 ? "drifted" : card.isReconciling ? "working" : "ready";
  return card.ready === "False" ? "failed" : "working";
}

/** Why a card is not simply ready, in a sentence; "" where its state says all. */
export function whyOf(card: Card): string {
  switch (markOf(card)) {
    case "ready":
      return "";
    case "suspended":
      return card.suspendReason;
    case "held":
      return card.held?.message ?? pinWords(card);
    case "drifted":
      return driftWords(card);
    case "waiting":
      return card.waitingFor === "" ? card.message : waitWords(card.waitingFor);
    case "working":
      return workWords(card);
    case "failed":
      return card.message === "" ? "failed" : card.message;
  }
}

function driftWords(card: Card): string {
  const [first] = card.drift;
  if (first === undefined) return "";
  const others = card.drift.length - 1;
  const by = first.by.length === 0 ? "" : `, by ${first.by.join(", ")}`;
  return `${first.object.kind} ${first.object.name}: ${first.fields.join("; ")}${by}${others === 0 ? "" : `; and ${others} more`}`;
}

function pinWords({ pinned }: Card): string {
  if (pinned === undefined) return "";
  const by = pinned.by === "" ? "" : ` by ${pinned.by}`;
  return `pinned at ${shortRevision(pinned.revision)}${by}, until somebody resumes it`;
}

/** Some waits are told as a name, some as a sentence. */
function waitWords(waitingFor: string): string {
  return /\bis (not|un)/.test(waitingFor) ? waitingFor : `waits for ${waitingFor}`;
}

function workWords(card: Card): string {
  if (card.waitingFor !== "") return waitWords(card.waitingFor);
  if (card.phase !== "" && card.phase !== "idle") return card.phase;
  return card.message === "" ? "not looked at yet" : card.message;
}

/** Worst first. */
export const healths: readonly Health[] = ["degraded", "missing", "progressing", "unknown", "suspended", "healthy"];

/** The worst of the healths that were counted; healthy when nothing was. */
export function worstOf(counts: Readonly<Partial<Record<Health, number>>>): Health {
  return healths.find((health) => (counts[health] ?? 0) > 0) ?? "healthy";
}
