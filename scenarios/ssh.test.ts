// A real fleet from a real sshd, with the credentials in a Secret as Flux has them; then with the wrong ones.

import { describe, expect, it } from "vitest";
import { hasSshd, serveSsh } from "../engine/src/sources/git/repository.contract.ts";
import { kustomization } from "./fixtures.ts";
import { Home, hasKubectl } from "./home.ts";
import { Repository } from "./repository.ts";

const fleets = process.env["KEELSON_FLEETS"];

function secret(name: string, identity: string, knownHosts: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "flux-system" },
    stringData: { identity, known_hosts: knownHosts },
  });
}

function source(name: string, url: string): string {
  return JSON.stringify({
    apiVersion: "source.toolkit.fluxcd.io/v1",
    kind: "GitRepository",
    metadata: { name, namespace: "flux-system" },
    spec: { interval: "1m", url, ref: { branch: "main" }, secretRef: { name } },
  });
}

describe.skipIf(fleets === undefined || !hasKubectl || !hasSshd())("over ssh", () => {
  it("applies podinfo's own kustomization, and refuses a key the server does not know", {
    timeout: 120_000,
  }, async () => {
    using repository = new Repository();
    using other = new Repository();
    repository.copy(`${fleets}/podinfo`).commit("podinfo");
    other.write({ "clusters/demo/.keep": "" }).commit("nothing");
    const server = await serveSsh();
    const stranger = await serveSsh();
    await using home = new Home({ args: ["--repo", other.path, "--branch", "main", "--path", "clusters/demo"] });
    home.start();
    await home.ready();
    await home.readyCondition("kustomization", "flux-system", "True");
    const url = `${server.url}${repository.path}/.git`;
    for (const [name, identity] of [
      ["podinfo", server.identity],
      ["stranger", stranger.identity],
    ] as const) {
      const applied = await home.kubectl(["apply", "-f", "-"], secret(name, identity, server.knownHosts));
      expect(applied.err).toBe("");
      await home.kubectl(["apply", "-f", "-"], source(name, url));
    }
    const podinfo = kustomization("podinfo", "./kustomize", "  wait: true\n  targetNamespace: default\n");
    await home.kubectl(["apply", "-f", "-"], podinfo.replace("name: flux-system", "name: podinfo"));
    await home.readyCondition("kustomization", "podinfo", "True");
    expect((await home.object("deployment", "podinfo"))?.status?.["readyReplicas"]).toBeGreaterThan(0);

    const refused = await home.readyCondition("gitrepository", "stranger", "False");
    expect(refused.reason).toBe("GitOperationFailed");
    const everything = await home.kubectl(["get", "events,gitrepositories,kustomizations", "-A", "-o", "yaml"]);
    expect(everything.out).not.toContain("PRIVATE KEY");
    server.close();
    stranger.close();
  });
});
