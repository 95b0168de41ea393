import { describe, expect, it } from "vitest";
import { ManualClock } from "#kernel";
import { fluxDefinitions } from "#api/flux";
import { keelsonDefinitions } from "#api/keelson";
import { administrator, startApiServer } from "#apiserver";
import { memoryStore } from "#store";
import { installDefinitions } from "./definitions.ts";
import { applyFleetRoot, fleetRootManifests, readFleetRoot } from "./fleet-root.ts";
import { findNeighbours, refuseNeighbours, stopNeighbours } from "./flux-neighbours.ts";
import { targetOf } from "./waiting.ts";

const root = { url: "https://git.example/fleet", branch: "main", path: "clusters/home" };

async function startServer() {
  const server = await startApiServer({ store: memoryStore(), clock: new ManualClock() });
  const cluster = server.cluster(administrator);
  await installDefinitions(cluster);
  return { cluster, close: () => server.close() };
}

describe("the root of a fleet", () => {
  it("is what bootstrap creates, with the address pinned against gotk-sync.yaml", () => {
    const [namespace, source, kustomization] = fleetRootManifests(root);
    expect(namespace?.metadata.name).toBe("flux-system");
    expect(source?.["spec"]).toMatchObject({ url: root.url, ref: { branch: "main" } });
    const spec = kustomization?.["spec"] as { path: string; patches: { target: object; patch: string }[] };
    expect(spec.path).toBe("clusters/home");
    expect(spec.patches[0]?.target).toMatchObject({ kind: "GitRepository", name: "flux-system" });
    expect(JSON.parse(spec.patches[0]?.patch ?? "")).toContainEqual({ op: "add", path: "/spec/url", value: root.url });
  });

  it("brings a namespace for objects that name none, when asked", () => {
    const manifests = fleetRootManifests({ ...root, targetNamespace: "shop" });
    expect(manifests.map((manifest) => manifest.metadata.name)).toEqual([
      "flux-system",
      "shop",
      "flux-system",
      "flux-system",
    ]);
  });

  it("is applied once, and read again at the next start", async () => {
    const { cluster, close } = await startServer();
    expect(await readFleetRoot(cluster)).toBeUndefined();
    await applyFleetRoot(cluster, root);
    const first = await readFleetRoot(cluster);
    await applyFleetRoot(cluster, root);
    const second = await readFleetRoot(cluster);
    expect(second?.metadata.resourceVersion).toBe(first?.metadata.resourceVersion);
    await close();
  });
});

describe("definitions", () => {
  it("are all served once installed, and installing twice writes nothing", async () => {
    const { cluster, close } = await startServer();
    const discovery = await cluster.discover();
    const resource = discovery.ok
      ? discovery.value.byKind("apiextensions.k8s.io", "CustomResourceDefinition")
      : undefined;
    if (resource === undefined) throw new Error("no definitions");
    const list = async () => {
      const answer = await cluster.list(resource);
      return answer.ok
        ? answer.value.items.map((item) => `${item.metadata.name} ${item.metadata.generation}`).sort()
        : [];
    };
    const before = await list();
    expect(before.length).toBe(fluxDefinitions().length + keelsonDefinitions().length);
    await installDefinitions(cluster);
    expect(await list()).toEqual(before);
    await close();
  });
});

describe("Flux's own controllers", () => {
  it("are found, named in the refusal, and scaled to zero when taken over from", async () => {
    const { cluster, close } = await startServer();
    const discovery = await cluster.discover();
    const resource = discovery.ok ? discovery.value.byKind("apps", "Deployment") : undefined;
    if (resource === undefined) throw new Error("no deployments");
    await applyFleetRoot(cluster, root);
    for (const name of ["kustomize-controller", "notification-controller"]) {
      const labels = { "app.kubernetes.io/part-of": "flux" };
      const template = { metadata: { labels }, spec: { containers: [{ name: "manager", image: "x" }] } };
      const manifest = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name, namespace: "flux-system", labels },
        spec: { replicas: 1, selector: { matchLabels: labels }, template },
      };
      await cluster.create(targetOf(resource, "flux-system", name), manifest, { fieldManager: "test" });
    }
    const found = await findNeighbours(cluster);
    expect(found).toEqual([{ namespace: "flux-system", name: "kustomize-controller" }]);
    expect(refuseNeighbours(found).message).toContain("flux-system/kustomize-controller");
    await stopNeighbours(cluster, found);
    expect(await findNeighbours(cluster)).toEqual([]);
    await close();
  });
});
