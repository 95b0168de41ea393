// What an object says about when its content may be applied: paused, frozen, only in certain windows, only what somebody
// approved, never more deletions than so many at once. Annotations below keelson.dev/, each off unless given.

import { formatTime, type Manifest, parseRevision } from "#kernel";
import { DeliveryFault } from "./faults.ts";
import type { Hold } from "./model.ts";
import { nextStart, openUntil, parseWindows, type Window } from "./windows.ts";

export const guardMarks = {
  pause: "keelson.dev/pause",
  freeze: "keelson.dev/freeze",
  changeWindows: "keelson.dev/change-windows",
  approval: "keelson.dev/approval",
  approvedRevision: "keelson.dev/approved-revision",
  approvedBy: "keelson.dev/approved-by",
  approvedDeletion: "keelson.dev/approved-deletion",
  pruneLimit: "keelson.dev/prune-limit",
  pinnedRevision: "keelson.dev/pinned-revision",
  pinnedBy: "keelson.dev/pinned-by",
} as const;

export type Guard = {
  /** Why nothing new is applied; undefined: it is. */
  pause: string | undefined;
  /** Nothing new in these. */
  freeze: readonly Window[];
  /** Something new in these only; undefined: at any time. */
  changeWindows: readonly Window[] | undefined;
  needsApproval: boolean;
  approvedRevision: string | undefined;
  approvedBy: string | undefined;
  approvedDeletion: string | undefined;
  /** The revision that it is to have, whatever its source offers; undefined: what that offers. */
  pinnedRevision: string | undefined;
  pinnedBy: string | undefined;
  /** Objects, or percent of the inventory. */
  pruneLimit: { count: number; isPercent: boolean } | undefined;
};

/** The guard that an object's annotations ask for. Throws DeliveryFault for what cannot be read. */
export function readGuard({ metadata, kind }: Manifest): Guard {
  const marks = marksOf(metadata);
  const at = (mark: string): string => `${kind}/${metadata.namespace ?? ""}/${metadata.name} ${mark}`;
  const pause = marks[guardMarks.pause];
  return {
    pause: pause === undefined || pause.toLowerCase() === "false" ? undefined : pause,
    freeze: readWindows(marks[guardMarks.freeze], at(guardMarks.freeze)) ?? [],
    changeWindows: readWindows(marks[guardMarks.changeWindows], at(guardMarks.changeWindows)),
    needsApproval: marks[guardMarks.approval]?.toLowerCase() === "required",
    approvedRevision: marks[guardMarks.approvedRevision],
    approvedBy: marks[guardMarks.approvedBy],
    approvedDeletion: marks[guardMarks.approvedDeletion],
    pinnedRevision: textOr(marks[guardMarks.pinnedRevision]),
    pinnedBy: textOr(marks[guardMarks.pinnedBy]),
    pruneLimit: readLimit(marks[guardMarks.pruneLimit], at(guardMarks.pruneLimit)),
  };
}

/** What is on its way out is not held back by a window or an approval; only by how much goes with it. */
function marksOf({ annotations = {}, deletionTimestamp }: Manifest["metadata"]): { [mark: string]: string } {
  if (deletionTimestamp === undefined) return annotations;
  const { [guardMarks.freeze]: _f, [guardMarks.changeWindows]: _c, ...marks } = annotations;
  return marks;
}

/** True when nothing is asked for: then every revision is applied as soon as it comes. */
export function isOpen(guard: Guard): boolean {
  const { pause, freeze, changeWindows, needsApproval, pruneLimit } = guard;
  return (
    pause === undefined &&
    freeze.length === 0 &&
    changeWindows === undefined &&
    !needsApproval &&
    pruneLimit === undefined
  );
}

function textOr(mark: string | undefined): string | undefined {
  const text = mark?.trim() ?? "";
  return text === "" ? undefined : text;
}

function readWindows(text: string | undefined, at: string): readonly Window[] | undefined {
  if (text === undefined) return undefined;
  const windows = parseWindows(text);
  if (!("problem" in windows)) return windows;
  throw new DeliveryFault({
    code: "spec-invalid",
    disposition: "stall",
    at,
    message: windows.problem,
    hint: "for example `0 18 * * 5 for 62h in Europe/Berlin`; several are separated by semicolons",
  });
}

function readLimit(text: string | undefined, at: string): Guard["pruneLimit"] {
  const match = text === undefined ? null : /^(\d{1,6})(%?)$/.exec(text.trim());
  if (text === undefined) return undefined;
  if (match !== null) return { count: Number(match[1]), isPercent: match[2] === "%" };
  throw new DeliveryFault({
    code: "spec-invalid",
    disposition: "stall",
    at,
    message: `"${text}" is no limit`,
    hint: "write a number of objects, or a part of the inventory such as 20%",
  });
}

/** True when the revision was approved: named whole, by its digest, or by at least seven of its first digits. */
export function isApproved(guard: Guard, revision: string): boolean {
  const approved = guard.approvedRevision?.trim() ?? "";
  if (approved === "" || approved === revision) return approved !== "";
  const { algorithm, digest } = parseRevision(revision);
  return `${algorithm}:${digest}` === approved || (/^[0-9a-f]{7,}$/.test(approved) && digest.startsWith(approved));
}

/** The revision that the message of a hold names; undefined where it is about a deletion. */
export function heldRevision(message: string): string | undefined {
  const named = [...message.matchAll(/\brevision (\S+)/g)].map(([, revision = ""]) => revision);
  return named.find((revision) => parseRevision(revision).digest !== "");
}

export type Wish = {
  revision: string;
  /** Objects that would be deleted, and those there are. */
  prunedCount: number;
  inventoryCount: number;
};

/** Why something new is not applied now; undefined: it is. */
export function whyHeld(guard: Guard, wish: Wish, nowMs: number): Hold | undefined {
  if (guard.pause !== undefined) return { reason: "Paused", message: pauseMessage(guard.pause, wish.revision) };
  // Whoever pinned it there has said so.
  if (guard.pinnedRevision === wish.revision || isApproved(guard, wish.revision)) return undefined;
  const closed = whyClosed(guard, wish.revision, nowMs);
  if (closed !== undefined) return closed;
  const approve = `approve it with \`keelson approve\`, or set ${guardMarks.approvedRevision} to it`;
  if (guard.needsApproval)
    return { reason: "ApprovalRequired", message: `revision ${wish.revision} waits for approval: ${approve}` };
  if (!exceedsLimit(guard, wish)) return undefined;
  const { prunedCount, inventoryCount, revision } = wish;
  const what = `revision ${revision} would delete ${prunedCount} of ${inventoryCount} objects`;
  return { reason: "PruneLimitExceeded", message: `${what}, more than ${formatLimit(guard)} at once: ${approve}` };
}

/** What is said of a pinned delivery, which takes nothing new; undefined: it is not pinned. */
export function pinHold({ pinnedRevision, pinnedBy }: Guard): Hold | undefined {
  if (pinnedRevision === undefined) return undefined;
  const by = pinnedBy === undefined ? "" : ` by ${pinnedBy}`;
  const message = `pinned at revision ${pinnedRevision}${by}: nothing newer is applied until ${guardMarks.pinnedRevision} is removed`;
  return { reason: "Pinned", message };
}

function pauseMessage(why: string, revision: string): string {
  const reason = /^(true|yes)?$/i.test(why) ? "" : ` (${why})`;
  return `paused${reason}: revision ${revision} waits until ${guardMarks.pause} is removed`;
}

function whyClosed(guard: Guard, revision: string, nowMs: number): Hold | undefined {
  const frozenUntil = openUntil(guard.freeze, nowMs);
  if (frozenUntil !== undefined) return closedHold(revision, frozenUntil);
  if (guard.changeWindows === undefined || openUntil(guard.changeWindows, nowMs) !== undefined) return undefined;
  return closedHold(revision, nextStart(guard.changeWindows, nowMs));
}

function closedHold(revision: string, untilMs: number | undefined): Hold {
  const until = untilMs === undefined ? "no window opens within a year" : `until ${formatTime(untilMs)}`;
  const message = `revision ${revision} waits for the freeze to end, ${until}; approving it applies it before`;
  return { reason: "FreezeWindow", message, ...(untilMs === undefined ? {} : { untilMs }) };
}

function exceedsLimit({ pruneLimit }: Guard, { prunedCount, inventoryCount }: Wish): boolean {
  if (pruneLimit === undefined) return false;
  const most = pruneLimit.isPercent ? (inventoryCount * pruneLimit.count) / 100 : pruneLimit.count;
  return prunedCount > most;
}

function formatLimit({ pruneLimit }: Guard): string {
  return `${pruneLimit?.count ?? 0}${pruneLimit?.isPercent === true ? "%" : ""}`;
}

/** Why the deletion of the delivery itself, with all it applied, waits; undefined: it does not. */
export function whyDeletionHeld(guard: Guard, about: { uid: string; inventoryCount: number }): Hold | undefined {
  const { uid, inventoryCount } = about;
  if (guard.approvedDeletion === uid) return undefined;
  if (!exceedsLimit(guard, { revision: "", prunedCount: inventoryCount, inventoryCount })) return undefined;
  const limit = formatLimit(guard);
  const message =
    `its deletion would delete ${inventoryCount} objects, more than ${limit} at once: approve it with ` +
    `\`keelson approve --deletion\`, or set ${guardMarks.approvedDeletion} to ${uid}`;
  return { reason: "PruneLimitExceeded", message };
}
