// What a reader types to narrow the fleet: words, and `field:value` for those who know what they look for.

import { type Card, linkKey } from "../../wire/types.ts";
import { type Mark, markOf } from "../../words/mark.ts";

export type Term = { field: string; text: string; isNot: boolean };

/** `state:failed cluster:edge -ns:kube-system label:team=web "two words"` */
export function parseFilter(text: string): Term[] {
  const terms: Term[] = [];
  for (const match of text.matchAll(/(-?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/gi)) {
    const [, minus, field = "", quoted, bare] = match;
    const value = (quoted ?? bare ?? "").toLowerCase();
    if (value !== "") terms.push({ field: field.toLowerCase(), text: value, isNot: minus === "-" });
  }
  return terms;
}

/** Fields that the fleet is filtered by; others are left to the search over objects. */
const fields: Readonly<Record<string, (card: Card, text: string) => boolean>> = {
  state: (card, text) => markOf(card) === text,
  ns: (card, text) => card.namespace.toLowerCase().includes(text),
  namespace: (card, text) => card.namespace.toLowerCase().includes(text),
  cluster: (card, text) => card.cluster.toLowerCase().includes(text),
  kind: (card, text) => card.kind.toLowerCase().includes(text),
  name: (card, text) => card.name.toLowerCase().includes(text),
  source: (card, text) => card.source !== undefined && linkKey(card.source).toLowerCase().includes(text),
  label: hasLabel,
  team: (card, text) => teamOf(card).toLowerCase().includes(text),
  author: (card, text) => (card.commit?.author ?? "").toLowerCase().includes(text),
  commit: (card, text) => (card.commit?.id ?? card.revision).includes(text) || subjectOf(card).includes(text),
};

const subjectOf = (card: Card): string => (card.commit?.subject ?? "").toLowerCase();

function hasLabel(card: Card, text: string): boolean {
  const [name = "", value] = text.split("=");
  return Object.entries<string>(card.labels).some(
    ([label, has]) => label.toLowerCase().includes(name) && (value === undefined || has.toLowerCase() === value),
  );
}

const texts = new WeakMap<Card, string>();

/** Everything about a card that a plain word may match; made once, as each keystroke looks at every card. */
function textOf(card: Card): string {
  const known = texts.get(card);
  if (known !== undefined) return known;
  const { name, namespace, kind, cluster, path, url, message, revision } = card;
  const labels = Object.entries(card.labels).map(([label, value]) => `${label}=${value}`);
  const parts = [
    name,
    namespace,
    kind,
    cluster,
    path,
    url,
    message,
    revision,
    card.commit?.subject,
    card.commit?.author,
  ];
  const text = [...parts, ...labels].join("\n").toLowerCase();
  texts.set(card, text);
  return text;
}

/** True when a card has all that is asked for. */
export function matches(card: Card, terms: readonly Term[]): boolean {
  return terms.every(({ field, text, isNot }) => {
    const judge = fields[field];
    const found = judge === undefined ? field === "" && textOf(card).includes(text) : judge(card, text);
    return found !== isNot;
  });
}

/** Labels by which teams mark what is theirs, the most particular first. */
const teamLabels = ["keelson.dev/team", "team", "owner", "toolkit.fluxcd.io/tenant", "app.kubernetes.io/part-of"];

/** The team that a card belongs to; "" when nothing says so. */
export function teamOf(card: Card): string {
  for (const label of teamLabels) {
    const value = card.labels[label];
    if (value !== undefined && value !== "") return value;
  }
  return "";
}

/** The text with `state:MARK` set, or taken away when it was that. */
export function toggleState(text: string, mark: Mark): string {
  const others = text.replace(/(^|\s)state:\S+/g, "").trim();
  return parseFilter(text).some((term) => term.field === "state" && term.text === mark)
    ? others
    : `${others} state:${mark}`.trim();
}
