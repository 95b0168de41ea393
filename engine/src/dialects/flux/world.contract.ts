// A whole engine on the real embedded API server, for tests: sources are trees held in memory, committed by the test.

import { fluxDefinitions } from "#api/flux";
import { administrator, type ApiServer, startApiServer } from "#apiserver";
import type { Cluster, Resource, Target } from "#cluster";
import {
  type ArtifactView,
  type DeliveryOptions,
  type Engine,
  type SourceArtifact,
  type SourceRef,
  sourceTreeOf,
  startDelivery,
  startRenderPool,
} from "#delivery";
import { asManifest, type Clock, isObject, type JsonObject, type Manifest, memoryTree, refOf, sha1Hex } from "#kernel";
import { memoryStore, type Store } from "#store";
import { deliveryLogs } from "../keelson/index.ts";
import { fluxDialect, type FluxOptions } from "./index.ts";

export const realClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

/** Sources whose content the test sets. */
export class TestSources implements ArtifactView {
  readonly #artifacts = new Map<string, SourceArtifact>();
  readonly #past = new Map<string, SourceArtifact>();
  readonly #listeners = new Set<(ref: SourceRef) => void>();

  /** Sets a source's files; the revision follows from them. */
  commit(files: { [path: string]: string | Uint8Array }, name = "fleet"): string {
    const tree = memoryTree(files);
    const revision = `main@sha1:${sha1Hex(`${tree.hash}`)}`;
    const ref = { kind: "GitRepository", namespace: "flux-system", name };
    const artifact = { revision, originRevision: undefined, source: sourceTreeOf(tree) };
    this.#artifacts.set(keyOf(ref), artifact);
    this.#past.set(`${keyOf(ref)} ${revision}`, artifact);
    for (const listener of this.#listeners) listener(ref);
    return revision;
  }

  get(ref: SourceRef): SourceArtifact | undefined {
    return this.#artifacts.get(keyOf(ref));
  }

  at(ref: SourceRef, revision: string): Promise<SourceArtifact | undefined> {
    return Promise.resolve(this.#past.get(`${keyOf(ref)} ${revision}`));
  }

  subscribe(listener: (ref: SourceRef) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  whyNot(ref: SourceRef): Promise<string> {
    return Promise.resolve(`${ref.kind} '${ref.namespace}/${ref.name}' has no artifact yet`);
  }
}

function keyOf(ref: SourceRef): string {
  return `${ref.kind}/${ref.namespace}/${ref.name}`;
}

export class World {
  readonly sources: TestSources = new TestSources();
  readonly store: Store;
  readonly logs: string[] = [];
  cluster!: Cluster;
  engine!: Engine;
  #server!: ApiServer;
  #abort = new AbortController();

  constructor(store: Store = memoryStore()) {
    this.store = store;
  }

  /** True where Flux's own controller works in the place of our engine. */
  get isFlux(): boolean {
    return false;
  }

  /** Sets a source's files; the revision follows from them. */
  commit(files: { [path: string]: string }, name = "fleet"): string {
    return this.sources.commit(files, name);
  }

  /** Resolved once all commits so far are offered. */
  offered(): Promise<void> {
    return Promise.resolve();
  }

  /** Asks for a look now, as `flux reconcile` does. */
  async ask(name: string): Promise<string> {
    const token = new Date().toISOString();
    const target = await this.target("kustomize.toolkit.fluxcd.io", "Kustomization", name, "flux-system");
    await this.edit(target, { metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": token } } }, "flux");
    return token;
  }

  /** With the definitions of these kinds of Flux alone: each takes its time to be served. */
  static async start(kinds: readonly string[] = ["Kustomization", "ImageRepository"]): Promise<World> {
    const world = new World();
    await world.startServer();
    const isWanted = (manifest: Manifest): boolean =>
      kinds.includes((manifest["spec"] as { names: { kind: string } }).names.kind);
    await world.apply(...fluxDefinitions().filter(isWanted));
    await world.apply(namespace("flux-system"), namespace("shop"));
    world.startEngine();
    return world;
  }

  async startServer(): Promise<void> {
    this.#server = await startApiServer({ store: this.store, clock: realClock });
    this.cluster = this.#server.cluster(administrator);
  }

  startEngine(
    cluster: Cluster = this.cluster,
    artifacts: ArtifactView = this.sources,
    more: Partial<DeliveryOptions> & { flux?: FluxOptions } = {},
  ): void {
    const { flux, ...options } = more;
    this.#abort = new AbortController();
    this.engine = startDelivery({
      cluster,
      artifacts,
      dialects: [fluxDialect(flux)],
      pool: startRenderPool({ clock: realClock, threads: 0 }),
      clock: realClock,
      signal: this.#abort.signal,
      logged: (message) => this.logs.push(message),
      journal: deliveryLogs({ cluster, clock: realClock }),
      ...options,
    });
  }

  /** Ends the engine as a kill would: nothing more is written. */
  async stopEngine(): Promise<void> {
    this.#abort.abort();
    await this.engine.ended;
  }

  async close(): Promise<void> {
    await this.stopEngine();
    await this.#server.close();
  }

  async resource(group: string, kind: string): Promise<Resource> {
    for (;;) {
      const discovery = await this.cluster.discover(true);
      const found = discovery.ok ? discovery.value.byKind(group, kind) : undefined;
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async target(group: string, kind: string, name: string, namespaceName = "shop"): Promise<Target> {
    const resource = await this.resource(group, kind);
    return { resource, namespace: resource.isNamespaced ? namespaceName : "", name };
  }

  /** Applies as a person with kubectl's server-side apply would. */
  async apply(...manifests: Manifest[]): Promise<void> {
    for (const manifest of manifests) {
      const ref = refOf(manifest);
      const target = await this.target(ref.group, ref.kind, ref.name, ref.namespace);
      const answer = await this.cluster.apply(target, manifest, { fieldManager: "test", isForced: true });
      if (!answer.ok) throw new Error(`${ref.kind}/${ref.name}: ${answer.status.message}`);
    }
  }

  /** Commits one file, delivers its folder, and waits until that is done. */
  async deliver(name: string, text: string, spec: JsonObject = {}, metadata: JsonObject = {}): Promise<string> {
    const revision = this.sources.commit({ [`${name}/all.yaml`]: text });
    await this.apply(kustomization(name, spec, metadata));
    await this.untilReady(name, revision);
    return revision;
  }

  async get(group: string, kind: string, name: string, namespaceName = "shop"): Promise<Manifest | undefined> {
    const answer = await this.cluster.get(await this.target(group, kind, name, namespaceName));
    return answer.ok ? answer.value : undefined;
  }

  /** Changes fields as a named tool would. */
  async edit(target: Target, patch: JsonObject, manager = "kubectl-edit"): Promise<Manifest> {
    const answer = await this.cluster.patch(target, { type: "merge", patch }, { fieldManager: manager });
    if (!answer.ok) throw new Error(answer.status.message);
    return answer.value;
  }

  async remove(target: Target): Promise<void> {
    const answer = await this.cluster.delete(target, { propagation: "Background" });
    if (!answer.ok) throw new Error(answer.status.message);
  }

  async kustomization(name: string): Promise<{ [field: string]: unknown }> {
    const object = await this.get("kustomize.toolkit.fluxcd.io", "Kustomization", name, "flux-system");
    return isObject(object?.["status"]) ? object["status"] : {};
  }

  async condition(
    name: string,
    type = "Ready",
  ): Promise<{ status: string; reason: string; message: string } | undefined> {
    const { conditions } = (await this.kustomization(name)) as {
      conditions?: { type: string; status: string; reason: string; message: string }[];
    };
    return conditions?.find((condition) => condition.type === type);
  }

  /** Waits for a state; fails with what it saw last. */
  async until<T>(what: string, look: () => Promise<T | undefined | false>, timeoutMs = 60_000): Promise<T> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (Date.now() > end) {
        const seen = this.isFlux
          ? ""
          : this.engine
              .snapshot()
              .deliveries.map((each) => `${each.label} ${each.phase} ${each.message} ${each.waitingFor ?? ""}`)
              .join("\n");
        throw new Error(`timed out waiting for ${what}\n${seen}\n${this.logs.join("\n")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  untilReady(name: string, revision?: string): Promise<unknown> {
    return this.until(`${name} to be ready at ${revision ?? "any revision"}`, async () => {
      const status = await this.kustomization(name);
      if (revision !== undefined && status["lastAppliedRevision"] !== revision) return undefined;
      const ready = await this.condition(name);
      return ready?.status === "True" ? status : undefined;
    });
  }

  untilFailed(name: string, text: string): Promise<{ reason: string; message: string }> {
    return this.until(`${name} to fail with ${text}`, async () => {
      const ready = await this.condition(name);
      return ready?.status === "False" && ready.message.includes(text) ? ready : undefined;
    });
  }

  /** The revision that a source offers. */
  revision(name = "fleet"): string {
    return this.sources.get({ kind: "GitRepository", namespace: "flux-system", name })?.revision ?? "";
  }

  async events(): Promise<{ reason: string; message: string; name: string }[]> {
    const list = await this.cluster.list(await this.resource("", "Event"));
    if (!list.ok) return [];
    return list.value.items.map((event) => ({
      reason: String(event["reason"]),
      message: String(event["message"]),
      name: (event["involvedObject"] as { name: string }).name,
    }));
  }
}

export function namespace(name: string): Manifest {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}

/** A Kustomization of the test's source. */
export function kustomization(name: string, spec: JsonObject = {}, metadata: JsonObject = {}): Manifest {
  return asManifest({
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { name, namespace: "flux-system", ...metadata },
    spec: {
      interval: "10m",
      prune: true,
      path: `./${name}`,
      sourceRef: { kind: "GitRepository", name: "fleet" },
      ...spec,
    },
  });
}

export function configMap(name: string, data: { [key: string]: string }, metadata: JsonObject = {}): string {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "shop", ...metadata }, data };
  return `${JSON.stringify(object)}\n---\n`;
}
