// Real fleets, unmodified, from a repository that git's own HTTP backend serves. KEELSON_FLEETS names the folder they are in.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kustomization } from "./fixtures.ts";
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
      const release = await until("a word on the release", () =>
        home.condition("helmrelease", "cert-manager", "Ready", "cert-manager"),
      );
      expect(release.status).toBe("False");
      const waiting = await until("a word on what waits", async () => {
        const condition = await home.condition("kustomization", "infra-configs", "Ready");
        return condition?.message.includes("infra-controllers") ? condition : undefined;
      });
      expect(waiting.status).toBe("False");
      served.close();
    },
  );
});
