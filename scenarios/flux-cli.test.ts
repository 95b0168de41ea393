// Flux's real command against a running home: what its users type, and what it prints.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, Home, run, until } from "./home.ts";

const flux = join(process.env["KEELSON_ORACLES"] ?? "", "flux");
const hasFluxCommand = process.env["KEELSON_ORACLES"] !== undefined && existsSync(flux);

describe.skipIf(!hasFluxCommand)("flux", () => {
  let home: Home;

  beforeAll(async () => {
    home = new Home();
    home.start();
    await home.ready();
    await until("everything ready", async () => {
      const { out } = await fluxed("get", "kustomizations", "--no-header");
      const lines = out.split("\n").filter((line) => line.trim() !== "");
      return lines.length === 5 && lines.every((line) => /\sTrue\s/.test(line)) ? true : undefined;
    });
  }, 120_000);

  afterAll(() => home[Symbol.asyncDispose]());

  function fluxed(...words: string[]): Promise<Answer> {
    return run(flux, words, { env: { ...process.env, KUBECONFIG: home.kubeconfig } });
  }

  async function works(...words: string[]): Promise<string> {
    const answer = await fluxed(...words);
    expect(answer, `flux ${words.join(" ")}`).toMatchObject({ status: 0 });
    return answer.out + answer.err;
  }

  it("checks the cluster before an installation, and the installation after it", async () => {
    expect(await works("check", "--pre")).toContain("prerequisites checks passed");
    const keelson = (...words: string[]): Promise<Answer> => home.keelson([...words]);
    expect(await keelson("install", "--image", "example.org/keelson:1.0.0")).toMatchObject({ status: 0 });
    const checked = await works("check");
    expect(checked).toContain("keelson: deployment ready");
    expect(checked).toContain("all checks passed");
    expect(await works("version")).toContain("keelson: 1.0.0");
  }, 120_000);

  it("lists sources and deliveries, by name, by state and in all namespaces", async () => {
    expect(await works("get", "all", "-A")).toMatch(
      /kustomization\/shop-staging\s+main@sha1:[0-9a-f]{8}\s+False\s+True/,
    );
    expect(await works("get", "sources", "git", "flux-system")).toContain("stored artifact for revision");
    expect(await works("get", "kustomizations", "--status-selector", "ready=false")).not.toContain("shop-staging");
    expect(await works("stats")).toMatch(/Kustomization\s+5\s+0\s+0/);
  });

  it("reconciles a source, a delivery, and a delivery with its source", async () => {
    expect(await works("reconcile", "source", "git", "flux-system")).toContain("fetched revision main@sha1:");
    expect(await works("reconcile", "kustomization", "shop-staging")).toContain("applied revision main@sha1:");
    const both = await works("reconcile", "kustomization", "edge", "--with-source");
    expect(both).toContain("fetched revision");
    expect(both).toContain("applied revision");
  }, 120_000);

  it("suspends and resumes", async () => {
    expect(await works("suspend", "kustomization", "edge")).toContain("kustomization suspended");
    expect(await works("get", "kustomizations", "edge")).toMatch(/\sTrue\s+True\s/);
    expect(await works("resume", "kustomization", "edge")).toContain("applied revision");
    expect(await works("suspend", "source", "git", "flux-system")).toContain("suspended");
    expect(await works("resume", "source", "git", "flux-system")).toContain("fetched revision");
  }, 120_000);

  it("traces an object to its commit and shows the tree of a delivery", async () => {
    const traced = await works("trace", "deployment", "web", "--namespace", "shop-staging");
    expect(traced).toMatch(/Kustomization:\s+shop-staging/);
    expect(traced).toMatch(/GitRepository:\s+flux-system/);
    const tree = await works("tree", "kustomization", "flux-system");
    expect(tree).toContain("Kustomization/flux-system/shop-staging");
    expect(tree).toContain("StatefulSet/shop-staging/orders-db");
  });

  it("shows events and history", async () => {
    expect(await works("events", "--for", "Kustomization/shop-staging")).toContain("ReconciliationSucceeded");
    expect(await works("debug", "kustomization", "shop-staging", "--show-history")).toContain("totalReconciliations");
    expect(await works("debug", "kustomization", "shop-staging", "--show-vars")).toContain("domain=");
  });

  it("exports, builds, and finds no difference, then one", async () => {
    expect(await works("export", "kustomization", "edge")).toContain("path: ./infrastructure/edge");
    const folder = join(home.data, "example", "apps", "staging");
    expect(await works("build", "kustomization", "shop-staging", "--path", folder)).toContain("name: shop-staging");
    expect(await works("diff", "kustomization", "shop-staging", "--path", folder)).not.toContain("drifted");
    const other = join(home.data, "example", "apps", "production");
    expect(await fluxed("diff", "kustomization", "shop-staging", "--path", other)).toMatchObject({ status: 1 });
  }, 120_000);

  it("creates and deletes a source", async () => {
    const words = ["create", "source", "git", "second", `--url=file://${join(home.data, "example")}`, "--branch=main"];
    expect(await fluxed(...words)).toMatchObject({ status: 1 });
    expect(
      await works("create", "source", "git", "second", "--url=https://127.0.0.1:1/x", "--branch=main", "--export"),
    ).toContain("kind: GitRepository");
  });

  it("uninstalls: what was delivered stays", async () => {
    await works("uninstall", "--silent", "--keep-namespace");
    // The engine lets each object go; the definitions follow the last of them.
    await until("the definitions to go", async () => {
      const { out } = await home.kubectl(["get", "customresourcedefinitions", "-o", "name"]);
      return out.includes("kustomizations.kustomize.toolkit.fluxcd.io") ? undefined : true;
    });
    const deployments = await home.kubectl(["get", "deployments", "-A", "-o", "name"]);
    expect(deployments.out).toContain("deployment.apps/web");
  }, 120_000);
});
