// Requests to both servers, in order. Each script keeps to names of its own.

import type { Script, Step } from "./steps.ts";

const core = "/api/v1/namespaces/default";
const json = "application/json-patch+json";
const merge = "application/merge-patch+json";
const strategic = "application/strategic-merge-patch+json";
const apply = "application/apply-patch+yaml";

function get(path: string): Step {
  return { method: "GET", path };
}
function post(path: string, body: unknown): Step {
  return { method: "POST", path, body };
}
function put(path: string, body: unknown): Step {
  return { method: "PUT", path, body };
}
function remove(path: string, body?: unknown): Step {
  return { method: "DELETE", path, ...(body === undefined ? {} : { body }) };
}
function patch(path: string, contentType: string, body: unknown): Step {
  return { method: "PATCH", path, body, contentType };
}
function applied(path: string, manager: string, body: unknown, more = ""): Step {
  return patch(`${path}?fieldManager=${manager}${more}`, apply, body);
}

const maps = `${core}/configmaps`;
function map(name: string, data: object = {}, metadata: object = {}): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...metadata }, data };
}

const errors: Script[] = [
  { name: "not found", steps: [get(`${maps}/none`), remove(`${maps}/none`), put(`${maps}/none`, map("none")), patch(`${maps}/none`, merge, {})] },
  { name: "unserved paths", steps: [get("/api/v1/foo"), get("/apis/apps/v1/foo"), get("/apis/none.example.com/v1/foo"), get("/api/v1/namespaces/default/foo/bar")] },
  { name: "already exists", steps: [post(maps, map("twice")), post(maps, map("twice"))] },
  { name: "names", steps: ["", "X_", "-a", "a/b", "a".repeat(254), "a..b"].map((name) => post(maps, map(name))) },
  { name: "another kind", steps: [post(maps, { apiVersion: "v1", kind: "Pod", metadata: { name: "x" } })] },
  { name: "another namespace", steps: [post(maps, map("x", {}, { namespace: "b" }))] },
  { name: "another name", steps: [put(`${maps}/a`, map("b"))] },
  { name: "missing namespace", steps: [post("/api/v1/namespaces/nowhere/configmaps", map("x"))] },
  { name: "labels", steps: [post(maps, map("l1", {}, { labels: { "a b": "c" } })), post(maps, map("l2", {}, { labels: { a: "b c" } }))] },
  { name: "annotations", steps: [post(maps, map("n1", {}, { annotations: { "a/b/c": "c" } }))] },
  { name: "finalizers", steps: [post(maps, map("f1", {}, { finalizers: ["a b"] })), post(maps, map("f2", {}, { finalizers: ["nothing"] }))] },
  { name: "stale update", steps: [post(maps, map("stale")), put(`${maps}/stale`, map("stale", { a: "b" }, { resourceVersion: "1" }))] },
  { name: "other uid", steps: [post(maps, map("uid")), put(`${maps}/uid`, map("uid", {}, { uid: "00000000-0000-0000-0000-000000000000" }))] },
  { name: "unknown field, strict", steps: [post(`${maps}?fieldValidation=Strict`, { ...map("strict"), nonsense: 1 })] },
  { name: "protected namespaces", steps: [remove("/api/v1/namespaces/default"), remove("/api/v1/namespaces/kube-system")] },
  { name: "field selector", steps: [get(`${maps}?fieldSelector=foo%3Dbar`)] },
  { name: "label selector", steps: [get(`${maps}?labelSelector=a%3D%3Db%3D%3Dc`), get(`${maps}?labelSelector=%21`), get(`${maps}?labelSelector=a+in+b`)] },
  { name: "dry run value", steps: [post(`${maps}?dryRun=Some`, map("dry"))] },
  { name: "delete preconditions", steps: [post(maps, map("pre")), remove(`${maps}/pre`, { preconditions: { uid: "00000000-0000-0000-0000-000000000000" } })] },
  { name: "broken JSON", steps: [post(maps, '{"metadata":{"name":"a"},"data":')] },
  { name: "media types", steps: [patch(`${maps}/x`, "application/json", {})] },
  { name: "JSON patch errors", steps: [post(maps, map("jp", { a: "1" })), patch(`${maps}/jp`, json, [{ op: "remove", path: "/data/none" }]), patch(`${maps}/jp`, json, [{ op: "test", path: "/data/a", value: "2" }])] },
];

const verbs: Script[] = [
  { name: "create and read", steps: [post(maps, map("cr", { a: "1" }, { labels: { x: "y" } })), get(`${maps}/cr`)] },
  { name: "update", steps: [post(maps, map("up", { a: "1" })), put(`${maps}/up`, map("up", { b: "2" })), get(`${maps}/up`)] },
  { name: "update without change", steps: [post(maps, map("same", { a: "1" })), put(`${maps}/same`, map("same", { a: "1" }))] },
  { name: "merge patch", steps: [post(maps, map("mp", { a: "1", b: "2" })), patch(`${maps}/mp`, merge, { data: { a: null, c: "3" } })] },
  { name: "JSON patch", steps: [post(maps, map("jo", { a: "1" })), patch(`${maps}/jo`, json, [{ op: "replace", path: "/data/a", value: "2" }, { op: "add", path: "/metadata/labels", value: { x: "y" } }])] },
  { name: "strategic patch of finalizers", steps: [post(maps, map("sp", {}, { finalizers: ["example.com/a"] })), patch(`${maps}/sp`, strategic, { metadata: { finalizers: ["example.com/b"] } }), patch(`${maps}/sp`, strategic, { metadata: { "$deleteFromPrimitiveList/finalizers": ["example.com/a"] } })] },
  { name: "delete", steps: [post(maps, map("de")), remove(`${maps}/de`), get(`${maps}/de`)] },
  { name: "delete with a finalizer", steps: [post(maps, map("df", {}, { finalizers: ["example.com/a"] })), remove(`${maps}/df`), patch(`${maps}/df`, merge, { metadata: { finalizers: ["example.com/a", "example.com/b"] } }), patch(`${maps}/df`, merge, { metadata: { finalizers: null } }), get(`${maps}/df`)] },
  { name: "delete with orphans", steps: [post(maps, map("or")), remove(`${maps}/or`, { propagationPolicy: "Orphan" })] },
  { name: "delete in the foreground", steps: [post(maps, map("fg")), remove(`${maps}/fg`, { propagationPolicy: "Foreground" })] },
  { name: "dry runs", steps: [post(`${maps}?dryRun=All`, map("dr")), get(`${maps}/dr`), post(maps, map("dr2")), patch(`${maps}/dr2?dryRun=All`, merge, { data: { a: "b" } }), remove(`${maps}/dr2?dryRun=All`), get(`${maps}/dr2`)] },
  { name: "list by label", steps: [post(maps, map("la", {}, { labels: { list: "one" } })), post(maps, map("lb", {}, { labels: { list: "two" } })), get(`${maps}?labelSelector=list`), get(`${maps}?labelSelector=list%3Done`), get(`${maps}?labelSelector=list+notin+%28one%29%2Clist`)] },
  { name: "list in pages", steps: [post(maps, map("pa", {}, { labels: { page: "x" } })), post(maps, map("pb", {}, { labels: { page: "x" } })), get(`${maps}?labelSelector=page&limit=1`)] },
  { name: "secrets", steps: [post(`${core}/secrets`, { metadata: { name: "s" }, stringData: { a: "b" } }), put(`${core}/secrets/s`, { metadata: { name: "s" }, type: "Other", data: {} })] },
  { name: "immutable map", steps: [post(maps, { ...map("im", { a: "b" }), immutable: true }), patch(`${maps}/im`, merge, { data: { a: "c" } }), patch(`${maps}/im`, merge, { immutable: null }), patch(`${maps}/im`, merge, { metadata: { labels: { x: "y" } } })] },
  { name: "namespace life", steps: [post("/api/v1/namespaces", { metadata: { name: "life" } }), remove("/api/v1/namespaces/life"), post("/api/v1/namespaces/life/configmaps", map("x")), { ...put("/api/v1/namespaces/life/finalize", { metadata: { name: "life" }, spec: {} }), isUnseen: true }, get("/api/v1/namespaces/life")] },
  { name: "role binding", steps: [post("/apis/rbac.authorization.k8s.io/v1/clusterroles", { metadata: { name: "a:b" }, rules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }] }), post("/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", { metadata: { name: "rb" }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "a:b" } }), patch("/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings/rb", merge, { roleRef: { name: "c" } })] },
  { name: "lease", steps: [post("/apis/coordination.k8s.io/v1/namespaces/default/leases", { metadata: { name: "le" }, spec: { holderIdentity: "me", leaseDurationSeconds: 15 } }), put("/apis/coordination.k8s.io/v1/namespaces/default/leases/le", { metadata: { name: "le" }, spec: {} })] },
  { name: "metadata alone", steps: [post(maps, map("mo"))] },
];

const ownership: Script[] = [
  { name: "apply creates", steps: [applied(`${maps}/ac`, "one", map("ac", { a: "1" })), get(`${maps}/ac`)] },
  { name: "apply conflicts", steps: [applied(`${maps}/co`, "one", map("co", { a: "1" })), applied(`${maps}/co`, "two", map("co", { a: "2" })), applied(`${maps}/co`, "two", map("co", { a: "2" }), "&force=true"), applied(`${maps}/co`, "one", map("co", { a: "1" }))] },
  { name: "several conflicts", steps: [applied(`${maps}/sc`, "one", map("sc", { a: "1", b: "1" })), applied(`${maps}/sc`, "three", map("sc", { c: "1" })), applied(`${maps}/sc`, "two", map("sc", { a: "2", b: "2", c: "2" }))] },
  { name: "apply shares", steps: [applied(`${maps}/sh`, "one", map("sh", { a: "1" })), applied(`${maps}/sh`, "two", map("sh", { a: "1", b: "2" })), applied(`${maps}/sh`, "one", map("sh", {})), applied(`${maps}/sh`, "two", map("sh", {}))] },
  { name: "apply over an update", steps: [post(maps, map("ou", { a: "1" })), applied(`${maps}/ou`, "one", map("ou", { a: "2" })), applied(`${maps}/ou`, "one", map("ou", { a: "2" }), "&force=true")] },
  { name: "apply without manager", steps: [patch(`${maps}/nm`, apply, map("nm"))] },
  { name: "apply with managedFields", steps: [applied(`${maps}/mf`, "one", map("mf", {}, { managedFields: [] })), applied(`${maps}/mf`, "one", map("mf", {}, { managedFields: [{ manager: "x" }] }))] },
  { name: "apply twice", steps: [applied(`${maps}/tw`, "one", map("tw", { a: "1" })), applied(`${maps}/tw`, "one", map("tw", { a: "1" }))] },
  { name: "apply as a dry run", steps: [applied(`${maps}/ad`, "one", map("ad", { a: "1" }), "&dryRun=All"), get(`${maps}/ad`)] },
  { name: "apply in YAML", steps: [patch(`${maps}/ya?fieldManager=one`, apply, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ya\ndata:\n  a: 'yes'\n")] },
  { name: "managedFields cleared", steps: [applied(`${maps}/cl`, "one", map("cl", { a: "1" })), patch(`${maps}/cl`, merge, { metadata: { managedFields: [{}] } }), applied(`${maps}/cl`, "two", map("cl", { a: "2" }))] },
];

const widgets = "/apis/example.com/v1/namespaces/default/widgets";
const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {}, scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" } },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                required: ["size"],
                properties: {
                  size: { type: "integer", minimum: 1, maximum: 9 },
                  color: { type: "string", enum: ["red", "green"], default: "red" },
                  replicas: { type: "integer" },
                  items: {
                    type: "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    items: { type: "object", required: ["name"], properties: { name: { type: "string" }, value: { type: "string" } } },
                  },
                },
                "x-kubernetes-validations": [{ rule: "self.size != 4", message: "four is not a size" }],
              },
              status: { type: "object", properties: { replicas: { type: "integer" }, phase: { type: "string" } } },
            },
          },
        },
      },
    ],
  },
};
function widget(name: string, spec: object, more: object = {}): object {
  return { apiVersion: "example.com/v1", kind: "Widget", metadata: { name }, spec, ...more };
}

const custom: Script[] = [
  { name: "custom: created with defaults, pruned", steps: [post(widgets, widget("wa", { size: 1, extra: true }, { status: { phase: "x" } }))] },
  { name: "custom: refused values", steps: [post(widgets, widget("wb", {})), post(widgets, widget("wb", { size: 10 })), post(widgets, widget("wb", { size: "x" })), post(widgets, widget("wb", { size: 1, color: "blue" })), post(widgets, widget("wb", { size: 4 }))] },
  { name: "custom: repeated keys", steps: [post(widgets, widget("wc", { size: 1, items: [{ name: "a" }, { name: "a" }] }))] },
  { name: "custom: status apart", steps: [post(widgets, widget("wd", { size: 1 })), patch(`${widgets}/wd/status`, merge, { status: { phase: "up", replicas: 2 }, spec: { size: 7 } }), patch(`${widgets}/wd`, merge, { status: { phase: "down" }, spec: { size: 2 } }), get(`${widgets}/wd/status`)] },
  { name: "custom: scale", steps: [post(widgets, widget("we", { size: 1, replicas: 1 })), get(`${widgets}/we/scale`), patch(`${widgets}/we/scale`, merge, { spec: { replicas: 3 } }), get(`${widgets}/we`)] },
  { name: "custom: apply to a keyed list", steps: [applied(`${widgets}/wf`, "one", widget("wf", { size: 1, items: [{ name: "a", value: "1" }] })), applied(`${widgets}/wf`, "two", { ...widget("wf", { items: [{ name: "b", value: "2" }] }) }), applied(`${widgets}/wf`, "one", widget("wf", { size: 1, items: [] }))] },
  { name: "custom: strict", steps: [post(`${widgets}?fieldValidation=Strict`, widget("wg", { size: 1, extra: 1 }))] },
  { name: "custom: strategic patch", steps: [post(widgets, widget("wh", { size: 1 })), patch(`${widgets}/wh`, strategic, {})] },
  { name: "custom: update without version", steps: [post(widgets, widget("wi", { size: 1 })), put(`${widgets}/wi`, widget("wi", { size: 2 }))] },
];

export const definitionStep: Step = post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);

export const scripts: readonly Script[] = [...errors, ...verbs, ...ownership, ...custom];
