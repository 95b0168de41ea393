// Fields that may not change once they are set, with the errors kube-apiserver 1.36 gives for them.

import { type FieldError, invalid } from "#api/crd";
import { asJson, equalJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";

type Rule = (draft: Manifest, live: Manifest) => FieldError[];

function at(object: Manifest, path: string): Json | undefined {
  let value: Json | undefined = asJson(object);
  for (const part of path.split(".")) value = isObject(value) ? value[part] : undefined;
  return value;
}

function forbidden(field: string, detail: string): FieldError {
  return { type: "Forbidden", field, detail };
}

/** Each path must stay as it is. */
function fixed(...paths: string[]): Rule {
  return (draft, live) =>
    paths
      .filter((path) => !equalJson(at(draft, path) ?? null, at(live, path) ?? null))
      .map((path) => invalid(path, at(draft, path) ?? null, "field is immutable"));
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
const podText =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/** A binder sets the volume; a bound claim may grow; a class may be given late, where none was named. */
function claimSpec(draft: Manifest, live: Manifest): FieldError[] {
  const isBound = at(live, "status.phase") === "Bound";
  const free = [
    ...(isBound ? ["resources", "volumeAttributesClassName"] : []),
    ...(at(live, "spec.volumeName") === undefined ? ["volumeName"] : []),
    ...(at(live, "spec.storageClassName") === undefined ? ["storageClassName"] : []),
  ];
  return fixedSpecBut(free, claimText)(draft, live);
}

function podSpec(draft: Manifest, live: Manifest): FieldError[] {
  const free = ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "schedulingGates"];
  // A pod that no node has yet may be given one: that is what a scheduler does.
  if (at(live, "spec.nodeName") === undefined) free.push("nodeName");
  const counts = ["containers", "initContainers"].filter((name) => sizeOf(draft, name) !== sizeOf(live, name));
  if (counts.length > 0)
    return counts.map((name) => forbidden(`spec.${name}`, `pod updates may not add or remove containers`));
  const [next, old] = [draft, live].map((pod) => withoutImages(without(pod, free)));
  return equalJson(next ?? null, old ?? null) ? [] : [forbidden("spec", podText)];
}

function sizeOf(pod: Manifest, name: string): number {
  const list = at(pod, `spec.${name}`);
  return Array.isArray(list) ? list.length : 0;
}

function withoutImages(spec: JsonObject): JsonObject {
  const rest = { ...spec };
  for (const list of ["containers", "initContainers"]) {
    const containers = rest[list];
    if (Array.isArray(containers)) rest[list] = containers.map((one) => (isObject(one) ? { ...one, image: "" } : one));
  }
  return rest;
}

function clusterAddresses(draft: Manifest, live: Manifest): FieldError[] {
  const [before, after] = [at(live, "spec.clusterIP"), at(draft, "spec.clusterIP")];
  const wasSet = typeof before === "string" && before !== "";
  if (!wasSet || at(draft, "spec.type") === "ExternalName" || before === after) return [];
  return [invalid("spec.clusterIPs[0]", at(draft, "spec.clusterIPs") ?? [after ?? ""], "may not change once set")];
}

function jobSpec(draft: Manifest, live: Manifest): FieldError[] {
  const isSuspended = at(live, "spec.suspend") === true && at(live, "status.startTime") === undefined;
  const paths = [
    "spec.completions",
    "spec.selector",
    "spec.completionMode",
    "spec.manualSelector",
    "spec.podFailurePolicy",
  ];
  if (!isSuspended) paths.push("spec.template");
  return fixed(...paths)(draft, live);
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
  Job: jobSpec,
  Pod: podSpec,
  Service: clusterAddresses,
  ConfigMap: sealed("data", "binaryData"),
  Secret: (draft, live) => [...fixed("type")(draft, live), ...sealed("data")(draft, live)],
  PersistentVolumeClaim: claimSpec,
  PersistentVolume: fixed("spec.claimRef.uid", "spec.volumeMode"),
  StorageClass: fixed("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
  PriorityClass: (draft, live) => [
    ...(at(draft, "value") === at(live, "value") ? [] : [forbidden("value", "may not be changed in an update.")]),
    ...fixed("preemptionPolicy")(draft, live),
  ],
  ResourceQuota: fixedSet("spec.scopes"),
  RuntimeClass: fixed("handler"),
  RoleBinding: roleRef,
  ClusterRoleBinding: roleRef,
  IngressClass: fixed("spec.controller"),
  EndpointSlice: fixed("addressType"),
  ControllerRevision: fixed("data"),
  CSIDriver: fixed("spec.attachRequired", "spec.volumeLifecycleModes"),
  CustomResourceDefinition: fixed("spec.group", "spec.names.plural", "spec.names.kind", "spec.scope"),
};
