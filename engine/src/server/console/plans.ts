// Finds the Plan of a delivery.

import { type Link, linkKey, type PlanView } from "#api/console";
import type { Fleet } from "./fleet.ts";
import { lastPlan, pendingPlan, type PlanWorld, withoutPlan } from "./plan-view.ts";
import { readReleasePlan } from "./release-plan.ts";
import type { Viewer } from "./viewer.ts";

/** The Plan as a viewer may see it: steps about objects that the viewer may not read are counted, not shown. */
export async function readPlan(
  world: PlanWorld,
  link: Link,
  asked: { which: "pending" | "last"; revision: string; viewer: Viewer },
): Promise<PlanView> {
  const { fleet } = world;
  const key = linkKey(link);
  if (link.kind === "HelmRelease" && fleet.releases !== undefined)
    return readReleasePlan(world, link, { ...asked, states: fleet.releases });
  const look = fleet.engine?.looking.look(key);
  if (look === undefined) return withoutPlan(world, key, asked.which, whyNoEngine(fleet, link));
  if (asked.which === "last") return lastPlan(world, key, { look, viewer: asked.viewer });
  return pendingPlan(world, key, { look, revision: asked.revision, viewer: asked.viewer });
}

function whyNoEngine(fleet: Fleet, { kind }: Link): string {
  if (kind === "HelmRelease") return "no engine in this process runs releases: ask at the one that does";
  return fleet.engine === undefined
    ? "no engine runs in this process: ask at the one that does"
    : "the engine in this process does not run this delivery: is its spec valid?";
}
