// Taking a cluster over from Flux's own controller and handing it back: no object changes, none is deleted, and what Flux
// finds again is as it left it. On a real kube-apiserver, with the real controller.

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { fluxDefinitions } from "#api/flux";
import { connectCluster, fixedCredentials } from "#cluster";
import { type Manifest, memoryTree } from "#kernel";
import { sourceTreeOf } from "#delivery";
import { FluxWorld, hasFluxController } from "./flux-controller.contract.ts";
import { definition, deployment, widget } from "./samples.contract.ts";
import { configMap, kustomization, namespace, realClock } from "./world.contract.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

type Oracle = { url: string; token: string; stop(): void };
const oracles = (await import(new URL("../../../../tools/oracle-apiserver.mjs", import.meta.url).href)) as {
  hasOracle(): boolean;
  startOracle(): Promise<Oracle>;
};

const web = deployment("web", 2);
const texts = {
  "base/all.yaml": [
    JSON.stringify(namespace("shop")),
    definition("Widget", "widgets"),
    JSON.stringify(widget("w")),
    JSON.stringify({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "shop:reader" },
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
    }),
  ].join("\n---\n"),
  "apps/all.yaml": [
    JSON.stringify(web),
    JSON.stringify({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "shop" },
      stringData: { p: "x" },
    }),
    JSON.stringify({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web", namespace: "shop" },
      spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
    }),
    JSON.stringify({
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "web", namespace: "shop" },
      spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" }, maxReplicas: 4 },
    }),
    configMap("a", { k: "${v}" }),
  ].join("\n---\n"),
};

describe.skipIf(!oracles.hasOracle() || !hasFluxController)("a cluster of Flux's", () => {
  let oracle: Oracle;
  const world = new FluxWorld();

  beforeAll(async () => {
    oracle = await oracles.startOracle();
    const credentials = fixedCredentials({ authorization: `Bearer ${oracle.token}` });
    const connection = { server: oracle.url, name: "test", namespace: "default", isInsecure: true, credentials };
    world.cluster = connectCluster(connection, { clock: realClock });
    await world.apply(...fluxDefinitions());
    await world.prepare(oracle);
  });
  afterAll(async () => {
    await world.closeFlux();
    oracle?.stop();
  });

  const refs: readonly [string, string, string, string][] = [
    ["", "Namespace", "shop", ""],
    ["apiextensions.k8s.io", "CustomResourceDefinition", "widgets.example.test", ""],
    ["example.test", "Widget", "w", "shop"],
    ["rbac.authorization.k8s.io", "ClusterRole", "shop:reader", ""],
    ["apps", "Deployment", "web", "shop"],
    ["", "Secret", "s", "shop"],
    ["", "Service", "web", "shop"],
    ["autoscaling", "HorizontalPodAutoscaler", "web", "shop"],
    ["", "ConfigMap", "a", "shop"],
  ];
  const objects = (): Promise<(Manifest | undefined)[]> => Promise.all(refs.map((ref) => world.get(...ref)));
  const versions = async (): Promise<string[]> =>
    (await objects()).map((object) => `${object?.kind}/${object?.metadata.name} ${object?.metadata.resourceVersion}`);
  const statuses = async () => ({
    base: await world.kustomization("base"),
    apps: await world.kustomization("apps"),
  });

  it("is taken over and handed back without a write to any object", async () => {
    const revision = world.commit(texts);
    await world.startController();
    await world.apply(
      kustomization("base", { wait: true }),
      kustomization("apps", { dependsOn: [{ name: "base" }], postBuild: { substitute: { v: "one" } } }),
    );
    await world.untilReady("base", revision);
    await world.untilReady("apps", revision);
    await world.stopController();
    const [before, statusBefore] = [await versions(), await statuses()];
    expect(before.join()).not.toContain("undefined");

    // Ours, on the same revision: sources are offered from memory here.
    world.sources.commit(texts);
    const artifacts = {
      get: () => ({ revision, originRevision: undefined, source: sourceTreeOf(memoryTree(texts)) }),
      subscribe: () => () => {},
      whyNot: () => Promise.resolve("none"),
    };
    world.startEngine(world.cluster, artifacts);
    await world.until("both confirmed", async () => {
      const { deliveries } = world.engine.snapshot();
      return (
        deliveries.length === 2 &&
        deliveries.every((each) => each.phase === "ready") &&
        world.engine.counts().rendered === 2
      );
    });
    // A look at everything, as a person asks for it.
    const token = await world.ask("apps");
    await world.until("the look", async () => (await world.kustomization("apps"))["lastHandledReconcileAt"] === token);
    await world.untilReady("apps");
    await world.stopEngine();
    expect(await versions()).toEqual(before);
    const ours = await statuses();
    expect(ours.base).toEqual(statusBefore.base);
    expect(ours.apps["inventory"]).toEqual(statusBefore.apps["inventory"]);
    // The same digest: our build is an entry that Flux has already, counted up.
    expect(ours.apps["history"]).toMatchObject([{ totalReconciliations: 2 }]);

    await world.startController();
    const again = await world.ask("apps");
    await world.until(
      "Flux's look",
      async () => (await world.kustomization("apps"))["lastHandledReconcileAt"] === again,
    );
    await world.untilReady("apps", revision);
    await world.stopController();
    expect(await versions()).toEqual(before);
    expect((await statuses()).apps["history"]).toHaveLength(1);
    const object = await world.get("kustomize.toolkit.fluxcd.io", "Kustomization", "apps", "flux-system");
    expect(object?.metadata.finalizers).toEqual(["finalizers.fluxcd.io"]);
  });

  it("what we applied while it was ours is Flux's own afterwards: it changes and prunes it", async () => {
    const next = { ...texts, "apps/all.yaml": `${configMap("a", { k: "two" })}\n---\n${configMap("b", {})}` };
    world.sources.commit(next);
    const revision = world.commit(next);
    await world.offered();
    const artifacts = {
      get: () => ({ revision, originRevision: undefined, source: sourceTreeOf(memoryTree(next)) }),
      subscribe: () => () => {},
      whyNot: () => Promise.resolve("none"),
    };
    world.startEngine(world.cluster, artifacts);
    await world.untilReady("apps", revision);
    await world.stopEngine();
    expect(await world.get("apps", "Deployment", "web")).toBeUndefined();
    const last = world.commit({ ...texts, "apps/all.yaml": configMap("a", { k: "three" }) });
    await world.startController();
    await world.untilReady("apps", last);
    await world.stopController();
    expect(await world.get("", "ConfigMap", "b")).toBeUndefined();
    const live = await world.get("", "ConfigMap", "a");
    expect(live?.["data"]).toEqual({ k: "three" });
    expect(live?.metadata.managedFields?.map(({ manager }) => manager)).toEqual(["kustomize-controller"]);
  });
});
