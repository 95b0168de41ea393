// From a manifest's text to the objects of a release: lists taken apart, namespaces filled in, each with the resource that
// serves it; and the marks by which Helm knows its own.

import type { Cluster, Discovery, Resource, Target } from "#cluster";
import { parseYaml } from "#formats/yaml";
import {
  asManifest,
  copyJson,
  formatRef,
  isObject,
  type Json,
  type JsonObject,
  type Manifest,
  refKey,
  refOf,
  splitApiVersion,
  type VersionedRef,
} from "#kernel";
import { splitManifests } from "#render/helm";
import { releaseFault } from "./faults.ts";
import { describeUnknown, failed } from "./ownership.ts";

/** One object of a release, its own copy. */
export type ReleaseObject = { manifest: Manifest; resource: Resource; target: Target; ref: VersionedRef };

/** What the cluster serves; asked again once when a kind is unknown, since definitions may have come meanwhile. */
export class KnownKinds {
  readonly #cluster: Cluster;
  #discovery: Discovery | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async discover(isFresh = false): Promise<Discovery> {
    if (this.#discovery !== undefined && !isFresh) return this.#discovery;
    const answer = await this.#cluster.discover(isFresh);
    if (!answer.ok) throw failed("kubernetes cluster unreachable", answer.status);
    this.#discovery = answer.value;
    return answer.value;
  }

  /** The resources of all manifests; a Fault names the kinds that are not served. */
  async resolve(manifests: readonly Manifest[]): Promise<Resource[]> {
    const find = (discovery: Discovery): (Resource | undefined)[] =>
      manifests.map((manifest) => resourceOf(discovery, manifest));
    let found = find(await this.discover());
    if (found.includes(undefined)) found = find(await this.discover(true));
    const unknown = manifests.filter((_, index) => found[index] === undefined).map(describeUnknown);
    if (unknown.length > 0) throw unknownKinds(unknown);
    return found as Resource[];
  }
}

function unknownKinds(unknown: readonly string[]): Error {
  return releaseFault(
    "release-unknown-kind",
    `unable to build kubernetes objects from release manifest: ${unknown.length > 1 ? `[${unknown.join(", ")}]` : unknown[0]}`,
    { hint: "install the definitions first" },
  );
}

function resourceOf(discovery: Discovery, manifest: Manifest): Resource | undefined {
  const { group, version } = splitApiVersion(manifest.apiVersion);
  return discovery.byKind(group, manifest.kind, version);
}

/** The objects in a text, in its order. */
export async function buildObjects(text: string, kinds: KnownKinds, namespace: string): Promise<ReleaseObject[]> {
  const manifests = splitManifests(text).flatMap((document) => manifestsOf(parseYaml(document)));
  const resources = await kinds.resolve(manifests);
  return manifests.map((manifest, index) => objectOf(manifest, resources[index] as Resource, namespace));
}

function objectOf(manifest: Manifest, resource: Resource, namespace: string): ReleaseObject {
  if (resource.isNamespaced)
    manifest.metadata = { ...manifest.metadata, namespace: manifest.metadata.namespace || namespace };
  const target: Target = {
    resource,
    namespace: resource.isNamespaced ? (manifest.metadata.namespace as string) : "",
    name: manifest.metadata.name ?? "",
  };
  return { manifest, resource, target, ref: { ...refOf(manifest), namespace: target.namespace, name: target.name } };
}

function manifestsOf(data: Json): Manifest[] {
  if (data === null) return [];
  if (!isObject(data) || typeof data["kind"] !== "string" || typeof data["apiVersion"] !== "string")
    throw releaseFault(
      "release-render-failed",
      "unable to build kubernetes objects from release manifest: unable to decode \"\": Object 'Kind' is missing",
    );
  const items = data["items"];
  if (data["kind"].endsWith("List") && Array.isArray(items)) return items.flatMap(manifestsOf);
  const copy: JsonObject = copyJson(data);
  if (!isObject(copy["metadata"])) copy["metadata"] = {};
  return [asManifest(copy)];
}

/** Adds Helm's label and its two annotations, over whatever stands there. */
export function setOwner(objects: readonly ReleaseObject[], release: { name: string; namespace: string }): void {
  for (const { manifest } of objects) setOwnerOf(manifest, release);
}

/** The same to one object. */
export function setOwnerOf(manifest: Manifest, { name, namespace }: { name: string; namespace: string }): void {
  const { labels, annotations } = manifest.metadata;
  manifest.metadata = {
    ...manifest.metadata,
    labels: { ...labels, "app.kubernetes.io/managed-by": "Helm" },
    annotations: {
      ...annotations,
      "meta.helm.sh/release-name": name,
      "meta.helm.sh/release-namespace": namespace,
    },
  };
}

/** Equal for what is one object, whatever its version. */
export function keyOf({ ref }: ReleaseObject): string {
  return refKey(ref);
}

/** Objects of `all` that `others` lack. */
export function difference(all: readonly ReleaseObject[], others: readonly ReleaseObject[]): ReleaseObject[] {
  const known = new Set(others.map(keyOf));
  return all.filter((object) => !known.has(keyOf(object)));
}

/** `default/web /v1, Kind=Service`, as Helm names an object in errors. */
export function describeObject({ target, resource }: ReleaseObject): string {
  const { group, version, kind } = resource;
  return `${target.namespace}/${target.name} ${group}/${version}, Kind=${kind}`;
}

/** For people. */
export function nameOf(object: ReleaseObject): string {
  return formatRef(object.ref);
}
