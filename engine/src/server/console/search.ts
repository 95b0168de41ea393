// Finds any object of any delivery, and deliveries and sources themselves, by words: kind, name, namespace, image, label,
// commit, author, health. One pass over what is in memory; nothing is asked of the cluster but the viewer's rights.

import type { Card, Health, SearchAnswer, SearchHit } from "#api/console";
import { helmGroup, kustomizeGroup, sourceGroup } from "#api/flux";
import type { Fleet } from "./fleet.ts";
import { hitsMost, queryMost, reviewsMost } from "./limits.ts";
import type { ObjectEntry } from "./object-entries.ts";
import { Refused } from "./refusals.ts";
import type { Rights, Wish } from "./rights.ts";
import { wishFor } from "./shown-kinds.ts";
import type { Viewer } from "./viewer.ts";

type Term = { field: string; text: string };

const fields: Readonly<Record<string, string>> = {
  kind: "kind",
  k: "kind",
  name: "name",
  ns: "namespace",
  namespace: "namespace",
  image: "image",
  label: "label",
  commit: "commit",
  revision: "commit",
  rev: "commit",
  author: "author",
  by: "author",
  health: "health",
  is: "health",
  cluster: "cluster",
  owner: "owner",
  of: "owner",
};

/** `kind:deploy author:"Ann Lee" web` */
export function parseQuery(text: string): Term[] {
  const words = text.match(/(?:[a-z]+:)?"[^"]*"|\S+/gi) ?? [];
  return words.map((word) => {
    const match = /^([a-z]+):(.+)$/i.exec(word);
    const field = fields[match?.[1]?.toLowerCase() ?? ""];
    const value = field === undefined ? word : (match?.[2] ?? "");
    return { field: field ?? "", text: value.replaceAll('"', "").toLowerCase() };
  });
}

/** What a search looks at of a thing. */
type Subject = {
  kind: string;
  namespace: string;
  name: string;
  images: readonly string[];
  labels: readonly string[];
  health: Health;
  cluster: string;
  owner: string;
  haystack: string;
  card: Card | undefined;
};

/** `order`: what stands first among equals, as one text. */
type Found = { hit: SearchHit; wish: Wish; rank: number; order: string };

export type SearchWorld = { fleet: Fleet; rights: Rights };

export async function search(
  { fleet, rights }: SearchWorld,
  asked: { text: string; limit: number; offset: number },
  viewer: Viewer,
): Promise<Omit<SearchAnswer, "tookMs">> {
  if (asked.text.length > queryMost)
    throw new Refused("malformed", `a search has at most ${queryMost} characters`, "use fewer words");
  const terms = parseQuery(asked.text);
  if (terms.length === 0) return { hits: [], total: 0, terms };
  const found = [...foundCards(fleet, terms), ...foundObjects(fleet, terms)];
  const allowed = await allowedOf(rights, viewer, found);
  allowed.sort((a, b) => a.rank - b.rank || compare(a.order, b.order));
  const limit = Math.min(asked.limit, hitsMost);
  return {
    hits: allowed.slice(asked.offset, asked.offset + limit).map(({ hit }) => hit),
    total: allowed.length,
    terms,
  };
}

/**
 * Asked once for each kind and namespace. A search must not flood the API server with questions: what is not known beyond a
 * bound counts as not allowed.
 */
async function allowedOf(rights: Rights, viewer: Viewer, found: readonly Found[]): Promise<Found[]> {
  const places = new Map<string, { wish: Wish; found: Found[] }>();
  for (const each of found) {
    const { plural, group, namespace } = each.wish;
    const key = `${plural}.${group}/${namespace}`;
    const place = places.get(key);
    if (place === undefined) places.set(key, { wish: each.wish, found: [each] });
    else place.found.push(each);
  }
  let open = 0;
  const asked = [...places.values()].filter(({ wish }) => {
    const known = rights.known(viewer, wish);
    if (known !== undefined) return known;
    open += 1;
    return open <= reviewsMost;
  });
  const allowed = await rights.sieve(viewer, asked, ({ wish }) => wish);
  return allowed.flatMap((place) => place.found);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function orderOf({ name, namespace, kind }: SearchHit): string {
  return `${name} ${namespace} ${kind}`;
}

function* foundObjects(fleet: Fleet, terms: readonly Term[]): Generator<Found> {
  const words = terms.flatMap(({ field, text }) => (field === "" ? [text] : []));
  const commits = new Map<string, string>();
  for (const entry of fleet.index.values()) {
    const { link, images, labels, health, owner, haystack } = entry;
    // Most are told apart by this alone.
    if (!words.every((word) => haystack.includes(word) || commitTextOf(fleet, owner, commits).includes(word))) continue;
    const subject = { ...link, images, labels, health, cluster: "", owner, haystack, card: fleet.card(owner) };
    const matched = matchAll(subject, terms);
    if (matched === undefined) continue;
    const hit = hitOf(entry, matched.words);
    yield { hit, wish: wishOf(entry), rank: matched.rank + 1, order: orderOf(hit) };
  }
}

/** All that can be searched for of the commit behind a delivery, made once a search. */
function commitTextOf(fleet: Fleet, owner: string, known: Map<string, string>): string {
  const found = known.get(owner);
  if (found !== undefined) return found;
  const card = fleet.card(owner);
  const { id = "", subject = "", author = "", email = "" } = card?.commit ?? {};
  const text = [id, card?.revision ?? "", subject, author, email].join(" ").toLowerCase();
  known.set(owner, text);
  return text;
}

function hitOf({ link, health, owner }: ObjectEntry, matched: string): SearchHit {
  return { ...link, health, owner, matched, role: "object" };
}

function wishOf({ link, plural }: ObjectEntry): Wish {
  return { verb: "get", group: link.group, plural, namespace: link.namespace };
}

function* foundCards(fleet: Fleet, terms: readonly Term[]): Generator<Found> {
  for (const card of fleet.cards()) {
    const { kind, namespace, name, key, cluster, role, labels, url, path } = card;
    const labelTexts = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
    const haystack = [kind, key, url, path, ...labelTexts].join(" ").toLowerCase();
    const health = healthOf(card);
    const subject = {
      kind,
      namespace,
      name,
      images: [],
      labels: labelTexts,
      health,
      cluster,
      owner: key,
      haystack,
      card,
    };
    const matched = matchAll(subject, terms);
    if (matched === undefined) continue;
    const group = kind === "Kustomization" ? kustomizeGroup : kind === "HelmRelease" ? helmGroup : sourceGroup;
    const hit: SearchHit = { group, kind, namespace, name, health, owner: "", matched: matched.words, role };
    yield { hit, wish: wishFor(card), rank: matched.rank, order: orderOf(hit) };
  }
}

function healthOf(card: Card): Health {
  if (card.isSuspended) return "suspended";
  return card.ready === "True" ? "healthy" : card.ready === "False" ? "degraded" : "progressing";
}

/** All terms must match; the best of them says where the hit stands. */
function matchAll(subject: Subject, terms: readonly Term[]): { words: string; rank: number } | undefined {
  const words: string[] = [];
  let rank = 8;
  for (const term of terms) {
    const matched = match(subject, term);
    if (matched === undefined) return undefined;
    rank = Math.min(rank, matched.rank);
    if (matched.words !== "") words.push(matched.words);
  }
  return { words: words.join(", "), rank };
}

type Match = { words: string; rank: number };

function match(subject: Subject, { field, text }: Term): Match | undefined {
  const has = (value: string): boolean => value.toLowerCase().includes(text);
  const plain = (is: boolean, words = "", rank = 4): Match | undefined => (is ? { words, rank } : undefined);
  const first = (list: readonly string[], word: string): Match | undefined => {
    const found = list.find(has);
    return found === undefined ? undefined : { words: `${word} ${found}`, rank: 4 };
  };
  switch (field) {
    case "kind":
      return plain(has(subject.kind));
    case "name":
      return plain(has(subject.name), "", rankOf(subject.name, text));
    case "namespace":
      return plain(has(subject.namespace));
    case "image":
      return first(subject.images, "image");
    case "label":
      return first(subject.labels, "label");
    case "health":
      return plain(subject.health.startsWith(text));
    case "cluster":
      return plain(has(subject.cluster));
    case "owner":
      return plain(has(subject.owner));
    case "commit":
      return matchCommit(subject, text);
    case "author":
      return matchAuthor(subject, text);
    default:
      return matchAny(subject, text) ?? matchCommit(subject, text) ?? matchAuthor(subject, text);
  }
}

function matchAny(subject: Subject, text: string): Match | undefined {
  if (!subject.haystack.includes(text)) return undefined;
  const name = subject.name.toLowerCase();
  if (name.includes(text)) return { words: "", rank: rankOf(name, text) };
  const image = subject.images.find((each) => each.toLowerCase().includes(text));
  if (image !== undefined) return { words: `image ${image}`, rank: 5 };
  const label = subject.labels.find((each) => each.toLowerCase().includes(text));
  return { words: label === undefined ? "" : `label ${label}`, rank: 6 };
}

/** The whole name, its beginning, or a part of it. */
function rankOf(name: string, text: string): number {
  const small = name.toLowerCase();
  return small === text ? 0 : small.startsWith(text) ? 1 : 2;
}

function matchCommit({ card }: Subject, text: string): Match | undefined {
  if (card === undefined) return undefined;
  const { commit, revision } = card;
  const isId = /^[0-9a-f]{4,64}$/.test(text) && (commit?.id ?? revision.replace(/^.*:/, "")).startsWith(text);
  if (isId) return { words: `commit ${(commit?.id ?? text).slice(0, 8)}`, rank: 5 };
  if (commit?.subject.toLowerCase().includes(text) !== true) return undefined;
  return { words: `commit “${commit.subject}”`, rank: 7 };
}

function matchAuthor({ card }: Subject, text: string): Match | undefined {
  const commit = card?.commit;
  if (commit === undefined || !`${commit.author} ${commit.email}`.toLowerCase().includes(text)) return undefined;
  return { words: `author ${commit.author}`, rank: 7 };
}
