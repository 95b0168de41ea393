// Keelson and the real Flux on the same fleet: each takes over from the other without changing an object, and both say the same of it.

import { describe, expect, it } from "vitest";
import { hasFluxEngines, RealCluster } from "./flux-engines.ts";
import { until } from "./home.ts";
import { Repository, serveOverHttp } from "./repository.ts";

const fleet: Record<string, string> = {
  "one/kustomization.yaml": `namespace: one
commonAnnotations: {team: ours}
resources: [namespace.yaml, objects.yaml]
configMapGenerator: [{name: generated, literals: [a=b]}]
`,
  "one/namespace.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: one}\n",
  "one/objects.yaml": `apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {host: "\${host}", other: "\${other:=fallback}"}
---
apiVersion: v1
kind: Secret
metadata: {name: login}
stringData: {user: u, password: p}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  paused: false
  minReadySeconds: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, creationTimestamp: null}
    spec:
      hostNetwork: false
      priority: 0
      initContainers: [{name: first, image: "example.org/web:1", ports: [{containerPort: 81}]}]
      containers: [{name: web, image: "example.org/web:1", resources: {requests: {cpu: 1000m}}, ports: [{containerPort: 80}]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: one-reader}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
`,
  "two/objects.yaml": `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
spec:
  group: example.org
  names: {kind: Thing, plural: things}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer, default: 3}}}}}}
---
apiVersion: v1
kind: Namespace
metadata: {name: two}
---
apiVersion: example.org/v1
kind: Thing
metadata: {name: thing, namespace: two}
spec: {}
`,
};

const extra = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra, namespace: two}\n";

function sync(url: string): string {
  const of = (name: string, spec: string): string => `---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ${name}, namespace: flux-system}
spec:
  interval: 10m
  path: ./${name}
  prune: true
  sourceRef: {kind: GitRepository, name: fleet}
${spec}`;
  return `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: fleet, namespace: flux-system}
spec: {interval: 10m, url: "${url}", ref: {branch: main}}
${of("one", "  postBuild: {substitute: {host: example.org}}\n")}${of("two", "  wait: true\n  dependsOn: [{name: one}]\n")}`;
}

type Listed = {
  metadata: { resourceVersion: string; name: string; namespace?: string; managedFields?: unknown[] };
  kind: string;
};

const delivered: readonly string[][] = [
  [
    "get",
    "configmap,secret,service,deployment,clusterrole,namespace,crd",
    "-A",
    "-l",
    "kustomize.toolkit.fluxcd.io/name",
    "--show-managed-fields",
  ],
  ["get", "things.example.org", "-A", "--show-managed-fields"],
];

async function objectsOf(cluster: RealCluster): Promise<Map<string, Listed>> {
  const found = new Map<string, Listed>();
  for (const args of delivered)
    for (const object of (await cluster.json<{ items: Listed[] }>(args)).items)
      found.set(`${object.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`, object);
  return found;
}

async function versionsOf(cluster: RealCluster): Promise<Record<string, string>> {
  const objects = await objectsOf(cluster);
  return Object.fromEntries([...objects].map(([name, { metadata }]) => [name, metadata.resourceVersion]));
}

type Status = {
  metadata: { generation: number };
  status?: {
    conditions?: { type: string; status: string; reason: string }[];
    lastAppliedRevision?: string;
    observedGeneration?: number;
    lastHandledReconcileAt?: string;
  };
};

/** Waits until both deliveries have applied the commit, and have handled the request where one was made. */
async function appliedBy(cluster: RealCluster, commit: string, token?: string): Promise<void> {
  for (const name of ["one", "two"]) {
    let last: Status["status"];
    await until(
      `Kustomization ${name} to be at ${commit}`,
      async () => {
        ({ status: last } = await cluster.json<Status>(["get", "kustomization", name, "-n", "flux-system"]));
        const ready = last?.conditions?.find(({ type }) => type === "Ready");
        const isApplied = ready?.status === "True" && last?.lastAppliedRevision === `main@sha1:${commit}`;
        if (isApplied && (token === undefined || last?.lastHandledReconcileAt === token)) return true;
        throw new Error(JSON.stringify(last));
      },
      120_000,
    );
  }
}

/** Asks every object of Flux for a pass now, as `flux reconcile` does. */
async function requestAll(cluster: RealCluster): Promise<string> {
  const token = `${performance.now()}`;
  await cluster.kubectl([
    "annotate",
    "--overwrite",
    "-n",
    "flux-system",
    "gitrepository,kustomization",
    "--all",
    `reconcile.fluxcd.io/requestedAt=${token}`,
  ]);
  return token;
}

describe.skipIf(!hasFluxEngines)("beside Flux", () => {
  it("takes a fleet over from Flux's controllers and hands it back, and no object changes", async () => {
    using repository = new Repository();
    const commit = repository.write(fleet).commit("the fleet");
    const server = await serveOverHttp(repository);
    await using cluster = new RealCluster();
    try {
      await cluster.start();
      await cluster.kubectl(["apply", "-f", "-"], sync(server.url));
      const flux = await cluster.startFlux();
      await appliedBy(cluster, commit);
      await flux.stop();
      const before = await versionsOf(cluster);
      expect(Object.keys(before).length).toBe(10);

      const keelson = await cluster.startKeelson();
      await appliedBy(cluster, commit, await requestAll(cluster));
      expect(await versionsOf(cluster)).toEqual(before);

      const second = repository
        .write({ "two/objects.yaml": `${fleet["two/objects.yaml"]}${extra}` })
        .commit("one more");
      await appliedBy(cluster, second, await requestAll(cluster));
      const changed = await versionsOf(cluster);
      expect(changed).toEqual({ ...before, "ConfigMap/two/extra": changed["ConfigMap/two/extra"] });
      await keelson.stop();

      const again = await cluster.startFlux();
      await appliedBy(cluster, second, await requestAll(cluster));
      expect(await versionsOf(cluster)).toEqual(changed);
      repository.write({ "two/objects.yaml": fleet["two/objects.yaml"] ?? "" });
      await appliedBy(cluster, repository.commit("one less"), await requestAll(cluster));
      expect(await versionsOf(cluster)).toEqual(before);
      await again.stop();
    } finally {
      server.close();
    }
  }, 300_000);
});
