// A world with HelmReleases for tests: our engine on an embedded server or a real one, or Flux's own helm-controller. Charts
// are made by the test, which also plays the part of the sources: it says in their status what they offer.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { promisify } from "node:util";
import { afterAll, beforeAll } from "vitest";
import { type HelmRelease, type HelmReleaseSpec, type HelmReleaseStatus, fluxDefinitions } from "#api/flux";
import { keelsonDefinitions } from "#api/keelson";
import { administrator, type ApiServer, startApiServer } from "#apiserver";
import type { ArtifactFile, ArtifactView, SourceName } from "#artifacts";
import { type Cluster, connectCluster, fixedCredentials, type Target } from "#cluster";
import { asManifest, encodeUtf8, fieldOf, isObject, type JsonObject, type Manifest, sha1Hex, textOf } from "#kernel";
import { loadChartFiles, packChart } from "#render/helm";
import { type Release, releaseStorage } from "#releases";
import { memoryStore, type Store } from "#store";
import { deliveryLogs } from "../../keelson/index.ts";
import { namespace, realClock, World } from "../world.contract.ts";
import { type Releases, startReleases } from "./engine.ts";
import type { ReleaseSettings } from "./options.ts";

type Oracle = { url: string; token: string; stop(): void };
const oracles = (await import(new URL("../../../../../tools/oracle-apiserver.mjs", import.meta.url).href)) as {
  hasOracle(): boolean;
  startOracle(): Promise<Oracle>;
};
type Controller = { stop(options?: { isSudden?: boolean }): Promise<void>; logFile: string };
const fluxTools = (await import(new URL("../../../../../tools/oracle-flux.mjs", import.meta.url).href)) as {
  hasFlux(controllers: string[]): boolean;
  startFluxController(
    name: string,
    options: { kubeconfig: string; folder: string; args?: string[] },
  ): Promise<Controller>;
};

export const hasOracle: boolean = oracles.hasOracle();
export const hasHelmController: boolean = hasOracle && fluxTools.hasFlux(["helm"]);

const helmBinary = join(process.env["KEELSON_ORACLES"] ?? "/nowhere", "helm");
export const hasHelm: boolean = existsSync(helmBinary);

/** How long something may take on a machine that is busy with other things. */
export const patienceMs = 120_000;

type Offered = { revision: string; bytes: Uint8Array; digest: string };

/** A chart of these templates, packed. */
export function chartOf(
  name: string,
  version: string,
  files: { [path: string]: string },
  metadata: JsonObject = {},
): Uint8Array {
  const yaml = JSON.stringify({ apiVersion: "v2", name, version, appVersion: version, ...metadata });
  const all = { "Chart.yaml": yaml, "values.yaml": "{}\n", ...files };
  const list = Object.entries(all).map(([path, text]) => ({ name: path, data: encodeUtf8(text) }));
  return packChart(loadChartFiles(list)).bytes;
}

/** Makes a new world a home where a suite can begin. */
export type Begin = (world: ReleaseWorld) => Promise<void>;

/** The world of the suite around it: it begins before the first script and ends after the last. */
export function suiteWorld(begin: Begin): ReleaseWorld {
  const world = new ReleaseWorld();
  beforeAll(() => begin(world));
  afterAll(() => world.close());
  return world;
}

export class ReleaseWorld extends World {
  readonly #offers = new Map<string, Offered>();
  readonly #listeners = new Set<(source: SourceName) => void>();
  #folder: string | undefined;
  #embedded: ApiServer | undefined;
  #oracle: Oracle | undefined;
  #files: Server | undefined;
  #controller: Controller | undefined;
  #stop = new AbortController();
  #playing = new AbortController();
  #played: Promise<void> = Promise.resolve();
  releases: Releases | undefined;

  constructor(store: Store = memoryStore()) {
    super(store);
  }

  /** Made when first asked for: a suite that is left out makes none. */
  get folder(): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), "keelson-releases-"));
    return this.#folder;
  }

  override get isFlux(): boolean {
    return this.#controller !== undefined;
  }

  static async embedded(settings: Partial<ReleaseSettings> = {}): Promise<ReleaseWorld> {
    const world = new ReleaseWorld();
    await world.beginEmbedded(settings);
    return world;
  }

  async beginEmbedded(settings: Partial<ReleaseSettings> = {}): Promise<void> {
    await this.open();
    this.start(settings);
  }

  /** The embedded server with all definitions. */
  async open(): Promise<void> {
    this.#embedded = await startApiServer({
      store: this.store,
      clock: realClock,
      listen: { port: 0 },
      dataFolder: this.folder,
      withoutServiceAccounts: true,
    });
    this.cluster = this.#embedded.cluster(administrator);
    writeFileSync(join(this.folder, "config"), this.#embedded.kubeconfig());
    await this.#begin();
  }

  static async real(settings: Partial<ReleaseSettings> = {}): Promise<ReleaseWorld> {
    const world = new ReleaseWorld();
    await world.beginReal(settings);
    return world;
  }

  async beginReal(settings: Partial<ReleaseSettings> = {}): Promise<void> {
    await this.#connect();
    this.start(settings);
  }

  static async flux(args: string[] = []): Promise<ReleaseWorld> {
    const world = new ReleaseWorld();
    await world.beginFlux(args);
    return world;
  }

  async beginFlux(args: string[] = []): Promise<void> {
    await this.#connect();
    await this.startFlux(args);
  }

  async startFlux(args: string[] = []): Promise<void> {
    const kubeconfig = join(this.folder, "config");
    const own = ["--requeue-dependency=1s", "--concurrent=8", "--interval-jitter-percentage=0", ...args];
    this.#controller = await fluxTools.startFluxController("helm", { kubeconfig, folder: this.folder, args: own });
  }

  async stopFlux(): Promise<void> {
    await this.#controller?.stop();
    this.#controller = undefined;
  }

  async #connect(): Promise<void> {
    this.#oracle = await oracles.startOracle();
    const { url, token } = this.#oracle;
    const credentials = fixedCredentials({ authorization: `Bearer ${token}` });
    const connection = { server: url, name: "test", namespace: "default", isInsecure: true, credentials };
    this.cluster = connectCluster(connection, { clock: realClock });
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "test", cluster: { server: url, "insecure-skip-tls-verify": true } }],
      users: [{ name: "test", user: { token } }],
      contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
      "current-context": "test",
    };
    writeFileSync(join(this.folder, "config"), JSON.stringify(config));
    await this.#begin();
  }

  async #begin(): Promise<void> {
    const kinds = ["HelmRelease", "HelmChart", "HelmRepository", "OCIRepository", "ExternalArtifact"];
    const isWanted = (manifest: Manifest): boolean => kinds.includes(textOf(manifest, "spec", "names", "kind"));
    await this.apply(...fluxDefinitions().filter(isWanted), ...keelsonDefinitions());
    await this.apply(namespace("flux-system"), namespace("shop"));
    this.#files = createServer((request, response) => {
      const digest = decodeURIComponent((request.url ?? "").slice(1));
      const found = [...this.#offers.values()].find((offer) => offer.digest === digest);
      response.writeHead(found === undefined ? 404 : 200).end(found?.bytes);
    });
    await new Promise<void>((resolve) => this.#files?.listen(0, "127.0.0.1", resolve));
    this.#played = this.#playSources();
  }

  /** Starts our engine. */
  start(settings: Partial<ReleaseSettings> = {}, cluster: Cluster = this.cluster): void {
    this.#stop = new AbortController();
    this.releases = startReleases({
      cluster,
      artifacts: this.artifacts(),
      clock: realClock,
      signal: this.#stop.signal,
      random: () => 0.5,
      jitterPercent: 0,
      settings: { dependencyRetryMs: 1000, ...settings },
      logged: (message) => this.logs.push(message),
      journal: deliveryLogs({ cluster, clock: realClock }),
    });
  }

  /** Ends our engine; as a kill would where the cluster it was given answers no more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.releases?.ended;
  }

  override async close(): Promise<void> {
    await this.stop();
    await this.#controller?.stop();
    this.#playing.abort();
    await this.#played;
    this.#files?.close();
    await this.#embedded?.close();
    this.#oracle?.stop();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What sources offer, for our engine. */
  artifacts(): ArtifactView {
    return {
      get: (source) => this.sources.get(source) as ReturnType<ArtifactView["get"]>,
      at: () => Promise.resolve(undefined),
      file: ({ kind, name }) => this.#fileOf(kind, name),
      subscribe: (listener) => {
        this.#listeners.add(listener);
        const unsubscribe = this.sources.subscribe(listener);
        return () => {
          unsubscribe();
          this.#listeners.delete(listener);
        };
      },
      whyNot: (source) => this.sources.whyNot(source),
    };
  }

  #fileOf(kind: string, name: string): ArtifactFile | undefined {
    const offer = this.#offers.get(`${kind}/${name}`);
    if (offer === undefined) return undefined;
    const { revision, digest, bytes } = offer;
    return { revision, digest, url: "", originRevision: undefined, bytes: () => Promise.resolve(bytes) };
  }

  /** From now on every source of this kind and name offers a chart. */
  offer(name: string, revision: string, bytes: Uint8Array, kind = "HelmChart"): void {
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    this.#offers.set(`${kind}/${name}`, { revision, bytes, digest });
  }

  /** Writes what is offered into the status of the sources, as source-controller would. */
  async #playSources(): Promise<void> {
    const { port } = (this.#files as Server).address() as AddressInfo;
    while (!this.#playing.signal.aborted) {
      for (const kind of ["HelmChart", "OCIRepository", "ExternalArtifact"])
        await this.#play(kind, port).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async #play(kind: string, port: number): Promise<void> {
    const resource = await this.resource("source.toolkit.fluxcd.io", kind);
    const list = await this.cluster.list(resource);
    for (const object of list.ok ? list.value.items : []) {
      const { name, namespace: where = "", generation = 1 } = object.metadata;
      const offer = this.#offers.get(`${kind}/${name}`);
      if (offer === undefined) continue;
      const isSaid =
        textOf(object, "status", "artifact", "digest") === offer.digest &&
        textOf(object, "status", "artifact", "revision") === offer.revision &&
        (kind === "ExternalArtifact" || fieldOf(object, "status", "observedGeneration") === generation);
      if (isSaid) continue;
      const { revision, digest, bytes } = offer;
      const now = new Date().toISOString();
      const artifact = {
        path: digest,
        url: `http://127.0.0.1:${port}/${digest}`,
        revision,
        digest,
        lastUpdateTime: now,
        size: bytes.length,
      };
      const ready = { type: "Ready", status: "True", reason: "Succeeded", message: "", lastTransitionTime: now };
      const status = { observedGeneration: generation, artifact, conditions: [ready] };
      await this.edit({ resource, namespace: where, name, subresource: "status" }, { status } as JsonObject, "source");
    }
  }

  /** Asks for a look now, with more tokens where they are named. */
  override async ask(name: string, ...more: ("forceAt" | "resetAt")[]): Promise<string> {
    const token = `${Date.now()}-${sha1Hex(name).slice(0, 4)}`;
    const marks = Object.fromEntries(["requestedAt", ...more].map((mark) => [`reconcile.fluxcd.io/${mark}`, token]));
    await this.edit(await this.releaseTarget(name), { metadata: { annotations: marks } }, "flux");
    await this.until(`${name} to have answered`, async () => {
      return (await this.status(name)).lastHandledReconcileAt === token;
    });
    return token;
  }

  releaseTarget(name: string): Promise<Target> {
    return this.target("helm.toolkit.fluxcd.io", "HelmRelease", name);
  }

  async release(name: string): Promise<HelmRelease | undefined> {
    return (await this.get("helm.toolkit.fluxcd.io", "HelmRelease", name)) as unknown as HelmRelease | undefined;
  }

  async status(name: string): Promise<HelmReleaseStatus> {
    return (await this.release(name))?.status ?? {};
  }

  override async condition(
    name: string,
    type = "Ready",
  ): Promise<{ status: string; reason: string; message: string } | undefined> {
    return (await this.status(name)).conditions?.find((condition) => condition.type === type);
  }

  /** Waits until a condition says so, for the newest generation. */
  untilCondition(name: string, words: { type?: string; status: string; reason?: string; text?: string }) {
    const { type = "Ready", status, reason, text = "" } = words;
    return this.until(`${name} to be ${type}=${status} ${reason ?? ""} ${text}`, async () => {
      const object = await this.release(name);
      const found = object?.status?.conditions?.find((condition) => condition.type === type);
      if (found?.status !== status || found.observedGeneration !== object?.metadata.generation) return undefined;
      return (reason === undefined || found.reason === reason) && found.message.includes(text) ? found : undefined;
    });
  }

  /** Waits until a release is in sync with its newest spec. */
  untilDone(name: string): Promise<HelmReleaseStatus> {
    return this.until(`${name} to be ready`, async () => {
      const object = await this.release(name);
      const { status } = object ?? {};
      const ready = status?.conditions?.find(({ type }) => type === "Ready");
      const isDone = !(status?.conditions ?? []).some(({ type }) => type === "Reconciling" || type === "Stalled");
      const isObserved = status?.observedGeneration === object?.metadata.generation;
      return ready?.status === "True" && isDone && isObserved ? status : undefined;
    });
  }

  override async until<T>(
    what: string,
    look: () => Promise<T | undefined | false>,
    timeoutMs = patienceMs,
  ): Promise<T> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (Date.now() > end) throw new Error(`timed out waiting for ${what}\n${await this.#seen()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #seen(): Promise<string> {
    const list = await this.cluster.list(await this.resource("helm.toolkit.fluxcd.io", "HelmRelease"));
    const lines = (list.ok ? list.value.items : []).map((object) => {
      const { conditions = [], history = [] } = (object as unknown as HelmRelease).status ?? {};
      const said = conditions.map(({ type, status, reason, message }) => `  ${type}=${status} ${reason}: ${message}`);
      return [
        `${object.metadata.name} ${history.map(({ version, status }) => `v${version} ${status}`).join()}`,
        ...said,
      ];
    });
    const log = this.#controller === undefined ? "" : readFileSync(this.#controller.logFile, "utf8").slice(-3000);
    return [...lines.flat(), ...this.logs.slice(-10), log].join("\n");
  }

  /** What the real helm says. */
  async helm(...args: string[]): Promise<string> {
    const env = { ...process.env, KUBECONFIG: join(this.folder, "config"), HELM_DRIVER: "secret" };
    return (await promisify(execFile)(helmBinary, args, { env, encoding: "utf8", cwd: this.folder })).stdout;
  }

  /** How this very cluster is reached. */
  kubeconfig(): string {
    return readFileSync(join(this.folder, "config"), "utf8");
  }

  /** Where this very cluster listens, and the certificates that vouch for it. */
  async address(): Promise<{ address: string; authority: string }> {
    const address = /server"?:\s*"?(https:[^"\s]+)/.exec(this.kubeconfig())?.[1] ?? "";
    const given = /certificate-authority-data"?:\s*"?([^"\s]+)/.exec(this.kubeconfig())?.[1];
    if (given !== undefined) return { address, authority: Buffer.from(given, "base64").toString() };
    const { hostname, port } = new URL(address);
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
    await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
    const authority = chainOf(socket.getPeerCertificate(true));
    socket.destroy();
    return { address, authority };
  }

  /** A packed chart as a file, for the real helm. */
  chartFile(name: string, bytes: Uint8Array): string {
    const path = join(this.folder, `${name}-${sha1Hex(bytes.length.toString()).slice(0, 6)}.tgz`);
    writeFileSync(path, bytes);
    return path;
  }

  /** A revision as Helm's storage has it. */
  stored(name: string, revision: number, where = "shop"): Promise<Release | undefined> {
    return releaseStorage({ cluster: this.cluster, namespace: where, clock: realClock }).get(name, revision);
  }

  /** Leaves a revision as a process would that was killed at work. */
  async markPending(name: string, revision: number, status: "pending-upgrade" | "pending-install"): Promise<void> {
    const storage = releaseStorage({ cluster: this.cluster, namespace: "shop", clock: realClock });
    const release = await storage.get(name, revision);
    if (release === undefined) throw new Error(`there is no ${name} ${revision}`);
    await storage.update({ ...release, info: { ...release.info, status } });
  }

  /** The data of a ConfigMap in the namespace of the tests. */
  async data(name: string, where = "shop"): Promise<JsonObject | undefined> {
    const object = await this.get("", "ConfigMap", name, where);
    return object === undefined ? undefined : isObject(object["data"]) ? object["data"] : {};
  }
}

/** A certificate with those that issued it, as PEM. */
function chainOf(one: DetailedPeerCertificate): string {
  const text = `-----BEGIN CERTIFICATE-----\n${one.raw.toString("base64")}\n-----END CERTIFICATE-----\n`;
  const { issuerCertificate: issuer } = one;
  return issuer === undefined || issuer.fingerprint256 === one.fingerprint256 ? text : text + chainOf(issuer);
}

/** A HelmRelease of the chart that its HelmChart offers. */
export function helmRelease(name: string, spec: Partial<HelmReleaseSpec> = {}, metadata: JsonObject = {}): Manifest {
  const chart = {
    spec: { chart: name, version: "*", sourceRef: { kind: "HelmRepository", name: "charts" } },
  };
  const own = spec.chartRef === undefined ? { chart } : {};
  return asManifest({
    apiVersion: "helm.toolkit.fluxcd.io/v2",
    kind: "HelmRelease",
    metadata: { name, namespace: "shop", ...metadata },
    spec: { interval: "10m", ...own, ...spec } as unknown as JsonObject,
  });
}

/** Where a release is played alone: the embedded server, and a real one where there is one. */
export const homes: readonly { title: string; begin: Begin }[] = [
  { title: "on the embedded server", begin: (world) => world.beginEmbedded() },
  ...(hasOracle ? [{ title: "on a real kube-apiserver", begin: (world: ReleaseWorld) => world.beginReal() }] : []),
];
