// The objects of a release as its record holds them, made complete: what an inventory lists and what drift is compared with.

import type { InventoryEntry } from "#api/flux";
import { parseYaml } from "#formats/yaml";
import type { Resource } from "#cluster";
import { asManifest, copyJson, decodeUtf8, isObject, type Json, type Manifest, refOf, splitApiVersion } from "#kernel";
import { inventoryEntry } from "#plan";
import { type Release, setOwnerOf } from "#releases";
import { type CustomResource, splitManifests } from "#render/helm";

/** Finds the resource of a kind; undefined for one that is not served. */
export type FindResource = (ref: { group: string; kind: string; version: string }) => Promise<Resource | undefined>;

/** With namespace, Helm's label and its annotations; hooks are left out. */
export async function objectsOf(release: Release, find: FindResource): Promise<Manifest[]> {
  const objects: Manifest[] = [];
  for (const manifest of manifestsIn(release.manifest)) {
    if (manifest.metadata.annotations?.["helm.sh/hook"] !== undefined) continue;
    setOwnerOf(manifest, release);
    objects.push(await placed(manifest, release.namespace, find));
  }
  return objects;
}

/** A chart leaves the namespace of most objects to the release. */
async function placed(manifest: Manifest, namespace: string, find: FindResource): Promise<Manifest> {
  if (manifest.metadata.namespace !== undefined && manifest.metadata.namespace !== "") return manifest;
  const { group, version } = splitApiVersion(manifest.apiVersion);
  const resource = await find({ group, version, kind: manifest.kind });
  if (resource?.isNamespaced === true) manifest.metadata = { ...manifest.metadata, namespace };
  return manifest;
}

function manifestsIn(text: string): Manifest[] {
  return splitManifests(text).flatMap((document) => manifestsOf(parseYaml(document)));
}

function manifestsOf(data: Json): Manifest[] {
  if (!isObject(data) || typeof data["kind"] !== "string") return [];
  const items = data["items"];
  if (data["kind"].endsWith("List") && Array.isArray(items)) return items.flatMap(manifestsOf);
  const object = copyJson(data);
  if (!isObject(object["metadata"])) object["metadata"] = {};
  return [asManifest(object)];
}

/** What status lists of a release: its objects, then the definitions of its chart. */
export async function inventoryOf(
  release: Release,
  definitions: readonly CustomResource[],
  find: FindResource,
): Promise<InventoryEntry[]> {
  const objects = await objectsOf(release, find);
  const crds = definitions.flatMap(({ data }) => manifestsIn(decodeUtf8(data)));
  return [...objects, ...crds].map((object) => inventoryEntry(refOf(object)));
}
