// What the API server checks of a pod's specification, wherever it stands (pkg/apis/core/validation, v1.36): names, images, ports,
// volumes and their mounts, probes, environment, resources, the closed lists of words. Takes a decoded and defaulted object.

import { quantityNanos } from "#api/kubernetes";
import { isObject, type Json, type JsonObject } from "#kernel";
import {
  atLeastZero,
  forbidden,
  invalidAll,
  itemsOf,
  oneOf,
  portErrors,
  portNameErrors,
  portOrNameErrors,
  textOf,
} from "./fields.ts";
import {
  childField,
  type FieldError,
  invalid,
  labelErrors,
  labelValueErrors,
  qualifiedNameErrors,
  required,
} from "#api/crd";

/** Errors so far, and the names that may be mounted. */
type Pod = { errors: FieldError[]; volumes: ReadonlySet<string>; names: Set<string> };

/** Everything wrong with a pod's specification. `claims` may be mounted beside its volumes. */
export function validatePodSpec(spec: JsonObject, field: string, claims: readonly string[] = []): FieldError[] {
  const pod: Pod = { errors: [], volumes: new Set([...volumeNames(spec), ...claims]), names: new Set() };
  pod.errors.push(...validateVolumes(spec["volumes"], childField(field, "volumes")));
  if (itemsOf(spec["containers"], field).length === 0) pod.errors.push(required(childField(field, "containers")));
  for (const list of ["containers", "initContainers"])
    for (const one of itemsOf(spec[list], childField(field, list))) validateContainer(one.item, one.field, pod);
  const isTemplate = field !== "spec";
  for (const one of itemsOf(spec["ephemeralContainers"], childField(field, "ephemeralContainers")))
    if (!isTemplate) validateDebugger(one.item, one.field, pod, containerNames(spec));
  if (isTemplate && itemsOf(spec["ephemeralContainers"], "").length > 0)
    pod.errors.push(forbidden(`${field}.ephemeralContainers`, "ephemeral containers not allowed in pod template"));
  pod.errors.push(
    ...oneOf(spec["restartPolicy"], `${field}.restartPolicy`, ["Always", "OnFailure", "Never"]),
    ...oneOf(spec["dnsPolicy"], `${field}.dnsPolicy`, ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]),
    ...["hostname", "subdomain"].flatMap((name) => nameErrors(spec[name], `${field}.${name}`)),
    ...nodeSelectorErrors(spec["nodeSelector"], `${field}.nodeSelector`),
    ...itemsOf(spec["tolerations"], `${field}.tolerations`).flatMap((one) => validateToleration(one.item, one.field)),
  );
  return pod.errors;
}

function nodeSelectorErrors(selector: Json | undefined, field: string): FieldError[] {
  return Object.entries(isObject(selector) ? selector : {}).flatMap(([key, value]) => [
    ...invalidAll(field, key, qualifiedNameErrors(key)),
    ...invalidAll(field, value, labelValueErrors(textOf(value))),
  ]);
}

function nameErrors(value: Json | undefined, field: string): FieldError[] {
  const text = textOf(value);
  return text === "" ? [] : labelErrors(text).map((message) => invalid(field, text, message));
}

/** A name that must be there, be a label, and stand once. */
function ownName(value: Json | undefined, field: string, seen: Set<string>): FieldError[] {
  const name = textOf(value);
  if (name === "") return [required(field)];
  const errors = nameErrors(name, field);
  if (errors.length === 0 && seen.has(name)) errors.push({ type: "Duplicate", field, value: name, detail: "" });
  seen.add(name);
  return errors;
}

function volumeNames(spec: JsonObject): string[] {
  return itemsOf(spec["volumes"], "").map(({ item }) => textOf(item["name"]));
}

function validateVolumes(volumes: Json | undefined, at: string): FieldError[] {
  const seen = new Set<string>();
  return itemsOf(volumes, at).flatMap(({ item, field }) => [
    ...ownName(item["name"], `${field}.name`, seen),
    ...Object.keys(item)
      .filter((name) => name !== "name")
      .slice(1)
      .map((name) => forbidden(`${field}.${name}`, "may not specify more than 1 volume type")),
    ...sourceErrors(item, field, {
      configMap: "name",
      secret: "secretName",
      persistentVolumeClaim: "claimName",
      hostPath: "path",
    }),
  ]);
}

function sourceErrors(volume: JsonObject, field: string, names: Readonly<Record<string, string>>): FieldError[] {
  return Object.entries(names).flatMap(([source, name]) => {
    const found = volume[source];
    return isObject(found) && textOf(found[name]) === "" ? [required(`${field}.${source}.${name}`)] : [];
  });
}

function validateContainer(one: JsonObject, field: string, pod: Pod): void {
  pod.errors.push(
    ...ownName(one["name"], `${field}.name`, pod.names),
    ...(textOf(one["image"]) === "" ? [required(`${field}.image`)] : []),
    ...validatePorts(one["ports"], `${field}.ports`),
    ...itemsOf(one["env"], `${field}.env`).flatMap((env) => validateVariable(env.item, env.field)),
    ...itemsOf(one["volumeMounts"], `${field}.volumeMounts`).flatMap((mount) =>
      validateMount(mount.item, mount.field, pod.volumes),
    ),
    ...["livenessProbe", "readinessProbe", "startupProbe"].flatMap((name) =>
      validateProbe(one[name], `${field}.${name}`),
    ),
    ...oneOf(one["terminationMessagePolicy"], `${field}.terminationMessagePolicy`, ["File", "FallbackToLogsOnError"]),
    ...oneOf(one["imagePullPolicy"], `${field}.imagePullPolicy`, ["Always", "IfNotPresent", "Never"]),
    ...validateResources(one["resources"], `${field}.resources`),
  );
}

function containerNames(spec: JsonObject): string[] {
  return ["containers", "initContainers"].flatMap((list) =>
    itemsOf(spec[list], "").map(({ item }) => textOf(item["name"])),
  );
}

/** What a container for debugging cannot have: nothing may rely on it. */
const notForDebuggers =
  "ports resources livenessProbe readinessProbe startupProbe lifecycle resizePolicy restartPolicy restartPolicyRules".split(
    " ",
  );
const notForDebuggersText = "cannot be set for an Ephemeral Container";

// oxlint-disable-next-line max-params -- a container, where it stands, its pod and whom it may be aimed at
function validateDebugger(one: JsonObject, field: string, pod: Pod, targets: readonly string[]): void {
  validateContainer(one, field, pod);
  const target = textOf(one["targetContainerName"]);
  if (target !== "" && !targets.includes(target))
    pod.errors.push({ type: "NotFound", field: `${field}.targetContainerName`, value: target, detail: "" });
  for (const name of notForDebuggers)
    if (one[name] !== undefined && Object.keys(Object(one[name]) as object).length > 0)
      pod.errors.push(forbidden(`${field}.${name}`, notForDebuggersText));
  for (const mount of itemsOf(one["volumeMounts"], `${field}.volumeMounts`))
    for (const name of ["subPath", "subPathExpr"])
      if (textOf(mount.item[name]) !== "") pod.errors.push(forbidden(`${mount.field}.${name}`, notForDebuggersText));
}

/** A pod, which gets its containers for debugging only once it is there. */
export function validatePod(pod: JsonObject, live: JsonObject | undefined): FieldError[] {
  const spec = isObject(pod["spec"]) ? pod["spec"] : {};
  const isEarly = live === undefined && itemsOf(spec["ephemeralContainers"], "").length > 0;
  return [
    ...validatePodSpec(spec, "spec"),
    ...(isEarly ? [forbidden("spec.ephemeralContainers", "cannot be set on create")] : []),
  ];
}

function validatePorts(ports: Json | undefined, at: string): FieldError[] {
  const seen = new Set<string>();
  return itemsOf(ports, at).flatMap(({ item, field }) => {
    const errors: FieldError[] = [];
    const name = textOf(item["name"]);
    const wrong = name === "" ? [] : portNameErrors(name);
    errors.push(...wrong.map((message) => invalid(`${field}.name`, name, message)));
    if (name !== "" && wrong.length === 0) {
      if (seen.has(name)) errors.push({ type: "Duplicate", field: `${field}.name`, value: name, detail: "" });
      seen.add(name);
    }
    if (!item["containerPort"]) errors.push(required(`${field}.containerPort`));
    else errors.push(...portErrors(item["containerPort"], `${field}.containerPort`));
    if (item["hostPort"]) errors.push(...portErrors(item["hostPort"], `${field}.hostPort`));
    errors.push(...oneOf(item["protocol"], `${field}.protocol`, ["SCTP", "TCP", "UDP"]));
    return errors;
  });
}

const variableSources = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];

function validateVariable(variable: JsonObject, field: string): FieldError[] {
  const errors = textOf(variable["name"]) === "" ? [required(`${field}.name`)] : [];
  const from = variable["valueFrom"];
  if (!isObject(from)) return errors;
  const at = `${field}.valueFrom`;
  const count = variableSources.filter((name) => from[name] !== undefined).length;
  if (count === 0)
    errors.push(
      invalid(
        at,
        "",
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
      ),
    );
  else if (textOf(variable["value"]) !== "")
    errors.push(invalid(at, "", "may not be specified when `value` is not empty"));
  else if (count > 1) errors.push(invalid(at, "", "may not have more than one field specified at a time"));
  return errors;
}

function validateMount(mount: JsonObject, field: string, volumes: ReadonlySet<string>): FieldError[] {
  const errors: FieldError[] = [];
  const name = textOf(mount["name"]);
  if (name === "") errors.push(required(`${field}.name`));
  else if (!volumes.has(name)) errors.push({ type: "NotFound", field: `${field}.name`, value: name, detail: "" });
  if (textOf(mount["mountPath"]) === "") errors.push(required(`${field}.mountPath`));
  return errors;
}

function validateProbe(probe: Json | undefined, field: string): FieldError[] {
  if (!isObject(probe)) return [];
  const handlers = ["exec", "httpGet", "tcpSocket", "grpc"].filter((name) => probe[name] !== undefined);
  const errors = [
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
  ].flatMap((name) => atLeastZero(probe[name], `${field}.${name}`));
  if (handlers.length === 0) errors.unshift(required(field, "must specify a handler type"));
  for (const name of ["httpGet", "tcpSocket"]) {
    const handler = probe[name];
    if (isObject(handler)) errors.push(...portOrNameErrors(handler["port"], `${field}.${name}.port`));
  }
  return errors;
}

function validateToleration(toleration: JsonObject, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const operator = textOf(toleration["operator"]);
  if (textOf(toleration["key"]) === "" && operator !== "Exists")
    errors.push(
      invalid(
        `${field}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    );
  return [...errors, ...oneOf(operator, `${field}.operator`, ["Equal", "Exists"])];
}

function validateResources(resources: Json | undefined, field: string): FieldError[] {
  if (!isObject(resources)) return [];
  const amounts = (name: string): JsonObject => (isObject(resources[name]) ? resources[name] : {});
  const errors: FieldError[] = [];
  for (const part of ["limits", "requests"])
    for (const [name, value] of Object.entries(amounts(part))) {
      const nanos = typeof value === "string" ? quantityNanos(value) : undefined;
      if (nanos !== undefined && nanos < 0n)
        errors.push(invalid(`${field}.${part}[${name}]`, value, "must be greater than or equal to 0"));
    }
  for (const [name, request] of Object.entries(amounts("requests"))) {
    const limit = amounts("limits")[name];
    const [wanted, most] = [request, limit].map((value) =>
      typeof value === "string" ? quantityNanos(value) : undefined,
    );
    if (wanted !== undefined && most !== undefined && wanted > most)
      errors.push(
        invalid(`${field}.requests`, request, `must be less than or equal to ${name} limit of ${textOf(limit)}`),
      );
  }
  return errors;
}
