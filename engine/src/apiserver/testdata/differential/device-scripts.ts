// Claims of devices: administrators' access, the parts of a claim's status and who may write which, versions that are served.

import { as, get, patch, post, put, saved, type Script, type Step, unseen } from "./steps.ts";

type Part = Record<string, unknown>;

const core = "/api/v1/namespaces";
const group = "/apis/resource.k8s.io/v1";
const rbac = "/apis/rbac.authorization.k8s.io/v1";

function script(name: string, steps: (list: string, namespace: string) => Step[], labels: Part = {}): Script {
  const namespace = `devices-${name.replaceAll(" ", "-")}`;
  const first = unseen(post(core, { metadata: { name: namespace, labels } }));
  return { name: `devices: ${name}`, steps: [first, ...steps(`${group}/namespaces/${namespace}/resourceclaims`, namespace)] };
}

const spec = {
  devices: {
    requests: [
      { name: "r", exactly: { deviceClassName: "gpu" } },
      { name: "some", firstAvailable: [{ name: "big", deviceClassName: "big" }, { name: "small", deviceClassName: "small" }] },
    ],
  },
};
const asAdministrator = { devices: { requests: [{ name: "q", exactly: { deviceClassName: "gpu" } }, { name: "r", exactly: { deviceClassName: "gpu", adminAccess: true } }] } };
const got = { driver: "a.example.com", pool: "p", device: "d" };
const result = { request: "r", ...got };
const time = "2020-01-01T00:00:00Z";
const condition = { type: "Ready", status: "True", reason: "Up", message: "", lastTransitionTime: time };
const user = { resource: "pods", name: "x", uid: "1" };
const share = "0b2c5f0e-1111-4222-8333-444455556666";

function allocated(...results: Part[]): Part {
  return { allocation: { devices: { results } } };
}
const status: Part = { ...allocated(result), reservedFor: [user], devices: [{ ...got, conditions: [condition] }] };

function claim(name: string, more: Part = {}): Part {
  return { metadata: { name }, spec, ...more };
}

/** Statuses of a new claim; most are refused. */
const statuses: readonly Part[] = [
  {},
  status,
  { reservedFor: [user] },
  { ...allocated(result), reservedFor: [user, user, {}, { resource: "pods" }] },
  { ...allocated(result), reservedFor: Array.from({ length: 257 }, (_, index) => ({ ...user, uid: `u${index}` })) },
  allocated({ ...result, request: "none" }, { ...result, request: "some/big" }, { ...result, request: "some/none" }, { ...result, request: "r/x/y" }, { ...result, request: "" }),
  allocated({}, { ...result, driver: "A_b", pool: "a/B_c/", device: "D" }, { ...result, driver: "x".repeat(64), pool: "p".repeat(254) }),
  allocated(...Array.from({ length: 33 }, () => result)),
  allocated({ ...result, shareID: share }, { ...result, shareID: share.toUpperCase() }, { ...result, shareID: "x" }, { ...result, shareID: `urn:uuid:${share}` }, { ...result, shareID: `{${share}}` }),
  allocated({ ...result, shareID: `${share.slice(0, -1)}g` }, { ...result, shareID: share.replaceAll("-", "") }, { ...result, shareID: `xrn:uuid:${share}` }, { ...result, shareID: `(${share})` }, { ...result, shareID: "" }),
  allocated({ ...result, bindingConditions: ["a", "a"], bindingFailureConditions: ["a", "b c"] }, { ...result, bindingConditions: ["a"] }, { ...result, bindingFailureConditions: ["a"] }),
  allocated({ ...result, bindingConditions: ["a", "b", "c", "d", "e"], bindingFailureConditions: ["f"] }),
  allocated({ ...result, tolerations: [{ operator: "Odd" }], consumedCapacity: { memory: "1Gi" } }),
  { allocation: { devices: { config: [{}, { source: "Odd", requests: ["none", "r", "r"] }, { source: "FromClass", opaque: { driver: "a", parameters: 1 } }] } } },
  { allocation: { nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: "x", operator: "In", values: ["a"] }], matchExpressions: [{ key: "a b", operator: "Odd" }, { key: "z", operator: "In", values: ["a b"] }] }] } } },
  { allocation: { nodeSelector: {} } },
  { ...allocated(result), devices: [{ ...got, device: "other" }, { ...got }, { ...got }, {}] },
  { devices: [got] },
  { ...allocated(result), devices: [{ ...got, conditions: [condition, condition, { type: "a b", status: "Odd", reason: "no reason" }, {}] }] },
  { ...allocated(result), devices: [{ ...got, conditions: Array.from({ length: 9 }, (_, index) => ({ ...condition, type: `T${index}` })) }] },
  { ...allocated(result), devices: [{ ...got, data: [1] }] },
  { ...allocated(result), devices: [{ ...got, data: { a: "x".repeat(10_240) } }] },
  { ...allocated(result), devices: [{ ...got, data: null }] },
  { ...allocated(result), devices: [{ ...got, networkData: { interfaceName: "x".repeat(257), hardwareAddress: "é".repeat(65), ips: ["10.0.0.1", "10.9.8.1/24", "10.9.8.1/24", "::ffff:10.0.0.1/120", "fe80:0::1/64", "010.0.0.1/8"] } }] },
  { ...allocated(result), devices: [{ ...got, networkData: { ips: Array.from({ length: 17 }, (_, index) => `10.0.0.${index}/8`) } }] },
  allocated({ ...result, adminAccess: true }),
];

/** What a claim's status may become. */
const changes: readonly Part[] = [
  {},
  { ...status, allocation: { ...(status["allocation"] as Part), nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["n"] }] }] } } },
  { ...status, ...allocated({ ...result, adminAccess: true, tolerations: [{ key: "a", operator: "Exists", tolerationSeconds: 3 }], consumedCapacity: { m: "1000m" } }) },
  { ...status, allocation: { devices: { config: [{ source: "FromClass", opaque: { driver: "a", parameters: { b: 1, a: "<" } } }] }, allocationTimestamp: time } },
  { ...status, reservedFor: [] },
  { ...status, reservedFor: [user, { ...user, uid: "2" }] },
  { ...status, devices: [] },
  { devices: status["devices"] },
  { reservedFor: [user] },
];

const role = (name: string, rules: readonly Part[]): Part => ({ metadata: { name }, rules });
const bound = (name: string, kind: string): Part => ({
  metadata: { name },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name },
  subjects: [{ kind: "User", name: "ada", apiGroup: "rbac.authorization.k8s.io" }],
});
const right = (verbs: readonly string[], resources: readonly string[], more: Part = {}): Part => ({ apiGroups: ["resource.k8s.io"], verbs, resources, ...more });

export const deviceScripts: readonly Script[] = [
  script("of administrators", (list) => [
    post(list, claim("a", { spec: asAdministrator })),
    post(list.replace(/resourceclaims$/, "resourceclaimtemplates"), { metadata: { name: "t" }, spec: { spec: asAdministrator } }),
    post(list, claim("B_", { spec: asAdministrator })),
    unseen(post(list, claim("b"))),
    patch(`${list}/b/status`, "merge", { status: allocated({ ...result, adminAccess: false }, { ...result, adminAccess: true }) }),
  ]),
  script("of administrators with the label", (list) => [
    post(list, claim("a", { spec: asAdministrator })),
    post(list.replace(/resourceclaims$/, "resourceclaimtemplates"), { metadata: { name: "t" }, spec: { spec: asAdministrator } }),
    put(`${list}/a/status`, claim("a", { spec: asAdministrator, status: allocated({ ...result, adminAccess: true }) })),
  ], { "resource.kubernetes.io/admin-access": "true" }),
  script("what a status says", (list) => [
    unseen(post(list, claim("a"))),
    ...statuses.map((one) => put(`${list}/a/status?dryRun=All`, claim("a", { status: one }))),
  ]),
  script("what a status becomes", (list) => [
    unseen(post(list, claim("a", { metadata: { name: "a", finalizers: ["example.com/x"] } }))),
    saved("a", put(`${list}/a/status`, claim("a", { status }))),
    ...changes.map((one) => put(`${list}/a/status?dryRun=All`, claim("a", { status: one }))),
    { method: "DELETE", path: `${list}/a` },
    ...changes.map((one) => put(`${list}/a/status?dryRun=All`, claim("a", { status: one }))),
  ]),
  script("rights to a status", (list, namespace) => [
    unseen(post(list, claim("a"))),
    unseen(post(`${rbac}/namespaces/${namespace}/roles`, role("ada", [right(["update", "patch"], ["resourceclaims/status"])]))),
    unseen(post(`${rbac}/namespaces/${namespace}/rolebindings`, bound("ada", "Role"))),
    { ...as("ada", put(`${list}/a/status`, claim("a", { status: {} }))), awaits: 200 },
    as("ada", put(`${list}/a/status`, claim("a", { status }))),
    as("ada", patch(`${list}/a/status`, "merge", { status })),
    unseen(post(`${rbac}/clusterroles`, role(`${namespace}-binder`, [right(["update"], ["resourceclaims/binding"])]))),
    unseen(post(`${rbac}/clusterrolebindings`, bound(`${namespace}-binder`, "ClusterRole"))),
    { ...as("ada", put(`${list}/a/status`, claim("a", { status: allocated(result) }))), awaits: 200 },
    as("ada", patch(`${list}/a/status`, "merge", { status: { reservedFor: [user] } })),
    as("ada", put(`${list}/a/status`, claim("a", { status }))),
    unseen(post(`${rbac}/namespaces/${namespace}/roles`, role("driver", [right(["arbitrary-node:update"], ["resourceclaims/driver"], { resourceNames: [got.driver] })]))),
    unseen(post(`${rbac}/namespaces/${namespace}/rolebindings`, bound("driver", "Role"))),
    { ...as("ada", put(`${list}/a/status`, claim("a", { status }))), awaits: 200 },
    as("ada", put(`${list}/a/status`, claim("a", { status: { ...status, devices: [] } }))),
  ]),
  script("versions", (list) => ["v1alpha3", "v1beta1", "v1beta2", "v9"].flatMap((version) => [get(`/apis/resource.k8s.io/${version}`), get(list.replace("/v1/", `/${version}/`))])),
];
