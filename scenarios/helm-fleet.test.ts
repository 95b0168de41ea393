// flux2-kustomize-helm-example, unmodified and whole: its charts come through mirrors, from a registry and from an HTTP repository,
// and everything in it becomes ready. Then an upgrade, and a broken one that goes back by itself. KEELSON_FLEETS names the folder.
// cert-manager's fail-closed webhooks are taken away: where workloads are simulated nobody answers them.

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fleets, podinfoValues, startFleetCharts } from "./fleet-charts.ts";
import { Home, hasKubectl, run, until } from "./home.ts";
import { Repository, serveOverHttp } from "./repository.ts";

const helm = join(process.env["KEELSON_ORACLES"] ?? "/nowhere", "helm");

type Snapshot = { version: number; status: string; chartVersion: string; action?: string };

async function historyOf(home: Home): Promise<Snapshot[]> {
  const release = await home.object("helmrelease", "podinfo", "podinfo");
  return (release?.status?.["history"] ?? []) as Snapshot[];
}

describe.skipIf(fleets === undefined || !hasKubectl)("a fleet of charts", () => {
  it("comes up whole, is upgraded, and a broken upgrade goes back by itself", { timeout: 600_000 }, async () => {
    using repository = new Repository();
    repository.copy(`${fleets}/flux2-kustomize-helm-example`).commit("the example");
    const served = await serveOverHttp(repository);
    const charts = await startFleetCharts();
    charts.podinfo.offer("6.14.0");
    const file = join(repository.path, ".git", "mirrors.yaml");
    writeFileSync(file, charts.mirrors);
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
      charts.podinfo.offer("6.14.1");
      await home.keelson(["reconcile", "source", "helm", "podinfo", "-n", "podinfo"]);
      await until("the newer chart", async () => {
        const [newest] = await historyOf(home);
        return newest?.chartVersion === "6.14.1" && newest.status === "deployed" ? true : undefined;
      });

      // A broken one goes back, and says so.
      const path = "apps/production/podinfo-values.yaml";
      repository
        .write({ [path]: podinfoValues("production", "    podAnnotations: {keelson.dev/simulate: crash}\n") })
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
      repository.write({ [path]: podinfoValues("production", "    replicaCount: 3\n") }).commit("repairs podinfo");
      await home.keelson(["reconcile", "source", "git", "flux-system"]);
      await until("three replicas", async () => {
        const live = await home.object("deployment", "podinfo", "podinfo");
        return live?.status?.["readyReplicas"] === 3 ? true : undefined;
      });
      await seenByEverybody(home);
    } finally {
      served.close();
      await charts.close();
    }
  });
});

describe.skipIf(fleets === undefined || !hasKubectl)("the same fleet's staging", () => {
  it("comes up whole", { timeout: 600_000 }, async () => {
    using repository = new Repository();
    repository.copy(`${fleets}/flux2-kustomize-helm-example`).commit("the example");
    const served = await serveOverHttp(repository);
    const charts = await startFleetCharts();
    charts.podinfo.offer("6.14.1");
    const file = join(repository.path, ".git", "mirrors.yaml");
    writeFileSync(file, charts.mirrors);
    await using home = new Home({
      args: ["--repo", served.url, "--branch", "main", "--path", "clusters/staging", "--mirrors", file],
    });
    try {
      home.start();
      await home.ready();
      await home.readyCondition("kustomization", "infra-controllers", "True", 180_000);
      await withoutWebhooks(home);
      for (const name of ["infra-configs", "apps"]) await home.readyCondition("kustomization", name, "True", 180_000);
      expect(await historyOf(home)).toMatchObject([{ version: 1, status: "deployed", chartVersion: "6.14.1" }]);
      const route = await home.object("httproute", "podinfo", "podinfo");
      expect(JSON.stringify(route)).toContain("podinfo.staging");
      const issuer = await home.object("clusterissuer", "letsencrypt");
      expect(JSON.stringify(issuer)).toContain("acme-staging-v02");
    } finally {
      served.close();
      await charts.close();
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
