// flux2-kustomize-helm-example, unmodified and whole: its charts come through mirrors, from a registry and from an HTTP repository,
// and everything in it becomes ready. Then an upgrade, and a broken one that goes back by itself. KEELSON_FLEETS names the folder.
// cert-manager's fail-closed webhooks are taken away: where workloads are simulated nobody answers them.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Pusher, TestRegistry } from "../engine/src/sources/oci/registry.contract.ts";
import { Home, hasKubectl, run, until } from "./home.ts";
import { Repository, serveOverHttp } from "./repository.ts";

const fleets = process.env["KEELSON_FLEETS"];
const helm = join(process.env["KEELSON_ORACLES"] ?? "/nowhere", "helm");

const chart = (name: string): Buffer => readFileSync(`${fleets}/charts/${name}.tgz`);

/** The registries of the example, as one. */
async function startRegistry(): Promise<TestRegistry> {
  const registry = await TestRegistry.start();
  const pusher = new Pusher(registry.url);
  const push = async (repository: string, tag: string, name: string): Promise<void> => {
    const config = { mediaType: "application/vnd.cncf.helm.config.v1+json", bytes: Buffer.from("{}") };
    const layer = { mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", bytes: chart(name) };
    await pusher.push(repository, tag, { config, layers: [layer] });
  };
  await push("quay/jetstack/charts/cert-manager", "1.21.1", "cert-manager-v1.21.1");
  await push("docker/envoyproxy/gateway-helm", "1.9.0", "gateway-helm-1.9.0");
  return registry;
}

type ChartRepository = { url: string; offer(version: string): void; close(): void };

/** podinfo's chart repository. */
async function startChartRepository(): Promise<ChartRepository> {
  const offered = new Map<string, Buffer>();
  const index = (): string => {
    const versions = [...offered].map(([version, bytes]) => ({
      apiVersion: "v2",
      name: "podinfo",
      version,
      urls: [`podinfo-${version}.tgz`],
      digest: createHash("sha256").update(bytes).digest("hex"),
    }));
    return JSON.stringify({ apiVersion: "v1", entries: { podinfo: versions } });
  };
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    if (path.endsWith("/index.yaml")) return void response.end(index());
    const bytes = offered.get(/podinfo-(.*)\.tgz$/.exec(path)?.[1] ?? "");
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/podinfo`,
    offer: (version) => void offered.set(version, chart(`podinfo-${version}`)),
    close: () => void server.close(),
  };
}

type Snapshot = { version: number; status: string; chartVersion: string; action?: string };

async function historyOf(home: Home): Promise<Snapshot[]> {
  const release = await home.object("helmrelease", "podinfo", "podinfo");
  return (release?.status?.["history"] ?? []) as Snapshot[];
}

const values = (more: string): string => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: podinfo, namespace: podinfo}
spec:
  timeout: 20s
  upgrade: {strategy: {name: RemediateOnFailure}, remediation: {retries: 0, remediateLastFailure: true}}
  chart: {spec: {version: ">=1.0.0"}}
  values:
    httpRoute: {hostnames: [podinfo.production]}
${more}`;

describe.skipIf(fleets === undefined || !hasKubectl)("a fleet of charts", () => {
  it("comes up whole, is upgraded, and a broken upgrade goes back by itself", { timeout: 600_000 }, async () => {
    using repository = new Repository();
    repository.copy(`${fleets}/flux2-kustomize-helm-example`).commit("the example");
    const served = await serveOverHttp(repository);
    const registry = await startRegistry();
    const charts = await startChartRepository();
    charts.offer("6.14.0");
    const mirrors = [
      { from: "oci://quay.io/", to: `oci://${registry.host}/quay`, insecure: true },
      { from: "oci://docker.io/", to: `oci://${registry.host}/docker`, insecure: true },
      { from: "https://stefanprodan.github.io/podinfo", to: charts.url },
    ];
    const file = join(repository.path, ".git", "mirrors.yaml");
    writeFileSync(file, JSON.stringify({ mirrors }));
    await using home = new Home({
      args: ["--repo", served.url, "--branch", "main", "--path", "clusters/production", "--mirrors", file],
    });
    try {
      home.start();
      await home.ready();
      await home.readyCondition("kustomization", "infra-controllers", "True", 180_000);
      await withoutWebhooks(home);
      await home.readyCondition("kustomization", "infra-configs", "True", 180_000);
      await home.readyCondition("kustomization", "apps", "True", 180_000);
      expect(await historyOf(home)).toMatchObject([{ version: 1, status: "deployed", chartVersion: "6.14.0" }]);
      const pulled = await home.object("helmrelease", "cert-manager", "cert-manager");
      expect(JSON.stringify(pulled?.status?.["history"])).toContain("1.21.1+");

      // A newer chart is followed.
      charts.offer("6.14.1");
      await home.keelson(["reconcile", "source", "helm", "podinfo", "-n", "podinfo"]);
      await until("the newer chart", async () => {
        const [newest] = await historyOf(home);
        return newest?.chartVersion === "6.14.1" && newest.status === "deployed" ? true : undefined;
      });

      // A broken one goes back, and says so.
      const path = "apps/production/podinfo-values.yaml";
      repository
        .write({ [path]: values("    podAnnotations: {keelson.dev/simulate: crash}\n") })
        .commit("breaks podinfo");
      await home.keelson(["reconcile", "source", "git", "flux-system"]);
      const back = await until(
        "the way back",
        async () => {
          const ready = await home.condition("helmrelease", "podinfo", "Ready", "podinfo");
          return ready?.reason === "RollbackSucceeded" ? ready : undefined;
        },
        180_000,
      );
      expect(back.message).toContain("with chart podinfo@6.14.1 succeeded");
      const [newest, failed] = await historyOf(home);
      expect([newest?.status, failed?.status]).toEqual(["deployed", "failed"]);
      expect(
        (await home.kubectl(["rollout", "status", "deployment/podinfo", "-n", "podinfo", "--timeout=60s"])).status,
      ).toBe(0);

      // Who repairs it in Git has it repaired.
      repository.write({ [path]: values("    replicaCount: 3\n") }).commit("repairs podinfo");
      await home.keelson(["reconcile", "source", "git", "flux-system"]);
      await until("three replicas", async () => {
        const live = await home.object("deployment", "podinfo", "podinfo");
        return live?.status?.["readyReplicas"] === 3 ? true : undefined;
      });
      await seenByEverybody(home);
    } finally {
      served.close();
      charts.close();
      await registry.close();
    }
  });
});

async function withoutWebhooks(home: Home): Promise<void> {
  for (const kind of ["validatingwebhookconfiguration", "mutatingwebhookconfiguration"])
    expect((await home.kubectl(["delete", kind, "cert-manager-webhook"])).status).toBe(0);
  await home.keelson(["reconcile", "kustomization", "infra-configs", "-n", "flux-system"]);
}

/** The commands, and the real helm where it is at hand, tell of the same release. */
async function seenByEverybody(home: Home): Promise<void> {
  const on = ["-n", "podinfo"];
  expect((await home.keelson(["get", "helmreleases", "-A"])).out).toMatch(/podinfo +podinfo +6\.14\.1 +False +True/);
  expect((await home.keelson(["tree", "hr", "podinfo", ...on])).out).toContain("Deployment/podinfo/podinfo");
  expect((await home.keelson(["tree", "ks", "apps", "-n", "flux-system"])).out).toContain("Deployment/podinfo/podinfo");
  const trace = await home.keelson(["trace", "deployment", "podinfo", ...on]);
  expect(trace.out).toMatch(/HelmRelease: +podinfo\n/);
  expect(trace.out).toMatch(/HelmRepository: +podinfo\n/);
  expect((await home.keelson(["suspend", "hr", "podinfo", ...on])).status).toBe(0);
  expect((await home.keelson(["reconcile", "hr", "podinfo", ...on])).status).toBe(1);
  expect((await home.keelson(["resume", "hr", "podinfo", ...on])).status).toBe(0);
  expect((await home.keelson(["reconcile", "hr", "podinfo", "--with-source", ...on])).status).toBe(0);
  const same = await home.keelson(["diff", "helmrelease", "podinfo", ...on]);
  expect(same).toMatchObject({ status: 0, out: "" });
  const more = await home.keelson([
    "diff",
    "helmrelease",
    "podinfo",
    ...on,
    "--chart",
    `${fleets}/charts/podinfo-6.14.0.tgz`,
  ]);
  expect(more.status).toBe(1);
  expect(more.out).toContain("► Deployment/podinfo/podinfo changed");
  expect((await home.keelson(["history", "hr", "podinfo", ...on])).out).toContain("6.14.1");
  if (!existsSync(helm)) return;
  const env = { ...process.env, KUBECONFIG: home.kubeconfig };
  const listed = await run(helm, ["history", "podinfo", ...on, "-o", "json"], { env });
  const revisions = JSON.parse(listed.out) as { status: string }[];
  expect(revisions.at(-1)?.status).toBe("deployed");
  expect(revisions.filter(({ status }) => status === "failed")).toHaveLength(1);
}
