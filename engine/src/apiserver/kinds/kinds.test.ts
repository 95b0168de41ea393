import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { administrator, type ApiServer, startApiServer } from "#apiserver";
import type { Answer, Cluster, Target } from "#cluster";
import { type JsonObject, ManualClock, type Manifest } from "#kernel";
import { memoryStore, type Store } from "#store";

const writing = { fieldManager: "test" };

let store: Store;
let server: ApiServer;
let cluster: Cluster;

beforeAll(async () => {
  store = memoryStore();
  server = await startApiServer({ store, clock: new ManualClock(), withoutServiceAccounts: true });
  cluster = server.cluster(administrator);
});
afterAll(async () => {
  await server.close();
  await store.close();
});

async function targetOf(object: Manifest): Promise<Target> {
  const slash = object.apiVersion.indexOf("/");
  const discovery = await cluster.discover();
  const group = slash < 0 ? "" : object.apiVersion.slice(0, slash);
  const resource = discovery.ok ? discovery.value.byKind(group, object.kind) : undefined;
  if (resource === undefined) throw new Error(`${object.kind} is not served`);
  return { resource, namespace: resource.isNamespaced ? "default" : "", name: object.metadata.name };
}

async function create(object: Manifest): Promise<Manifest> {
  const answer = await cluster.create(await targetOf(object), object, writing);
  if (!answer.ok) throw new Error(answer.status.message);
  return answer.value;
}

async function patch(object: Manifest, change: JsonObject): Promise<Answer<Manifest>> {
  return cluster.patch(await targetOf(object), { type: "merge", patch: change }, writing);
}

const podSpec = { containers: [{ name: "c", image: "i" }] };

function workload(kind: string, apiVersion = "apps/v1", more: object = {}): Manifest {
  const template = { metadata: { labels: { a: "b" } }, spec: podSpec };
  const spec = { selector: { matchLabels: { a: "b" } }, template, ...more };
  return { apiVersion, kind, metadata: { name: kind.toLowerCase() }, spec };
}

const job: Manifest = {
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "j" },
  spec: { completions: 1, template: { spec: { ...podSpec, restartPolicy: "Never" } } },
};
const claim: Manifest = {
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "p" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
};
const service: Manifest = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "s" },
  spec: { ports: [{ port: 80 }] },
};
const sealedMap: Manifest = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "m" },
  data: { a: "1" },
  immutable: true,
};
const binding: Manifest = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "RoleBinding",
  metadata: { name: "b" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "x" },
};
const pod: Manifest = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: podSpec };

describe("what may not change", () => {
  const cases: [string, Manifest, JsonObject, string][] = [
    [
      "a Deployment's selector",
      workload("Deployment"),
      { spec: { selector: { matchLabels: { a: "c" } }, template: { metadata: { labels: { a: "c" } } } } },
      'Deployment.apps "deployment" is invalid: spec.selector: Invalid value: {"matchLabels":{"a":"c"}}: field is immutable',
    ],
    [
      "a StatefulSet's service",
      workload("StatefulSet", "apps/v1", { serviceName: "x" }),
      { spec: { serviceName: "y" } },
      "StatefulSet.apps \"statefulset\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
    [
      "a Job's completions",
      job,
      { spec: { completions: 3 } },
      'Job.batch "j" is invalid: spec.completions: Invalid value: 3: field is immutable',
    ],
    ["a claim's access", claim, { spec: { accessModes: ["ReadWriteMany"] } }, "spec is immutable after creation"],
    [
      "a Service's address",
      service,
      { spec: { clusterIP: "10.96.200.1" } },
      'spec.clusterIPs[0]: Invalid value: ["10.96.200.1"]: may not change once set',
    ],
    [
      "sealed data",
      sealedMap,
      { data: { a: "2" } },
      'ConfigMap "m" is invalid: data: Forbidden: field is immutable when `immutable` is set',
    ],
    [
      "the seal itself",
      sealedMap,
      { immutable: false },
      "immutable: Forbidden: field is immutable when `immutable` is set",
    ],
    [
      "a binding's role",
      binding,
      { roleRef: { name: "y" } },
      'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"y"}: cannot change roleRef',
    ],
    [
      "a Pod's environment",
      pod,
      { spec: { containers: [{ name: "c", image: "i", env: [{ name: "a" }] }] } },
      "pod updates may not change fields other than",
    ],
  ];
  for (const [what, object, change, text] of cases) {
    it(what, async () => {
      const answer = await cluster.create(await targetOf(object), object, writing);
      if (!answer.ok) expect(answer.status.reason).toBe("AlreadyExists");
      const refused = await patch(object, change);
      expect(refused).toMatchObject({ ok: false, status: { code: 422, reason: "Invalid" } });
      expect(!refused.ok && refused.status.message).toContain(text);
    });
  }
});

describe("what the server adds", () => {
  it("gives every Service an address of its own, and NodePorts where asked", async () => {
    const made = await Promise.all(
      ["x1", "x2", "x3"].map((name) =>
        create({ ...service, metadata: { name }, spec: { type: "NodePort", ports: [{ port: 80 }] } }),
      ),
    );
    const specs = made.map((one) => one.spec as { clusterIP: string; ports: { nodePort: number }[] });
    expect(new Set(specs.map((spec) => spec.clusterIP)).size).toBe(3);
    expect(new Set(specs.map((spec) => spec.ports[0]?.nodePort)).size).toBe(3);
    const kept = await cluster.update(
      await targetOf(made[0] as Manifest),
      { ...service, metadata: { name: "x1" } },
      writing,
    );
    expect(kept.ok && (kept.value.spec as { clusterIP: string }).clusterIP).toBe(specs[0]?.clusterIP);
  });

  it("refuses an address that another Service has", async () => {
    const taken = await create({
      ...service,
      metadata: { name: "y1" },
      spec: { clusterIP: "10.96.77.7", ports: [{ port: 80 }] },
    });
    const again = { ...taken, metadata: { name: "y2" } };
    expect(await cluster.create(await targetOf(again), again, writing)).toMatchObject({ status: { code: 422 } });
  });

  it("keeps a headless Service without an address", async () => {
    const made = await create({
      ...service,
      metadata: { name: "h" },
      spec: { clusterIP: "None", ports: [{ port: 80 }] },
    });
    expect(made.spec).toMatchObject({ clusterIP: "None", clusterIPs: ["None"] });
  });

  it("stores a Secret's stringData as data", async () => {
    const made = await create({ apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, stringData: { a: "b" } });
    expect(made).toMatchObject({ type: "Opaque", data: { a: "Yg==" } });
    expect(made.stringData).toBeUndefined();
  });

  it("labels a Job's pods with its uid and selects by it", async () => {
    const made = await create({ ...job, metadata: { name: "labelled" } });
    const uid = made.metadata.uid as string;
    expect(made.spec).toMatchObject({
      selector: { matchLabels: { "batch.kubernetes.io/controller-uid": uid } },
      template: { metadata: { labels: { "controller-uid": uid, "job-name": "labelled" } } },
    });
  });

  it("refuses a workload that does not select its own pods", async () => {
    const wrong = workload("ReplicaSet", "apps/v1", { selector: { matchLabels: { a: "other" } } });
    expect(await cluster.create(await targetOf(wrong), wrong, writing)).toMatchObject({ status: { code: 422 } });
  });

  it("shows one autoscaler in both of its versions", async () => {
    const discovery = await cluster.discover();
    const old = discovery.ok ? discovery.value.byKind("autoscaling", "HorizontalPodAutoscaler", "v1") : undefined;
    const now = discovery.ok ? discovery.value.byKind("autoscaling", "HorizontalPodAutoscaler", "v2") : undefined;
    if (old === undefined || now === undefined) throw new Error("both versions are served");
    const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
    const object: Manifest = {
      apiVersion: "autoscaling/v1",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "h" },
      spec: { scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 60 },
    };
    await cluster.create({ resource: old, namespace: "default", name: "h" }, object, writing);
    const seen = await cluster.get({ resource: now, namespace: "default", name: "h" });
    expect(seen.ok && (seen.value.spec as JsonObject).metrics).toEqual([
      { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } } },
    ]);
    const back = await cluster.get({ resource: old, namespace: "default", name: "h" });
    expect(back.ok && back.value.spec).toMatchObject({ targetCPUUtilizationPercentage: 60 });
  });
});
