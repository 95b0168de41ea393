// Which of a release's revisions counts for what.

import type { Release, ServerSide } from "./contract.ts";
import { releaseFault } from "./faults.ts";
import { buildObjects, type KnownKinds, type ReleaseObject } from "./objects.ts";
import { isPending } from "./pending.ts";

export function noDeployed(name: string): Error {
  return releaseFault("release-absent", `${JSON.stringify(name)} has no deployed releases`);
}

/** The revision in force: the deployed one, or the last where none is and nothing better is known. */
export function currentOf(history: readonly Release[]): Release {
  const last = history.at(-1) as Release;
  const deployed = history.filter(({ info }) => info.status === "deployed").at(-1);
  if (deployed !== undefined) return deployed;
  if (last.info.status === "failed" || last.info.status === "superseded" || isPending(last)) return last;
  throw noDeployed(last.name);
}

/** Objects of the revisions after the one in force, which have all failed. */
export async function straysOf(
  history: readonly Release[],
  current: Release,
  kinds: KnownKinds,
): Promise<ReleaseObject[]> {
  const strays: ReleaseObject[] = [];
  // What cannot be read any more cannot be there either: its kinds are gone.
  for (const { version, manifest, namespace } of history)
    if (version > current.version) strays.push(...(await buildObjects(manifest, kinds, namespace).catch(() => [])));
  return strays;
}

/** `auto`: as before; what tells nothing was client-side. */
export function serverSideFor(asked: ServerSide | undefined, before: Release): boolean {
  return asked === undefined || asked === "auto" ? before.apply_method === "ssa" : asked;
}
