// Kustomizations whose sources are fetched for real: a Git server, a registry, a bucket, and what an ArtifactGenerator makes of
// them. Delivered by our engine, and then by Flux's own kustomize-controller, which reads our artifacts over HTTP.

import { rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { fluxDefinitions } from "#api/flux";
import { administrator, type ApiServer, startApiServer } from "#apiserver";
import { type Artifacts, startArtifacts } from "#artifacts";
import { asManifest, isObject, type JsonObject } from "#kernel";
import { putObject, type RealStore, realStores } from "../../sources/bucket/bucket.contract.ts";
import {
  type GitHttpServer,
  serveHttp,
  temporaryFolder,
  testEnvironment,
  TestRepository,
} from "../../sources/git/repository.contract.ts";
import {
  hasRealRegistry,
  layerOf,
  Pusher,
  type RealRegistry,
  startRealRegistry,
} from "../../sources/oci/registry.contract.ts";
import { configMap, kustomization, namespace, realClock, World } from "./world.contract.ts";

// Conditions are waited for; a busy machine may take its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

type FluxTools = {
  hasFlux(controllers: string[]): boolean;
  startFluxController(
    name: string,
    options: { kubeconfig: string; folder: string; args?: string[] },
  ): Promise<{ stop(): Promise<void>; logFile: string }>;
};
const flux = (await import(new URL("../../../../tools/oracle-flux.mjs", import.meta.url).href)) as FluxTools;

const sourceGroup = "source.toolkit.fluxcd.io";
const file = (text: string): string => configMap("from", { text });

/** A cluster with our source loops, and a port where their artifacts are served. */
class SourceWorld extends World {
  readonly folder: string = temporaryFolder("sources");
  readonly reads: string[] = [];
  readonly #ended = new AbortController();
  #api!: ApiServer;
  #port!: Server;
  #artifacts!: Artifacts;
  git!: GitHttpServer;
  repository!: TestRepository;

  async open(): Promise<void> {
    this.#api = await startApiServer({
      store: this.store,
      clock: realClock,
      listen: { port: 0 },
      dataFolder: this.folder,
    });
    this.cluster = this.#api.cluster(administrator);
    writeFileSync(`${this.folder}/kubeconfig`, this.#api.kubeconfig());
    await this.apply(...fluxDefinitions(), namespace("flux-system"), namespace("shop"));
    this.#port = createServer((request, response) => {
      this.reads.push(request.url ?? "");
      if (!this.#artifacts.serve(request, response)) response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => this.#port.listen(0, "127.0.0.1", resolve));
    this.#artifacts = startArtifacts({
      cluster: this.cluster,
      clock: realClock,
      folder: `${this.folder}/cache`,
      environment: testEnvironment,
      address: `http://127.0.0.1:${(this.#port.address() as AddressInfo).port}`,
      signal: this.#ended.signal,
    });
    await this.#artifacts.ready;
    this.repository = new TestRepository(`${this.folder}/served/fleet.git`);
    this.git = await serveHttp(`${this.folder}/served`);
  }

  startDelivery(): void {
    this.startEngine(this.cluster, this.#artifacts.view);
  }

  override async close(): Promise<void> {
    if (this.engine !== undefined) await this.stopEngine();
    this.git?.close();
    this.#ended.abort();
    await this.#artifacts?.ended;
    this.#port?.closeAllConnections();
    this.#port?.close();
    await this.#api?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async source(kind: string, name: string, spec: JsonObject): Promise<void> {
    const group = kind === "ArtifactGenerator" ? "source.extensions.fluxcd.io/v1beta1" : `${sourceGroup}/v1`;
    const metadata = { name, namespace: "flux-system" };
    await this.apply(asManifest({ apiVersion: group, kind, metadata, spec }));
  }

  /** Asks the source for a look, and waits until it offers another revision than this one. */
  async next(kind: string, name: string, before = ""): Promise<string> {
    const target = await this.target(sourceGroup, kind, name, "flux-system");
    const requestedAt = `after ${before}`;
    await this.edit(target, { metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": requestedAt } } });
    return this.until(`another revision of ${kind} ${name}`, async () => {
      const status = (await this.get(sourceGroup, kind, name, "flux-system"))?.["status"];
      const artifact = isObject(status) ? status["artifact"] : undefined;
      const revision = isObject(artifact) ? artifact["revision"] : undefined;
      return typeof revision === "string" && revision !== before && revision;
    });
  }

  async secret(name: string, data: Record<string, string>, type = "Opaque"): Promise<void> {
    const metadata = { name, namespace: "flux-system" };
    await this.apply(asManifest({ apiVersion: "v1", kind: "Secret", metadata, type, stringData: data }));
  }

  /** The text that the source's ConfigMap says in the cluster, once it says this. */
  async untilText(name: string, text: string): Promise<void> {
    await this.until(`${name} to say ${text}`, async () => {
      const data = (await this.get("", "ConfigMap", name))?.["data"];
      return isObject(data) && data["text"] === text;
    });
  }
}

/** A Kustomization of a source; what it delivers is named after it. */
const delivered = (name: string, kind: string): ReturnType<typeof kustomization> =>
  kustomization(name, { sourceRef: { kind, name }, path: "./apps", namePrefix: `${name}-`, interval: "10m" });

describe("Kustomizations of sources that are fetched", () => {
  let world: SourceWorld;
  let registry: RealRegistry | undefined;
  let store: RealStore | undefined;
  const kinds: { kind: string; name: string; publish: (text: string) => Promise<void> }[] = [];

  beforeAll(async () => {
    world = new SourceWorld();
    await world.open();
    world.repository.commit({ "apps/a.yaml": file("git 1") });
    await world.source("GitRepository", "git", {
      interval: "1h",
      url: `${world.git.url}/fleet.git`,
      ref: { branch: "main" },
    });
    kinds.push({
      kind: "GitRepository",
      name: "git",
      publish: (text) => Promise.resolve(void world.repository.commit({ "apps/a.yaml": file(text) })),
    });
    if (hasRealRegistry) await addRegistry();
    if (realStores.length > 0) await addBucket();
    await world.source("ArtifactGenerator", "made", {
      sources: [{ alias: "repo", kind: "GitRepository", name: "git" }],
      artifacts: [{ name: "made", copy: [{ from: "@repo/apps/**", to: "@artifact/apps/" }] }],
    });
  });
  afterAll(async () => {
    await world.close();
    registry?.close();
    store?.close();
  });

  async function addRegistry(): Promise<void> {
    const server = await startRealRegistry({ login: "user:secret" });
    registry = server;
    const pusher = new Pusher(server.url, "user:secret", server.authority);
    const publish = async (text: string): Promise<void> => {
      const annotations = {
        "org.opencontainers.image.source": "https://example.com/shop.git",
        "org.opencontainers.image.revision": `main@sha1:${text}`,
      };
      await pusher.push("team/app", "latest", { layers: [layerOf({ "apps/a.yaml": file(text) })], annotations });
    };
    await publish("oci 1");
    const login = { auths: { [server.host]: { username: "user", password: "secret" } } };
    await world.secret("pull", { ".dockerconfigjson": JSON.stringify(login) }, "kubernetes.io/dockerconfigjson");
    await world.secret("authority", { "ca.crt": server.authority });
    const references = { secretRef: { name: "pull" }, certSecretRef: { name: "authority" } };
    const spec = { interval: "1h", url: `oci://${server.host}/team/app`, ...references };
    await world.source("OCIRepository", "oci", spec);
    kinds.push({ kind: "OCIRepository", name: "oci", publish });
  }

  async function addBucket(): Promise<void> {
    const found = await realStores[0]?.start();
    if (found === undefined) throw new Error("no store");
    store = found;
    await putObject(found, "fleet", "");
    const publish = (text: string): Promise<void> => putObject(found, "fleet/apps/a.yaml", file(text));
    await publish("bucket 1");
    await world.secret("keys", { accesskey: found.accessKeyId, secretkey: found.secretAccessKey });
    const place = { bucketName: "fleet", endpoint: found.host, region: found.region, insecure: true };
    await world.source("Bucket", "bucket", { interval: "1h", ...place, secretRef: { name: "keys" } });
    kinds.push({ kind: "Bucket", name: "bucket", publish });
  }

  it("are delivered, follow what is published, and say which revision", async () => {
    world.startDelivery();
    for (const { kind, name } of kinds) await world.apply(delivered(name, kind));
    await world.apply(delivered("made", "ExternalArtifact"));
    for (const { kind, name, publish } of kinds) {
      const first = await world.next(kind, name);
      await world.untilReady(name, first);
      await world.untilText(`${name}-from`, `${name} 1`);
      await publish(`${name} 2`);
      const second = await world.next(kind, name, first);
      await world.untilReady(name, second);
      await world.untilText(`${name}-from`, `${name} 2`);
      const status = await world.kustomization(name);
      expect(status).toMatchObject({ lastAppliedRevision: second, lastAttemptedRevision: second });
      if (kind === "OCIRepository") expect(status["lastAppliedOriginRevision"]).toBe("main@sha1:oci 2");
    }
    await world.untilText("made-from", "git 2");
    await world.stopEngine();
  });

  it.skipIf(!flux.hasFlux(["kustomize"]))("are delivered by Flux's controller out of our artifacts", async () => {
    const { folder } = world;
    const controller = await flux.startFluxController("kustomize", {
      kubeconfig: `${folder}/kubeconfig`,
      folder,
      args: ["--requeue-dependency=1s", "--feature-gates=ExternalArtifact=true"],
    });
    try {
      for (const { kind, name } of kinds) await world.apply(delivered(name, kind));
      await world.apply(delivered("made", "ExternalArtifact"));
      for (const { kind, name, publish } of kinds) {
        const before = await world.next(kind, name);
        await publish(`${name} 3`);
        const revision = await world.next(kind, name, before);
        await world.untilReady(name, revision);
        await world.untilText(`${name}-from`, `${name} 3`);
        const path = `/artifacts/${kind.toLowerCase()}/flux-system/${name}/`;
        expect(world.reads.some((each) => each.startsWith(path))).toBe(true);
      }
      await world.untilText("made-from", "git 3");
      expect(world.reads.some((each) => each.startsWith("/artifacts/externalartifact/flux-system/made/"))).toBe(true);
    } finally {
      await controller.stop();
    }
  });
});
