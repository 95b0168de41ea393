// spec.kubeConfig: objects go to another cluster, a second API server here, and are looked after there; what a kubeconfig may
// not ask for is refused, and a cluster that does not answer holds up nobody else.

import { connect, type DetailedPeerCertificate } from "node:tls";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { administrator, type ApiServer, startApiServer } from "#apiserver";
import type { Cluster } from "#cluster";
import { asManifest, type JsonObject, type Manifest } from "#kernel";
import { memoryStore } from "#store";
import { configMap, kustomization, namespace, realClock, World } from "./world.contract.ts";

vi.setConfig({ testTimeout: 120_000 });

let world: World;
let server: ApiServer;
let remote: Cluster;

beforeEach(async () => {
  world = await World.start(["Kustomization"]);
  server = await startApiServer({ store: memoryStore(), clock: realClock, listen: { port: 0 } });
  remote = server.cluster(administrator);
  await applyRemote(namespace("shop"));
});
afterEach(async () => {
  await world.close();
  await server.close();
});

async function applyRemote(...manifests: Manifest[]): Promise<void> {
  for (const manifest of manifests) {
    const discovery = await remote.discover(true);
    const [group = "", kind] = manifest.apiVersion.includes("/")
      ? [manifest.apiVersion.split("/")[0], manifest.kind]
      : ["", manifest.kind];
    const resource = discovery.ok ? discovery.value.byKind(group, kind) : undefined;
    if (resource === undefined) throw new Error(`no ${manifest.kind}`);
    const target = { resource, namespace: manifest.metadata.namespace ?? "", name: manifest.metadata.name };
    const answer = await remote.apply(target, manifest, { fieldManager: "test", isForced: true });
    if (!answer.ok) throw new Error(answer.status.message);
  }
}

async function there(name: string, kind = "ConfigMap"): Promise<Manifest | undefined> {
  const discovery = await remote.discover();
  const resource = discovery.ok ? discovery.value.byKind("", kind) : undefined;
  if (resource === undefined) return undefined;
  const answer = await remote.get({ resource, namespace: "shop", name });
  return answer.ok ? answer.value : undefined;
}

function secret(text: string, key = "value"): Manifest {
  return asManifest({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "cluster", namespace: "flux-system", labels: { "reconcile.fluxcd.io/watch": "Enabled" } },
    data: { [key]: Buffer.from(text).toString("base64") },
  });
}

const toRemote: JsonObject = { kubeConfig: { secretRef: { name: "cluster" } } };

describe("another cluster", () => {
  it("is applied to, healed, and pruned; the home has none of it", async () => {
    await world.apply(secret(server.kubeconfig()));
    await world.deliver("apps", configMap("a", { k: "1" }) + configMap("b", {}), toRemote);
    expect((await there("a"))?.["data"]).toEqual({ k: "1" });
    expect(await world.get("", "ConfigMap", "a")).toBeUndefined();
    await applyRemote(
      asManifest({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "shop" }, data: { k: "2" } }),
    );
    await world.until("the drift to be healed", async () => {
      const data = (await there("a"))?.["data"] as { k?: string } | undefined;
      return data?.k === "1";
    });
    await world.deliver("apps", configMap("a", { k: "1" }), toRemote);
    expect(await there("b")).toBeUndefined();
    await world.remove(await world.target("kustomize.toolkit.fluxcd.io", "Kustomization", "apps", "flux-system"));
    await world.until("the delivery to be gone", async () => (await there("a")) === undefined);
  });

  it("is named by the Secret's key value.yaml, or by the one that is asked for", async () => {
    await world.apply(secret(server.kubeconfig(), "value.yaml"));
    await world.deliver("apps", configMap("a", {}), toRemote);
    expect(await there("a")).toBeDefined();
    await world.apply(secret(server.kubeconfig(), "mine"));
    await world.deliver("more", configMap("b", {}), { kubeConfig: { secretRef: { name: "cluster", key: "mine" } } });
    expect(await there("b")).toBeDefined();
  });

  it("has its own objects of the same name: neither delivery claims or prunes the other's", async () => {
    await world.apply(secret(server.kubeconfig()));
    await world.deliver("here", configMap("a", { at: "here" }));
    await world.deliver("there", configMap("a", { at: "there" }), toRemote);
    expect((await there("a"))?.["data"]).toEqual({ at: "there" });
    expect((await world.get("", "ConfigMap", "a"))?.["data"]).toEqual({ at: "here" });
    await world.deliver("there", configMap("b", {}), toRemote);
    expect(await there("a")).toBeUndefined();
    expect(await world.get("", "ConfigMap", "a")).toBeDefined();
  });

  it("is acted on as the ServiceAccount of the delivery's namespace, by its rights there", async () => {
    await world.apply(secret(server.kubeconfig()));
    world.sources.commit({ "apps/all.yaml": configMap("a", {}) });
    await world.apply(kustomization("apps", { ...toRemote, serviceAccountName: "deployer", retryInterval: "1s" }));
    await world.untilFailed("apps", "system:serviceaccount:flux-system:deployer");
    const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["*"] }];
    const subject = { kind: "ServiceAccount", name: "deployer", namespace: "flux-system" };
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "deployer" };
    const metadata = { name: "deployer", namespace: "shop" };
    const apiVersion = "rbac.authorization.k8s.io/v1";
    await applyRemote(
      asManifest({ apiVersion, kind: "Role", metadata, rules }),
      asManifest({ apiVersion, kind: "RoleBinding", metadata, subjects: [subject], roleRef }),
    );
    await world.untilReady("apps");
    expect(await there("a")).toBeDefined();
  });

  it("is left alone, and the delivery goes, when what named it is gone", async () => {
    await world.apply(secret(server.kubeconfig()));
    await world.deliver("apps", configMap("a", {}), toRemote);
    await world.remove(await world.target("", "Secret", "cluster", "flux-system"));
    await world.remove(await world.target("kustomize.toolkit.fluxcd.io", "Kustomization", "apps", "flux-system"));
    await world.until("the delivery to be gone", async () => {
      const object = await world.get("kustomize.toolkit.fluxcd.io", "Kustomization", "apps", "flux-system");
      return object === undefined;
    });
    expect(await there("a")).toBeDefined();
  });
});

describe("a kubeconfig", () => {
  const token = (user: string, cluster = ""): string =>
    `apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:9"${cluster}}}]
users: [{name: u, user: {${user}}}]
`;

  const refused: [what: string, text: string, says: string][] = [
    [
      "an exec plugin",
      token("exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/CANARY}"),
      "exec plugin",
    ],
    ["no verification", token("token: t", ", insecure-skip-tls-verify: true"), "insecure-skip-tls-verify"],
    ["a token file of this machine", token("tokenFile: /etc/CANARY"), "the file tokenFile"],
    [
      "an authority file of this machine",
      token("token: t", ", certificate-authority: /etc/CANARY"),
      "certificate-authority",
    ],
    ["another identity", token("token: t, as: system:admin"), "impersonation"],
    ["nothing that is YAML", "CANARY: [", "kubeconfig"],
    ["a context that is not there", "apiVersion: v1\nkind: Config\ncurrent-context: CANARY\n", "context"],
  ];

  it("that asks for what another's may not is refused, and says so", async () => {
    world.sources.commit({ "apps/all.yaml": configMap("a", {}) });
    for (const [index, [, text]] of refused.entries()) {
      const named = secret(text);
      named.metadata.name = `cluster-${index}`;
      const spec = { path: "./apps", kubeConfig: { secretRef: { name: `cluster-${index}` } } };
      await world.apply(named, kustomization(`apps-${index}`, spec));
    }
    for (const [index, [what, , says]] of refused.entries()) {
      const { message } = await world.untilFailed(`apps-${index}`, says);
      expect(message, what).toContain(`Secret/flux-system/cluster-${index}`);
    }
  });

  it("that is not there, or under no known key, is named; the delivery goes on when it comes", async () => {
    world.sources.commit({ "apps/all.yaml": configMap("a", {}) });
    await world.apply(kustomization("apps", { ...toRemote, retryInterval: "1h" }));
    await world.untilFailed("apps", "does not exist");
    await world.apply(secret(server.kubeconfig(), "other"));
    await world.untilFailed("apps", "does not contain a 'value' key");
    await world.apply(secret(server.kubeconfig()));
    await world.untilReady("apps");
  });
});

describe("a cluster that does not answer", () => {
  it("slows nobody else, and is applied to when it answers", async () => {
    // A port where nobody listens; many deliveries to it, more than there are places for passes.
    const gone = server.kubeconfig().replaceAll(server.url, "https://127.0.0.1:9");
    await world.apply(secret(gone));
    const files: { [path: string]: string } = { "here/all.yaml": configMap("here", {}) };
    for (let i = 0; i < 30; i++) files[`gone-${i}/all.yaml`] = configMap(`gone-${i}`, {});
    world.sources.commit(files);
    for (let i = 0; i < 30; i++) await world.apply(kustomization(`gone-${i}`, toRemote));
    await world.untilFailed("gone-0", "does not answer");
    await world.apply(kustomization("here"));
    await world.untilReady("here");
    await world.apply(secret(server.kubeconfig()));
    for (let i = 0; i < 30; i++) await world.untilReady(`gone-${i}`);
    expect(await there("gone-29")).toBeDefined();
  });
});

type Oracle = { url: string; token: string; stop(): void };
const oracles = (await import(new URL("../../../../tools/oracle-apiserver.mjs", import.meta.url).href)) as {
  hasOracle(): boolean;
  startOracle(): Promise<Oracle>;
};

/** The authority that signed what a server shows, as PEM. */
function authorityOf(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      let certificate: DetailedPeerCertificate = socket.getPeerCertificate(true);
      while (certificate.issuerCertificate !== undefined && certificate.issuerCertificate !== certificate) {
        certificate = certificate.issuerCertificate;
      }
      socket.end();
      resolve(`-----BEGIN CERTIFICATE-----\n${certificate.raw.toString("base64")}\n-----END CERTIFICATE-----\n`);
    });
    socket.on("error", reject);
  });
}

describe.skipIf(!oracles.hasOracle())("a real kube-apiserver as another cluster", () => {
  it("is applied to as a ServiceAccount, and named when it stops answering", async () => {
    const oracle = await oracles.startOracle();
    try {
      const authority = Buffer.from(await authorityOf(oracle.url)).toString("base64");
      const kubeconfig = `apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "${oracle.url}", certificate-authority-data: ${authority}}}]
users: [{name: u, user: {token: "${oracle.token}"}}]
`;
      await world.apply(secret(kubeconfig));
      await world.deliver("setup", JSON.stringify(namespace("shop")), toRemote);
      world.sources.commit({ "apps/all.yaml": configMap("a", { k: "1" }) });
      const spec = { ...toRemote, serviceAccountName: "deployer", retryInterval: "1s" };
      await world.apply(kustomization("apps", spec));
      await world.untilFailed("apps", 'User "system:serviceaccount:flux-system:deployer" cannot');
      const binding = {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata: { name: "deployer", namespace: "shop" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
        subjects: [{ kind: "ServiceAccount", name: "deployer", namespace: "flux-system" }],
      };
      const grant = JSON.stringify(binding);
      const revision = world.sources.commit({
        "setup/all.yaml": `${JSON.stringify(namespace("shop"))}\n---\n${grant}\n`,
        "apps/all.yaml": configMap("a", { k: "1" }),
      });
      await world.untilReady("setup", revision);
      await world.untilReady("apps", revision);
      const gone = world.sources.commit({
        "setup/all.yaml": `${JSON.stringify(namespace("shop"))}\n---\n${grant}\n`,
        "apps/all.yaml": configMap("b", {}),
      });
      await world.untilReady("apps", gone);
    } finally {
      oracle.stop();
    }
    // What is at home goes on; what is there says that it cannot be reached.
    await world.deliver("here", configMap("here", {}));
    world.engine.reconcile("kustomize.toolkit.fluxcd.io/Kustomization/flux-system/apps");
    await world.until("a word about the cluster", async () => (await world.condition("apps"))?.status === "False");
  });
});
