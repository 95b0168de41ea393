// The Plan of a delivery for reading: what is pending, what the last attempt did, what an earlier revision would do.

import { type FieldDiff, type Link, type PlanStep, type PlanView } from "#api/console";
import type { DeliveryLook, Looking, Outcome, SourceTree } from "#delivery";
import { type Clock, faultFrom, formatFault, type Manifest, refKey, refOf } from "#kernel";
import { type FieldChange, shownPath, type Step } from "#plan";
import { wordsOf } from "./cards.ts";
import type { Fleet } from "./fleet.ts";
import { maskUrl } from "./masks.ts";
import { findPlaces, type Found, withPlace } from "./origin.ts";
import { readableNodes, type TreeWorld } from "./tree.ts";
import type { Viewer } from "./viewer.ts";
import { idOf } from "./object-entries.ts";

export type PlanWorld = TreeWorld & { clock: Clock };

type Mask = (text: string) => string;

/** There is none, and why. */
export function withoutPlan(world: PlanWorld, key: string, which: PlanView["which"], problem: string): PlanView {
  const from = world.fleet.card(key)?.revision ?? "";
  return { revision: "", from, atMs: world.clock.now(), which, steps: [], counts: {}, warnings: [], problem };
}

/** What the last attempt did. */
export async function lastPlan(
  world: PlanWorld,
  key: string,
  { look, viewer }: { look: DeliveryLook; viewer: Viewer },
): Promise<PlanView> {
  const { last, mask } = look;
  if (last === undefined)
    return withoutPlan(
      world,
      key,
      "last",
      "nothing new was tried since this process started: what was done before is not kept",
    );
  const steps = last.outcomes.map((outcome) => stepOfOutcome(outcome, mask));
  return shownPlan(world, viewer, { key, revision: last.revision, atMs: last.atMs, which: "last", steps });
}

/** What applying a revision now would do; "": the one that is offered. */
export async function pendingPlan(
  world: PlanWorld,
  key: string,
  { look, revision, viewer }: { look: DeliveryLook; revision: string; viewer: Viewer },
): Promise<PlanView> {
  const { fleet } = world;
  const wanted = revision === "" ? (look.offered ?? "") : revision;
  try {
    const source = wanted === look.offered || revision === "" ? undefined : await contentAt(fleet, look, wanted);
    return await planOf(world, key, { look, revision: wanted, source, viewer });
  } catch (thrown) {
    return {
      ...withoutPlan(world, key, "pending", look.mask(wordsOf(formatFault(faultFrom(thrown))))),
      revision: wanted,
    };
  }
}

type Tried = { look: DeliveryLook; revision: string; source: SourceTree | undefined; viewer: Viewer };

/** What applying some content now would do; without any, what the delivery is to have. */
export async function planOf(
  world: PlanWorld,
  key: string,
  { look, revision, source, viewer }: Tried,
): Promise<PlanView> {
  const { fleet, clock } = world;
  const preview = await fleet.engine?.looking.preview(key, source);
  const isRendered = source === undefined && revision === look.rendered?.revision;
  const places = isRendered ? await placesOf(fleet, key, preview) : noPlaces;
  const steps = (preview?.steps ?? []).map((step) => stepView(step, look.mask, places.get(refKey(step.ref))));
  return shownPlan(world, viewer, { key, revision, atMs: clock.now(), which: "pending", steps });
}

/** What applying some of its manifests now would do. */
export async function planOfSome(
  { fleet, clock }: PlanWorld,
  key: string,
  { look, manifests }: { look: DeliveryLook; manifests: readonly Manifest[] },
): Promise<PlanView> {
  const steps: PlanStep[] = [];
  for (const manifest of manifests) {
    const step = await fleet.engine?.looking.step(key, manifest);
    const places = await findPlaces(fleet, { owner: key, manifest });
    if (step !== undefined) steps.push(stepView(step, look.mask, places));
  }
  const counts: { [action in PlanStep["action"]]?: number } = {};
  for (const { action } of steps) counts[action] = (counts[action] ?? 0) + 1;
  const [revision, from, atMs] = [look.offered ?? "", fleet.card(key)?.revision ?? "", clock.now()];
  return { revision, from, atMs, which: "pending", steps, counts, warnings: [], problem: "" };
}

/** The files of a delivery's source at another revision. Throws a Fault when they cannot be had. */
export async function contentAt(fleet: Fleet, look: DeliveryLook, revision: string): Promise<SourceTree> {
  const found = await fleet.history?.tree(look.delivery.source, revision);
  if (found !== undefined) return found;
  throw new Error(`the source has no revision ${revision} any more, or none that can be read`);
}

/** What was looked at, when, and what came of it. */
export type Seen = {
  key: string;
  revision: string;
  atMs: number;
  which: PlanView["which"];
  steps: readonly PlanStep[];
};

/** The steps about objects that the viewer may read; the others are counted. */
export async function shownPlan(world: PlanWorld, viewer: Viewer, seen: Seen): Promise<PlanView> {
  const { fleet } = world;
  const { key, revision, atMs, which } = seen;
  const card = fleet.card(key);
  const cluster = card?.cluster ?? "";
  const steps = seen.steps.map((step) => ({
    ...step,
    object: cluster === "" ? step.object : { ...step.object, cluster },
  }));
  const nodes = steps.map(({ object }) => ({ ...object, id: idOf(object) }));
  const readable = new Set((await readableNodes(world, viewer, nodes)).map((node) => node.id));
  const listed = steps.filter(({ object }) => readable.has(idOf(object)));
  const counts: { [action in PlanStep["action"]]?: number } = {};
  for (const { action } of steps) counts[action] = (counts[action] ?? 0) + 1;
  const hidden = steps.length - listed.length;
  const commit = card?.source === undefined ? undefined : await commitOf(fleet, card.source, revision);
  return {
    revision,
    ...(commit === undefined ? {} : { commit }),
    from: card?.revision ?? "",
    atMs,
    which,
    steps: listed,
    counts,
    warnings: hidden === 0 ? [] : [`${hidden} steps are not shown: you may not read their objects`],
    problem: "",
  };
}

function commitOf(fleet: Fleet, source: Link, revision: string) {
  return fleet.history?.commit(source, revision).catch(() => undefined);
}

const noPlaces: ReadonlyMap<string, Found> = new Map();

/** Where the objects that would change are stated. */
async function placesOf(
  fleet: Fleet,
  key: string,
  preview: Awaited<ReturnType<Looking["preview"]>> | undefined,
): Promise<ReadonlyMap<string, Found>> {
  const changing = new Set(
    (preview?.steps ?? []).filter(({ changes }) => changes.length > 0).map(({ ref }) => refKey(ref)),
  );
  const found = new Map<string, Found>();
  for (const manifest of preview?.manifests ?? []) {
    const name = refKey(refOf(manifest));
    const places = changing.has(name) ? await findPlaces(fleet, { owner: key, manifest }) : undefined;
    if (places !== undefined) found.set(name, places);
  }
  return found;
}

/** One step, masked. */
export function stepView(
  { action, ref, reason, changes, isDrift }: Step,
  mask: Mask,
  places: Found | undefined,
): PlanStep {
  const { group, kind, namespace, name } = ref;
  return {
    action: action === "fail" ? "refused" : action,
    object: { group, kind, namespace, name },
    reason: mask(wordsOf(reason)),
    changes: changes.map((change) => withPlace(fieldDiff(change, mask), places)),
    isDrift,
  };
}

const actionOf: Readonly<Record<Outcome["word"], PlanStep["action"]>> = {
  created: "create",
  configured: "configure",
  unchanged: "unchanged",
  recreated: "recreate",
  pruned: "prune",
  skipped: "skip",
  failed: "refused",
};

function stepOfOutcome({ ref, word, reason, changes, isDrift }: Outcome, mask: Mask): PlanStep {
  const { group, kind, namespace, name } = ref;
  return {
    action: actionOf[word],
    object: { group, kind, namespace, name },
    reason: mask(wordsOf(reason)),
    changes: changes.map((change) => fieldDiff(change, mask)),
    isDrift,
  };
}

/** One differing field; values of Secrets come masked already. */
export function fieldDiff({ path, from, to, managers }: FieldChange, mask: Mask): FieldDiff {
  const text = (value: string): string => mask(maskUrl(value));
  return {
    path: shownPath(path),
    ...(from === undefined ? {} : { from: text(from) }),
    ...(to === undefined ? {} : { to: text(to) }),
    managers,
  };
}
