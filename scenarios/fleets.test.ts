// Real fleets, unmodified, from a repository that git's own HTTP backend serves. KEELSON_FLEETS names the folder they are in.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kustomization } from "./fixtures.ts";
import { hasFluxEngines, RealCluster } from "./flux-engines.ts";
import { Home, hasKubectl, until } from "./home.ts";
import { Repository, serveOverHttp } from "./repository.ts";

const fleets = process.env["KEELSON_FLEETS"];

describe.skipIf(fleets === undefined || !hasKubectl)("real fleets", () => {
  it("applies podinfo's own kustomization, from HTTP and by path", { timeout: 180_000 }, async () => {
    using repository = new Repository();
    repository.copy(`${fleets}/podinfo`).write({
      "clusters/demo/podinfo.yaml": kustomization(
        "podinfo",
        "./kustomize",
        "  wait: true\n  targetNamespace: default\n",
      ),
    });
    repository.commit("podinfo");
    const served = await serveOverHttp(repository);
    for (const url of [served.url, repository.path]) {
      await using home = new Home({ args: ["--repo", url, "--branch", "main", "--path", "clusters/demo"] });
      home.start();
      await home.ready();
      await home.readyCondition("kustomization", "podinfo", "True");
      const live = await home.object("deployment", "podinfo");
      expect(live?.status?.["readyReplicas"]).toBeGreaterThan(0);
      const rollout = await home.kubectl(["rollout", "status", "deployment/podinfo", "--timeout=20s"]);
      expect(rollout.out).toMatch(/successfully rolled out/);
    }
    served.close();
  });

  it.each(["production", "staging"])(
    "brings up flux2-kustomize-helm-example's Git layer: %s",
    { timeout: 180_000 },
    async (cluster) => {
      using repository = new Repository();
      repository.copy(`${fleets}/flux2-kustomize-helm-example`).commit("the example");
      const served = await serveOverHttp(repository);
      await using home = new Home({
        args: ["--repo", served.url, "--branch", "main", "--path", `clusters/${cluster}`],
      });
      home.start();
      await home.ready();
      const sync = readFileSync(
        `${fleets}/flux2-kustomize-helm-example/clusters/${cluster}/flux-system/gotk-sync.yaml`,
        "utf8",
      );
      expect(sync).toBeDefined();
      await until("the generated artifact", async () =>
        (await home.condition("externalartifact", "infrastructure", "Ready"))?.status === "True" ? true : undefined,
      );
      await until("infra-controllers applied", async () =>
        (await home.object("helmrelease", "cert-manager", "cert-manager")) ? true : undefined,
      );
      // Its chart cannot be fetched here.
      await until("a word on the release", async () => {
        const condition = await home.condition("helmrelease", "cert-manager", "Ready", "cert-manager");
        return condition?.status === "False" ? condition : undefined;
      });
      const waiting = await until("a word on what waits", async () => {
        const condition = await home.condition("kustomization", "infra-configs", "Ready");
        return condition?.message.includes("infra-controllers") ? condition : undefined;
      });
      expect(waiting.status).toBe("False");
      served.close();
    },
  );
});

type Listed = { items: { metadata: { name: string; namespace: string }; spec: Record<string, unknown> }[] };
type Kustomization = {
  status?: {
    inventory?: { entries: { id: string }[] };
    conditions?: { type: string; status: string; message: string }[];
  };
};

const sync = (url: string, path: string): string => `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1m, url: "${url}", ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 10m, path: "./${path}", prune: true, sourceRef: {kind: GitRepository, name: flux-system}}
`;

describe.skipIf(fleets === undefined || !hasFluxEngines)("real fleets on a real kube-apiserver", () => {
  it.each(["production", "staging"])(
    "brings up flux2-kustomize-helm-example's Git layer: %s",
    { timeout: 300_000 },
    async (name) => {
      using repository = new Repository();
      repository.copy(`${fleets}/flux2-kustomize-helm-example`).commit("the example");
      const served = await serveOverHttp(repository);
      await using cluster = new RealCluster();
      try {
        await cluster.start();
        await cluster.startKeelson(["--install-definitions"]);
        await cluster.kubectl(["apply", "-f", "-"], sync(served.url, `clusters/${name}`));
        const of = (kustomization: string): Promise<Kustomization> =>
          cluster.json(["get", "kustomization", "-n", "flux-system", kustomization]);
        const isReady = ({ status }: Kustomization): boolean =>
          status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") === true;
        await until("the cluster's folder", async () => isReady(await of("flux-system")), 120_000);
        const applied = await until(
          "the releases of the infrastructure",
          async () => {
            const { items } = await cluster.json<Listed>(["get", "helmreleases", "-A"]);
            return items.some((each) => each.metadata.name === "cert-manager") ? items : undefined;
          },
          120_000,
        );
        const release = applied.find((each) => each.metadata.name === "cert-manager");
        expect(release?.spec["chartRef"]).toEqual({ kind: "OCIRepository", name: "cert-manager" });
        const { status } = await of("infra-controllers");
        expect(status?.inventory?.entries.map((entry) => entry.id)).toContain(
          "cert-manager_cert-manager_helm.toolkit.fluxcd.io_HelmRelease",
        );
        const waiting = await until(
          "what waits for them to say so",
          async () =>
            (await of("infra-configs")).status?.conditions?.find((each) => each.message.includes("infra-controllers")),
          120_000,
        );
        expect(waiting.status).toBe("False");
      } finally {
        served.close();
      }
    },
  );
});
