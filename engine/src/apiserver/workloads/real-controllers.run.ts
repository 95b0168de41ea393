// What real-controllers.test.ts does to a server and what it sees of it: every object of the kinds that controllers write, without what
// is different each time.

import type { Cluster, Resource } from "#cluster";
import { isObject, type Json, type JsonObject, type Manifest, splitApiVersion } from "#kernel";

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Kind → the version that is looked at. */
const shownKinds: Readonly<Record<string, string>> = {
  Deployment: "apps/v1",
  ReplicaSet: "apps/v1",
  StatefulSet: "apps/v1",
  DaemonSet: "apps/v1",
  ControllerRevision: "apps/v1",
  Job: "batch/v1",
  CronJob: "batch/v1",
  Pod: "v1",
  Endpoints: "v1",
  EndpointSlice: "discovery.k8s.io/v1",
  PodDisruptionBudget: "policy/v1",
  PersistentVolumeClaim: "v1",
  PersistentVolume: "v1",
};

/** One of the two runs: a server of its own, and what has been seen on it after each step. */
export class Run {
  readonly #cluster: Cluster;
  readonly #resources = new Map<string, Resource>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async #resource(apiVersion: string, kind: string): Promise<Resource> {
    const known = this.#resources.get(kind);
    if (known !== undefined) return known;
    const discovery = await this.#cluster.discover();
    const found = discovery.ok ? discovery.value.byKind(splitApiVersion(apiVersion).group, kind) : undefined;
    if (found === undefined) throw new Error(`${kind} is not served`);
    this.#resources.set(kind, found);
    return found;
  }

  async create(manifest: Manifest): Promise<void> {
    const resource = await this.#resource(manifest.apiVersion, manifest.kind);
    const target = { resource, namespace: resource.isNamespaced ? "default" : "", name: manifest.metadata.name };
    const answer = await this.#cluster.create(target, manifest, { fieldManager: "test" });
    if (!answer.ok) throw new Error(answer.status.message);
  }

  async patch(kind: string, name: string, spec: object): Promise<void> {
    await this.#patch(kind, name, { spec });
  }

  async patchStatus(kind: string, name: string, status: object): Promise<void> {
    await this.#patch(kind, name, { status }, "status");
  }

  async #patch(kind: string, name: string, patch: object, subresource = ""): Promise<void> {
    const resource = await this.#resource(shownKinds[kind] ?? "v1", kind);
    const target = { resource, namespace: resource.isNamespaced ? "default" : "", name };
    const body = { type: "merge" as const, patch: patch as never };
    const whole = subresource === "" ? target : { ...target, subresource };
    const answer = await this.#cluster.patch(whole, body, { fieldManager: "test" });
    if (!answer.ok) throw new Error(answer.status.message);
  }

  async delete(kind: string, name: string): Promise<void> {
    const resource = await this.#resource(shownKinds[kind] ?? "v1", kind);
    const answer = await this.#cluster.delete(
      { resource, namespace: resource.isNamespaced ? "default" : "", name },
      {},
    );
    if (!answer.ok) throw new Error(answer.status.message);
  }

  async #list(kind: string): Promise<Manifest[]> {
    const resource = await this.#resource(shownKinds[kind] ?? "v1", kind);
    const answer = await this.#cluster.list(resource, resource.isNamespaced ? { namespace: "default" } : {});
    return answer.ok ? answer.value.items : [];
  }

  /** Waits until nothing has changed for a while, then shows everything without what is different each time. */
  async settled(): Promise<string> {
    let before: readonly string[] = [];
    let moving: readonly string[] = [];
    for (let tries = 0; tries < 60; tries++) {
      const all = (await Promise.all(Object.keys(shownKinds).map((kind) => this.#list(kind)))).flat();
      const versions = all.map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion}`);
      moving = versions.filter((one) => !before.includes(one));
      if (moving.length === 0 && versions.length === before.length) return show(all);
      before = versions;
      await pause(1500);
    }
    throw new Error(`the objects do not come to rest: ${moving.join(", ")}`);
  }
}

/** Times, ids, nodes and addresses differ between any two runs; a hash is named by its workload and the revision it stands for. */
function show(objects: readonly Manifest[]): string {
  const hashes = new Map(objects.flatMap(hashOf));
  const times =
    /"((?:[a-z]+Time|[a-z]*Timestamp|[a-z./-]*trigger-time|uid|resourceVersion|[a-z./]*controller-uid))": "[^"]*"/gi;
  const texts = objects
    .filter((object) => object.metadata.name !== "kubernetes")
    .map((object) => {
      let text = JSON.stringify(plain(object), null, 1)
        .replace(times, '"$1": ""')
        .replace(/"simulated-[\dabc]"/g, '"node"')
        .replace(/"10\.\d+\.\d+\.\d+"/g, '"address"');
      for (const [hash, name] of hashes) text = text.replaceAll(hash, name);
      return text.replace(/-[bcdfghjklmnpqrstvwxz2456789]{5}(?=["\s])/g, "-random");
    });
  return texts.sort((a, b) => (a < b ? -1 : 1)).join("\n");
}

function hashOf({ kind, metadata, ...rest }: Manifest): [string, string][] {
  if (kind !== "ReplicaSet" && kind !== "ControllerRevision") return [];
  const hash = metadata.name.split("-").at(-1) ?? "";
  const revision = rest["revision"] ?? metadata.annotations?.["deployment.kubernetes.io/revision"];
  return [[hash, `hash-of-${metadata.labels?.["app"] ?? ""}-${JSON.stringify(revision)}`]];
}

/** When a controller saw what made it write, and how often it wrote since. */
function steady({ kind, metadata: { managedFields: _, ...metadata } }: Manifest): Manifest["metadata"] {
  const { "endpoints.kubernetes.io/last-change-trigger-time": _2, ...annotations } = metadata.annotations ?? {};
  const { generation: _3, ...rest } = metadata;
  const kept = kind === "EndpointSlice" ? rest : metadata;
  return Object.keys(annotations).length === 0 ? withoutAnnotations(kept) : { ...kept, annotations };
}

function withoutAnnotations({ annotations: _, ...metadata }: Manifest["metadata"]): Manifest["metadata"] {
  return metadata;
}

function plain(object: Manifest): Json {
  const metadata = steady(object);
  if (object.kind !== "Pod")
    return sorted({ ...(object as unknown as JsonObject), metadata: metadata as unknown as Json });
  const { nodeName: _2, ...spec } = object["spec"] as JsonObject;
  const { status: _3, ...rest } = object as unknown as JsonObject;
  return sorted({ ...rest, metadata: metadata as unknown as Json, spec });
}

/** Lists that controllers fill from a cache have no order of their own. */
const unordered: ReadonlySet<string> = new Set([
  "conditions",
  "endpoints",
  "addresses",
  "notReadyAddresses",
  "ports",
  "subsets",
]);

function sorted(value: Json, name = ""): Json {
  if (Array.isArray(value)) {
    const items = value.map((item) => sorted(item));
    return unordered.has(name) ? items.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)) : items;
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member, key)]));
}

/** What is blotted out afterwards must not decide. */
function orderOf(value: Json): string {
  return JSON.stringify(value)
    .replace(/"10\.\d+\.\d+\.\d+"/g, "")
    .replace(/"uid":"[^"]*"/g, "")
    .replace(/"(node[a-zA-Z]*|lastTransitionTime|lastProbeTime|lastUpdateTime)":"[^"]*"/g, "")
    .replace(/-[a-z0-9]{5,10}(-[a-z0-9]{5})?"/g, "");
}
