// Releases that proved healthy: everything they consist of was, after they were made. The mark stands on the release's record,
// where it outlives us and nobody's digest sees it. It names the revision, since Helm copies the labels of a record to the next.

import { assess } from "#health";
import type { Manifest } from "#kernel";
import type { Release, ReleaseStorage } from "#releases";

const provenLabel = "keelson.dev/proven";

/** True for a release that is good and was marked. */
export function isProven({ info, labels, version }: Release): boolean {
  return (info.status === "deployed" || info.status === "superseded") && labels[provenLabel] === `v${version}`;
}

export type ProofContext = {
  storage: ReleaseStorage;
  /** An object as it stands; undefined when it is not there. */
  read: (object: Manifest) => Promise<Manifest | undefined>;
  nowMs: number;
};

/** Marks a release whose objects are all healthy; true when it was marked now. */
export async function prove(release: Release, objects: readonly Manifest[], context: ProofContext): Promise<boolean> {
  if (isProven(release) || release.info.status !== "deployed") return false;
  for (const object of objects) {
    const live = await context.read(object);
    if (live === undefined || assess(live, { now: context.nowMs }).waits !== "Current") return false;
  }
  await context.storage.update({ ...release, labels: { ...release.labels, [provenLabel]: `v${release.version}` } });
  return true;
}
