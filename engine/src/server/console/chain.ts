// Why a delivery is not there yet: itself and all that it waits for, however far, each with its reason in words.

import type { Card, ChainLink } from "#api/console";
import { linkKey } from "#api/console";
import { shortRevision } from "#kernel";
import { chainMost } from "./limits.ts";

type Cards = (key: string) => Card | undefined;

/** Itself first, then what it waits for, nearest first; its source stands among them. */
export function chainOf(key: string, cards: Cards): ChainLink[] {
  const found: ChainLink[] = [];
  const seen = new Set<string>([key]);
  const queue = [key];
  for (let next = queue.shift(); next !== undefined && found.length < chainMost; next = queue.shift()) {
    const link = linkIn(next, cards);
    found.push(link);
    for (const other of link.dependsOn) {
      if (seen.has(other)) continue;
      seen.add(other);
      queue.push(other);
    }
  }
  return found;
}

function linkIn(key: string, cards: Cards): ChainLink {
  const card = cards(key);
  if (card === undefined) return { key, state: "absent", because: `there is no ${key}`, dependsOn: [] };
  const { source } = card;
  const dependsOn = [...card.dependsOn, ...(source === undefined ? [] : [linkKey(source)])];
  if (reaches(key, key, cards)) return { key, state: "cyclic", because: "it waits, in the end, for itself", dependsOn };
  return { key, ...stateOf(card, cards), dependsOn };
}

function stateOf(card: Card, cards: Cards): Pick<ChainLink, "state" | "because"> {
  if (card.isSuspended) {
    const why = card.suspendReason === "" ? "" : `: ${card.suspendReason}`;
    return { state: "suspended", because: `it is suspended${why}` };
  }
  if (card.held !== undefined) return { state: "held", because: card.held.message };
  if (card.pinned !== undefined && card.ready === "True")
    return { state: "held", because: `it is pinned at revision ${shortRevision(card.pinned.revision)}` };
  const missing = card.dependsOn.find((key) => cards(key)?.ready !== "True");
  if (card.ready === "True") return { state: "ready", because: "" };
  if (missing !== undefined) return { state: "waiting", because: whyWaits(missing, cards(missing)) };
  if (card.waitingFor !== "") return { state: "waiting", because: `it waits for ${card.waitingFor}` };
  if (card.ready === "False") return { state: "failed", because: card.message };
  return { state: "waiting", because: card.message === "" ? "nobody has looked at it yet" : card.message };
}

function whyWaits(key: string, other: Card | undefined): string {
  if (other === undefined) return `it waits for ${key}, which does not exist`;
  if (other.isSuspended) return `it waits for ${key}, which is suspended`;
  if (other.ready === "False") return `it waits for ${key}, which fails: ${other.message}`;
  return `it waits for ${key}, which is not ready yet`;
}

function reaches(from: string, to: string, cards: Cards): boolean {
  const seen = new Set<string>();
  const queue = [...(cards(from)?.dependsOn ?? [])];
  for (let key = queue.shift(); key !== undefined && seen.size < chainMost; key = queue.shift()) {
    if (key === to) return true;
    if (seen.has(key)) continue;
    seen.add(key);
    queue.push(...(cards(key)?.dependsOn ?? []));
  }
  return false;
}
