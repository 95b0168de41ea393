// The same engine on a real kube-apiserver: what holds on the embedded one holds there (invariants 4, 5 and 7).

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { fluxDefinitions } from "#api/flux";
import { connectCluster, fixedCredentials, type HttpCluster } from "#cluster";
import { asManifest } from "#kernel";
import { configMap, kustomization, namespace, realClock, World } from "./world.contract.ts";

// Conditions are waited for; a busy machine may take its time.
vi.setConfig({ testTimeout: 120_000 });

type Oracle = { url: string; token: string; stop(): void };
const oracles = (await import(new URL("../../../../tools/oracle-apiserver.mjs", import.meta.url).href)) as {
  hasOracle(): boolean;
  startOracle(): Promise<Oracle>;
};

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: {
        containers: [
          {
            name: "app",
            image: "example.test/app:1",
            ports: [{ containerPort: 80 }],
            resources: { requests: { cpu: "1000m", memory: "64Mi" } },
            env: [{ name: "A", value: "1" }],
            volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
          },
        ],
        volumes: [{ name: "tmp", emptyDir: {} }],
      },
    },
  },
};
const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "shop" },
  spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] },
};
const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "shop" }, stringData: { p: "x" } };
const role = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name: "shop:reader" },
  rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
};
const autoscaler = {
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  metadata: { name: "web", namespace: "shop" },
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
    maxReplicas: 4,
    metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 99 } } }],
  },
};
const everything = [deployment, service, secret, role, autoscaler].map((object) => JSON.stringify(object));

describe.skipIf(!oracles.hasOracle())("on a real kube-apiserver", () => {
  let oracle: Oracle;
  let cluster: HttpCluster;
  let world: World;

  beforeAll(async () => {
    oracle = await oracles.startOracle();
    const credentials = fixedCredentials({ authorization: `Bearer ${oracle.token}` });
    const connection = { server: oracle.url, name: "test", namespace: "default", isInsecure: true, credentials };
    cluster = connectCluster(connection, { clock: realClock });
    world = new World();
    world.cluster = cluster;
    await world.apply(...fluxDefinitions());
    await world.apply(namespace("flux-system"), namespace("shop"));
    world.startEngine();
  }, 90_000);
  afterAll(async () => {
    await world?.stopEngine();
    cluster?.close();
    oracle?.stop();
  });

  const text = (): string => [...everything, configMap("a", { k: "1" })].join("\n---\n");

  async function versions(): Promise<(string | undefined)[]> {
    const objects = [
      await world.get("apps", "Deployment", "web"),
      await world.get("", "Service", "web"),
      await world.get("", "Secret", "s"),
      await world.get("rbac.authorization.k8s.io", "ClusterRole", "shop:reader"),
      await world.get("autoscaling", "HorizontalPodAutoscaler", "web"),
      await world.get("", "ConfigMap", "a"),
      await world.get("kustomize.toolkit.fluxcd.io", "Kustomization", "apps", "flux-system"),
    ];
    return objects.map((object) => object?.metadata.resourceVersion);
  }

  it("a commit is applied; asking again and starting anew write nothing", async () => {
    const revision = world.sources.commit({ "apps/all.yaml": text() });
    await world.apply(kustomization("apps"));
    await world.untilReady("apps", revision);
    const before = await versions();
    expect(before).not.toContain(undefined);
    world.engine.reconcile("kustomize.toolkit.fluxcd.io/Kustomization/flux-system/apps");
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await versions()).toEqual(before);
    await world.stopEngine();
    world.startEngine();
    await world.until("a confirmation", async () => world.engine.counts().rendered === 1);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await versions()).toEqual(before);
    expect(world.engine.counts().statusWrites).toBe(0);
  }, 120_000);

  it("kubectl's edits are healed, its fields taken over", async () => {
    const target = await world.target("apps", "Deployment", "web");
    await world.edit(target, { spec: { replicas: 5, minReadySeconds: 7 }, metadata: { labels: { mine: "x" } } });
    const live = await world.until("the edit to be healed", async () => {
      const object = await world.get("apps", "Deployment", "web");
      const spec = object?.["spec"] as { replicas: number; minReadySeconds?: number };
      return spec.replicas === 2 && spec.minReadySeconds === undefined ? object : undefined;
    });
    expect(live.metadata.labels?.["mine"]).toBeUndefined();
    expect(live.metadata.managedFields?.map((entry) => entry.manager)).toEqual(["kustomize-controller"]);
    const event = await world.until("an event", async () =>
      (await world.events()).find((e) => e.reason === "DriftHealed" && e.message.includes("Deployment/shop/web")),
    );
    expect(event.message).toContain("spec.replicas 2 → 5 (kubectl-edit)");
  }, 120_000);

  it("an immutable field fails, and is recreated where that is asked for", async () => {
    const changed = { ...deployment, spec: { ...deployment.spec, selector: { matchLabels: { app: "two" } } } };
    changed.spec.template = { ...deployment.spec.template, metadata: { labels: { app: "two" } } };
    const files = { "apps/all.yaml": [...everything.slice(1), JSON.stringify(changed)].join("\n---\n") };
    world.sources.commit(files);
    await world.untilFailed("apps", "immutable");
    expect(await world.get("", "ConfigMap", "a")).toBeDefined();
    await world.apply(kustomization("apps", { force: true }));
    await world.untilReady("apps");
    const live = await world.get("apps", "Deployment", "web");
    expect(live?.["spec"]).toMatchObject({ selector: { matchLabels: { app: "two" } } });
    expect(await world.get("", "ConfigMap", "a")).toBeUndefined();
  }, 120_000);

  it("a ServiceAccount applies with its own rights only", async () => {
    world.sources.commit({ "tenant/a.yaml": configMap("tenant", {}) }, "tenant");
    const spec = { serviceAccountName: "tenant", sourceRef: { kind: "GitRepository", name: "tenant" } };
    await world.apply(kustomization("tenant", spec));
    const failed = await world.untilFailed("tenant", "ConfigMap/shop/tenant");
    expect(failed.message).toContain("system:serviceaccount:flux-system:tenant");
    const rights = { name: "tenant", namespace: "shop" };
    const group = "rbac.authorization.k8s.io";
    await world.apply(
      asManifest({
        apiVersion: `${group}/v1`,
        kind: "Role",
        metadata: rights,
        rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["*"] }],
      }),
      asManifest({
        apiVersion: `${group}/v1`,
        kind: "RoleBinding",
        metadata: rights,
        roleRef: { apiGroup: group, kind: "Role", name: "tenant" },
        subjects: [{ kind: "ServiceAccount", name: "tenant", namespace: "flux-system" }],
      }),
    );
    world.engine.reconcile("kustomize.toolkit.fluxcd.io/Kustomization/flux-system/tenant");
    await world.untilReady("tenant");
  }, 120_000);
});
