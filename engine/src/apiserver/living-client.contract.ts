// A client of a cluster with life and simulated workloads, as the suites of living.contract.ts use it: it waits for what it asks for.

import { expect } from "vitest";
import type { Cluster, DeleteOptions, PatchBody, Resource, Target } from "#cluster";
import { type Manifest, splitApiVersion } from "#kernel";

/** A cluster at work; `wait` lets it go on for a moment. */
export type Living = { cluster: Cluster; wait(): Promise<void> };

const writing = { fieldManager: "test" };
const untilMax = 400;
let made = 0;

/** One client in a namespace of its own. */
export class Client {
  readonly namespace: string = `living-${++made}`;
  #living: Living;

  constructor(living: Living) {
    this.#living = living;
  }

  /** Goes on with the same namespace on another life of the cluster. */
  moveTo(living: Living): void {
    this.#living = living;
  }

  async target(apiVersion: string, kind: string, name: string, namespace: string = this.namespace): Promise<Target> {
    const { group, version } = splitApiVersion(apiVersion);
    const resource = (await this.#find(group, kind, version, false)) ?? (await this.#find(group, kind, version, true));
    if (resource === undefined) throw new Error(`${kind} is not served`);
    return { resource, namespace: resource.isNamespaced ? namespace : "", name };
  }

  async #find(group: string, kind: string, version: string, isFresh: boolean): Promise<Resource | undefined> {
    const discovery = await this.#living.cluster.discover(isFresh);
    return discovery.ok ? discovery.value.byKind(group, kind, version) : undefined;
  }

  async open(): Promise<void> {
    await this.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: this.namespace } });
  }

  async create(manifest: Manifest): Promise<Manifest> {
    const target = await this.target(manifest.apiVersion, manifest.kind, manifest.metadata.name);
    const answer = await this.#living.cluster.create(target, manifest, writing);
    if (!answer.ok) throw new Error(answer.status.message);
    return answer.value;
  }

  async patch(apiVersion: string, kind: string, name: string, patch: object): Promise<Manifest> {
    const body: PatchBody = { type: "merge", patch: patch as never };
    const answer = await this.#living.cluster.patch(await this.target(apiVersion, kind, name), body, writing);
    if (!answer.ok) throw new Error(answer.status.message);
    return answer.value;
  }

  async delete(apiVersion: string, kind: string, name: string, options: DeleteOptions = {}): Promise<void> {
    const answer = await this.#living.cluster.delete(await this.target(apiVersion, kind, name), options);
    if (!answer.ok) throw new Error(answer.status.message);
  }

  async get(apiVersion: string, kind: string, name: string): Promise<Manifest | undefined> {
    const answer = await this.#living.cluster.get(await this.target(apiVersion, kind, name));
    return answer.ok ? answer.value : undefined;
  }

  async list(apiVersion: string, kind: string): Promise<Manifest[]> {
    const { resource } = await this.target(apiVersion, kind, "");
    const answer = await this.#living.cluster.list(
      resource,
      resource.isNamespaced ? { namespace: this.namespace } : {},
    );
    return answer.ok ? answer.value.items : [];
  }

  /** Waits for a state; what was last seen is in the failure. */
  async until<T>(look: () => Promise<T>, isFine: (seen: T) => boolean): Promise<T> {
    let seen = await look();
    for (let tries = 0; tries < untilMax && !isFine(seen); tries++) {
      await this.#living.wait();
      seen = await look();
    }
    expect(seen).toSatisfy(isFine);
    return seen;
  }

  /** Waits until the pods, sorted by name, show so: `phase`, or what a container waits for. */
  pods(isFine: (shown: string[]) => boolean): Promise<string[]> {
    return this.until(async () => (await this.list("v1", "Pod")).map(shownOf), isFine);
  }

  async status(apiVersion: string, kind: string, name: string): Promise<Record<string, unknown>> {
    return ((await this.get(apiVersion, kind, name))?.["status"] ?? {}) as Record<string, unknown>;
  }
}

function shownOf(pod: Manifest): string {
  const status = (pod["status"] ?? {}) as {
    phase?: string;
    containerStatuses?: { ready: boolean; state: { waiting?: { reason: string } } }[];
  };
  const [container] = status.containerStatuses ?? [];
  const image = (pod["spec"] as { containers: { image: string }[] }).containers[0]?.image ?? "";
  const word = container?.state.waiting?.reason ?? (container?.ready === true ? "Ready" : (status.phase ?? "New"));
  return `${word} ${image}`;
}

export function podTemplate(image: string, more: object = {}): object {
  return { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "app", image }], ...more } };
}

export function workload(kind: string, spec: object, annotations: { [key: string]: string } = {}): Manifest {
  const apiVersion = kind === "Job" || kind === "CronJob" ? "batch/v1" : "apps/v1";
  const selector = apiVersion === "apps/v1" ? { selector: { matchLabels: { app: "web" } } } : {};
  return { apiVersion, kind, metadata: { name: "web", annotations }, spec: { ...selector, ...spec } };
}

/** So many pods, each shown as this word. */
export const all = (count: number, word: string) => (shown: string[]) =>
  shown.length === count && shown.every((one) => one === word);

/** A client in a new namespace. */
export type Open = () => Promise<Client>;
