// Nobody gives others more than they have: roles that are written and bound by whoever has only some rights.

import { applied, as, get, patch, post, put, type Script, type Step, unseen } from "./steps.ts";

type Part = Record<string, unknown>;

const core = "/api/v1/namespaces";
const rbac = "/apis/rbac.authorization.k8s.io/v1";
const reviews = "/apis/authorization.k8s.io/v1";
const group = "rbac.authorization.k8s.io";

const rule = (apiGroups: readonly string[], resources: readonly string[], verbs: readonly string[], more: Part = {}): Part => ({ apiGroups, resources, verbs, ...more });
const role = (name: string, rules: readonly Part[], more: Part = {}): Part => ({ metadata: { name }, rules, ...more });
const bound = (name: string, kind: string, of: string, subject: Part): Part => ({ metadata: { name }, roleRef: { apiGroup: group, kind, name: of }, subjects: [subject] });
const person = (name: string): Part => ({ kind: "User", name, apiGroup: group });

/** `who` may write roles and bindings in the namespace and beside it, and read what has to do with pods. */
function script(name: string, steps: (place: { roles: string; bindings: string; clusterRoles: string; clusterBindings: string; id: string; namespace: string }) => Step[]): Script {
  const namespace = `esc-${name.replaceAll(" ", "-")}`;
  const id = `${namespace}-x`;
  const place = { roles: `${rbac}/namespaces/${namespace}/roles`, bindings: `${rbac}/namespaces/${namespace}/rolebindings`, clusterRoles: `${rbac}/clusterroles`, clusterBindings: `${rbac}/clusterrolebindings`, id, namespace };
  const held = [
    rule([group], ["roles", "rolebindings", "clusterroles", "clusterrolebindings"], ["create", "update", "patch", "get"]),
    rule([""], ["pods", "pods/log", "*/status"], ["get", "list"]),
    rule(["apps"], ["*"], ["*"], { resourceNames: ["web", "db"] }),
    { nonResourceURLs: ["/healthz", "/api/*"], verbs: ["get"] },
  ];
  return {
    name: `escalation: ${name}`,
    steps: [
      unseen(post(core, { metadata: { name: namespace } })),
      unseen(post(place.clusterRoles, role(id, held))),
      unseen(post(place.clusterBindings, bound(id, "ClusterRole", id, person(id)))),
      { ...unseen(as(id, get(`${place.roles}/none`))), awaits: 404 },
      ...steps(place),
    ],
  };
}

/** Rules that are granted, or not. */
const wanted: readonly (readonly Part[])[] = [
  [],
  [rule([""], ["pods"], ["get", "list"])],
  [rule([""], ["pods"], ["get", "watch", "delete"]), rule([""], ["pods"], ["create"])],
  [rule([""], ["pods", "services"], ["list"])],
  [rule([""], ["services/status", "pods/log", "pods/exec"], ["get"])],
  [rule(["", "apps"], ["pods"], ["get"])],
  [rule([""], ["pods"], ["get"], { resourceNames: ["a", "b"] })],
  [rule(["apps"], ["deployments", "x/y"], ["get", "delete"], { resourceNames: ["web"] })],
  [rule(["apps"], ["deployments"], ["get"], { resourceNames: ["web", "other"] }), rule(["apps"], ["deployments"], ["get"])],
  [rule(["*"], ["*"], ["*"])],
  [rule([""], ["*"], ["get"]), rule([""], ["pods"], ["*"])],
];

export const escalationScripts: readonly Script[] = [
  script("roles", ({ roles, clusterRoles, id }) => [
    ...wanted.map((rules, index) => as(id, post(`${roles}?dryRun=All`, role(`r${index}`, rules)))),
    ...wanted.map((rules, index) => as(id, post(`${clusterRoles}?dryRun=All`, role(`${id}-r${index}`, rules)))),
    as(id, post(`${clusterRoles}?dryRun=All`, role(`${id}-urls`, [{ nonResourceURLs: ["/healthz", "/api/v1", "/api/*", "/metrics", "*"], verbs: ["get", "post"] }]))),
    as(id, post(`${clusterRoles}?dryRun=All`, role(`${id}-all`, [], { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] } }))),
    as(id, post(`${clusterRoles}?dryRun=All`, role(`${id}-none`, [], { aggregationRule: { clusterRoleSelectors: [] } }))),
    as(id, post(`${roles}?dryRun=All`, role("Not Valid!", [rule([""], ["secrets"], ["get"])])), ["a"]),
    as(id, post(`${roles}?dryRun=All`, role("", [rule([""], ["secrets"], ["get"])]))),
  ]),
  script("roles that change", ({ roles, clusterRoles, id }) => [
    unseen(post(roles, role("strong", [rule([""], ["secrets"], ["get"])]))),
    unseen(post(clusterRoles, role(`${id}-all`, [], { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: id } }] } }))),
    as(id, patch(`${roles}/strong`, "merge", { metadata: { labels: { a: "b" } } })),
    as(id, patch(`${roles}/strong`, "merge", { metadata: { finalizers: ["example.com/x"] } })),
    as(id, patch(`${roles}/strong`, "merge", { metadata: { finalizers: null } })),
    as(id, put(`${roles}/strong`, role("strong", [rule([""], ["secrets"], ["get"])]))),
    as(id, put(`${roles}/strong`, role("strong", [rule([""], ["pods"], ["get"])]))),
    as(id, put(`${roles}/new`, role("new", [rule([""], ["nodes"], ["get"])]))),
    as(id, applied(`${roles}/applied`, "one", { apiVersion: `${group}/v1`, kind: "Role", ...role("applied", [rule([""], ["nodes"], ["get"])]) })),
    as(id, applied(`${roles}/applied`, "one", { apiVersion: `${group}/v1`, kind: "Role", ...role("applied", [rule([""], ["pods"], ["get"])]) })),
    as(id, patch(`${clusterRoles}/${id}-all`, "merge", { aggregationRule: null })),
  ]),
  script("bindings", ({ roles, bindings, clusterBindings, id }) => [
    unseen(post(roles, role("strong", [rule([""], ["secrets"], ["get"])]))),
    unseen(post(roles, role("weak", [rule([""], ["pods"], ["get"])]))),
    as(id, post(bindings, bound("a", "Role", "strong", person("x")))),
    as(id, post(bindings, bound("b", "Role", "weak", person("x")))),
    as(id, post(bindings, bound("c", "Role", "none", person("x")))),
    as(id, post(bindings, bound("d", "ClusterRole", "none", person("x")))),
    as(id, post(bindings, bound("e", "ClusterRole", "system:discovery", person("x")))),
    as(id, post(bindings, bound("f", "Thing", "x", person("x")))),
    as(id, post(bindings, { metadata: { name: "g" }, roleRef: {} })),
    as(id, post(clusterBindings, bound(`${id}-a`, "ClusterRole", "cluster-admin", person("x")))),
    as(id, post(clusterBindings, bound(`${id}-b`, "ClusterRole", id, person("x")))),
    as(id, post(clusterBindings, bound(`${id}-c`, "Role", "weak", person("x")))),
    unseen(post(bindings, bound("h", "Role", "strong", person("x")))),
    as(id, patch(`${bindings}/h`, "merge", { subjects: [person("y")] })),
    as(id, patch(`${bindings}/h`, "merge", { metadata: { finalizers: ["example.com/x"] } })),
  ]),
  script("leave to", ({ roles, bindings, clusterRoles, clusterBindings, id, namespace }) => [
    unseen(post(roles, role("strong", [rule([""], ["secrets"], ["get"])]))),
    unseen(post(roles, role("free", [rule([group], ["roles"], ["escalate", "bind"])]))),
    unseen(post(bindings, bound("free", "Role", "free", person(id)))),
    { ...as(id, post(roles, role("more", [rule([""], ["nodes"], ["get"])]))), awaits: 201 },
    as(id, post(bindings, bound("a", "Role", "strong", person("x")))),
    as(id, post(bindings, bound("b", "ClusterRole", "system:kube-dns", person("x")))),
    as(id, post(clusterRoles, role(`${id}-more`, [rule([""], ["nodes"], ["get"])]))),
    unseen(post(clusterRoles, role(`${id}-bind`, [rule([group], ["clusterroles"], ["bind"], { resourceNames: ["system:kube-dns"] })]))),
    unseen(post(clusterBindings, bound(`${id}-bind`, "ClusterRole", `${id}-bind`, { kind: "ServiceAccount", name: "robot", namespace }))),
    unseen(post(clusterBindings, bound(`${id}-robot`, "ClusterRole", id, { kind: "ServiceAccount", name: "robot", namespace }))),
    { ...as(`system:serviceaccount:${namespace}:robot`, post(bindings, bound("c", "ClusterRole", "system:kube-dns", person("x")))), awaits: 201 },
    as(`system:serviceaccount:${namespace}:robot`, post(bindings, bound("d", "ClusterRole", "system:node-problem-detector", person("x")))),
    post(`${reviews}/subjectaccessreviews`, { spec: { user: `system:serviceaccount:${namespace}:robot`, resourceAttributes: { namespace, verb: "get", resource: "pods" } } }),
  ]),
];
