// The records of releases in Secrets or ConfigMaps, named, labelled and pruned as Helm 4.3 does it (pkg/storage), so that
// either finds what the other wrote.

import type { Answer, Cluster, List, Resource, Status } from "#cluster";
import { type Clock, isObject, type Json, type Manifest } from "#kernel";
import type { Release, ReleaseStorage, StorageDriver } from "./contract.ts";
import { releaseFault } from "./faults.ts";
import { recordsPageSize } from "./limits.ts";
import { decodeRelease, encodeRelease, recordName } from "./record.ts";

export type StorageOptions = {
  cluster: Cluster;
  /** "" for all: then nothing can be written. */
  namespace: string;
  clock: Clock;
  /** Default `Secret`. */
  driver?: StorageDriver;
  /** Default `Helm`: records are written without one, so that the server takes it from what the real one calls itself. */
  fieldManager?: string;
};

const core = {
  group: "",
  version: "v1",
  isNamespaced: true,
  verbs: ["create", "delete", "get", "list", "update"],
  categories: [],
  subresources: [],
} as const;
const resources: { readonly [driver in StorageDriver]: Resource } = {
  Secret: { ...core, kind: "Secret", plural: "secrets", singular: "secret", shortNames: [] },
  ConfigMap: { ...core, kind: "ConfigMap", plural: "configmaps", singular: "configmap", shortNames: ["cm"] },
};

export function releaseStorage(options: StorageOptions): ReleaseStorage {
  return new ClusterStorage(options);
}

class ClusterStorage implements ReleaseStorage {
  readonly driver: StorageDriver;
  readonly namespace: string;
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #fieldManager: string;

  constructor({ cluster, namespace, clock, driver = "Secret", fieldManager = "Helm" }: StorageOptions) {
    this.driver = driver;
    this.namespace = namespace;
    this.#cluster = cluster;
    this.#clock = clock;
    this.#fieldManager = fieldManager;
  }

  list(): Promise<Release[]> {
    return this.#query("owner=helm");
  }

  history(name: string): Promise<Release[]> {
    return this.#query(`name=${name},owner=helm`);
  }

  async get(name: string, revision: number): Promise<Release | undefined> {
    const answer = await this.#cluster.get(this.#target(recordName(name, revision)));
    if (answer.ok) return this.#read(answer.value);
    if (answer.status.code === 404) return undefined;
    throw refused(`reading revision ${revision} of ${name}`, answer.status);
  }

  async last(name: string): Promise<Release | undefined> {
    return (await this.history(name)).at(-1);
  }

  async deployed(name: string): Promise<Release | undefined> {
    return (await this.#query(`name=${name},owner=helm,status=deployed`)).at(-1);
  }

  async create(release: Release, maxHistory = 0): Promise<void> {
    if (maxHistory > 0) await this.#makeRoom(release.name, maxHistory - 1);
    const manifest = this.#record(release, "createdAt");
    const answer = await this.#cluster.create(this.#target(manifest.metadata.name), manifest, this.#write());
    if (answer.ok) return;
    if (answer.status.reason === "AlreadyExists")
      throw releaseFault("release-exists", `revision ${release.version} of ${release.name} exists already`, {
        hint: `another action on this release is under way, or ${manifest.metadata.name} cannot be read: then delete it`,
      });
    throw refused(`storing revision ${release.version} of ${release.name}`, answer.status);
  }

  async update(release: Release): Promise<void> {
    const manifest = this.#record(release, "modifiedAt");
    const answer = await this.#cluster.update(this.#target(manifest.metadata.name), manifest, this.#write());
    if (!answer.ok) throw refused(`storing revision ${release.version} of ${release.name}`, answer.status);
  }

  async delete(name: string, revision: number): Promise<void> {
    const answer = await this.#cluster.delete(this.#target(recordName(name, revision)));
    if (!answer.ok && answer.status.code !== 404)
      throw refused(`removing revision ${revision} of ${name}`, answer.status);
  }

  /** Removes the oldest revisions until at most `most` are left; the deployed one stays. */
  async #makeRoom(name: string, most: number): Promise<void> {
    const revisions = await this.history(name);
    const deployed = revisions.filter(({ info }) => info.status === "deployed").at(-1);
    const removable = revisions.filter(({ version }) => version !== deployed?.version);
    for (const { version } of removable.slice(0, Math.max(0, revisions.length - most)))
      await this.delete(name, version);
  }

  async #query(labelSelector: string): Promise<Release[]> {
    const page = (token: string): Promise<Answer<List>> =>
      this.#cluster.list(resources[this.driver], {
        ...(this.namespace === "" ? {} : { namespace: this.namespace }),
        labelSelector,
        limit: recordsPageSize,
        ...(token === "" ? {} : { continue: token }),
      });
    const releases: Release[] = [];
    let coming: Promise<Answer<List>> | undefined = page("");
    while (coming !== undefined) {
      const answer: Answer<List> = await coming;
      if (!answer.ok) throw refused("listing releases", answer.status);
      const { items } = answer.value;
      const token: string = answer.value.continue;
      // The next ones are on their way while these are unpacked.
      coming = token === "" ? undefined : page(token);
      for (const item of items) releases.push(...[this.#read(item) ?? []].flat());
    }
    return releases.sort(
      (a, b) => compare(a.name, b.name) || compare(a.namespace, b.namespace) || a.version - b.version,
    );
  }

  #read(manifest: Manifest): Release | undefined {
    const data = isObject(manifest["data"]) ? manifest["data"]["release"] : undefined;
    if (typeof data !== "string") return undefined;
    const text = this.driver === "Secret" ? Buffer.from(data, "base64").toString("latin1") : data;
    return decodeRelease(text, manifest.metadata.labels ?? {});
  }

  #record(release: Release, time: "createdAt" | "modifiedAt"): Manifest {
    const text = encodeRelease(release);
    const data = this.driver === "Secret" ? Buffer.from(text, "latin1").toString("base64") : text;
    return {
      apiVersion: "v1",
      kind: this.driver,
      metadata: {
        name: recordName(release.name, release.version),
        namespace: this.namespace,
        labels: {
          ...release.labels,
          [time]: String(Math.floor(this.#clock.now() / 1000)),
          name: release.name,
          owner: "helm",
          status: release.info.status,
          version: String(release.version),
        },
      },
      data: { release: data } as { [key: string]: Json },
      ...(this.driver === "Secret" ? { type: "helm.sh/release.v1" } : {}),
    };
  }

  #target(name: string): { resource: Resource; namespace: string; name: string } {
    return { resource: resources[this.driver], namespace: this.namespace, name };
  }

  #write(): { fieldManager: string } {
    return { fieldManager: this.#fieldManager };
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function refused(what: string, status: Status): Error {
  const isTransient = status.code === 0 || status.code === 429 || status.code >= 500;
  const isTooLarge = status.code === 413 || /too long|too large/i.test(status.message);
  return releaseFault("release-storage-failed", `${what}: ${status.message}`, {
    disposition: isTransient ? "retry" : "stall",
    ...(isTooLarge
      ? {
          hint: "a record holds the chart, its values and its objects, packed in 1 MiB: leave files out by .helmignore",
        }
      : {}),
  });
}
