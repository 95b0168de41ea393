// What a namespace holds after a step, with all that differs from run to run taken out: objects with the owners of their
// fields, and the records of releases as Helm decodes them.

import type { Cluster, Resource } from "#cluster";
import { asJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import { type Release, releaseStorage } from "#releases";
import { realClock } from "../../../../cluster/cluster.contract.ts";

const skipped = new Set(["Event", "EndpointSlice", "Endpoints", "Lease", "ReplicaSet"]);

export async function contentsOf(cluster: Cluster, namespace: string): Promise<JsonObject> {
  const discovery = await cluster.discover(true);
  if (!discovery.ok) throw new Error(discovery.status.message);
  const contents: JsonObject = {};
  const kinds = discovery.value.resources.filter(
    ({ isNamespaced, verbs, kind, group, version }) =>
      isNamespaced &&
      verbs.includes("list") &&
      verbs.includes("delete") &&
      !skipped.has(kind) &&
      discovery.value.byKind(group, kind)?.version === version,
  );
  await Promise.all(
    kinds.map(async (resource) => {
      for (const object of await listAll(cluster, resource, namespace))
        contents[`${resource.kind}/${object.metadata.name}`] = steady(object, namespace);
    }),
  );
  for (const release of await releaseStorage({ cluster, namespace, clock: realClock }).list())
    contents[`release/${release.name}/${release.version}`] = steadyRelease(release, namespace);
  return Object.fromEntries(Object.entries(contents).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function listAll(cluster: Cluster, resource: Resource, namespace: string): Promise<Manifest[]> {
  const answer = await cluster.list(resource, { namespace });
  if (!answer.ok) return [];
  return answer.value.items
    .filter((object) => object["type"] !== "helm.sh/release.v1" && object.metadata.name !== "kube-root-ca.crt")
    .filter((object) => resource.kind !== "ServiceAccount" || object.metadata.name !== "default");
}

const passing = new Set(["uid", "resourceVersion", "creationTimestamp", "clusterIP", "clusterIPs", "time", "modtime"]);

function steady(object: Manifest, namespace: string): Json {
  const { managedFields = [], ...metadata } = object.metadata;
  const fields = managedFields
    .filter(({ manager }) => manager !== "node")
    .map((entry) => JSON.stringify({ ...entry, time: "" }))
    .sort();
  const plain = { ...asJson(object), metadata: { ...metadata, managedFields: fields } as unknown as Json };
  return clean({ ...plain, status: null }, namespace);
}

function steadyRelease(release: Release, namespace: string): Json {
  return clean(JSON.parse(JSON.stringify(release)) as Json, namespace);
}

/** Times, ids and the namespace's own name. */
function clean(value: Json, namespace: string): Json {
  if (typeof value === "string")
    return value
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "TIME")
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UID")
      .replaceAll(namespace, "NAMESPACE");
  if (Array.isArray(value)) return value.map((item) => clean(item, namespace));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !passing.has(key))
      .map(([key, member]) => [key.replaceAll(namespace, "NAMESPACE"), clean(member, namespace)])
      .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
  ) as JsonObject;
}

/** Lines that tell where two contents part. */
export function differences(expected: Json | undefined, found: Json | undefined, at = ""): string[] {
  if (isObject(expected) && isObject(found)) {
    const keys = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
    return keys.flatMap((key) => differences(expected[key], found[key], `${at}.${key}`));
  }
  const [wanted, got] = [JSON.stringify(expected), JSON.stringify(found)];
  return wanted === got ? [] : [`${at}: helm ${wanted}, here ${got}`];
}
