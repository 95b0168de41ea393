// Validation of built-in objects, as far as clients meet it: required and closed values, selectors, pod specifications, ports, keys
// (pkg/apis/*/validation, v1.36). What an update may change is the API server's own affair. Takes a decoded, defaulted object.

import { encodeJson, isObject, type Json, type JsonObject } from "#kernel";
import { type FieldError, invalid, notSupported, required } from "./field-error.ts";
import { configKeyErrors } from "./names.ts";
import { rareRules } from "./validate-rare.ts";
import {
  atLeastZero,
  itemsOf,
  oneOf,
  portErrors,
  portNameErrors,
  portOrNameErrors,
  textOf,
  validatePodSpec,
} from "./pod-rules.ts";

type Rule = (object: JsonObject) => FieldError[];

function part(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

function requiredTexts(object: JsonObject, field: string, names: readonly string[]): FieldError[] {
  return names.filter((name) => textOf(object[name]) === "").map((name) => required(`${field}${name}`));
}

/** A template's own parts. */
function validateTemplate(template: JsonObject, field: string, claims: readonly string[] = []): FieldError[] {
  return validatePodSpec(part(template, "spec"), `${field}.spec`, claims);
}

/** Names of the claims that a StatefulSet makes for each of its Pods. */
function claimNames(spec: JsonObject): string[] {
  return itemsOf(spec["volumeClaimTemplates"], "").map(({ item }) => textOf(part(item, "metadata")["name"]));
}

/** True when a label selector chooses an object with these labels. */
function selects(selector: JsonObject, labels: JsonObject): boolean {
  const matches = Object.entries(part(selector, "matchLabels")).every(([key, value]) => labels[key] === value);
  const expressions = Array.isArray(selector["matchExpressions"]) ? selector["matchExpressions"].filter(isObject) : [];
  return matches && expressions.every((expression) => holds(expression, labels));
}

function holds(expression: JsonObject, labels: JsonObject): boolean {
  const key = textOf(expression["key"]);
  const values = Array.isArray(expression["values"]) ? expression["values"] : [];
  const isThere = Object.hasOwn(labels, key);
  switch (textOf(expression["operator"])) {
    case "In":
      return isThere && values.includes(labels[key] as Json);
    case "NotIn":
      return !isThere || !values.includes(labels[key] as Json);
    case "Exists":
      return isThere;
    case "DoesNotExist":
      return !isThere;
    default:
      return false;
  }
}

function isBare(selector: JsonObject): boolean {
  const expressions = selector["matchExpressions"];
  return (
    Object.keys(part(selector, "matchLabels")).length === 0 && (!Array.isArray(expressions) || expressions.length === 0)
  );
}

/** Selector and template of a workload that runs its Pods forever. */
function workload(kind: string): Rule {
  return (object) => {
    const spec = part(object, "spec");
    const template = part(spec, "template");
    const labels = part(template, "metadata")["labels"];
    const errors: FieldError[] = [];
    const selector = spec["selector"];
    if (!isObject(selector)) errors.push(required("spec.selector"));
    else if (isBare(selector)) errors.push(invalid("spec.selector", selector, `empty selector is invalid for ${kind}`));
    if (!isObject(selector) || (!isBare(selector) && !selects(selector, isObject(labels) ? labels : {})))
      errors.push(
        invalid(
          "spec.template.metadata.labels",
          isObject(labels) ? labels : null,
          "`selector` does not match template `labels`",
        ),
      );
    errors.push(...validateTemplate(template, "spec.template", claimNames(spec)));
    const policy = textOf(part(template, "spec")["restartPolicy"]);
    if (policy !== "Always" && policy !== "")
      errors.push(notSupported("spec.template.spec.restartPolicy", policy, ["Always"]));
    return [
      ...errors,
      ...["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"].flatMap((name) =>
        atLeastZero(spec[name], `spec.${name}`),
      ),
    ];
  };
}

function deploymentRules(object: JsonObject): FieldError[] {
  const strategy = part(part(object, "spec"), "strategy");
  const type = textOf(strategy["type"]);
  const errors = workload("deployment")(object);
  if (["Recreate", "RollingUpdate", ""].includes(type)) return errors;
  const shown = { Type: type, RollingUpdate: strategy["rollingUpdate"] ?? null };
  return [...errors, notSupported("spec.strategy", shown, ["Recreate", "RollingUpdate"])];
}

function statefulSetRules(object: JsonObject): FieldError[] {
  const policy = textOf(part(object, "spec")["podManagementPolicy"]);
  const isKnown = ["OrderedReady", "Parallel", ""].includes(policy);
  return [
    ...(isKnown ? [] : [invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")]),
    ...statefulUpdateErrors(part(part(object, "spec"), "updateStrategy")),
    ...workload("statefulset")(object),
  ];
}

function statefulUpdateErrors(strategy: JsonObject): FieldError[] {
  const type = textOf(strategy["type"]);
  const rolling = strategy["rollingUpdate"];
  const shown = isObject(rolling)
    ? { Partition: rolling["partition"] ?? 0, MaxUnavailable: rolling["maxUnavailable"] ?? null }
    : null;
  if (type === "OnDelete")
    return rolling === undefined
      ? []
      : [invalid("spec.updateStrategy.rollingUpdate", shown, "only allowed for updateStrategy 'RollingUpdate'")];
  if (type === "RollingUpdate")
    return isObject(rolling) ? atLeastZero(rolling["partition"], "spec.updateStrategy.rollingUpdate.partition") : [];
  if (type === "") return [];
  return [
    invalid("spec.updateStrategy", { Type: type, RollingUpdate: shown }, "must be 'RollingUpdate' or 'OnDelete'"),
  ];
}

function jobSpecErrors(spec: JsonObject, field: string): FieldError[] {
  const template = part(spec, "template");
  const errors = [
    "parallelism",
    "completions",
    "backoffLimit",
    "activeDeadlineSeconds",
    "ttlSecondsAfterFinished",
  ].flatMap((name) => atLeastZero(spec[name], `${field}.${name}`));
  errors.push(...validateTemplate(template, `${field}.template`));
  const at = `${field}.template.spec.restartPolicy`;
  const policy = textOf(part(template, "spec")["restartPolicy"]);
  if (policy === "" || policy === "Always") errors.push(required(at, 'valid values: "OnFailure", "Never"'));
  return errors;
}

function cronJobRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const schedule = textOf(spec["schedule"]);
  const fields = schedule.trim().split(/\s+/);
  const errors: FieldError[] = [];
  if (schedule === "") errors.push(required("spec.schedule"));
  else if (schedule.includes("TZ"))
    errors.push(invalid("spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
  else if (!schedule.startsWith("@") && fields.length !== 5)
    errors.push(
      invalid("spec.schedule", schedule, `expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`),
    );
  errors.push(...oneOf(spec["concurrencyPolicy"], "spec.concurrencyPolicy", ["Allow", "Forbid", "Replace"]));
  return [...errors, ...jobSpecErrors(part(part(spec, "jobTemplate"), "spec"), "spec.jobTemplate.spec")];
}

function serviceRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const type = textOf(spec["type"]);
  const errors: FieldError[] = [];
  const ports = itemsOf(spec["ports"], "spec.ports");
  const isHeadless = spec["clusterIP"] === "None";
  if (ports.length === 0 && !isHeadless && type !== "ExternalName") errors.push(required("spec.ports"));
  if (type === "ExternalName" && textOf(spec["externalName"]) === "") errors.push(required("spec.externalName"));
  const names = new Set<string>();
  for (const { item, field } of ports)
    errors.push(...servicePortErrors(item, { field, isNamed: ports.length > 1, names }));
  errors.push(...repeatedPorts(ports));
  return [
    ...errors,
    ...oneOf(spec["sessionAffinity"], "spec.sessionAffinity", ["ClientIP", "None"]),
    ...oneOf(type, "spec.type", ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]),
  ];
}

function servicePortErrors(
  port: JsonObject,
  at: { field: string; isNamed: boolean; names: Set<string> },
): FieldError[] {
  const { field, isNamed, names } = at;
  const errors: FieldError[] = [];
  const name = textOf(port["name"]);
  if (name === "" && isNamed) errors.push(required(`${field}.name`));
  if (name !== "") {
    errors.push(
      ...portNameErrors(name)
        .filter(() => !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name))
        .map((message) => invalid(`${field}.name`, name, message)),
    );
    if (names.has(name)) errors.push({ type: "Duplicate", field: `${field}.name`, value: name, detail: "" });
    names.add(name);
  }
  return [
    ...errors,
    ...portErrors(port["port"], `${field}.port`),
    ...oneOf(port["protocol"], `${field}.protocol`, ["SCTP", "TCP", "UDP"]),
    ...portOrNameErrors(port["targetPort"], `${field}.targetPort`),
  ];
}

/** Two ports of one number and protocol. */
function repeatedPorts(ports: readonly { item: JsonObject; field: string }[]): FieldError[] {
  const seen = new Set<string>();
  return ports.flatMap(({ item, field }) => {
    const key = `${textOf(item["protocol"])} ${encodeJson(item["port"] ?? 0)}`;
    const isRepeated = seen.has(key);
    seen.add(key);
    if (!isRepeated) return [];
    const value = {
      Name: "",
      Protocol: item["protocol"] ?? "",
      AppProtocol: null,
      Port: item["port"] ?? 0,
      TargetPort: 0,
      NodePort: 0,
    };
    return [{ type: "Duplicate", field, value, detail: "" } satisfies FieldError];
  });
}

function keyErrors(object: JsonObject, name: string): FieldError[] {
  return Object.keys(part(object, name)).flatMap((key) =>
    configKeyErrors(key).map((message) => invalid(`${name}[${key}]`, key, message)),
  );
}

function configMapRules(object: JsonObject): FieldError[] {
  const binary = part(object, "binaryData");
  const shared = Object.keys(part(object, "data")).filter((key) => Object.hasOwn(binary, key));
  return [
    ...keyErrors(object, "data"),
    ...shared.map((key) => invalid(`data[${key}]`, key, "duplicate of key present in binaryData")),
    ...keyErrors(object, "binaryData"),
  ];
}

const secretKeys: { readonly [type: string]: readonly string[] } = {
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
};

function secretRules(object: JsonObject): FieldError[] {
  const type = textOf(object["type"]);
  const wanted = Object.hasOwn(secretKeys, type) ? (secretKeys[type] ?? []) : [];
  const missing = wanted.filter((key) => !Object.hasOwn(part(object, "data"), key));
  const account = "kubernetes.io/service-account.name";
  const isTokenOfNone =
    type === "kubernetes.io/service-account-token" &&
    textOf(part(part(object, "metadata"), "annotations")[account]) === "";
  return [
    ...(isTokenOfNone ? [required(`metadata.annotations[${account}]`)] : []),
    ...keyErrors(object, "data"),
    ...missing.map((key) => required(`data[${key}]`)),
  ];
}

function roleRules(object: JsonObject): FieldError[] {
  return itemsOf(object["rules"], "rules").flatMap(({ item, field }) =>
    Array.isArray(item["verbs"]) && item["verbs"].length > 0
      ? []
      : [required(`${field}.verbs`, "verbs must contain at least one value")],
  );
}

function bindingRules(kinds: readonly string[]): Rule {
  const isClusterWide = !kinds.includes("Role");
  return (object) => {
    const role = part(object, "roleRef");
    const errors = kinds.includes(textOf(role["kind"]))
      ? []
      : [notSupported("roleRef.kind", textOf(role["kind"]), kinds)];
    if (textOf(role["name"]) === "") errors.push(required("roleRef.name"));
    for (const { item, field } of itemsOf(object["subjects"], "subjects")) {
      if (textOf(item["name"]) === "") errors.push(required(`${field}.name`));
      const kind = textOf(item["kind"]);
      if (!["ServiceAccount", "User", "Group"].includes(kind))
        errors.push(notSupported(`${field}.kind`, kind, ["ServiceAccount", "User", "Group"]));
      if (kind === "ServiceAccount" && isClusterWide && textOf(item["namespace"]) === "")
        errors.push(required(`${field}.namespace`));
    }
    return errors;
  };
}

function ingressRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const rules = itemsOf(spec["rules"], "spec.rules");
  if (rules.length === 0 && spec["defaultBackend"] === undefined)
    return [invalid("spec", null, "either `defaultBackend` or `rules` must be specified")];
  return rules.flatMap(({ item, field }) =>
    itemsOf(part(item, "http")["paths"], `${field}.http.paths`).flatMap((path) =>
      textOf(path.item["pathType"]) === ""
        ? [required(`${path.field}.pathType`, "pathType must be specified")]
        : oneOf(path.item["pathType"], `${path.field}.pathType`, ["Exact", "ImplementationSpecific", "Prefix"]),
    ),
  );
}

function autoscalerRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const target = part(spec, "scaleTargetRef");
  const [least, most] = [Number(spec["minReplicas"] ?? 1), Number(spec["maxReplicas"] ?? 0)];
  const errors: FieldError[] = [];
  const percent = spec["targetCPUUtilizationPercentage"];
  if (typeof percent === "number" && percent <= 0)
    errors.push(invalid("spec.metrics[0].resource.target.averageUtilization", percent, "must be greater than 0"));
  if (least < 1) {
    errors.push(invalid("spec.minReplicas", least, "must be greater than or equal to 1"));
    if (least === 0)
      errors.push({
        type: "Forbidden",
        field: "spec.metrics",
        detail: "must specify at least one Object or External metric to support scaling to zero replicas",
      });
  }
  if (most < 1) errors.push(required("spec.maxReplicas", "must be set and greater than 0"));
  if (most < least) errors.push(invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"));
  errors.push(...requiredTexts(target, "spec.scaleTargetRef.", ["kind", "name"]));
  if (textOf(target["apiVersion"]) === "")
    errors.push(invalid("spec.scaleTargetRef.apiVersion", "", "apiVersion must specify API group"));
  return errors;
}

function budgetRules(object: JsonObject): FieldError[] {
  const { minAvailable, maxUnavailable, selector } = part(object, "spec");
  if (minAvailable === undefined || maxUnavailable === undefined) return [];
  const shown = {
    MinAvailable: minAvailable,
    Selector: selector ?? null,
    MaxUnavailable: maxUnavailable,
    UnhealthyPodEvictionPolicy: null,
  };
  return [invalid("spec", shown, "minAvailable and maxUnavailable cannot be both set")];
}

function claimRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const modes = spec["accessModes"];
  const errors =
    Array.isArray(modes) && modes.length > 0
      ? []
      : [required("spec.accessModes", "at least 1 access mode is required")];
  if (part(part(spec, "resources"), "requests")["storage"] === undefined)
    errors.push(required("spec.resources[storage]"));
  return errors;
}

function networkPolicyRules(object: JsonObject): FieldError[] {
  const types = part(object, "spec")["policyTypes"];
  return (Array.isArray(types) ? types : []).flatMap((type, index) =>
    oneOf(type, `spec.policyTypes[${index}]`, ["Ingress", "Egress"]),
  );
}

/** By group and kind. */
const rules: { readonly [groupKind: string]: Rule } = {
  "/Pod": (object) => validatePodSpec(part(object, "spec"), "spec"),
  "/Service": serviceRules,
  "/ConfigMap": configMapRules,
  "/Secret": secretRules,
  "/PersistentVolumeClaim": claimRules,
  "apps/Deployment": deploymentRules,
  "apps/ReplicaSet": workload("replicaset"),
  "apps/DaemonSet": workload("daemonset"),
  "apps/StatefulSet": statefulSetRules,
  "batch/Job": (object) => jobSpecErrors(part(object, "spec"), "spec"),
  "batch/CronJob": cronJobRules,
  "networking.k8s.io/Ingress": ingressRules,
  "networking.k8s.io/NetworkPolicy": networkPolicyRules,
  "policy/PodDisruptionBudget": budgetRules,
  "autoscaling/HorizontalPodAutoscaler": autoscalerRules,
  "rbac.authorization.k8s.io/Role": roleRules,
  "rbac.authorization.k8s.io/ClusterRole": roleRules,
  "rbac.authorization.k8s.io/RoleBinding": bindingRules(["Role", "ClusterRole"]),
  "rbac.authorization.k8s.io/ClusterRoleBinding": bindingRules(["ClusterRole"]),
  ...rareRules,
};

/** What is wrong with an object of a built-in kind; nothing is known of kinds that have no rules here. */
export function validateBuiltin(group: string, kind: string, object: JsonObject): FieldError[] {
  const key = `${group}/${kind}`;
  const errors = Object.hasOwn(rules, key) ? (rules[key]?.(object) ?? []) : [];
  if (errors.length < 2) return errors;
  const told = new Map(errors.map((error) => [encodeJson(error), error]));
  return [...told.values()];
}
