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
  for (const [key, { object }] of await settledObjects(cluster)) contents[key] = steady(object, "default");
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

/** Once no definition is on its way out: the server empties it first. What somebody's finalizer holds stays. */
async function settledObjects(cluster: Cluster): ReturnType<typeof allObjects> {
  for (let looks = 0; ; looks++) {
    const objects = await allObjects(cluster);
    const isGoing = [...objects.values()].some(
      ({ resource, object }) =>
        resource.kind === "CustomResourceDefinition" && (object.metadata.deletionTimestamp ?? "") !== "",
    );
    if (!isGoing || looks > 100) return objects;
    await new Promise((resolve) => setTimeout(resolve, 200));
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
    .filter((object) => object.metadata.name !== "kube-root-ca.crt" && !isOfController(object))
    .filter((object) => resource.kind !== "ServiceAccount" || object.metadata.name !== "default");
}

/** Made by a workload's controller, under names of its choice. */
function isOfController({ metadata }: Manifest): boolean {
  return (metadata.ownerReferences ?? []).some(({ kind }) => ownersOfMany.has(kind));
}
const ownersOfMany = new Set(["ReplicaSet", "StatefulSet", "DaemonSet", "Job"]);

const passing = new Set(["topology.kubernetes.io/zone", "uid", "resourceVersion", "creationTimestamp", "clusterIP", "clusterIPs", "modtime"]);
/** Labels of records, in seconds, and ports and nodes that the server chooses: that they are there is all. */
const chosen = new Set(["createdAt", "modifiedAt", "nodePort", "healthCheckNodePort", "nodeName"]);

/** Who writes beside whoever made an object, sooner or later. */
const servers = new Set(["node", "kubelet", "kube-apiserver", "kube-controller-manager"]);

function steady(object: Manifest, namespace: string): Json {
  const { managedFields = [], ...metadata } = object.metadata;
  const fields = managedFields
    .filter(({ manager = "" }) => !servers.has(manager))
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
        chosen.has(key) ? "CHOSEN" : clean(key === "description" ? inOneOrder(member) : member, namespace),
      ])
      .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
  ) as JsonObject;
}

/** What was refused of objects that are written at once is told in the order in which it comes. */
function inOneOrder(description: Json): Json {
  if (typeof description !== "string") return description;
  const [before = "", ...rest] = description.split(/(?<= failed: )/);
  return before + rest.join("").split("\n").sort().join("\n");
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
