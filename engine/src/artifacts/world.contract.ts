// A cluster in this process with Flux's kinds, and the source loops over it.

import { rmSync } from "node:fs";
import { fluxDefinitions } from "#api/flux";
import { administrator, startApiServer } from "#apiserver";
import type { Cluster, Resource } from "#cluster";
import { isObject, type JsonObject, type Manifest } from "#kernel";
import type { Environment } from "#sources/git";
import type { MirrorMap } from "#sources/mirrors";
import { memoryStore } from "#store";
import { realClock } from "../cluster/cluster.contract.ts";
import { temporaryFolder, testEnvironment } from "../sources/git/repository.contract.ts";
import { type Artifacts, startArtifacts } from "./start.ts";
import { resourceOf } from "./objects.ts";

export class World {
  readonly folder: string;
  cluster: Cluster = undefined as unknown as Cluster;
  artifacts: Artifacts = undefined as unknown as Artifacts;
  #abort = new AbortController();
  #close: () => Promise<void> = () => Promise.resolve();
  #looks = 0;

  readonly #mirrors: MirrorMap;
  readonly #env: Environment;
  /** Where artifacts are said to be. */
  address = "http://127.0.0.1:1";
  isCrossNamespaceAllowed = true;
  /** Which objects the loops look after. */
  selector: string | undefined;

  constructor(folder: string, mirrors: MirrorMap, env: Environment) {
    this.folder = folder;
    this.#mirrors = mirrors;
    this.#env = env;
  }

  /** Over the embedded API server, or over a cluster given. */
  static async start(
    given?: Cluster,
    mirrors: MirrorMap = [],
    folder = temporaryFolder("artifacts"),
    { env = {}, selector }: { env?: Environment; selector?: string | undefined } = {},
  ): Promise<World> {
    const world = new World(folder, mirrors, env);
    world.selector = selector;
    if (given === undefined) await world.#startServer();
    else world.cluster = given;
    const kind = "CustomResourceDefinition";
    const group = "apiextensions.k8s.io";
    const base = { ...resourceOf("GitRepository"), group, kind, isNamespaced: false };
    const definitions: Resource = { ...base, plural: "customresourcedefinitions" };
    for (const definition of fluxDefinitions()) await world.create(definition, definitions);
    await world.#untilServed();
    world.startLoops();
    await world.artifacts.ready;
    return world;
  }

  async #startServer(): Promise<void> {
    const store = memoryStore();
    const server = await startApiServer({ store, clock: realClock });
    this.cluster = server.cluster(administrator);
    this.#close = async () => {
      await server.close();
      await store.close();
    };
  }

  /** A real server takes some seconds to serve a new kind. */
  async #untilServed(): Promise<void> {
    for (const kind of ["GitRepository", "OCIRepository", "HelmChart", "Bucket", "ExternalArtifact"])
      while (!(await this.cluster.list(resourceOf(kind))).ok) await new Promise((resolve) => setTimeout(resolve, 100));
  }

  startLoops(): void {
    this.#abort = new AbortController();
    const { cluster, folder } = this;
    this.artifacts = startArtifacts({
      cluster,
      clock: realClock,
      folder: `${folder}/cache`,
      environment: { ...testEnvironment, ...this.#env },
      mirrors: this.#mirrors,
      address: this.address,
      isCrossNamespaceAllowed: this.isCrossNamespaceAllowed,
      selector: this.selector,
      signal: this.#abort.signal,
    });
  }

  /** Ends the loops; the cluster goes on. */
  async stopLoops(): Promise<void> {
    this.#abort.abort();
    await this.artifacts.ended;
  }

  async close(): Promise<void> {
    await this.stopLoops();
    await this.#close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async create(object: Manifest, resource: Resource = resourceOf(object.kind)): Promise<Manifest> {
    const { name, namespace = "" } = object.metadata;
    const answer = await this.cluster.create({ resource, namespace, name }, object, { fieldManager: "test" });
    if (!answer.ok) throw new Error(`${object.kind}/${name}: ${answer.status.message}`);
    return answer.value;
  }

  /** A GitRepository in the namespace `default`. */
  async repository(name: string, spec: JsonObject): Promise<void> {
    const metadata = { name, namespace: "default" };
    const defaults = { interval: "1h", ref: { branch: "main" } };
    await this.create({
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      metadata,
      spec: { ...defaults, ...spec },
    });
  }

  /** An object of a source kind in the namespace `default`. */
  async source(kind: string, name: string, spec: JsonObject): Promise<void> {
    await this.create({
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind,
      metadata: { name, namespace: "default" },
      spec: { interval: "1h", ...spec },
    });
  }

  /** Asks for another look, and waits until it has ended. */
  async lookAgain(kind: string, name: string): Promise<Manifest> {
    const requestedAt = `look ${(this.#looks += 1)}`;
    await this.patch(kind, name, { metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": requestedAt } } });
    return this.until(kind, name, (object) => {
      const status = object["status"];
      return isObject(status) && status["lastHandledReconcileAt"] === requestedAt;
    });
  }

  /** The files of a source's tree by their paths. */
  async files(kind: string, name: string): Promise<Record<string, string>> {
    const open = await this.artifacts.view.get({ kind, namespace: "default", name })?.source.open();
    await open?.prefetch("");
    const walk = (folder: string): [string, string][] =>
      (open?.tree.list(folder) ?? []).flatMap((entry) => {
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
        if (entry.type === "folder") return walk(path);
        return [[path, Buffer.from(open?.tree.read(path) ?? []).toString("utf8")]];
      });
    return Object.fromEntries(walk(""));
  }

  async secret(name: string, data: Record<string, string>): Promise<void> {
    const encoded = Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
    );
    const resource = { ...resourceOf("GitRepository"), group: "", plural: "secrets", kind: "Secret" };
    await this.create(
      { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "default" }, data: encoded },
      resource,
    );
  }

  async patchSecret(name: string, data: JsonObject): Promise<void> {
    const resource = { ...resourceOf("GitRepository"), group: "", version: "v1", plural: "secrets", kind: "Secret" };
    const patch = { type: "merge" as const, patch: { data } };
    const answer = await this.cluster.patch({ resource, namespace: "default", name }, patch, { fieldManager: "test" });
    if (!answer.ok) throw new Error(answer.status.message);
  }

  async get(kind: string, name: string): Promise<Manifest | undefined> {
    const answer = await this.cluster.get({ resource: resourceOf(kind), namespace: "default", name });
    return answer.ok ? answer.value : undefined;
  }

  async patch(kind: string, name: string, patch: JsonObject): Promise<void> {
    const answer = await this.cluster.patch(
      { resource: resourceOf(kind), namespace: "default", name },
      { type: "merge", patch },
      { fieldManager: "test" },
    );
    if (!answer.ok) throw new Error(answer.status.message);
  }

  /** Waits for a state of an object; returns it. */
  async until(kind: string, name: string, holds: (object: Manifest) => boolean): Promise<Manifest> {
    for (let tries = 0; tries < 1500; tries++) {
      const object = await this.get(kind, name);
      if (object !== undefined && holds(object)) return object;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`${kind}/${name} never came so far: ${JSON.stringify((await this.get(kind, name))?.["status"])}`);
  }

  untilReady(kind: string, name: string, status = "True"): Promise<Manifest> {
    return this.until(kind, name, (object) => condition(object, "Ready")?.status === status);
  }

  async events(): Promise<{ reason: string; message: string; type: string }[]> {
    const resource = { ...resourceOf("GitRepository"), group: "", plural: "events", kind: "Event" };
    const answer = await this.cluster.list(resource, { namespace: "default" });
    return answer.ok ? (answer.value.items as unknown as { reason: string; message: string; type: string }[]) : [];
  }
}

type Found = { status: string; reason: string; message: string };

export function condition(object: Manifest, type: string): Found | undefined {
  const status = object["status"];
  const list = isObject(status) ? status["conditions"] : undefined;
  return (Array.isArray(list) ? (list as unknown as (Found & { type: string })[]) : []).find(
    (each) => each.type === type,
  );
}
