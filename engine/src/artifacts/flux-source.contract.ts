// Flux's own source-controller beside our loops: the same objects in two clusters, and what differs between their statuses,
// conditions and artifacts. Needs the controller in the folder that KEELSON_ORACLES names.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { administrator, startApiServer } from "#apiserver";
import type { Cluster } from "#cluster";
import { parseYaml } from "#formats/yaml";
import { asManifest, equalJson, type Json, type JsonObject, type Manifest } from "#kernel";
import { memoryStore } from "#store";
import { realClock } from "../cluster/cluster.contract.ts";
import { temporaryFolder } from "../sources/git/repository.contract.ts";
import { resourceOf } from "./objects.ts";
import { World } from "./world.contract.ts";

type Controller = { stop(options?: { isSudden?: boolean }): Promise<void>; logFile: string };
type FluxModule = {
  hasFlux(names: string[]): boolean;
  fluxDefinitionFiles(names: string[]): string[];
  startFluxController(
    name: string,
    options: { kubeconfig: string; folder: string; env: Record<string, string>; args: string[] },
  ): Promise<Controller>;
};
const flux = (await import(new URL("../../../tools/oracle-flux.mjs", import.meta.url).href)) as unknown as FluxModule;

/** True when the controller is there. */
export const hasFluxSource: boolean = flux.hasFlux(["source"]);

type Shown = { type: string; status: string; reason: string; message: string };
export type Status = {
  observedGeneration?: number;
  conditions?: Shown[];
  artifact?: { path: string; revision: string; url: string; digest: string; metadata?: Record<string, string> };
  [key: string]: unknown;
};

export type Difference = { what: string; ours: unknown; theirs: unknown };

/** A cluster whose sources Flux's controller looks after. */
class FluxWorld {
  cluster: Cluster = undefined as unknown as Cluster;
  readonly folder: string = temporaryFolder("flux");
  #controller: Controller | undefined;
  #close: () => Promise<void> = () => Promise.resolve();

  async start(env: Record<string, string>, selector: string | undefined): Promise<void> {
    const store = memoryStore();
    const server = await startApiServer({ store, clock: realClock, listen: { port: 0 }, dataFolder: this.folder });
    this.#close = async () => {
      await server.close();
      await store.close();
    };
    this.cluster = server.cluster(administrator);
    const base = { ...resourceOf("GitRepository"), isNamespaced: false };
    const definitions = {
      ...base,
      group: "apiextensions.k8s.io",
      plural: "customresourcedefinitions",
      kind: "CustomResourceDefinition",
    };
    for (const file of flux.fluxDefinitionFiles(["source"])) {
      const definition = asManifest(parseYaml(readFileSync(file, "utf8")));
      await this.cluster.create({ resource: definitions, namespace: "", name: definition.metadata.name }, definition, {
        fieldManager: "test",
      });
    }
    for (const kind of ["GitRepository", "OCIRepository", "HelmRepository", "HelmChart", "Bucket"])
      while (!(await this.cluster.list(resourceOf(kind))).ok) await new Promise((resolve) => setTimeout(resolve, 100));
    const kubeconfig = `${this.folder}/kubeconfig`;
    writeFileSync(kubeconfig, server.kubeconfig());
    this.#controller = await flux.startFluxController("source", {
      kubeconfig,
      folder: this.folder,
      env,
      // What waits for servers that do not answer must not keep the others waiting.
      args: ["--concurrent=16", ...(selector === undefined ? [] : [`--watch-label-selector=${selector}`])],
    });
  }

  log(): string {
    return this.#controller === undefined ? "" : readFileSync(this.#controller.logFile, "utf8");
  }

  async close(): Promise<void> {
    await this.#controller?.stop({ isSudden: true });
    await this.#close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const coreResource = (kind: string, plural: string): ReturnType<typeof resourceOf> => ({
  ...resourceOf("GitRepository"),
  group: "",
  version: "v1",
  plural,
  kind,
});

/** The same objects under both. */
export class Pair {
  readonly ours: World;
  readonly theirs: FluxWorld;

  private constructor(ours: World, theirs: FluxWorld) {
    this.ours = ours;
    this.theirs = theirs;
  }

  /** `env` is added to both's environment; `selector` says which objects both look after. */
  static async start(env: Record<string, string> = {}, selector?: string): Promise<Pair> {
    const theirs = new FluxWorld();
    const started = World.start(undefined, [], undefined, { env, selector });
    const [ours] = await Promise.all([started, theirs.start(env, selector)]);
    return new Pair(ours, theirs);
  }

  async close(): Promise<void> {
    await this.ours.close();
    await this.theirs.close();
  }

  async secret(name: string, values: Record<string, string>, type = "Opaque"): Promise<void> {
    const data = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
    );
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "default" }, type, data };
    await this.#create(secret, coreResource("Secret", "secrets"));
  }

  async account(name: string, pullSecrets: string[]): Promise<void> {
    const metadata = { name, namespace: "default" };
    const imagePullSecrets = pullSecrets.map((each) => ({ name: each }));
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata, imagePullSecrets };
    await this.#create(account as unknown as Manifest, coreResource("ServiceAccount", "serviceaccounts"));
  }

  async source(kind: string, name: string, spec: JsonObject, labels: Record<string, string> = {}): Promise<void> {
    const metadata = { name, namespace: "default", labels };
    await this.#create({ apiVersion: "source.toolkit.fluxcd.io/v1", kind, metadata, spec }, resourceOf(kind));
  }

  async patch(kind: string, name: string, patch: JsonObject): Promise<void> {
    for (const cluster of [this.ours.cluster, this.theirs.cluster]) {
      const target = { resource: resourceOf(kind), namespace: "default", name };
      const answer = await cluster.patch(target, { type: "merge", patch }, { fieldManager: "test" });
      if (!answer.ok) throw new Error(`${name}: ${answer.status.message}`);
    }
  }

  async #create(object: Manifest, resource: ReturnType<typeof resourceOf>): Promise<void> {
    const { name } = object.metadata;
    for (const cluster of [this.ours.cluster, this.theirs.cluster]) {
      const answer = await cluster.create({ resource, namespace: "default", name }, object, { fieldManager: "test" });
      if (!answer.ok) throw new Error(`${name}: ${answer.status.message}`);
    }
  }

  async statuses(kind: string, name: string): Promise<[Status, Status]> {
    const read = async (cluster: Cluster): Promise<Status> => {
      const answer = await cluster.get({ resource: resourceOf(kind), namespace: "default", name });
      return ((answer.ok ? answer.value["status"] : undefined) ?? {}) as Status;
    };
    return [await read(this.ours.cluster), await read(this.theirs.cluster)];
  }

  /** What an artifact's address gives. */
  async bytes({ artifact }: Status): Promise<Buffer> {
    const { url = "", path = "" } = artifact ?? {};
    return url.startsWith("http://127.0.0.1:1/")
      ? readFileSync(`${this.ours.folder}/cache/archives/${path}`)
      : Buffer.from(await (await fetch(url)).arrayBuffer());
  }

  /** What is inside a packed artifact: packers differ in how they compress. */
  async unpacked(status: Status): Promise<Buffer> {
    return gunzipSync(await this.bytes(status));
  }

  /** What differs in an object's status, and in its artifact once nothing else does. */
  async differences(kind: string, name: string, compare: Comparison): Promise<Difference[]> {
    const [left, right] = await this.statuses(kind, name);
    if (!isDecided(left) || !isDecided(right)) return [{ what: "decided", ours: left, theirs: right }];
    const pairs: [string, unknown, unknown][] = [
      ["conditions", shown(left, compare), shown(right, compare)],
      ["members", members(left), members(right)],
    ];
    if (pairs.every(([, a, b]) => equalJson(a as Json, b as Json)) && left.artifact !== undefined)
      pairs.push(["content", ...(await compare.content(left, right))]);
    return pairs
      .filter(([, a, b]) => !equalJson(a as Json, b as Json))
      .map(([what, a, b]) => ({ what, ours: a, theirs: b }));
  }

  /** Waits until nothing differs but what is known to; gives what then still does. */
  async settled(
    objects: readonly { kind: string; name: string; compare: Comparison }[],
    patienceMs: number,
    known: (name: string, found: readonly Difference[]) => boolean = () => false,
  ): Promise<Record<string, Difference[]>> {
    const end = performance.now() + patienceMs;
    // Both pass through states on the way, and look again at what was missing after half a minute.
    for (let left = [...objects]; ; ) {
      const found: [string, Difference[]][] = [];
      for (const { kind, name, compare } of left) {
        const differing = await this.differences(kind, name, compare);
        if (differing.length > 0) found.push([name, differing]);
      }
      if (performance.now() > end || found.every(([name, differing]) => known(name, differing)))
        return Object.fromEntries(found);
      left = left.filter(({ name }) => found.some(([each]) => each === name));
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
}

/** Both begin with a status that says nothing yet. */
function isDecided({ conditions = [] }: Status): boolean {
  const find = (type: string): Shown | undefined => conditions.find((each) => each.type === type);
  return (find("Ready")?.status ?? "Unknown") !== "Unknown" && find("Reconciling")?.reason !== "Progressing";
}

export type Comparison = {
  /** How a failure's message is compared; what went well is told in the same words. */
  message: (text: string) => string;
  /** Ours and theirs of an artifact, in a form that can be compared and read. */
  content: (ours: Status, theirs: Status) => Promise<[unknown, unknown]>;
};

const successes: readonly string[] = ["Succeeded", "ChartPullSucceeded", "ChartPackageSucceeded"];

function shown({ conditions = [] }: Status, { message: shorten }: Comparison): string[] {
  return conditions
    .map(({ type, status, reason, message }) => {
      const isSuccess = status === "True" && successes.includes(reason);
      return `${type}=${status} ${reason}: ${isSuccess ? message : shorten(message)}`;
    })
    .sort();
}

function members({ conditions: _, artifact, includedArtifacts, url, ...rest }: Status): object {
  const included = (includedArtifacts ?? []) as { revision: string; path: string }[];
  return {
    ...rest,
    link: typeof url === "string" ? url.slice(url.lastIndexOf("/") + 1) : "",
    artifact: artifact && { path: artifact.path, revision: artifact.revision, metadata: artifact.metadata ?? {} },
    includedArtifacts: included.map((each) => ({ path: each.path, revision: each.revision })),
  };
}
