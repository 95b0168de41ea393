// Validation of built-in kinds that are written seldom: storage, scheduling, quotas, certificates, admission
// (pkg/apis/*/validation, v1.36). Takes a decoded, defaulted object.

import { quantityNanos } from "#api/kubernetes";
import { isObject, type Json, type JsonObject } from "#kernel";
import { type FieldError, invalid, notSupported, required } from "./field-error.ts";
import { labelErrors, qualifiedNameErrors } from "./names.ts";
import { atLeastZero, itemsOf, oneOf, textOf, validatePodSpec } from "./pod-rules.ts";

type Rule = (object: JsonObject) => FieldError[];

function part(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

function forbidden(field: string, detail: string): FieldError {
  return { type: "Forbidden", field, detail };
}

function nanos(value: Json | undefined): bigint {
  return (typeof value === "string" || typeof value === "number" ? quantityNanos(String(value)) : undefined) ?? 0n;
}

function storageClassRules(object: JsonObject): FieldError[] {
  const provisioner = textOf(object["provisioner"]);
  return [
    ...(provisioner === ""
      ? [required("provisioner")]
      : qualifiedNameErrors(provisioner.toLowerCase()).map((message) => invalid("provisioner", provisioner, message))),
    ...oneOf(object["reclaimPolicy"], "reclaimPolicy", ["Delete", "Retain"]),
    ...oneOf(object["volumeBindingMode"], "volumeBindingMode", ["Immediate", "WaitForFirstConsumer"]),
  ];
}

/** What a PersistentVolume says of itself beside where its bytes are. */
const volumeMembers: ReadonlySet<string> = new Set([
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "volumeAttributesClassName",
  "volumeMode",
]);

function volumeRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const sources = Object.keys(spec).filter((name) => !volumeMembers.has(name));
  const errors: FieldError[] = [];
  const modes = spec["accessModes"];
  if (!Array.isArray(modes) || modes.length === 0) errors.push(required("spec.accessModes"));
  if (Object.keys(part(spec, "capacity")).length === 0) errors.push(required("spec.capacity"));
  if (sources.length === 0) errors.push(required("spec", "must specify a volume type"));
  for (const name of sources.slice(1).sort())
    errors.push(forbidden(`spec.${name}`, "may not specify more than 1 volume type"));
  return [
    ...errors,
    ...oneOf(spec["persistentVolumeReclaimPolicy"], "spec.persistentVolumeReclaimPolicy", [
      "Delete",
      "Recycle",
      "Retain",
    ]),
  ];
}

const priorityMost = 1_000_000_000;

function priorityClassRules(object: JsonObject): FieldError[] {
  const isSystem = textOf(part(object, "metadata")["name"]).startsWith("system-");
  const isTooHigh = typeof object["value"] === "number" && object["value"] > priorityMost && !isSystem;
  return [
    ...(isTooHigh ? [forbidden("value", `maximum allowed value of a user defined priority is ${priorityMost}`)] : []),
    ...oneOf(object["preemptionPolicy"], "preemptionPolicy", ["PreemptLowerPriority", "Never"]),
  ];
}

function runtimeClassRules(object: JsonObject): FieldError[] {
  const handler = textOf(object["handler"]);
  if (handler === "") return [required("handler")];
  return labelErrors(handler).map((message) => invalid("handler", handler, message));
}

function replicationControllerRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const selector = part(spec, "selector");
  const errors = atLeastZero(spec["minReadySeconds"], "spec.minReadySeconds");
  if (Object.keys(selector).length === 0) errors.push(required("spec.selector"));
  errors.push(...atLeastZero(spec["replicas"], "spec.replicas"));
  const template = spec["template"];
  if (!isObject(template)) return [...errors, required("spec.template")];
  const labels = part(template, "metadata")["labels"];
  const given = isObject(labels) ? labels : {};
  if (Object.entries(selector).some(([key, value]) => given[key] !== value))
    errors.push(
      invalid(
        "spec.template.metadata.labels",
        isObject(labels) ? labels : null,
        "`selector` does not match template `labels`",
      ),
    );
  errors.push(...validatePodSpec(part(template, "spec"), "spec.template.spec"));
  const policy = textOf(part(template, "spec")["restartPolicy"]);
  if (policy !== "Always" && policy !== "")
    errors.push(notSupported("spec.template.spec.restartPolicy", policy, ["Always"]));
  return errors;
}

function eventRules(object: JsonObject): FieldError[] {
  const isNew = textOf(object["eventTime"]) !== "";
  const own = textOf(part(object, "metadata")["namespace"]);
  const regarding = isObject(object["regarding"]) ? object["regarding"] : part(object, "involvedObject");
  const other = textOf(regarding["namespace"]);
  const isWrong = isNew
    ? other === "" && own !== "default" && own !== "kube-system"
    : other === ""
      ? own !== "" && own !== "default"
      : own !== other;
  const field = object["regarding"] === undefined ? "involvedObject.namespace" : "regarding.namespace";
  return isWrong ? [invalid(field, other, "does not match event.namespace")] : [];
}

const quotaNames: ReadonlySet<string> = new Set(
  "cpu memory ephemeral-storage requests.cpu requests.memory requests.storage requests.ephemeral-storage limits.cpu limits.memory limits.ephemeral-storage pods resourcequotas services services.nodeports services.loadbalancers replicationcontrollers secrets configmaps persistentvolumeclaims".split(
    " ",
  ),
);
const integerNames: ReadonlySet<string> = new Set(
  "pods resourcequotas services services.nodeports services.loadbalancers replicationcontrollers secrets configmaps persistentvolumeclaims".split(
    " ",
  ),
);
const quotaScopes: ReadonlySet<string> = new Set([
  "Terminating",
  "NotTerminating",
  "BestEffort",
  "NotBestEffort",
  "PriorityClass",
  "CrossNamespacePodAffinity",
  "VolumeAttributesClass",
]);

function quotaRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const errors = Object.entries(part(spec, "hard")).flatMap(([name, value]) => quotaErrors(name, value));
  const scopes = Array.isArray(spec["scopes"]) ? spec["scopes"] : [];
  for (const scope of scopes) {
    if (!quotaScopes.has(textOf(scope))) errors.push(invalid("spec.scopes", scopes, "unsupported scope"));
    for (const name of Object.keys(part(spec, "hard")).sort())
      if (quotaNames.has(name) && !isScopeFor(textOf(scope), name))
        errors.push(invalid("spec.scopes", scopes, "unsupported scope applied to resource"));
  }
  return errors;
}

function quotaErrors(name: string, value: Json): FieldError[] {
  const field = `spec.hard[${name}]`;
  const errors = qualifiedNameErrors(name).map((message) => invalid(field, name, message));
  const isPlain = !name.includes("/");
  if (errors.length === 0 && isPlain && !quotaNames.has(name) && !name.startsWith("requests.hugepages-")) {
    errors.push(invalid(field, name, "must be a standard resource type or fully qualified"));
    errors.push(invalid(field, name, "must be a standard resource for quota"));
  }
  if (nanos(value) < 0n) errors.push(invalid(field, value, "must be greater than or equal to 0"));
  if (integerNames.has(name) && nanos(value) % 1_000_000_000n !== 0n)
    errors.push(invalid(field, value, "must be an integer"));
  return errors;
}

const computeNames: ReadonlySet<string> = new Set(
  "pods cpu memory ephemeral-storage requests.cpu requests.memory requests.ephemeral-storage limits.cpu limits.memory limits.ephemeral-storage".split(
    " ",
  ),
);

function isScopeFor(scope: string, name: string): boolean {
  switch (scope) {
    case "Terminating":
    case "NotTerminating":
    case "NotBestEffort":
    case "PriorityClass":
    case "CrossNamespacePodAffinity":
      return computeNames.has(name);
    case "BestEffort":
      return name === "pods";
    default:
      return true;
  }
}

const limitTypes: ReadonlySet<string> = new Set(["Pod", "Container", "PersistentVolumeClaim"]);

function limitRangeRules(object: JsonObject): FieldError[] {
  const seen = new Set<string>();
  return itemsOf(part(object, "spec")["limits"], "spec.limits").flatMap(({ item, field }) => {
    const type = textOf(item["type"]);
    const errors = qualifiedNameErrors(type).map((message) => invalid(`${field}.type`, type, message));
    if (errors.length === 0 && !type.includes("/") && !limitTypes.has(type))
      errors.push(invalid(`${field}.type`, type, "must be a standard limit type or fully qualified"));
    if (seen.has(type)) errors.push({ type: "Duplicate", field: `${field}.type`, value: type, detail: "" });
    seen.add(type);
    return [...errors, ...limitErrors(item, field, type)];
  });
}

/** `[smaller, larger, shown at, value shown, words]`: the smaller may not be more than the larger. */
const orders = [
  ["min", "max", "min", "min", "min value", "max value"],
  ["min", "defaultRequest", "defaultRequest", "defaultRequest", "min value", "default request value"],
  ["defaultRequest", "max", "defaultRequest", "defaultRequest", "default request value", "max value"],
  ["defaultRequest", "default", "defaultRequest", "defaultRequest", "default request value", "default limit value"],
  ["min", "default", "default", "min", "min value", "default value"],
  ["default", "max", "default", "max", "default value", "max value"],
] as const;

function limitErrors(limit: JsonObject, field: string, type: string): FieldError[] {
  const errors: FieldError[] = [];
  const isPod = type === "Pod";
  if (isPod)
    for (const name of ["default", "defaultRequest"])
      if (Object.keys(part(limit, name)).length > 0)
        errors.push(forbidden(`${field}.${name}`, "may not be specified when `type` is 'Pod'"));
  if (type === "PersistentVolumeClaim" && part(limit, "min")["storage"] === undefined)
    if (part(limit, "max")["storage"] === undefined)
      errors.push(
        required(`${field}.limits`, "either minimum or maximum storage value is required, but neither was provided"),
      );
  const names = new Set(["min", "max", "default", "defaultRequest"].flatMap((name) => Object.keys(part(limit, name))));
  for (const name of names)
    for (const [small, large, at, shown, smallWord, largeWord] of orders) {
      if (isPod && (small.startsWith("default") || large.startsWith("default"))) continue;
      const [least, most] = [part(limit, small)[name], part(limit, large)[name]];
      if (least === undefined || most === undefined || nanos(least) <= nanos(most)) continue;
      const words = `${smallWord} ${textOf(least)} is greater than ${largeWord} ${textOf(most)}`;
      errors.push(invalid(`${field}.${at}[${name}]`, shown === small ? least : most, words));
    }
  return errors;
}

const keyUsages = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
];

function certificateRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const usages = Array.isArray(spec["usages"]) ? spec["usages"] : [];
  const errors: FieldError[] = usages.length === 0 ? [required("spec.usages")] : [];
  for (const [index, usage] of usages.entries())
    if (!keyUsages.includes(textOf(usage))) errors.push(notSupported(`spec.usages[${index}]`, usage, keyUsages));
  const seconds = spec["expirationSeconds"];
  if (typeof seconds === "number" && seconds < 600)
    errors.push(
      invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 600 seconds (10 minutes)"),
    );
  return errors;
}

function endpointSliceRules(object: JsonObject): FieldError[] {
  const type = textOf(object["addressType"]);
  if (type === "") return [required("addressType")];
  const names = new Set<string>();
  const errors = oneOf(type, "addressType", ["FQDN", "IPv4", "IPv6"]);
  for (const { item, field } of itemsOf(object["endpoints"], "endpoints"))
    if (!Array.isArray(item["addresses"]) || item["addresses"].length === 0)
      errors.push(required(`${field}.addresses`, "must contain at least 1 address"));
  for (const { item, field } of itemsOf(object["ports"], "ports")) {
    const name = textOf(item["name"]);
    if (names.has(name)) errors.push({ type: "Duplicate", field: `${field}.name`, value: name, detail: "" });
    names.add(name);
  }
  return errors;
}

function leaseRules(object: JsonObject): FieldError[] {
  const { leaseDurationSeconds, leaseTransitions } = part(object, "spec");
  const errors: FieldError[] = [];
  if (typeof leaseDurationSeconds === "number" && leaseDurationSeconds <= 0)
    errors.push(invalid("spec.leaseDurationSeconds", leaseDurationSeconds, "must be greater than 0"));
  return [...errors, ...atLeastZero(leaseTransitions, "spec.leaseTransitions")];
}

/** By group and kind. */
export const rareRules: { readonly [groupKind: string]: Rule } = {
  "/ReplicationController": replicationControllerRules,
  "/PodTemplate": (object) => validatePodSpec(part(part(object, "template"), "spec"), "template.spec"),
  "/PersistentVolume": volumeRules,
  "/ResourceQuota": quotaRules,
  "/LimitRange": limitRangeRules,
  "/Event": eventRules,
  "coordination.k8s.io/Lease": leaseRules,
  "certificates.k8s.io/CertificateSigningRequest": certificateRules,
  "discovery.k8s.io/EndpointSlice": endpointSliceRules,
  "node.k8s.io/RuntimeClass": runtimeClassRules,
  "scheduling.k8s.io/PriorityClass": priorityClassRules,
  "storage.k8s.io/StorageClass": storageClassRules,
};
