// The Plan of a release for reading: what the next install or upgrade would do, what the last one changed, what going back to
// an earlier record would do.

import { type Link, linkKey, type PlanStep, type PlanView } from "#api/console";
import { type StatedRelease, stepsBetween } from "#dialects/flux/releases";
import { faultFrom, formatFault, type Manifest } from "#kernel";
import type { Step } from "#plan";
import { wordsOf } from "./cards.ts";
import { findTemplate, templateFor } from "./release-origin.ts";
import type { ReleaseStates } from "./release-states.ts";
import { type PlanWorld, type Seen, shownPlan, stepView, withoutPlan } from "./plan-view.ts";
import type { Viewer } from "./viewer.ts";

type Asked = { which: "pending" | "last"; revision: string; viewer: Viewer };

/** The Plan as a viewer may see it. */
export async function readReleasePlan(
  world: PlanWorld,
  link: Link,
  asked: Asked & { states: ReleaseStates },
): Promise<PlanView> {
  const { states, which, revision } = asked;
  const key = linkKey(link);
  const look = await states.look(key);
  const mask = look?.mask ?? ((text: string): string => text);
  try {
    if (which === "last") return await lastPlan(world, key, asked);
    const version = versionIn(revision);
    const wanted = version === undefined ? await states.next(key) : await states.stated(key, version);
    if (wanted === undefined) throw new Error(`there is no record of ${revision} any more`);
    return await releasePlan(world, key, { ...asked, wanted, revision: revision === "" ? wanted.title : revision });
  } catch (thrown) {
    return { ...withoutPlan(world, key, which, mask(wordsOf(formatFault(faultFrom(thrown))))), revision };
  }
}

/** The number of a record in `v3`; undefined: none is named. */
export function versionIn(revision: string): number | undefined {
  const digits = /^v(\d{1,9})$/.exec(revision)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

type Wanted = { states: ReleaseStates; wanted: StatedRelease; revision: string; viewer: Viewer };

/** What some state of a release would do now. */
export async function releasePlan(
  world: PlanWorld,
  key: string,
  { states, wanted, revision, viewer }: Wanted,
): Promise<PlanView> {
  const steps = await states.looking.steps(key, wanted);
  const seen = { key, revision, atMs: world.clock.now(), which: "pending" as const };
  return shownSteps(world, { ...seen, states, wanted, steps }, viewer);
}

/** What putting some objects of a release back would do. */
export async function releasePlanOfSome(
  world: PlanWorld,
  key: string,
  { states, record, manifests }: { states: ReleaseStates; record: StatedRelease; manifests: readonly Manifest[] },
): Promise<PlanView> {
  const look = await states.look(key);
  const mask = look?.mask ?? ((text: string): string => text);
  const steps: PlanStep[] = [];
  for (const manifest of manifests) steps.push(stepView(await states.looking.step(key, manifest), mask, undefined));
  const counts: { [action in PlanStep["action"]]?: number } = {};
  for (const { action } of steps) counts[action] = (counts[action] ?? 0) + 1;
  const [revision, from, atMs] = [record.title, world.fleet.card(key)?.revision ?? "", world.clock.now()];
  return { revision, from, atMs, which: "pending", steps, counts, warnings: [], problem: "" };
}

/** What the newest record states otherwise than the one before it. */
async function lastPlan(
  world: PlanWorld,
  key: string,
  { states, viewer }: Wanted | (Asked & { states: ReleaseStates }),
) {
  const [newest] = await states.looking.records(key);
  if (newest === undefined) return withoutPlan(world, key, "last", "nothing has been installed yet");
  const after = await states.stated(key, newest.version);
  const before = newest.version > 1 ? await states.stated(key, newest.version - 1).catch(() => undefined) : undefined;
  if (after === undefined) return withoutPlan(world, key, "last", "its record is gone");
  const atMs = Date.parse(newest.info.last_deployed ?? "") || world.clock.now();
  const seen = { key, revision: after.title, atMs, which: "last" as const };
  const view = await shownSteps(world, { ...seen, states, wanted: after, steps: stepsBetween(before, after) }, viewer);
  const { status, description = "" } = newest.info;
  const look = await states.look(key);
  const said = status === "deployed" ? [] : [`release v${newest.version} is ${status}: ${wordsOf(description)}`];
  const lost =
    before === undefined && newest.version > 1 ? ["the record before it is gone: all of it is shown as new"] : [];
  const warnings = [...view.warnings, ...said, ...lost];
  return { ...view, warnings: look === undefined ? warnings : warnings.map((text) => look.mask(text)) };
}

type Shown = Omit<Seen, "steps"> & { states: ReleaseStates; wanted: StatedRelease; steps: readonly Step[] };

async function shownSteps(
  world: PlanWorld,
  { states, wanted, steps, ...seen }: Shown,
  viewer: Viewer,
): Promise<PlanView> {
  const look = await states.look(seen.key);
  const mask = look?.mask ?? ((text: string): string => text);
  const views = steps.map((step) => {
    const place = look && templateFor(world.fleet, { look, stated: wanted, template: findTemplate(wanted, step.ref) });
    const view = stepView(step, mask, undefined);
    if (place === undefined) return view;
    return { ...view, changes: view.changes.map((change) => ({ ...change, statedAt: place })) };
  });
  return shownPlan(world, viewer, { ...seen, steps: views });
}
