// Whole repositories, from a real Git repository to healthy simulated workloads, in one process.

import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fluxKinds } from "#api/flux";
import { startLife } from "#apiserver/life";
import { startWorkloads } from "#apiserver/workloads";
import { type Artifacts, startArtifacts } from "#artifacts";
import { asManifest, type JsonObject, type Manifest } from "#kernel";
import {
  type Changes,
  temporaryFolder,
  testEnvironment,
  TestRepository,
} from "../../sources/git/repository.contract.ts";
import { kustomization, realClock, World } from "./world.contract.ts";

// Conditions are waited for; a busy machine may take its time.
vi.setConfig({ testTimeout: 120_000 });

const fleets = process.env["KEELSON_FLEETS"];
const example = fileURLToPath(new URL("../../../../examples/fleet", import.meta.url));

let world: World;
let folder: string;
let repository: TestRepository;
let artifacts: Artifacts;
let ending: AbortController;

beforeEach(async () => {
  folder = temporaryFolder("fleet");
  ending = new AbortController();
  const { signal } = ending;
  world = await World.start(fluxKinds.map((kind) => kind.kind));
  await world.stopEngine();
  const { cluster } = world;
  await startLife({ cluster, clock: realClock, signal, caCertificate: "" });
  await startWorkloads({ cluster, clock: realClock, signal, random: () => 0 });
  artifacts = startArtifacts({
    cluster,
    clock: realClock,
    folder: join(folder, "cache"),
    environment: testEnvironment,
    address: "http://127.0.0.1:1",
    signal,
  });
  world.startEngine(cluster, artifacts.view);
  repository = new TestRepository(join(folder, "fleet.git"));
});

afterEach(async () => {
  ending.abort();
  await artifacts.ended;
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

function filesOf(root: string): Changes {
  const changes: Changes = {};
  const walk = (path: string): void => {
    for (const name of readdirSync(path)) {
      const full = join(path, name);
      if (statSync(full).isDirectory()) walk(full);
      else changes[relative(root, full)] = readFileSync(full);
    }
  };
  walk(root);
  return changes;
}

/** What bootstrap puts into a cluster: the repository, and the Kustomization of the cluster's folder. */
async function bootstrap(path: string): Promise<void> {
  const source: Manifest = asManifest({
    apiVersion: "source.toolkit.fluxcd.io/v1",
    kind: "GitRepository",
    metadata: { name: "flux-system", namespace: "flux-system" },
    spec: { interval: "1m", url: `file://${repository.path}`, ref: { branch: "main" } },
  });
  const spec: JsonObject = { path, interval: "10m", sourceRef: { kind: "GitRepository", name: "flux-system" } };
  await world.apply(source, kustomization("flux-system", spec));
}

function phases(): { [name: string]: string } {
  return Object.fromEntries(world.engine.snapshot().deliveries.map((d) => [d.ref.name, d.phase]));
}

function marker(is: string): string {
  const metadata = { name: "marker", namespace: "flux-system" };
  return JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { is } });
}

describe("the example that comes along", () => {
  it("becomes healthy, and an edit and a commit travel all the way", async () => {
    repository.commit(filesOf(example));
    await bootstrap("./clusters/home");
    await world.until(
      "all to be ready",
      async () => {
        const { deliveries } = world.engine.snapshot();
        return deliveries.length > 2 && deliveries.every((delivery) => delivery.isReady);
      },
      120_000,
    );
    const unhealthy = world.engine
      .snapshot()
      .deliveries.flatMap((delivery) => world.engine.objects(delivery.key))
      .filter(({ health }) => health !== undefined && health.waits === "Failed");
    expect(unhealthy).toEqual([]);
    const head = repository.commit({ "clusters/home/marker.yaml": marker("one") });
    await world.untilReady("flux-system", `main@sha1:${head}`);
    expect((await world.get("", "ConfigMap", "marker", "flux-system"))?.["data"]).toEqual({ is: "one" });
    await world.edit(await world.target("", "ConfigMap", "marker", "flux-system"), { data: { is: "two" } });
    await world.until("the edit to be healed", async () => {
      const data = (await world.get("", "ConfigMap", "marker", "flux-system"))?.["data"] as { is: string };
      return data.is === "one";
    });
  }, 240_000);
});

describe.skipIf(fleets === undefined)("real repositories", () => {
  it("podinfo's kustomize folder becomes ready", async () => {
    repository.commit(filesOf(join(fleets ?? "", "podinfo")));
    await bootstrap("./kustomize");
    await world.apply(
      kustomization("flux-system", {
        path: "./kustomize",
        targetNamespace: "shop",
        wait: true,
        sourceRef: { kind: "GitRepository", name: "flux-system" },
      }),
    );
    await world.untilReady("flux-system");
    expect(await world.get("apps", "Deployment", "podinfo")).toBeDefined();
  }, 240_000);

  it("flux2-kustomize-helm-example applies as far as its Git layer reaches, and what needs releases waits visibly", async () => {
    repository.commit(filesOf(join(fleets ?? "", "flux2-kustomize-helm-example")));
    await bootstrap("./clusters/production");
    await world.until(
      "the HelmReleases to be applied",
      () => world.get("helm.toolkit.fluxcd.io", "HelmRelease", "cert-manager", "cert-manager"),
      20_000,
    );
    await world.until("infra-controllers to wait", async () => phases()["infra-controllers"] === "checking", 20_000);
    await world.until("what it waits for", async () => {
      const condition = await world.condition("infra-controllers", "Reconciling");
      return condition?.message.includes("HelmRelease/") === true ? condition : undefined;
    });
    await world.untilFailed("infra-configs", "dependency 'flux-system/infra-controllers' is not ready");
    await world.untilFailed("apps", "dependency 'flux-system/infra-configs' is not ready");
    await world.untilReady("flux-system");
  }, 60_000);
});
