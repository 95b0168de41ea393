// What the console would commit: files with their new text, tried out before anybody is asked. It is offered only where the
// source allows it, and where the delivery then is what was meant; who pushed meanwhile is never overwritten.

import { type ActionPlan, type ActionDone, type Link, linkKey } from "#api/console";
import { commitsMark } from "#artifacts";
import { type OpenTree, type SourceTree, withNeeds } from "#delivery";
import { parseYamlDocuments } from "#formats/yaml";
import {
  asJson,
  canonicalJson,
  decodeUtf8Strict,
  isObject,
  type Json,
  type Manifest,
  refKey,
  refOf,
  sha256Hex,
} from "#kernel";
import { EditedTree, type Edits, hashOf } from "./edited-tree.ts";
import type { ActionWorld, Subject } from "./intent.ts";
import { commitFileLengthMost, commitFilesMost } from "./limits.ts";
import { maskUrl } from "./masks.ts";
import { Refused } from "./refusals.ts";
import { wishFor } from "./shown-kinds.ts";
import { unifiedDiff } from "./text-diff.ts";

/** New texts, and what stands there now; null: no file. */
export type GitChange = { edits: Edits; before: ReadonlyMap<string, string | null> };

/** Why nothing can be committed from here for this viewer; "" when something can. */
export async function whyNoCommit({ fleet, rights }: ActionWorld, { card, viewer }: Subject): Promise<string> {
  const { source, isSuspended } = card;
  const { history } = fleet;
  if (source === undefined || history === undefined) return "no engine in this process fetches its source";
  if (card.pinned !== undefined) return "it is pinned: a commit would not reach it";
  if (isSuspended) return "it is suspended: a commit would not reach it";
  const why = history.whyNoCommits(source);
  if (why !== undefined) return why;
  const verdict = await rights.may(viewer, wishFor(source, "patch"));
  return verdict.ok ? "" : verdict.reason;
}

/** The text of a file; null where there is none. Throws Refused for what is no text of a moderate length. */
export async function textAt(open: OpenTree, path: string): Promise<string | null> {
  const found = await withNeeds(open, (tree) => {
    const entry = tree.entry(path);
    return entry?.type === "file" ? { entry, bytes: tree.read(path) } : undefined;
  });
  if (found === undefined) return null;
  const text = found.bytes.length > commitFileLengthMost ? undefined : decodeUtf8Strict(found.bytes);
  if (text === undefined || found.entry.isExecutable === true)
    throw new Refused("not-possible", `${path} is no plain text: it is committed by hand`);
  return text;
}

/** The content as it would be after the commit. */
export function editedSource(source: SourceTree, edits: Edits): SourceTree {
  return {
    hash: hashOf(source.hash, edits),
    async open() {
      const below = await source.open();
      return { tree: new EditedTree(below.tree, edits), fetch: (needs) => below.fetch(needs) };
    },
  };
}

/** Only what differs; throws Refused when that is nothing, or too much. */
export function differing(edits: Edits, before: ReadonlyMap<string, string | null>): GitChange {
  const changed = [...edits].filter(([path, text]) => before.get(path) !== text).sort(([a], [b]) => (a < b ? -1 : 1));
  if (changed.length === 0) throw new Refused("not-possible", "no file would change");
  if (changed.length > commitFilesMost)
    throw new Refused("not-possible", `${changed.length} files would change: that is committed by hand`);
  return { edits: new Map(changed), before };
}

/** True when two renderings say the same of every object. */
export function isSameRendering(a: readonly Manifest[], b: readonly Manifest[]): boolean {
  const texts = (list: readonly Manifest[]): string =>
    canonicalJson(Object.fromEntries(list.map((one): [string, Json] => [refKey(refOf(one)), asJson(one)])));
  return texts(a) === texts(b);
}

export type CommitWords = { message: string; mask: (text: string) => string };

/** The commit as the plan shows it. */
export function shownCommit(
  { fleet }: ActionWorld,
  { card }: Subject,
  { change, words }: { change: GitChange; words: CommitWords },
): NonNullable<ActionPlan["commit"]> {
  const source = card.source as Link;
  const revision = fleet.card(linkKey(source))?.revision ?? "";
  const files = [...change.edits].map(([path, text]) => {
    const before = change.before.get(path) ?? null;
    return { path, diff: isSecretive(path, before, text) ? hidden : words.mask(unifiedDiff(before ?? "", text ?? "")) };
  });
  return {
    repository: fleet.card(linkKey(source))?.url ?? "",
    branch: revision.split("@")[0] ?? "",
    message: words.message,
    files,
  };
}

const hidden = "(not shown: this file may hold secret values)\n";

/** Files with Secrets, with what Secrets are generated from, and with patches of their fields are not shown. */
function isSecretive(path: string, ...texts: readonly (string | null)[]): boolean {
  if (!/\.(ya?ml|json)$/.test(path)) return true;
  return texts.some(
    (text) => text !== null && (/secretGenerator|\/(?:data|stringData)\//.test(text) || statesSecret(text)),
  );
}

/** What only names a Secret, as a HelmRelease's `valuesFrom` does, states none. */
function statesSecret(text: string): boolean {
  if (!/\bkind["']?\s*:\s*["']?Secret\b/.test(text)) return false;
  try {
    return parseYamlDocuments(text).some(holdsSecret);
  } catch {
    return true;
  }
}

function holdsSecret(value: Json): boolean {
  if (Array.isArray(value)) return value.some(holdsSecret);
  if (!isObject(value)) return false;
  const isSecret =
    value["kind"] === "Secret" && ["apiVersion", "metadata", "data", "stringData"].some((one) => one in value);
  return isSecret || Object.values(value).some(holdsSecret);
}

/** All that a commit depends on, as a short text. */
export function changeId({ edits, before }: GitChange): string {
  return sha256Hex(JSON.stringify([[...edits], [...edits.keys()].map((path) => before.get(path) ?? null)]));
}

/** The other deliveries that read one of the files. */
export function otherReaders({ fleet }: ActionWorld, { card }: Subject, { edits }: GitChange): string[] {
  const source = card.source as Link;
  return fleet.cards().flatMap((other) => {
    if (other.key === card.key || other.source === undefined || linkKey(other.source) !== linkKey(source)) return [];
    const reads = fleet.engine?.looking.look(other.key)?.rendered?.reads ?? [];
    return reads.some((path) => edits.has(path)) ? [other.key] : [];
  });
}

/** Pushes it in the viewer's name. Throws Refused `moved` when a file is not what it was. */
export async function pushChange(
  { fleet, clock }: ActionWorld,
  { card, viewer }: Subject,
  { change, message }: { change: GitChange; message: string },
): Promise<NonNullable<ActionDone["commit"]>> {
  const { history } = fleet;
  if (history === undefined || card.source === undefined)
    throw new Refused("not-ready", "no engine in this process fetches its source");
  const author = authorOf(viewer.how === "token" ? "" : viewer.user);
  const pushed = await history.commitTo(card.source, {
    author,
    message,
    async edit(read) {
      for (const path of change.edits.keys())
        if (((await read(path)) ?? null) !== (change.before.get(path) ?? null))
          throw new Refused("moved", `${path} has been changed by somebody else meanwhile`, "look at the new plan");
      return Object.fromEntries(change.edits);
    },
  });
  const subject = message.split("\n")[0] ?? "";
  return { id: pushed.commit, author: author.name, email: author.email, atMs: clock.now(), subject };
}

function authorOf(user: string): { name: string; email: string } {
  // Git takes no angle brackets and no line ends in names.
  const name = user.replace(/[<>\n\r]/g, "").trim();
  if (name === "") return { name: "Keelson's console", email: "keelson@localhost" };
  return { name, email: name.includes("@") ? name : `${name.replace(/[^\w.-]+/g, "-")}@localhost` };
}

/** A commit's message: what, for whom, why. */
export function messageOf({ ask, viewer }: Subject, subject: string): string {
  const reason = (ask.reason ?? "").trim().slice(0, 256);
  const why = reason === "" ? "" : `${reason}\n\n`;
  const user = viewer.user.replace(/\s+/g, " ");
  return maskUrl(`${subject}\n\n${why}Asked for by ${user} through Keelson's console.\n`);
}

export const commitsHint: string = `allow commits with the annotation ${commitsMark}: allowed on the source`;
