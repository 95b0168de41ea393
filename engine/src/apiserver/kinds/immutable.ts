// Fields that may not change once they are set, with the errors kube-apiserver 1.36 gives for them.

import { type FieldError, forbidden, invalid } from "#api/crd";
import { quantityNanos } from "#api/kubernetes";
import { asJson, equalJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import { jobChangeErrors } from "./job-updates.ts";
import { podChangeErrors } from "./pod-updates.ts";

/** What a PersistentVolume says of itself beside where its bytes are. */
const volumeMembers = [
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "volumeAttributesClassName",
  "volumeMode",
];

type Rule = (draft: Manifest, live: Manifest) => FieldError[];

function at(object: Manifest, path: string): Json | undefined {
  let value: Json | undefined = asJson(object);
  for (const part of path.split(".")) value = isObject(value) ? value[part] : undefined;
  return value;
}

/** Each path must stay as it is. */
function fixed(...paths: string[]): Rule {
  return (draft, live) =>
    paths
      .filter((path) => !equalJson(at(draft, path) ?? null, at(live, path) ?? null))
      .map((path) => invalid(path, inGoOrder(at(draft, path) ?? null), "field is immutable"));
}

function isEstablished(live: Manifest): boolean {
  const conditions = at(live, "status.conditions");
  return (
    Array.isArray(conditions) &&
    conditions.some((one) => isObject(one) && one["type"] === "Established" && one["status"] === "True")
  );
}

/** A selector as Go writes it: its labels in the order of their names, what is asked of them in that of its fields. */
function inGoOrder(value: Json): Json {
  if (!isObject(value) || (!isObject(value.matchLabels) && !Array.isArray(value.matchExpressions))) return value;
  const { matchLabels, matchExpressions } = value;
  const inOrder = (one: Json): Json => {
    if (!isObject(one)) return one;
    const { key = "", operator = "", values } = one;
    return { key, operator, ...(values === undefined ? {} : { values }) };
  };
  return {
    ...(isObject(matchLabels) ? { matchLabels: sortedMembers(matchLabels) } : {}),
    ...(Array.isArray(matchExpressions) ? { matchExpressions: matchExpressions.map(inOrder) } : {}),
  };
}

function sortedMembers(map: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The list must hold what it held, in any order. */
function fixedSet(path: string): Rule {
  return (draft, live) => {
    const [next, old] = [draft, live].map((object) => {
      const list = at(object, path);
      return Array.isArray(list) ? [...list].map(String).sort() : [];
    });
    return equalJson(next as string[], old as string[])
      ? []
      : [invalid(path, at(draft, path) ?? null, "field is immutable")];
  };
}

/** All of the spec but these members must stay as it is. */
function fixedSpecBut(free: readonly string[], detail: string): Rule {
  return (draft, live) => (equalJson(without(draft, free), without(live, free)) ? [] : [forbidden("spec", detail)]);
}

function without(object: Manifest, free: readonly string[]): JsonObject {
  const spec = asJson(object).spec;
  const rest: JsonObject = isObject(spec) ? { ...spec } : {};
  for (const name of free) delete rest[name];
  return rest;
}

/** `immutable: true` seals the data and itself. */
function sealed(...data: string[]): Rule {
  return (draft, live) => {
    if (live.immutable !== true) return [];
    const changed = ["immutable", ...data].filter(
      (name) => !equalJson(at(draft, name) ?? null, at(live, name) ?? null),
    );
    return changed.map((name) => forbidden(name, "field is immutable when `immutable` is set"));
  };
}

const statefulSetFree = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
];
const statefulSetText =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
const claimText =
  "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
/** A binder sets the volume; a bound claim may grow; a class may be given late, where none was named. */
function claimSpec(draft: Manifest, live: Manifest): FieldError[] {
  const isBound = at(live, "status.phase") === "Bound";
  const free = [
    ...(isBound ? ["resources", "volumeAttributesClassName"] : []),
    ...(at(live, "spec.volumeName") === undefined ? ["volumeName"] : []),
    ...(at(live, "spec.storageClassName") === undefined ? ["storageClassName"] : []),
  ];
  const [wanted, before, given] = [
    at(draft, "spec.resources.requests.storage"),
    at(live, "spec.resources.requests.storage"),
    at(live, "status.capacity.storage"),
  ].map(nanosOf) as [bigint, bigint, bigint];
  const isShrunk = wanted < before && wanted <= given;
  const field = "spec.resources.requests.storage";
  return [
    ...fixedSpecBut(free, claimText)(draft, live),
    ...fixed("spec.volumeMode")(draft, live).map((error) => ({ ...error, field: "volumeMode" })),
    ...(isShrunk ? [forbidden(field, "field can not be less than status.capacity")] : []),
    ...claimClass(draft, live),
  ];
}

/** A class of attributes that is in force can be changed for another, not taken away. */
function claimClass(draft: Manifest, live: Manifest): FieldError[] {
  const [next, old] = [draft, live].map((claim) => at(claim, "spec.volumeAttributesClassName"));
  if (next === old || at(live, "status.currentVolumeAttributesClassName") === undefined) return [];
  if (next !== undefined && next !== "") return [];
  const what = next === undefined ? "nil" : "empty string";
  const detail = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  return [forbidden("spec.volumeAttributesClassName", detail)];
}

function nanosOf(value: Json | undefined): bigint {
  return (typeof value === "string" ? quantityNanos(value) : undefined) ?? 0n;
}

/** An attachment as Go holds it. */
function attachmentInGo(draft: Manifest): Json {
  return {
    Attacher: at(draft, "spec.attacher") ?? "",
    Source: {
      PersistentVolumeName: at(draft, "spec.source.persistentVolumeName") ?? null,
      InlineVolumeSpec: at(draft, "spec.source.inlineVolumeSpec") ?? null,
    },
    NodeName: at(draft, "spec.nodeName") ?? "",
  };
}

const renamedLabels: Readonly<Record<string, string>> = {
  "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
  "beta.kubernetes.io/os": "kubernetes.io/os",
  "beta.kubernetes.io/arch": "kubernetes.io/arch",
  "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
};

/** Where a volume can be reached from stays, once it is said; labels may be called by their newer names. */
function volumeAffinity(draft: Manifest, live: Manifest): FieldError[] {
  const [next, old] = [draft, live].map((volume) => at(volume, "spec.nodeAffinity"));
  if (old === undefined) return [];
  if (isSameAffinity(next ?? null, old)) return [];
  const detail = "field is immutable, except for updating from beta label to GA";
  return [invalid("nodeAffinity", affinityInGo(next), detail)];
}

/** Go takes a label without a newer name for one whose newer name is empty. */
function isSameAffinity(next: Json, old: Json, name = ""): boolean {
  if (name === "key" && typeof old === "string") return next === old || next === (renamedLabels[old] ?? "");
  if (Array.isArray(old))
    return (
      Array.isArray(next) && next.length === old.length && next.every((one, i) => isSameAffinity(one, old[i] as Json))
    );
  if (!isObject(old) || !isObject(next)) return equalJson(next, old);
  const names = new Set([...Object.keys(old), ...Object.keys(next)]);
  return [...names].every((one) => isSameAffinity(next[one] ?? null, old[one] ?? null, one));
}

function affinityInGo(affinity: Json | undefined): Json {
  if (!isObject(affinity)) return null;
  const objects = (list: Json | undefined): JsonObject[] | null =>
    Array.isArray(list) ? list.map((one) => (isObject(one) ? one : {})) : null;
  const demands = (list: Json | undefined): Json =>
    objects(list)?.map(({ key = "", operator = "", values = null }) => ({
      Key: key,
      Operator: operator,
      Values: values,
    })) ?? null;
  const { required } = affinity;
  if (!isObject(required)) return { Required: null };
  const terms = objects(required.nodeSelectorTerms)?.map(({ matchExpressions, matchFields }) => ({
    MatchExpressions: demands(matchExpressions),
    MatchFields: demands(matchFields),
  }));
  return { Required: { NodeSelectorTerms: terms ?? null } };
}

/** Where the bytes of a volume are may not change; a secret to grow it with may be named late. */
function volumeSource(draft: Manifest, live: Manifest): FieldError[] {
  const late = "controllerExpandSecretRef";
  const isLate = at(live, `spec.csi.${late}`) === undefined;
  const [next, old] = [draft, live].map((volume) => {
    const rest = without(volume, [...volumeMembers]);
    const { csi } = rest;
    if (!isLate || !isObject(csi)) return rest;
    const { [late]: _late, ...known } = csi;
    return { ...rest, csi: known };
  });
  const field = "spec.persistentvolumesource";
  return equalJson(next ?? null, old ?? null) ? [] : [forbidden(field, `${field} is immutable after creation`)];
}

function roleRef(draft: Manifest, live: Manifest): FieldError[] {
  const wanted = at(draft, "roleRef");
  if (equalJson(wanted ?? null, at(live, "roleRef") ?? null)) return [];
  const { apiGroup = "", kind = "", name = "" } = isObject(wanted) ? wanted : {};
  return [invalid("roleRef", { APIGroup: apiGroup, Kind: kind, Name: name }, "cannot change roleRef")];
}

/** By kind; a kind that is not here has no immutable fields but those of its metadata. */
export const immutableFields: Readonly<Record<string, Rule>> = {
  Deployment: fixed("spec.selector"),
  ReplicaSet: fixed("spec.selector"),
  DaemonSet: fixed("spec.selector"),
  StatefulSet: fixedSpecBut(statefulSetFree, statefulSetText),
  Job: jobChangeErrors,
  Pod: podChangeErrors,
  ConfigMap: sealed("data", "binaryData"),
  Secret: (draft, live) => [...fixed("type")(draft, live), ...sealed("data")(draft, live)],
  PersistentVolumeClaim: claimSpec,
  PersistentVolume: (draft, live) => [
    ...volumeSource(draft, live),
    ...fixed("spec.volumeMode")(draft, live).map((error) => ({ ...error, field: "volumeMode" })),
    ...volumeAffinity(draft, live),
    ...(at(live, "spec.volumeAttributesClassName") !== undefined &&
    at(draft, "spec.volumeAttributesClassName") === undefined
      ? [forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden")]
      : []),
  ],
  StorageClass: fixed("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
  PriorityClass: (draft, live) => [
    ...(at(draft, "value") === at(live, "value") ? [] : [forbidden("value", "may not be changed in an update.")]),
    ...fixed("preemptionPolicy")(draft, live),
  ],
  ResourceQuota: fixedSet("spec.scopes"),
  RuntimeClass: (draft, live) => fixed("handler")(draft, live).map((error) => ({ ...error, value: error.value ?? "" })),
  RoleBinding: roleRef,
  ClusterRoleBinding: roleRef,
  IngressClass: (draft, live) =>
    fixed("spec.controller")(draft, live).map((error) => ({ ...error, value: error.value ?? "" })),
  EndpointSlice: fixed("addressType"),
  ControllerRevision: fixed("data"),
  CSIStorageCapacity: fixed("nodeTopology", "storageClassName"),
  ResourceClaim: fixed("spec"),
  ResourceClaimTemplate: fixed("spec"),
  VolumeAttachment: (draft, live) =>
    equalJson(at(draft, "spec") ?? null, at(live, "spec") ?? null)
      ? []
      : [invalid("spec", attachmentInGo(draft), "field is immutable")],
  VolumeAttributesClass: (draft, live) =>
    ["driverName", "parameters"]
      .filter((name) => !equalJson(at(draft, name) ?? null, at(live, name) ?? null))
      .map((name) => forbidden(name, `updates to ${name} are forbidden.`)),
  CSIDriver: (draft, live) => [
    ...fixed("spec.attachRequired")(draft, live).map((error) => ({ ...error, field: "spec.attachedRequired" })),
    ...fixed("spec.volumeLifecycleModes")(draft, live),
  ],
  CustomResourceDefinition: (draft, live) => [
    ...fixed("spec.group", "spec.names.plural")(draft, live),
    // What is not served yet can still be named otherwise.
    ...(isEstablished(live) ? fixed("spec.names.kind", "spec.scope")(draft, live) : []),
  ],
};
