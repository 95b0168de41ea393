// What a release would be now: how many objects would go, and whether the cluster answers a chart's lookups otherwise.

import { type Manifest, refKey, refOf } from "#kernel";
import type { Release } from "#releases";
import { upgradeOptions } from "./action-options.ts";
import { configDigest } from "./digests.ts";
import { objectsOf } from "./manifest-objects.ts";
import { finderOf, helmFor, type Prepared } from "./on-target.ts";
import type { PassContext } from "./pass-context.ts";
import { nextRelease } from "./preview.ts";

/** How many objects of a release the next one would delete. Throws where that cannot be rendered: nobody knows then. */
export async function countDeparting(context: PassContext, prepared: Prepared, release: Release): Promise<number> {
  const { chart, values, reach } = prepared;
  const find = finderOf(reach);
  const wish = { object: context.attempt.object, chart: chart.bytes, signal: context.signal };
  const next = await nextRelease(helmFor(context, prepared), wish, { action: "upgrade", values, last: release });
  const staying = new Set((await objectsOf(next, find)).map((one) => refKey(refOf(one))));
  const before = release.info.status === "uninstalled" ? [] : await objectsOf(release, find);
  return before.filter((one) => !staying.has(refKey(refOf(one))) && !isKept(one)).length;
}

function isKept({ metadata }: Manifest): boolean {
  return metadata.annotations?.["helm.sh/resource-policy"] === "keep";
}

/**
 * Renders a release once more with what the cluster answers now. Without one, what was tried last was undone and left no record: it is
 * remembered as it was, or from now on. What cannot be rendered now is no reason to upgrade.
 */
export async function hasLookedUpOther(
  context: PassContext,
  prepared: Prepared,
  release: Release | undefined,
): Promise<boolean> {
  const { attempt, lookups } = context;
  const { chart, values, reach } = prepared;
  const helm = helmFor(context, prepared);
  const wish = { object: attempt.object, chart: chart.bytes, values, signal: context.signal };
  const name = `${attempt.generation} ${chart.version} ${configDigest(values)}`;
  try {
    const tried =
      release ?? lookups.tried(name) ?? (await nextRelease(helm, wish, { action: "install", values, last: undefined }));
    const since = lookups.markOf(tried.version);
    const again = await helm.renderAgain(tried, {
      ...upgradeOptions(wish, tried),
      ...(since === undefined ? {} : { since }),
    });
    await lookups.follow({ version: tried.version, mark: again.lookedUp, lookups: again.lookups }, reach);
    const isUndone = release === undefined || attempt.conditions.get("Remediated") !== undefined;
    lookups.noteTried(isUndone ? { wish: name, release: tried } : undefined);
    return again.isOther;
  } catch {
    return false;
  }
}
