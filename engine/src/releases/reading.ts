// What a record tells beyond its own members.

import type { Cluster } from "#cluster";
import type { JsonObject, Manifest } from "#kernel";
import { coalesceValues, toPlain } from "#render/helm";
import type { Release } from "./contract.ts";
import { buildObjects, KnownKinds, setOwner } from "./objects.ts";
import { chartOf } from "./prepare.ts";

/** The release's objects as they are applied: with namespace, Helm's label and its two annotations. Hooks are left out. */
export async function releaseObjects(release: Release, cluster: Cluster): Promise<Manifest[]> {
  const objects = await buildObjects(release.manifest, new KnownKinds(cluster), release.namespace);
  setOwner(objects, release);
  return objects.map(({ manifest }) => manifest);
}

/** The values in force: the user's over the chart's defaults, as far as the record keeps them. */
export function computedValues(release: Release): JsonObject {
  return toPlain(coalesceValues(chartOf(release), release.config ?? {}, () => {})) as JsonObject;
}
