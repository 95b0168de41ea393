// The definitions in a chart's crds/: created when absent, or brought up to date too; never removed. Waited for, so that the
// chart's own objects of these kinds can follow.

import { stringOf } from "#formats/gotemplate";
import { faultFrom } from "#kernel";
import type { CrdsPolicy } from "./contract.ts";
import { releaseFault } from "./faults.ts";
import { crdsTimeoutMs } from "./limits.ts";
import { buildObjects, type KnownKinds, type ReleaseObject } from "./objects.ts";
import { ObjectWriter } from "./object-writer.ts";
import type { Run } from "./run.ts";
import type { Waiter } from "./waiter.ts";

type DefinitionsHow = {
  policy: CrdsPolicy;
  labels: { readonly [key: string]: string } | undefined;
  serverSide: boolean;
  kinds: KnownKinds;
  waiter: Waiter;
};

export async function applyDefinitions(
  run: Run,
  files: readonly { path: string; data: Uint8Array }[],
  how: DefinitionsHow,
): Promise<void> {
  if (how.policy === "Skip" || files.length === 0) return;
  const written: ReleaseObject[] = [];
  for (const { path, data } of files) {
    try {
      const objects = await buildObjects(stringOf(data), how.kinds, run.options.namespace);
      if (objects.length === 0) throw releaseFault("release-render-failed", "resources are empty");
      for (const { manifest } of objects)
        if (how.labels !== undefined)
          manifest.metadata = { ...manifest.metadata, labels: { ...manifest.metadata.labels, ...how.labels } };
      written.push(...(await applyFile(run, objects, how)));
    } catch (thrown) {
      const fault = faultFrom(thrown);
      throw releaseFault("release-apply-failed", `failed to install CRD ${path}: ${fault.message}`, {
        cause: fault,
        disposition: fault.disposition,
      });
    }
  }
  if (written.length === 0) return;
  // Always by kstatus: what is not established cannot be used, whatever the release waits for.
  await how.waiter.as("watcher").ready(written, crdsTimeoutMs);
  await how.kinds.discover(true);
}

async function applyFile(
  run: Run,
  objects: readonly ReleaseObject[],
  { policy, serverSide }: { policy: CrdsPolicy; serverSide: boolean },
): Promise<ReleaseObject[]> {
  const absent: ReleaseObject[] = [];
  const present: ReleaseObject[] = [];
  for (const object of objects) {
    const answer = await run.context.cluster.get(object.target);
    if (!answer.ok && answer.status.code !== 404) throw releaseFault("release-cluster-failed", answer.status.message);
    (answer.ok ? present : absent).push(object);
  }
  if (absent.length > 0) await new ObjectWriter(run, { serverSide }).createAll(absent);
  if (policy !== "CreateReplace" || present.length === 0) return absent;
  const writer = new ObjectWriter(run, {
    serverSide,
    takesOverClientSide: serverSide,
    ...(serverSide ? { forceConflicts: true } : { threeWayUntyped: true }),
  });
  await writer.updateAll({ originals: [], targets: present, strays: [] }, { name: "", namespace: "" }, []);
  return objects.slice();
}
