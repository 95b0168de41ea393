// install, check, uninstall and bootstrap against the embedded server, whose simulated workloads run the Deployment.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { administrator, startApiServer } from "#apiserver";
import type { Cluster } from "#cluster";
import { ManualClock } from "#kernel";
import { memoryStore } from "#store";
import { memoryIo } from "../io.ts";
import { runCommandLine } from "../run.ts";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Lines = { code: number; stdout: string; stderr: string };

async function startCluster(): Promise<{ cluster: Cluster; keelson: (...words: string[]) => Promise<Lines> }> {
  const clock = new ManualClock();
  const server = await startApiServer({ store: memoryStore(), clock });
  closers.push(() => server.close());
  const cluster = server.cluster(administrator);
  const keelson = async (...words: string[]): Promise<Lines> => {
    // Waits end by the time that really passes.
    const io = memoryIo({
      clock: { now: () => Date.now(), after: () => () => {} },
      env: { PATH: process.env["PATH"] },
    });
    const code = await runCommandLine(words, io, { version: "0.0.0", cluster });
    return { code, ...io.text() };
  };
  return { cluster, keelson };
}

async function namesOf(cluster: Cluster, group: string, kind: string): Promise<string[]> {
  const discovery = await cluster.discover(true);
  const resource = discovery.ok ? discovery.value.byKind(group, kind) : undefined;
  if (resource === undefined) return [];
  const list = await cluster.list(resource);
  return list.ok ? list.value.items.map((object) => object.metadata.name).sort() : [];
}

const image = ["--image", "example.org/keelson:1"] as const;

describe("keelson install", () => {
  it("brings everything once, says that nothing changes the second time, and is taken out again", async () => {
    const { cluster, keelson } = await startCluster();
    expect((await keelson("install", ...image, "--no-wait")).code).toBe(0);
    expect(await namesOf(cluster, "apps", "Deployment")).toEqual(["keelson"]);
    expect((await namesOf(cluster, "apiextensions.k8s.io", "CustomResourceDefinition")).length).toBe(15);
    const again = await keelson("install", ...image, "--no-wait");
    expect(again.stdout.split("\n").filter((line) => line !== "" && !line.endsWith(" unchanged"))).toEqual([]);

    const shown = await keelson("uninstall", "--dry-run");
    expect(shown.stdout).toContain("Deployment/flux-system/keelson deleted (dry run)");
    expect(await namesOf(cluster, "apps", "Deployment")).toEqual(["keelson"]);
    expect((await keelson("uninstall")).code).toBe(2);
    expect((await keelson("uninstall", "--silent")).code).toBe(0);
    expect(await namesOf(cluster, "apps", "Deployment")).toEqual([]);
    expect(await namesOf(cluster, "rbac.authorization.k8s.io", "ClusterRoleBinding")).not.toContain(
      "keelson-reconciler-flux-system",
    );
  });

  it("prints what it would bring, asks no server, and wants an image", async () => {
    const { cluster, keelson } = await startCluster();
    const printed = await keelson("install", ...image, "--export", "--toleration-keys", "a,b");
    expect(printed.stdout).toContain("image: example.org/keelson:1");
    expect(printed.stdout).toContain("key: b");
    expect(await namesOf(cluster, "apps", "Deployment")).toEqual([]);
    expect((await keelson("install")).code).toBe(2);
  });

  it("leaves a namespace and definitions that others brought", async () => {
    const { cluster, keelson } = await startCluster();
    const discovery = await cluster.discover(true);
    const resource = discovery.ok ? discovery.value.byKind("", "Namespace") : undefined;
    if (resource === undefined) throw new Error("namespaces are served");
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "mine" } };
    await cluster.create({ resource, namespace: "", name: "mine" }, namespace, { fieldManager: "me" });
    expect((await keelson("uninstall", "--silent", "-n", "mine")).stdout).toContain("Namespace/mine kept");
    expect(await namesOf(cluster, "", "Namespace")).toContain("mine");
  });
});

describe("keelson check", () => {
  it("says what is missing before, and what is there after", async () => {
    const { keelson } = await startCluster();
    expect(await keelson("check", "--pre")).toMatchObject({ code: 0 });
    const before = await keelson("check");
    expect(before.code).toBe(1);
    expect(before.stdout).toContain("nothing in namespace flux-system runs the engine");
    await keelson("install", ...image, "--no-wait");
    const json = JSON.parse((await keelson("check", "-o", "json")).stdout) as { findings: { text: string }[] };
    expect(json.findings.map(({ text }) => text)).toContain("kustomizations.kustomize.toolkit.fluxcd.io/v1");
  });
});

describe("keelson bootstrap git", () => {
  it("refuses what would be unsafe or lead nowhere", async () => {
    const { keelson } = await startCluster();
    for (const words of [
      [],
      ["--url", "http://example.org/x"],
      ["--url", "file:///x", "--path", "a/../../b"],
      ["--url", "file:///x", "--interval", "soon"],
    ])
      expect((await keelson("bootstrap", "git", ...words)).code).toBe(2);
  });

  it("commits the installation and what follows it, each once, and keeps the user's kustomization.yaml", async () => {
    const { cluster, keelson } = await startCluster();
    const folder = mkdtempSync(join(tmpdir(), "keelson-bootstrap-test-"));
    closers.push(() => rmSync(folder, { recursive: true, force: true }));
    execFileSync("git", ["init", "-q", "--bare", "-b", "main", folder]);
    const git = (...words: string[]): string =>
      execFileSync("git", ["-C", folder, ...words], { encoding: "utf8" }).trim();
    // No engine runs here, so the wait for it ends in a timeout: what stands in Git and in the cluster is compared.
    const words = [
      "bootstrap",
      "git",
      "--url",
      `file://${folder}`,
      "--path",
      "clusters/a",
      "--timeout",
      "1ms",
      ...image,
    ];
    expect((await keelson(...words)).code).toBe(4);
    expect(git("log", "--format=%s")).toBe("Keelson: what follows the repository\nKeelson: what runs it");
    expect(git("ls-tree", "-r", "--name-only", "main").split("\n")).toEqual([
      "clusters/a/flux-system/gotk-components.yaml",
      "clusters/a/flux-system/gotk-sync.yaml",
      "clusters/a/flux-system/kustomization.yaml",
    ]);
    expect(await namesOf(cluster, "source.toolkit.fluxcd.io", "GitRepository")).toEqual(["flux-system"]);
    const head = git("rev-parse", "main");
    await keelson(...words);
    expect(git("rev-parse", "main")).toBe(head);
  });
});
