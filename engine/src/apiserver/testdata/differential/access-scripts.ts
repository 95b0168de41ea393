// Reviews, tokens, pods with their quotas and limits, evictions, certificates: what clients ask of a server beside its objects.

import { as, get, patch, post, put, remove, saved, type Script, type Step, unseen, withQuery } from "./steps.ts";

type Part = Record<string, unknown>;

const core = "/api/v1/namespaces";
const reviews = "/apis/authorization.k8s.io/v1";
const authentication = "/apis/authentication.k8s.io/v1";

/** A namespace of the script's own, with an account for its pods. */
function place(name: string): Step[] {
  return [unseen(post(core, { metadata: { name } })), unseen(post(`${core}/${name}/serviceaccounts`, { metadata: { name: "default" } }))];
}

function pod(name: string, more: Part = {}, container: Part = {}): Part {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, labels: { app: "web" } }, spec: { containers: [{ name: "main", image: "nginx:1", ...container }], ...more } };
}

function script(name: string, steps: (namespace: string) => Step[]): Script {
  const namespace = `acc-${name.replaceAll(" ", "-")}`;
  return { name: `access: ${name}`, steps: [...place(namespace), ...steps(namespace)] };
}

const csr = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIZU1JR0VBZ0VBTUNJeEVEQU9CZ05WQkFNTUIzTnZiV1Z2Ym1VeERqQU1CZ05WQkFvTUJXZHliM1Z3TUZrdwpFd1lIS29aSXpqMENBUVlJS29aSXpqMERBUWNEUWdBRVVlL3JmRFA3eTJ1UlptcDQ5MjQ2a2FnR250QWk4cERIClZDZ1ZFRDdPQ3FQS1UxdG9SaHZ0K2xySEhGb240V0EvSjVMczBodVlKRFJGY1NpL2JSVlM4YUFBTUFvR0NDcUcKU000OUJBTUNBMGtBTUVZQ0lRRE8vcU90Vm1QQ2FKRUhxYW5xWVhDUWZjdkkyTUZ0L3VRQlB3YUpmbGRSYlFJaApBTUFpWHU0aXlSaDdyZUVpdTV5RkxsaEhha1orNGxQdDdGSXNHYXdlNmJDNAotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K";

export const accessScripts: readonly Script[] = [
  script("a namespace of one's own", (ns) => [
    unseen(post(`/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}/roles`, { metadata: { name: "r" }, rules: [{ verbs: ["get", "patch"], apiGroups: [""], resources: ["namespaces"] }] })),
    unseen(post(`/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}/rolebindings`, { metadata: { name: "b" }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "r" }, subjects: [{ kind: "User", name: `${ns}-owner` }] })),
    { ...as(`${ns}-owner`, get(`${core}/${ns}`)), awaits: 200 },
    as(`${ns}-owner`, patch(`${core}/${ns}`, "merge", { metadata: { labels: { a: "b" } } })),
    as(`${ns}-owner`, patch(`${core}/${ns}/status`, "merge", {})),
    as(`${ns}-owner`, remove(`${core}/${ns}`)),
    as(`${ns}-owner`, get(core)),
    as(`${ns}-owner`, get(`${core}/default`)),
    as(`${ns}-owner`, post(core, { metadata: { name: `${ns}-other` } })),
  ]),
  script("subject access", (ns) => [
    post(`${reviews}/subjectaccessreviews`, { spec: { user: "nobody", resourceAttributes: { namespace: ns, verb: "get", resource: "pods" } } }),
    post(`${reviews}/subjectaccessreviews`, { spec: { user: "x", groups: ["system:masters"], resourceAttributes: { verb: "delete", group: "apps", resource: "deployments" } } }),
    post(`${reviews}/subjectaccessreviews`, { spec: { user: "nobody", nonResourceAttributes: { path: "/healthz", verb: "get" } } }),
    post(`${reviews}/subjectaccessreviews`, { spec: { user: "nobody" } }),
    post(`${reviews}/subjectaccessreviews`, { spec: { resourceAttributes: { verb: "get", resource: "pods" } } }),
    post(`${reviews}/namespaces/${ns}/localsubjectaccessreviews`, { metadata: { namespace: ns }, spec: { user: "nobody", resourceAttributes: { namespace: ns, verb: "get", resource: "pods" } } }),
    post(`${reviews}/namespaces/${ns}/localsubjectaccessreviews`, { spec: { user: "nobody", resourceAttributes: { namespace: "other", verb: "get", resource: "pods" } } }),
    post(`${reviews}/selfsubjectaccessreviews`, { spec: { resourceAttributes: { verb: "get", resource: "pods" } } }),
    post(`${reviews}/selfsubjectaccessreviews`, { spec: {} }),
    as("someone", post(`${reviews}/selfsubjectaccessreviews`, { spec: { resourceAttributes: { verb: "*", group: "*", resource: "*" } } })),
    as("someone", post(`${authentication}/selfsubjectreviews`, {}), ["a"]),
  ]),
  script("tokens", (ns) => [
    post(`${authentication}/tokenreviews`, { spec: { token: "nonsense" } }),
    post(`${authentication}/tokenreviews`, { spec: {} }),
    saved("t", post(`${core}/${ns}/serviceaccounts/default/token`, { spec: { expirationSeconds: 3600 } })),
    post(`${core}/${ns}/serviceaccounts/default/token`, { spec: { expirationSeconds: 10 } }),
    post(`${core}/${ns}/serviceaccounts/none/token`, { spec: {} }),
    { ...get(`${core}/${ns}/pods`), headers: { authorization: "Bearer {{t.token}}" } },
    { ...post(`${authentication}/selfsubjectreviews`, {}), headers: { authorization: "Bearer {{t.token}}" } },
    { ...get(`${core}/${ns}/pods`), headers: { authorization: "Bearer nonsense" } },
    post(`${core}/${ns}/serviceaccounts/default/token`, { spec: { boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "none" } } }),
    post(`${core}/${ns}/serviceaccounts/default/token`, { spec: { audiences: ["a", "b"], expirationSeconds: 7200 } }),
  ]),
  script("pod defaults", (ns) => [post(`${core}/${ns}/pods`, pod("a")), post(`${core}/${ns}/pods`, pod("b", { automountServiceAccountToken: false, tolerations: [{ operator: "Exists" }] })), post(`${core}/${ns}/pods`, pod("c", { serviceAccountName: "none" })), post(`${core}/${ns}/pods`, pod("d", { priorityClassName: "system-cluster-critical" })), post(`${core}/${ns}/pods`, pod("e", { priorityClassName: "none" })), post(`${core}/${ns}/pods`, pod("f", { priority: 5 })), post(`${core}/${ns}/pods`, pod("g", { runtimeClassName: "none" })), get(`${core}/${ns}/pods/a`)]),
  script("limit range", (ns) => [
    post(`${core}/${ns}/limitranges`, { metadata: { name: "l" }, spec: { limits: [{ type: "Container", default: { cpu: "500m", memory: "256Mi" }, defaultRequest: { cpu: "100m" }, max: { cpu: "1" }, min: { cpu: "50m" } }] } }),
    { ...unseen(post(`${core}/${ns}/pods`, pod("probe", {}, { resources: { requests: { cpu: "2" }, limits: { cpu: "2" } } }))), awaits: 403 },
    post(`${core}/${ns}/pods`, pod("a")),
    post(`${core}/${ns}/pods`, pod("b", {}, { resources: { requests: { cpu: "2" }, limits: { cpu: "2" } } })),
    post(`${core}/${ns}/pods`, pod("c", {}, { resources: { requests: { cpu: "10m" } } })),
  ]),
  script("limits of claims", (ns) => [
    post(`${core}/${ns}/limitranges`, { metadata: { name: "l" }, spec: { limits: [{ type: "PersistentVolumeClaim", max: { storage: "1Gi" } }] } }),
    { ...unseen(post(`${core}/${ns}/persistentvolumeclaims`, { metadata: { name: "probe" }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "5Gi" } } } })), awaits: 403 },
    post(`${core}/${ns}/persistentvolumeclaims`, { metadata: { name: "a" }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "5Gi" } } } }),
  ]),
  script("quota", (ns) => [
    unseen(post(`${core}/${ns}/resourcequotas`, { metadata: { name: "q" }, spec: { hard: { pods: "1", "requests.cpu": "1", "count/configmaps": "1" } } })),
    unseen(patch(`${core}/${ns}/resourcequotas/q/status`, "merge", { status: { hard: { pods: "1", "requests.cpu": "1", "count/configmaps": "1" }, used: { pods: "0", "requests.cpu": "0", "count/configmaps": "0" } } })),
    { ...unseen(withQuery(post(`${core}/${ns}/pods`, pod("probe")), "dryRun=All")), awaits: 403 },
    post(`${core}/${ns}/pods`, pod("a")),
    post(`${core}/${ns}/pods`, pod("b", {}, { resources: { requests: { cpu: "2" } } })),
    post(`${core}/${ns}/pods`, pod("c", {}, { resources: { requests: { cpu: "500m" } } })),
    post(`${core}/${ns}/pods`, pod("d", {}, { resources: { requests: { cpu: "100m" } } })),
    post(`${core}/${ns}/configmaps`, { metadata: { name: "m1" } }),
    post(`${core}/${ns}/configmaps`, { metadata: { name: "m2" } }),
  ]),
  script("eviction", (ns) => [
    unseen(post(`${core}/${ns}/pods`, pod("a"))),
    post(`${core}/${ns}/pods/a/eviction`, { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "a", namespace: ns } }),
    get(`${core}/${ns}/pods/a`),
    post(`${core}/${ns}/pods/none/eviction`, { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "none", namespace: ns } }),
    unseen(post(`${core}/${ns}/pods`, pod("b", { nodeName: "n1" }))),
    unseen(patch(`${core}/${ns}/pods/b/status`, "merge", { status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] } })),
    unseen(post(`/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets`, { metadata: { name: "p" }, spec: { minAvailable: 1, selector: { matchLabels: { app: "web" } } } })),
    unseen(patch(`/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets/p/status`, "merge", { status: { observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 } })),
    post(`${core}/${ns}/pods/b/eviction`, { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "b", namespace: ns } }),
    unseen(patch(`/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets/p/status`, "merge", { status: { disruptionsAllowed: 1, currentHealthy: 2 } })),
    post(`${core}/${ns}/pods/b/eviction`, { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "b", namespace: ns } }),
    get(`/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets/p`),
  ]),
  script("binding", (ns) => [
    unseen(post(`${core}/${ns}/pods`, pod("a"))),
    post(`${core}/${ns}/pods/a/binding`, { apiVersion: "v1", kind: "Binding", metadata: { name: "a" }, target: { kind: "Node", name: "n1" } }),
    post(`${core}/${ns}/pods/a/binding`, { apiVersion: "v1", kind: "Binding", metadata: { name: "a" }, target: { kind: "Node", name: "n2" } }),
    post(`${core}/${ns}/pods/a/binding`, { apiVersion: "v1", kind: "Binding", metadata: { name: "a" }, target: {} }),
    get(`${core}/${ns}/pods/a`),
    get(`${core}/${ns}/pods/none/log`),
    get(`${core}/${ns}/pods/none/exec?command=x`),
  ]),
  script("certificates", () => [
    unseen(post("/apis/certificates.k8s.io/v1/certificatesigningrequests", { metadata: { name: "acc-csr" }, spec: { request: csr, signerName: "example.com/sign", usages: ["client auth"] } })),
    put("/apis/certificates.k8s.io/v1/certificatesigningrequests/acc-csr/approval", { metadata: { name: "acc-csr" }, spec: { request: csr, signerName: "example.com/sign", usages: ["client auth"] }, status: { conditions: [{ type: "Approved", status: "True", reason: "r", message: "m" }] } }),
    get("/apis/certificates.k8s.io/v1/certificatesigningrequests/acc-csr"),
  ]),
  script("the server itself", () => [
    get("/api/v1/namespaces/default/services/kubernetes"),
    get("/apis/apiregistration.k8s.io/v1/apiservices/v1.apps"),
    get("/apis/apiregistration.k8s.io/v1/apiservices/v1."),
    get("/apis/metrics.k8s.io/v1beta1/nodes"),
    get("/apis/nothing.example.com/v1"),
    get("/apis/nothing.example.com"),
    get("/healthz"),
    get("/readyz/ping"),
    get("/nothing"),
    as("someone", get("/metrics")),
    get("/api"),
    get("/apis/batch"),
    get("/apis/batch/v1"),
    get("/api/v1"),
    as("", get("/api/v1/namespaces"), ["x"]),
    remove("/api/v1/namespaces"),
    { method: "POST", path: "/apis", body: {} },
  ]),
  script("finalize", (ns) => [put(`${core}/${ns}/finalize`, { metadata: { name: ns }, spec: { finalizers: ["kubernetes", "example.com/x"] } }), get(`${core}/${ns}`), remove(`${core}/${ns}`), get(`${core}/${ns}`)]),
];
