// Engines that share a cluster by labels: each asks the servers of its own sources alone, reads the artifacts of the others' from
// where they are served, and goes on reading while objects move from one to the other.

import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type JsonObject, type Manifest, textOf } from "#kernel";
import { realClock } from "../cluster/cluster.contract.ts";
import {
  type GitHttpServer,
  serveHttp,
  temporaryFolder,
  testEnvironment,
  TestRepository,
} from "../sources/git/repository.contract.ts";
import { chart, ChartServer } from "./chart-server.contract.ts";
import { type Comparison, hasFluxSource, Pair, type Status } from "./flux-source.contract.ts";
import { resourceOf } from "./objects.ts";
import { type Artifacts, startArtifacts } from "./start.ts";
import { condition, World } from "./world.contract.ts";

const label = "sharding.fluxcd.io/key";
const root = temporaryFolder("shards");

/** One engine's source loops, with a port where its artifacts are served. */
class Engine {
  readonly folder: string;
  readonly reads: string[] = [];
  artifacts!: Artifacts;
  readonly #world: World;
  readonly #selector: string;
  #port!: Server;
  #abort = new AbortController();

  constructor(world: World, name: string, selector: string) {
    this.folder = `${root}/${name}`;
    this.#world = world;
    this.#selector = selector;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#port.address() as AddressInfo).port}`;
  }

  async open(): Promise<this> {
    this.#port = createServer((request, response) => {
      this.reads.push(request.url ?? "");
      if (!this.artifacts.serve(request, response)) response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => this.#port.listen(0, "127.0.0.1", resolve));
    await this.start();
    return this;
  }

  async start(): Promise<void> {
    this.#abort = new AbortController();
    this.artifacts = startArtifacts({
      cluster: this.#world.cluster,
      clock: realClock,
      folder: this.folder,
      environment: testEnvironment,
      address: this.address,
      selector: this.#selector,
      signal: this.#abort.signal,
    });
    await this.artifacts.ready;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.artifacts.ended;
  }

  async close(): Promise<void> {
    await this.stop();
    this.#port.closeAllConnections();
    this.#port.close();
  }

  /** How many repositories it has fetched of. */
  mirrors(): number {
    const folder = `${this.folder}/mirrors`;
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".git")).length : 0;
  }

  /** The text of a source's file, once it is that. */
  async untilText(kind: string, name: string, wanted: string): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const seen = await this.textOf(kind, name);
      if (seen === wanted) return;
      if (tries > 3000) throw new Error(`${name} has ${String(seen)} where ${wanted} was expected`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async textOf(kind: string, name: string): Promise<string | undefined> {
    const open = await this.artifacts.view.get({ kind, namespace: "default", name })?.source.open();
    if (open === undefined) return undefined;
    await open.prefetch("");
    return Buffer.from(open.tree.read("a.yaml") ?? []).toString("utf8");
  }
}

describe("two engines that share a cluster by labels", () => {
  let world: World;
  let git: GitHttpServer;
  let charts: ChartServer;
  let one: Engine;
  let rest: Engine;
  const repositories = new Map<string, TestRepository>();

  beforeAll(async () => {
    mkdirSync(`${root}/served`, { recursive: true });
    git = await serveHttp(`${root}/served`);
    charts = await ChartServer.start([{ name: "web", version: "1.0.0", bytes: chart("web", "1.0.0") }]);
    world = await World.start();
    await world.stopLoops();
    one = await new Engine(world, "one", `${label}=one`).open();
    rest = await new Engine(world, "rest", `!${label}`).open();
  }, 60_000);
  afterAll(async () => {
    await one.close();
    await rest.close();
    await world.close();
    git.close();
    charts.close();
    rmSync(root, { recursive: true, force: true });
  });

  function commit(name: string, text: string): void {
    const repository = repositories.get(name) ?? new TestRepository(`${root}/served/${name}.git`);
    repositories.set(name, repository);
    repository.commit({ "a.yaml": text });
  }

  async function make(kind: string, name: string, shard: string, spec: JsonObject): Promise<void> {
    const group = kind === "ArtifactGenerator" ? "source.extensions.fluxcd.io/v1beta1" : "source.toolkit.fluxcd.io/v1";
    const labels: Record<string, string> = shard === "" ? {} : { [label]: shard };
    await world.create({
      apiVersion: group,
      kind,
      metadata: { name, namespace: "default", labels },
      spec: { interval: "1h", ...spec },
    } as Manifest);
  }

  /** A repository with one file, and the object for it. */
  async function fleet(name: string, shard: string, more: JsonObject = {}): Promise<void> {
    commit(name, "1");
    await make("GitRepository", name, shard, { url: `${git.url}/${name}.git`, ref: { branch: "main" }, ...more });
  }

  const urlOf = (object: Manifest): string => textOf(object, "status", "artifact", "url");
  const servedBy = (engine: Engine) => (object: Manifest) =>
    condition(object, "Ready")?.status === "True" && urlOf(object).startsWith(`${engine.address}/`);

  it("each asks for its own alone, and writes to nothing else", async () => {
    await fleet("mine", "one");
    await fleet("theirs", "");
    await fleet("nobodys", "two");
    await world.until("GitRepository", "mine", servedBy(one));
    await world.until("GitRepository", "theirs", servedBy(rest));
    expect([one.mirrors(), rest.mirrors()]).toEqual([1, 1]);
    expect([one.reads, rest.reads]).toEqual([[], []]);
    const nobodys = await world.get("GitRepository", "nobodys");
    expect(nobodys?.metadata.finalizers).toBeUndefined();
    expect(condition(nobodys ?? ({} as Manifest), "Ready")).toBeUndefined();
  });

  it("what the other has is read from it once somebody asks, and followed from then on", async () => {
    expect(one.artifacts.store.get({ kind: "GitRepository", namespace: "default", name: "theirs" })).toBeUndefined();
    await one.untilText("GitRepository", "theirs", "1");
    commit("theirs", "2");
    await world.lookAgain("GitRepository", "theirs");
    await one.untilText("GitRepository", "theirs", "2");
    expect(rest.reads.length).toBe(2);
    expect([one.mirrors(), rest.mirrors()]).toEqual([1, 1]);
  });

  it("a chart is built by whoever has its repository, as in Flux, and read by all", async () => {
    await make("HelmRepository", "charts", "", { url: charts.url });
    await make("HelmChart", "web", "", { chart: "web", sourceRef: { kind: "HelmRepository", name: "charts" } });
    await make("HelmChart", "apart", "one", { chart: "web", sourceRef: { kind: "HelmRepository", name: "charts" } });
    await world.until("HelmChart", "web", servedBy(rest));
    const apart = await world.until("HelmChart", "apart", (object) => condition(object, "Ready")?.status === "False");
    expect(condition(apart, "FetchFailed")?.reason).toBe("SourceUnavailable");
    const name = { kind: "HelmChart", namespace: "default", name: "web" };
    expect(one.artifacts.view.file(name)).toBeUndefined();
    for (let tries = 0; one.artifacts.view.file(name) === undefined && tries < 3000; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const file = one.artifacts.view.file(name);
    expect(file).toMatchObject({ revision: "1.0.0", url: urlOf((await world.get("HelmChart", "web")) as Manifest) });
    expect(Buffer.from((await file?.bytes()) ?? [])).toEqual(chart("web", "1.0.0"));
  });

  it("an include of another shard's repository is not found, as in Flux", async () => {
    await fleet("outer", "one", { include: [{ repository: { name: "theirs" } }] });
    const outer = await world.until(
      "GitRepository",
      "outer",
      (object) => condition(object, "IncludeUnavailable")?.status === "True",
    );
    expect(condition(outer, "IncludeUnavailable")?.reason).toBe("NotFound");
  });

  it("a generator reads sources of another shard, and what it makes is read there", async () => {
    await make("ArtifactGenerator", "pieces", "one", {
      sources: [{ alias: "theirs", kind: "GitRepository", name: "theirs" }],
      artifacts: [{ name: "piece", copy: [{ from: "@theirs/a.yaml", to: "@artifact/a.yaml" }] }],
    });
    await world.until("ExternalArtifact", "piece", servedBy(one));
    await rest.untilText("ExternalArtifact", "piece", "2");
    await one.untilText("ExternalArtifact", "piece", "2");
  });

  it("an object that moves is offered without a gap, and its first engine lets it go", async () => {
    const name = { kind: "GitRepository", namespace: "default", name: "theirs" };
    let gaps = 0;
    const unsubscribe = one.artifacts.view.subscribe(() => {
      if (one.artifacts.view.get(name) === undefined) gaps += 1;
    });
    await world.patch("GitRepository", "theirs", { metadata: { labels: { [label]: "one" } } });
    await world.until("GitRepository", "theirs", servedBy(one));
    for (let tries = 0; rest.mirrors() > 0 && tries < 3000; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(rest.mirrors()).toBe(0);
    expect(rest.artifacts.store.get(name)).toBeUndefined();
    commit("theirs", "3");
    await world.lookAgain("GitRepository", "theirs");
    await one.untilText("GitRepository", "theirs", "3");
    await rest.untilText("GitRepository", "theirs", "3");
    await rest.untilText("ExternalArtifact", "piece", "3");
    unsubscribe();
    expect(gaps).toBe(0);
  });

  it("after a restart what was read is offered again, and nobody is asked", async () => {
    const before = one.reads.length;
    await rest.stop();
    await rest.start();
    expect(await rest.textOf("GitRepository", "theirs")).toBe("3");
    expect(await rest.textOf("ExternalArtifact", "piece")).toBe("3");
    expect(one.reads.length).toBe(before);
  });

  it("what is not what its status says is not taken, and the reason is told", async () => {
    const files = createServer((_, response) => void response.end("something else"));
    await new Promise<void>((resolve) => files.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(files.address() as AddressInfo).port}/x.tar.gz`;
    const name = { kind: "GitRepository", namespace: "default", name: "nobodys" };
    const artifact = {
      path: "gitrepository/default/nobodys/x.tar.gz",
      url,
      revision: "main@sha1:0123456789012345678901234567890123456789",
      digest: `sha256:${"0".repeat(64)}`,
      lastUpdateTime: "2026-01-01T00:00:00Z",
    };
    const target = { resource: resourceOf("GitRepository"), namespace: "default", name: "nobodys" };
    const patch = { type: "merge" as const, patch: { status: { artifact } } };
    await world.cluster.patch({ ...target, subresource: "status" }, patch, { fieldManager: "test" });
    expect(one.artifacts.view.get(name)).toBeUndefined();
    let why = "";
    for (let tries = 0; !why.includes("digest") && tries < 3000; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      why = await one.artifacts.view.whyNot(name);
    }
    expect(why).toContain(`not sha256:${"0".repeat(64)}`);
    expect(one.artifacts.view.get(name)).toBeUndefined();
    files.close();
  });
});

const patienceMs = 120_000;

describe.skipIf(!hasFluxSource)("one shard, under Flux's controller and under ours", () => {
  let pair: Pair;
  let git: GitHttpServer;
  let charts: ChartServer;
  const folder = temporaryFolder("shard-both");
  const compare: Comparison = {
    message: (text) => text.replace(/(: | \().*$/s, ""),
    content: async (ours, theirs) => {
      const isPacked = ours.artifact?.path.endsWith(".tar.gz") === true;
      const read = (status: Status): Promise<Buffer> => (isPacked ? pair.unpacked(status) : pair.bytes(status));
      return [(await read(ours)).equals(await read(theirs)), true];
    },
  };

  beforeAll(async () => {
    mkdirSync(`${folder}/served`);
    new TestRepository(`${folder}/served/fleet.git`).commit({ "a.yaml": "a" });
    git = await serveHttp(`${folder}/served`);
    charts = await ChartServer.start([{ name: "web", version: "1.0.0", bytes: chart("web", "1.0.0") }]);
    pair = await Pair.start({}, `${label} in (one, both)`);
  }, 120_000);
  afterAll(async () => {
    await pair?.close();
    git?.close();
    charts?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("the same objects are looked after, and what is built on others fails the same way", async () => {
    const repository: JsonObject = { interval: "1h", url: `${git.url}/fleet.git`, ref: { branch: "main" } };
    const fromCharts: JsonObject = { interval: "1h", chart: "web", sourceRef: { kind: "HelmRepository", name: "far" } };
    const include = { ...repository, include: [{ repository: { name: "git-far" } }] };
    const objects: [string, string, JsonObject, string][] = [
      ["GitRepository", "git-one", repository, "one"],
      ["GitRepository", "git-both", repository, "both"],
      ["GitRepository", "git-far", repository, "two"],
      ["GitRepository", "git-bare", repository, ""],
      ["GitRepository", "including-far", include, "one"],
      ["HelmRepository", "near", { interval: "1h", url: charts.url }, "one"],
      ["HelmRepository", "far", { interval: "1h", url: charts.url }, "two"],
      ["HelmChart", "of-near", { ...fromCharts, sourceRef: { kind: "HelmRepository", name: "near" } }, "one"],
      ["HelmChart", "of-far", fromCharts, "one"],
      ["HelmChart", "far", { ...fromCharts, sourceRef: { kind: "HelmRepository", name: "near" } }, "two"],
    ];
    for (const [kind, name, spec, shard] of objects)
      await pair.source(kind, name, spec, shard === "" ? {} : { [label]: shard });
    const own = objects.filter(([, , , shard]) => ["one", "both"].includes(shard));
    const compared = own.map(([kind, name]) => ({ kind, name, compare }));
    expect(await pair.settled(compared, patienceMs)).toEqual({});
    for (const [kind, name, , shard] of objects)
      for (const status of await pair.statuses(kind, name))
        expect([name, (status.conditions ?? []).length > 0]).toEqual([name, ["one", "both"].includes(shard)]);
  }, 300_000);
});
