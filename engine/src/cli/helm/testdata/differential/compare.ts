// What a namespace holds after a step, with all that differs from run to run taken out: objects with the owners of their
// fields, and the records of releases as Helm decodes them.

import type { Cluster, Resource } from "#cluster";
import { asJson, canonicalJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import { type Release, releaseStorage } from "#releases";
import { realClock } from "../../../../cluster/cluster.contract.ts";

const skipped = new Set(["Event", "EndpointSlice", "Endpoints", "Lease", "ReplicaSet"]);
/** Beside what anybody writes; their controllers do it. */
const madeByServer = new Set(["APIService", "IPAddress", "ServiceCIDR", "FlowSchema", "PriorityLevelConfiguration"]);

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

/** All that a server holds, of all namespaces and of none, with the records of `default`. */
export async function everything(cluster: Cluster): Promise<JsonObject> {
  const contents: JsonObject = {};
  for (const [key, { object }] of await allObjects(cluster)) contents[key] = steady(object, "default");
  for (const release of await releaseStorage({ cluster, namespace: "default", clock: realClock }).list())
    contents[`release/${release.name}/${release.version}`] = steadyRelease(release, "default");
  return contents;
}

/** Removes all but what these keys name, and waits until it is gone. */
export async function removeAll(cluster: Cluster, kept: readonly string[]): Promise<void> {
  for (let looks = 0; ; looks++) {
    const objects = [...(await allObjects(cluster))].filter(([key]) => !kept.includes(key));
    if (objects.length === 0) return;
    if (looks > 600) throw new Error(`still there: ${objects.map(([key]) => key).join(", ")}`);
    for (const [, { object, resource }] of objects) {
      const target = { resource, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
      await cluster.delete(target, { propagation: "Background", gracePeriodSeconds: 0 });
      const isHeld = (object.metadata.finalizers ?? []).length > 0 && resource.kind !== "CustomResourceDefinition";
      const patch = { metadata: { finalizers: null } };
      if (isHeld) await cluster.patch(target, { type: "merge", patch }, { fieldManager: "test" });
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function allObjects(cluster: Cluster): Promise<Map<string, { object: Manifest; resource: Resource }>> {
  const discovery = await cluster.discover(true);
  if (!discovery.ok) throw new Error(discovery.status.message);
  const objects = new Map<string, { object: Manifest; resource: Resource }>();
  const kinds = discovery.value.resources.filter(
    ({ verbs, kind, group, version }) =>
      verbs.includes("list") &&
      verbs.includes("delete") &&
      !skipped.has(kind) &&
      !madeByServer.has(kind) &&
      discovery.value.byKind(group, kind)?.version === version,
  );
  await Promise.all(
    kinds.map(async (resource) => {
      for (const object of await listAll(cluster, resource))
        objects.set(`${resource.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`, { object, resource });
    }),
  );
  return new Map([...objects].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Without what the server itself makes, and makes again: its own Service, and what a namespace is given. */
async function listAll(cluster: Cluster, resource: Resource, namespace?: string): Promise<Manifest[]> {
  const answer = await cluster.list(resource, namespace === undefined ? {} : { namespace });
  if (!answer.ok && (answer.status.code === 404 || answer.status.code === 405)) return [];
  if (!answer.ok) throw new Error(`${resource.plural}: ${answer.status.message}`);
  return answer.value.items
    .filter(({ metadata }) => metadata.name !== "kubernetes" || (metadata.namespace ?? "default") !== "default")
    .filter((object) => object.metadata.name !== "kube-root-ca.crt")
    .filter((object) => resource.kind !== "ServiceAccount" || object.metadata.name !== "default");
}

const passing = new Set(["uid", "resourceVersion", "creationTimestamp", "clusterIP", "clusterIPs", "modtime"]);
/** Labels of records, in seconds. */
const moments = new Set(["createdAt", "modifiedAt"]);

function steady(object: Manifest, namespace: string): Json {
  const { managedFields = [], ...metadata } = object.metadata;
  const fields = managedFields
    .filter(({ manager }) => manager !== "node")
    .map((entry) => canonicalJson({ ...entry, time: "" } as Json))
    .sort();
  const plain = { ...asJson(object), metadata: { ...metadata, managedFields: fields } as unknown as Json };
  // What is in a record is compared apart, decoded; what a status says is the node's.
  return clean({ ...plain, status: null, ...(object["type"] === "helm.sh/release.v1" ? { data: null } : {}) }, namespace);
}

function steadyRelease(release: Release, namespace: string): Json {
  const readable = (key: string, value: unknown): unknown =>
    key === "data" && typeof value === "string" ? Buffer.from(value, "base64").toString() : value;
  return clean(JSON.parse(JSON.stringify(release, readable)) as Json, namespace);
}

/** Times, ids and the namespace's own name. */
function clean(value: Json, namespace: string): Json {
  if (typeof value === "string")
    return value
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "TIME")
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UID")
      .replaceAll(/kube-api-access-[a-z0-9]{5}/g, "kube-api-access-SUFFIX")
      .replaceAll(namespace, "NAMESPACE");
  if (Array.isArray(value)) return value.map((item) => clean(item, namespace));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !passing.has(key))
      .map(([key, member]) => [
        key.replaceAll(namespace, "NAMESPACE"),
        moments.has(key) ? "MOMENT" : clean(member, namespace),
      ])
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
