// The fleet as the server tells it: the whole state when a stream opens, then each change.

import { batch, computed, signal } from "@preact/signals";
import type { Card, Change, Happening } from "./api.ts";

const happeningsMost = 50;

export const cards = signal<ReadonlyMap<string, Card>>(new Map());
export const happenings = signal<readonly Happening[]>([]);
/** live: the stream is open. lost: it broke, the browser tries again. denied: the token is missing. */
export const connection = signal<"opening" | "live" | "lost" | "denied">("opening");

const byName = (a: Card, b: Card): number => a.key.localeCompare(b.key);
const withRole = (role: Card["role"]): Card[] => [...cards.value.values()].filter((card) => card.role === role);

export const sources = computed(() => withRole("source").sort(byName));

/** What others depend on stands above them. */
export const deliveries = computed(() => {
  const all = new Map(withRole("delivery").map((card) => [card.key, card]));
  const depth = (key: string, level: number): number => {
    const next = level > 32 ? [] : (all.get(key)?.dependsOn ?? []);
    return next.length === 0 ? 0 : 1 + Math.max(...next.map((one) => depth(one, level + 1)));
  };
  const root = (card: Card): number => (card.name === "flux-system" ? 0 : 1);
  return [...all.values()].sort((a, b) => depth(a.key, 0) - depth(b.key, 0) || root(a) - root(b) || byName(a, b));
});

/** Opens the stream; the browser reopens it by itself. */
export function follow(): void {
  const stream = new EventSource("/api/stream");
  stream.addEventListener("fleet", (event) => {
    const state = JSON.parse(event.data as string) as { cards: Card[]; happenings: Happening[] };
    batch(() => {
      cards.value = new Map(state.cards.map((card) => [card.key, card]));
      happenings.value = newestFirst(state.happenings);
      connection.value = "live";
    });
  });
  stream.addEventListener("change", (event) => apply(JSON.parse(event.data as string) as Change));
  stream.addEventListener("error", () => {
    // A refusal closes the stream for good; a broken connection does not.
    connection.value = stream.readyState === EventSource.CLOSED ? "denied" : "lost";
  });
}

function apply(change: Change): void {
  if ("happened" in change) {
    const others = happenings.value.filter((one) => one.key !== change.happened.key);
    happenings.value = newestFirst([change.happened, ...others]);
    return;
  }
  const next = new Map(cards.value);
  if ("put" in change) next.set(change.put.key, change.put);
  else next.delete(change.removed);
  cards.value = next;
}

function newestFirst(list: readonly Happening[]): Happening[] {
  return [...list].sort((a, b) => b.atMs - a.atMs).slice(0, happeningsMost);
}
