// Corners that random scripts came upon: what is told first, what is told of by itself, what a further request leaves as it is.

import { applied, as, get, patch, post, put, remove, saved, type Script, type Step, unseen } from "./steps.ts";

type Part = Record<string, unknown>;

const core = "/api/v1/namespaces";
const group = "corners.example.com";
const scale = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas", labelSelectorPath: ".status.selector" };
const count = { type: "integer" };
const loose = { "x-kubernetes-preserve-unknown-fields": true };
const named = { type: "string", maxLength: 5, minLength: 2, pattern: "^[a-z]+$" };

function definition(kind: string, spec: Part, status: Part): Part {
  const plural = `${kind.toLowerCase()}s`;
  const openAPIV3Schema = { type: "object", properties: { spec, status } };
  const version = { name: "v1", served: true, storage: true, subresources: { status: {}, scale }, schema: { openAPIV3Schema } };
  return { metadata: { name: `${plural}.${group}` }, spec: { group, scope: "Cluster", names: { plural, kind }, versions: [version] } };
}

const rules = [{ rule: "self.replicas >= 0" }];
const strict = definition("Strict", { type: "object", required: ["replicas"], properties: { replicas: count, name: named }, "x-kubernetes-validations": rules }, { type: "object", properties: { replicas: count, selector: { type: "string" } } });
const free = definition("Free", { type: "object", ...loose }, { type: "object", ...loose });

function objects(plural: string, kind: string): { list: string; of: (spec: Part, more?: Part) => Part } {
  return {
    list: `/apis/${group}/v1/${plural}`,
    of: (spec, more = {}) => ({ apiVersion: `${group}/v1`, kind, metadata: { name: "a" }, spec, ...more }),
  };
}

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const { list: stricts, of: strictOf } = objects("stricts", "Strict");
const { list: frees, of: freeOf } = objects("frees", "Free");
const counts: readonly unknown[] = [-1, 2_147_483_648, 1.5, "x", true, [], {}, null, 3];

const pod = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
const workload = { metadata: { name: "a" }, spec: { selector: { matchLabels: { a: "b" } }, template: pod } };
const misfits: readonly Part[] = [
  ...["x", 1.5, true, []].map((replicas) => ({ spec: { replicas } })),
  ...["x", 5].map((paused) => ({ spec: { paused } })),
  ...[5, true, {}, []].map((a) => ({ metadata: { labels: { a } } })),
  { spec: { template: { spec: { nodeName: true } } } },
  { spec: { template: { spec: { containers: [{ name: "c", image: 5 }] } } } },
  { spec: { template: { spec: { containers: [{ name: "c", resources: { limits: { cpu: true } } }] } } } },
  { spec: { strategy: { rollingUpdate: { maxSurge: true } } } },
];

/** Parts of a pod of a type that Go's is not, and what is too wide for one. */
const wrongParts: readonly Part[] = [
  { volumes: [{ name: "v", emptyDir: "x" }] },
  { volumes: [{ name: "v", emptyDir: { sizeLimit: true } }] },
  { volumes: [{ name: "v", configMap: { name: 5 } }] },
  { volumes: { name: "v" } },
  { containers: [{ name: "c", image: "i", ports: [{ containerPort: "x" }] }] },
  { containers: [{ name: "c", image: "i", ports: [{ containerPort: 2_147_483_648 }] }] },
  { containers: [{ name: "c", image: "i", ports: [{ containerPort: 80, protocol: 5 }] }] },
  { containers: [{ name: "c", image: "i", livenessProbe: { httpGet: "x" } }] },
  { containers: [{ name: "c", image: "i", livenessProbe: { httpGet: { port: true } } }] },
  { containers: [{ name: "c", image: "i", livenessProbe: { httpGet: { port: 2_147_483_648 } } }] },
  { containers: [{ name: "c", image: "i", env: [{ name: "A", value: 5 }] }] },
  { containers: [{ name: "c", image: "i", env: [{ name: "A", value: 1.5 }] }] },
  { containers: [{ name: "c", image: "i", env: [{ name: "A", value: true }] }] },
  { containers: [{ name: "c", image: "i", env: [{ name: "A", valueFrom: { configMapKeyRef: { name: 5, key: "k" } } }] }] },
  { containers: [{ name: "c", image: "i", resources: { limits: { cpu: [] } } }] },
  { containers: [{ name: "c", image: "i", resources: { limits: { cpu: null } } }] },
  { containers: [{ name: "c", image: "i", resources: { limits: "x" } }] },
  { containers: [{ name: "c", image: "i", command: "x" }] },
  { containers: [{ name: "c", image: "i", command: [5] }] },
  { containers: "x" },
  { nodeSelector: { a: 5 } },
  { tolerations: [{ tolerationSeconds: 1.5 }] },
  { terminationGracePeriodSeconds: "30" },
  { hostNetwork: "true" },
  { hostNetwork: 1 },
  { restartPolicy: 5 },
  { securityContext: { runAsUser: "x", fsGroup: 5 } },
  { nodeName: 5.5 },
  "x" as unknown as Part,
];
const moments: readonly unknown[] = ["2021-02-03T04:05:06+01:00", "2021-02-03T04:05:06.9Z", "2021-02-03T04:05:06.123456+01:00", "2021-02-03T04:05:06.123456Z", "soon", 5, true, {}];
const wrongDeployment = (spec: Part): Part => ({ apiVersion: "apps/v1", kind: "Deployment", ...workload, spec: { ...workload.spec, template: { ...pod, spec: typeof spec === "string" ? spec : { ...pod.spec, ...spec } } } });
const deployment = "/apis/apps/v1/namespaces/corners-types/deployments";
const leases = "/apis/coordination.k8s.io/v1/namespaces/corners-types/leases";

const table = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
const reviews = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

export const cornerScripts: readonly Script[] = [
  {
    name: "corners: custom objects",
    steps: [
      unseen(post(definitions, strict)),
      unseen(post(definitions, free)),
      { ...unseen(get(stricts)), awaits: 200 },
      { ...unseen(get(frees)), awaits: 200 },
      post(stricts, { ...strictOf({ replicas: 1 }), kind: "Odd" }),
      post(stricts, { ...strictOf({ replicas: "x" }), metadata: {} }),
      ...["abcdefg-", "A", "Abc", "abc"].map((name) => post(`${stricts}?dryRun=All`, strictOf({ replicas: 1, name }))),
      ...counts.map((replicas) => post(`${stricts}?dryRun=All`, strictOf({ replicas }))),
      ...counts.map((replicas) => post(`${frees}?dryRun=All`, freeOf({ replicas }))),
      post(`${frees}?dryRun=All`, { ...freeOf({}), spec: "x" }),
      unseen(post(stricts, strictOf({ replicas: 1 }))),
      unseen(post(frees, freeOf({ replicas: 1 }))),
      ...counts.map((replicas) => patch(`${stricts}/a/status?dryRun=All`, "merge", { status: { replicas } })),
      ...counts.map((replicas) => patch(`${frees}/a/status?dryRun=All`, "merge", { status: { replicas } })),
      patch(`${frees}/a/status?dryRun=All`, "merge", { status: { selector: 5 } }),
      patch(`${stricts}/a/status?dryRun=All`, "merge", { status: "x" }),
      patch(`${frees}/a?dryRun=All`, "merge", { spec: { replicas: -1 } }),
      unseen(remove(`${definitions}/stricts.${group}`)),
      unseen(remove(`${definitions}/frees.${group}`)),
    ],
  },
  {
    name: "corners: objects of Kubernetes' own",
    steps: [
      unseen(post(core, { metadata: { name: "corners" } })),
      unseen(post("/apis/apps/v1/namespaces/corners/deployments", workload)),
      ...misfits.map((body) => patch("/apis/apps/v1/namespaces/corners/deployments/a?dryRun=All", "strategic", body)),
      post("/apis/apps/v1/namespaces/corners/statefulsets?dryRun=All", { ...workload, metadata: { name: "a.b" } }),
      post("/apis/batch/v1/namespaces/corners/jobs?dryRun=All", { spec: { template: { spec: { ...pod.spec, restartPolicy: "Never" } } } }),
      post("/apis/node.k8s.io/v1/runtimeclasses?dryRun=All", { metadata: { name: "corners", finalizers: ["plain"] }, handler: "runc" }),
      unseen(post(`${core}/corners/endpoints`, { metadata: { name: "e" } })),
      { method: "PATCH", path: `${core}/corners/endpoints/e`, body: {}, contentType: "application/json" },
      { method: "PUT", path: `${core}/corners/endpoints/e`, body: "<a/>", contentType: "text/xml" },
    ],
  },
  {
    name: "corners: a claim without a volume, a namespace that goes",
    steps: [
      unseen(post(core, { metadata: { name: "corners-going" } })),
      saved("c", post(`${core}/corners-going/persistentvolumeclaims`, { metadata: { name: "c" }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } })),
      unseen(put(`${core}/corners-going/persistentvolumeclaims/c/status`, { metadata: { name: "c" }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } }, status: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"] } })),
      get(`${core}/corners-going/persistentvolumeclaims/c`, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" }),
      remove(`${core}/corners-going`, { propagationPolicy: "Orphan" }),
      remove(`${core}/corners-going`, { propagationPolicy: "Background" }),
      get(`${core}/corners-going`),
    ],
  },
  {
    name: "corners: what no Go type holds",
    steps: [
      unseen(post(core, { metadata: { name: "corners-types" } })),
      unseen(post(deployment, workload)),
      ...wrongParts.flatMap((part) => [
        post(`${deployment}?dryRun=All`, { ...wrongDeployment(part), metadata: { name: "b" } }),
        patch(`${deployment}/a?dryRun=All`, "merge", { spec: { template: { spec: part } } }),
        patch(`${deployment}/a?dryRun=All`, "strategic", { spec: { template: { spec: part } } }),
        applied(`${deployment}/a`, "one", wrongDeployment(part), "&force=true&dryRun=All"),
      ]),
      ...[2_147_483_648, -2_147_483_649, "x", 1.5, true].flatMap((count) => [
        post(`${deployment}?dryRun=All`, { ...workload, metadata: { name: "b" }, spec: { ...workload.spec, replicas: count, strategy: { rollingUpdate: { maxSurge: count } } } }),
        applied(`${deployment}/a`, "one", { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" }, spec: { ...workload.spec, progressDeadlineSeconds: count } }, "&force=true&dryRun=All"),
      ]),
      ...["x", 1.5, 2_147_483_648, -1, null].flatMap((replicas) => [
        put(`${deployment}/a/scale?dryRun=All`, { metadata: { name: "a" }, spec: { replicas } }),
        patch(`${deployment}/a/scale?dryRun=All`, "merge", { spec: { replicas } }),
        patch(`${deployment}/a/scale?dryRun=All`, "strategic", { spec: { replicas } }),
      ]),
      remove(`${core}/corners-types?dryRun=All`, { preconditions: { uid: "x" } }),
      remove(`${core}/corners-types?dryRun=All`, { preconditions: { resourceVersion: "1" } }),
      ...["x", { type: 5 }, { rollingUpdate: 5 }].flatMap((strategy) => [
        post(`${deployment}?dryRun=All`, { ...workload, metadata: { name: "b" }, spec: { ...workload.spec, strategy } }),
        patch(`${deployment}/a?dryRun=All`, "strategic", { spec: { strategy } }),
      ]),
      ...moments.flatMap((time) => [
        post(`${leases}?dryRun=All`, { metadata: { name: "a" }, spec: { renewTime: time } }),
        post(`${core}/corners-types/events?dryRun=All`, { metadata: { name: "a" }, involvedObject: { namespace: "corners-types" }, firstTimestamp: time }),
        applied(`${leases}/a`, "one", { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "a" }, spec: { renewTime: time } }, "&dryRun=All"),
      ]),
    ],
  },
  {
    name: "corners: who acts as whom",
    steps: [
      ...[["a,b"], ["a", "b, c"], ["a", "a"], [""]].map((groups) => as("jane", post(reviews, {}), groups)),
      { ...as("jane", post(reviews, {})), headers: { "impersonate-user": "jane", "impersonate-extra-team": ["x,y", "z"], "impersonate-uid": "1,2" } },
      { ...post(reviews, {}), headers: { "impersonate-group": ["a,b", "c"] } },
    ],
  },
  {
    name: "corners: cells of tables",
    steps: [
      unseen(post(core, { metadata: { name: "corners-cells" } })),
      post(`${core}/corners-cells/limitranges`, { spec: { limits: [] } }),
      ...["a".repeat(70), "a.b", "a"].map((name) => post("/apis/batch/v1/namespaces/corners-cells/jobs?dryRun=All", { metadata: { name }, spec: { template: { spec: { ...pod.spec, restartPolicy: "Never" } } } })),
      unseen(post(`${core}/corners-cells/configmaps`, { metadata: { name: "a" }, data: { a: "1" }, binaryData: { b: "AAE=", c: "" } })),
      get(`${core}/corners-cells/configmaps/a`, table),
      get("/apis/networking.k8s.io/v1/servicecidrs/kubernetes?includeObject=None", table),
      ...["/api/v1/limitranges", "/api/v1/persistentvolumeclaims", "/api/v1/persistentvolumes", "/api/v1/services", "/apis/apps/v1/deployments", "/apis/apps/v1/replicasets", "/apis/apps/v1/controllerrevisions", "/apis/batch/v1/cronjobs", "/apis/networking.k8s.io/v1/ingressclasses", "/apis/rbac.authorization.k8s.io/v1/roles", "/apis/storage.k8s.io/v1/storageclasses"].map(
        (list): Step => ({ ...get(`${list}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=none%3Dsuch`, table), until: "Name" }),
      ),
    ],
  },
];
