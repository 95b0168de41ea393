// The fleet's rows in order: filtered, grouped and sorted as the address says.

import type { Card } from "../../wire/types.ts";
import { type Mark, markOf, marks } from "../../words/mark.ts";
import { matches, parseFilter, teamOf } from "./filter.ts";

export type Grouping = "none" | "cluster" | "namespace" | "team" | "source";
export type Sorting = "state" | "name" | "age";

export type Row = { what: "card"; card: Card } | { what: "group"; name: string; counts: Counts; isOpen: boolean };

export type Counts = { total: number } & Partial<Record<Mark, number>>;

export type Arrangement = {
  filter: string;
  role: Card["role"];
  grouping: Grouping;
  sorting: Sorting;
  closed: ReadonlySet<string>;
};

export type Arranged = {
  rows: Row[] /** Of all cards of the role, whatever the filter. */;
  counts: Counts;
  found: number;
};

const byName = (a: Card, b: Card): number => compare(a.name, b.name) || compare(a.key, b.key);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const rank = new Map(marks.map((mark, index) => [mark, index]));
const rankOf = (card: Card): number => rank.get(markOf(card)) ?? marks.length;

const orders: Readonly<Record<Sorting, (a: Card, b: Card) => number>> = {
  state: (a, b) => rankOf(a) - rankOf(b) || byName(a, b),
  name: byName,
  age: (a, b) => b.changedMs - a.changedMs || byName(a, b),
};

/** What a card is grouped by. */
export function groupOf(card: Card, grouping: Grouping): string {
  switch (grouping) {
    case "none":
      return "";
    case "cluster":
      return card.cluster || "this cluster";
    case "namespace":
      return card.namespace;
    case "team":
      return teamOf(card) || "no team";
    case "source":
      return card.source === undefined ? "no source" : `${card.source.kind} ${card.source.name}`;
  }
}

/** How many cards are in each state. */
export function countsOf(cards: readonly Card[]): Counts {
  const counts: Counts = { total: cards.length };
  for (const card of cards) {
    const mark = markOf(card);
    counts[mark] = (counts[mark] ?? 0) + 1;
  }
  return counts;
}

/** The rows that the list shows. */
export function arrange(all: readonly Card[], { filter, role, grouping, sorting, closed }: Arrangement): Arranged {
  const ofRole = all.filter((card) => card.role === role);
  const terms = parseFilter(filter);
  const found = terms.length === 0 ? ofRole : ofRole.filter((card) => matches(card, terms));
  const sorted = found.sort(orders[sorting]);
  const counts = countsOf(ofRole);
  if (grouping === "none") return { rows: sorted.map((card) => ({ what: "card", card })), counts, found: found.length };
  return { rows: grouped(sorted, grouping, closed), counts, found: found.length };
}

function grouped(sorted: readonly Card[], grouping: Grouping, closed: ReadonlySet<string>): Row[] {
  const groups = new Map<string, Card[]>();
  for (const card of sorted) {
    const name = groupOf(card, grouping);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [card]);
    else group.push(card);
  }
  const names = [...groups.keys()].sort(compare);
  return names.flatMap((name): Row[] => {
    const group = groups.get(name) ?? [];
    const isOpen = !closed.has(name);
    const rows = isOpen ? group.map((card): Row => ({ what: "card", card })) : [];
    return [{ what: "group", name, counts: countsOf(group), isOpen }, ...rows];
  });
}
