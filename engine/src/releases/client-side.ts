// The patch of client-side apply, for releases that were installed without server-side apply: three-way and strategic where
// the kind is one of Kubernetes' own, a JSON merge patch for all others (pkg/kube/client.go of Helm 4.3, createPatch).

import { builtinSchemas, schemaFor } from "#api/kubernetes";
import type { PatchBody } from "#cluster";
import { asJson, type Manifest, splitApiVersion } from "#kernel";
import { mergePatchBetween, threeWayMergePatch, threeWayStrategicPatch } from "#merge";
import type { ReleaseObject } from "./objects.ts";

/** The patch that makes `live` what the target says; an empty one changes nothing. */
export function clientSidePatch(
  target: ReleaseObject,
  { original, live }: { original: Manifest; live: Manifest },
  threeWayUntyped: boolean,
): PatchBody {
  const documents = { original: asJson(original), modified: asJson(target.manifest), live: asJson(live) };
  const { group, version } = splitApiVersion(target.manifest.apiVersion);
  const root = schemaFor(group, version, target.ref.kind);
  if (root !== undefined)
    return { type: "strategic", patch: threeWayStrategicPatch(documents, { schemas: builtinSchemas, root }) };
  if (threeWayUntyped) return { type: "merge", patch: threeWayMergePatch(documents) };
  return { type: "merge", patch: mergePatchBetween(documents.original, documents.modified) };
}
