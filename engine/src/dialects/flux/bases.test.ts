// Bases of a kustomization that stand in other repositories: at a commit, a branch, with their submodules, by a mirror and its
// Secret; what moves is asked again; what names this machine is refused.

import { rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RemoteBases } from "#delivery";
import { asManifest } from "#kernel";
import type { MirrorMap } from "#sources/mirrors";
import {
  type GitHttpServer,
  serveHttp,
  temporaryFolder,
  testEnvironment,
  TestRepository,
} from "../../sources/git/repository.contract.ts";
import { dataOf } from "./samples.contract.ts";
import { configMap, kustomization, realClock, World } from "./world.contract.ts";

// Conditions are waited for; a busy machine may take its time.
vi.setConfig({ testTimeout: 120_000 });

const login = `Basic ${Buffer.from("reader:sesame").toString("base64")}`;
let world: World;
let folder: string;
let base: TestRepository;
let server: GitHttpServer;
let ending: AbortController;
const closers: (() => void)[] = [];

beforeEach(async () => {
  folder = temporaryFolder("bases");
  base = new TestRepository(join(folder, "base.git"));
  server = await serveHttp(folder);
  closers.push(() => server.close());
  world = await World.start(["Kustomization"]);
  restart();
});
afterEach(async () => {
  ending.abort();
  await world.close();
  for (const close of closers.splice(0)) close();
  rmSync(folder, { recursive: true, force: true });
});

function restart(mirrors: MirrorMap = []): void {
  void world.stopEngine();
  ending = new AbortController();
  const remotes = new RemoteBases({
    folder: join(folder, "mirrors"),
    cluster: world.cluster,
    clock: realClock,
    random: Math.random,
    environment: testEnvironment,
    signal: ending.signal,
    mirrors,
  });
  world.startEngine(world.cluster, undefined, { remotes });
}

/** Delivers a kustomization of one base. */
async function deliver(resource: string): Promise<void> {
  const revision = world.commit({ "apps/kustomization.yaml": `resources: ["${resource}"]\n` });
  await world.apply(kustomization("apps", { retryInterval: "1s" }));
  await world.untilReady("apps", revision);
}

const files = (k: string) => ({
  "app/kustomization.yaml": "resources: [a.yaml]\n",
  "app/a.yaml": configMap("a", { k }),
});
const value = async (): Promise<unknown> => dataOf(await world.get("", "ConfigMap", "a"));

describe("a base in another repository", () => {
  it("is taken at a commit for good, and from a branch anew when somebody asks", async () => {
    const first = base.commit(files("1"));
    await deliver(`${server.url}/base.git//app?ref=${first}`);
    expect(await value()).toEqual({ k: "1" });
    base.commit(files("2"));
    await deliver(`${server.url}/base.git//app?ref=main`);
    expect(await value()).toEqual({ k: "2" });
    base.commit(files("3"));
    await world.ask("apps");
    await world.until("the branch to be read again", async () => JSON.stringify(await value()) === '{"k":"3"}');
  });

  it("brings its submodules, and leaves them where it is told to", async () => {
    const module = new TestRepository(join(folder, "module.git"));
    const commit = module.commit({
      "kustomization.yaml": "resources: [a.yaml]\n",
      "a.yaml": configMap("a", { k: "m" }),
    });
    base.commit({
      ".gitmodules": `[submodule "m"]\n\tpath = vendored\n\turl = ../module.git\n`,
      vendored: `module:${commit}`,
      "app/kustomization.yaml": "resources: [../vendored]\n",
    });
    await deliver(`${server.url}/base.git//app?ref=main`);
    expect(await value()).toEqual({ k: "m" });
    world.commit({ "apps/kustomization.yaml": `resources: ["${server.url}/base.git//app?ref=main&submodules=0"]\n` });
    await world.untilFailed("apps", "vendored");
  });

  it("comes from the mirror that stands for its address, with the mirror's Secret", async () => {
    base.commit(files("1"));
    const locked = await serveHttp(folder, { authorization: login });
    closers.push(() => locked.close());
    const secretRef = { namespace: "flux-system", name: "mirror" };
    restart([
      { from: "https://git.example.test/acme", to: locked.url, secretRef, passCredentials: false, insecure: false },
    ]);
    world.commit({
      "apps/kustomization.yaml": 'resources: ["https://git.example.test/acme/base.git//app?ref=main"]\n',
    });
    await world.apply(kustomization("apps", { retryInterval: "1s" }));
    await world.untilFailed("apps", "Secret/flux-system/mirror");
    const data = { username: "reader", password: "sesame" };
    const metadata = { name: "mirror", namespace: "flux-system" };
    await world.apply(asManifest({ apiVersion: "v1", kind: "Secret", metadata, stringData: data }));
    await world.untilReady("apps");
    expect(await value()).toEqual({ k: "1" });
    expect(JSON.stringify(await world.kustomization("apps"))).not.toContain("sesame");
  });

  it("may be a file, read again when somebody asks", async () => {
    let text = configMap("a", { k: "1" }).replace("\n---\n", "");
    const web: Server = createServer((_, response) => response.end(text));
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    closers.push(() => web.close());
    await deliver(`http://127.0.0.1:${(web.address() as AddressInfo).port}/a.yaml`);
    expect(await value()).toEqual({ k: "1" });
    text = text.replace('"1"', '"2"');
    await world.ask("apps");
    await world.until("the file to be read again", async () => JSON.stringify(await value()) === '{"k":"2"}');
  });

  it("is never taken from this machine", async () => {
    base.commit(files("1"));
    world.commit({ "apps/kustomization.yaml": `resources: ["file://${base.path}//app?ref=main"]\n` });
    await world.apply(kustomization("apps"));
    await world.untilFailed("apps", "names files of this machine");
    expect(await value()).toBeUndefined();
  });
});
