// Services (pkg/apis/core/validation, v1.36). Which addresses and families go together is `cluster-addresses.ts`.

import {
  type FieldError,
  invalid,
  labelErrors,
  notSupported,
  qualifiedNameErrors,
  required,
  subdomainErrors,
} from "#api/crd";
import { encodeJson, type Json, type JsonObject } from "#kernel";
import { addressErrors, networkErrors, unreachableErrors } from "./addresses.ts";
import { addressChangeErrors, clusterAddressErrors, isHeadless } from "./cluster-addresses.ts";
import {
  duplicate,
  forbidden,
  invalidAll,
  itemsOf,
  part,
  portErrors,
  portOrNameErrors,
  textOf,
  textsOf,
} from "./fields.ts";
import { labelsErrors } from "./selectors.ts";

const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const protocols = ["SCTP", "TCP", "UDP"];
const trafficPolicies = ["Cluster", "Local"];
const distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"];
const balancersOnly = "may only be used when `type` is 'LoadBalancer'";

export function serviceRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const before = live === undefined ? undefined : part(live, "spec");
  return [
    ...(before === undefined ? [] : changeErrors(spec, before)),
    ...topologyErrors(object),
    ...typeErrors(spec),
    ...portsErrors(spec),
    ...labelsErrors(spec["selector"], "spec.selector"),
    ...affinityErrors(spec),
    ...clusterAddressErrors(spec, before),
    ...outerAddressErrors(spec, before),
    ...closed(spec["type"], "spec.type", types),
    ...nodePortErrors(spec),
    ...repeatedPorts(itemsOf(spec["ports"], "spec.ports")),
    ...sourceRangeErrors(object, live),
    ...balancerErrors(spec),
    ...trafficErrors(spec),
  ];
}

/** One of a closed set, and stated. */
function closed(value: Json | undefined, field: string, allowed: readonly string[]): FieldError[] {
  const text = textOf(value);
  if (text === "") return [required(field)];
  return allowed.includes(text) ? [] : [notSupported(field, text, allowed)];
}

function changeErrors(spec: JsonObject, before: JsonObject): FieldError[] {
  const errors = addressChangeErrors(spec, before);
  const field = "spec.loadBalancerClass";
  if (isBalanced(spec) && isBalanced(before) && spec["loadBalancerClass"] !== before["loadBalancerClass"])
    errors.push(invalid(field, spec["loadBalancerClass"] ?? null, "may not change once set"));
  errors.push(...balancerClassErrors(spec));
  const isHeld = needsHealthCheck(spec) && needsHealthCheck(before);
  if (isHeld && spec["healthCheckNodePort"] !== before["healthCheckNodePort"])
    errors.push(forbidden("spec.healthCheckNodePort", "field is immutable"));
  return errors;
}

function topologyErrors(object: JsonObject): FieldError[] {
  const annotations = part(part(object, "metadata"), "annotations");
  const [old, mode] = ["service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"] as const;
  const isSame =
    annotations[old] === undefined || annotations[mode] === undefined || annotations[old] === annotations[mode];
  const detail = `must match annotations[${old}] when both are specified`;
  return isSame ? [] : [invalid(`metadata.annotations[${mode}]`, annotations[mode], detail)];
}

function isBalanced(spec: JsonObject): boolean {
  return spec["type"] === "LoadBalancer";
}

/** What a Service of its type must have, and must not. */
function typeErrors(spec: JsonObject): FieldError[] {
  const type = textOf(spec["type"]);
  const isBare = isHeadless(spec);
  const errors: FieldError[] = [];
  if (itemsOf(spec["ports"], "").length === 0 && !isBare && type !== "ExternalName")
    errors.push(required("spec.ports"));
  if ((type === "LoadBalancer" || type === "NodePort") && isBare)
    errors.push(invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${type} services`));
  if (type !== "ExternalName") return errors;
  for (const name of ["clusterIPs", "ipFamilies", "ipFamilyPolicy"]) {
    const isSet = name === "ipFamilyPolicy" ? spec[name] !== undefined : textsOf(spec[name]).length > 0;
    if (isSet) errors.push(forbidden(`spec.${name}`, "may not be set for ExternalName services"));
  }
  const name = textOf(spec["externalName"]).replace(/\.$/, "");
  if (name === "") return [...errors, required("spec.externalName")];
  return [...errors, ...invalidAll("spec.externalName", name, subdomainErrors(name))];
}

function portsErrors(spec: JsonObject): FieldError[] {
  const ports = itemsOf(spec["ports"], "spec.ports");
  const names = new Set<string>();
  return ports.flatMap(({ item, field }) => {
    const name = textOf(item["name"]);
    const application = item["appProtocol"];
    const errors: FieldError[] = [];
    if (name === "" && ports.length > 1) errors.push(required(`${field}.name`));
    if (name !== "") errors.push(...invalidAll(`${field}.name`, name, labelErrors(name)));
    if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
    if (name !== "") names.add(name);
    return [
      ...errors,
      ...portErrors(item["port"] ?? 0, `${field}.port`),
      ...closed(item["protocol"], `${field}.protocol`, protocols),
      ...portOrNameErrors(item["targetPort"] ?? 0, `${field}.targetPort`),
      ...(application === undefined
        ? []
        : invalidAll(`${field}.appProtocol`, textOf(application), qualifiedNameErrors(textOf(application)))),
    ];
  });
}

/** A day. */
const affinitySecondsMost = 86_400;

function affinityErrors(spec: JsonObject): FieldError[] {
  const errors = closed(spec["sessionAffinity"], "spec.sessionAffinity", ["ClientIP", "None"]);
  const config = spec["sessionAffinityConfig"];
  const at = "spec.sessionAffinityConfig";
  if (spec["sessionAffinity"] === "None" && config !== undefined)
    return [...errors, forbidden(at, "must not be set when session affinity is None")];
  if (spec["sessionAffinity"] !== "ClientIP") return errors;
  const seconds = part(part(spec, "sessionAffinityConfig"), "clientIP")["timeoutSeconds"];
  if (typeof seconds !== "number") return [...errors, required(at, "when session affinity type is ClientIP")];
  const detail = `must be greater than 0 and less than ${affinitySecondsMost}`;
  return seconds > 0 && seconds <= affinitySecondsMost
    ? errors
    : [...errors, invalid(`${at}.clientIP.timeoutSeconds`, seconds, detail)];
}

function outerAddressErrors(spec: JsonObject, before: JsonObject | undefined): FieldError[] {
  const known = textsOf(before?.["externalIPs"]);
  return textsOf(spec["externalIPs"]).flatMap((address, index) => {
    const field = `spec.externalIPs[${index}]`;
    const errors = addressErrors(address, field, known);
    return errors.length > 0 ? errors : unreachableErrors(address, field);
  });
}

function nodePortErrors(spec: JsonObject): FieldError[] {
  const ports = itemsOf(spec["ports"], "spec.ports").filter(({ item }) => (item["nodePort"] ?? 0) !== 0);
  const inner =
    spec["type"] === "ClusterIP"
      ? ports.map(({ field }) => forbidden(`${field}.nodePort`, "may not be used when `type` is 'ClusterIP'"))
      : [];
  const seen = new Set<string>();
  const twice = ports.flatMap(({ item, field }) => {
    const key = `${textOf(item["protocol"])} ${encodeJson(item["nodePort"])}`;
    const isTwice = seen.has(key);
    seen.add(key);
    return isTwice ? [duplicate(`${field}.nodePort`, item["nodePort"] ?? 0)] : [];
  });
  return [...inner, ...twice];
}

/** Two ports of one number and protocol. */
function repeatedPorts(ports: readonly { item: JsonObject; field: string }[]): FieldError[] {
  const seen = new Set<string>();
  return ports.flatMap(({ item, field }) => {
    const key = `${textOf(item["protocol"])} ${encodeJson(item["port"] ?? 0)}`;
    const isRepeated = seen.has(key);
    seen.add(key);
    if (!isRepeated) return [];
    const [Protocol, Port] = [item["protocol"] ?? "", item["port"] ?? 0];
    return [duplicate(field, { Name: "", Protocol, AppProtocol: null, Port, TargetPort: 0, NodePort: 0 })];
  });
}

const rangesAnnotation = "service.beta.kubernetes.io/load-balancer-source-ranges";

/** Who may reach a load balancer: the field, or where it is empty the annotation from before it. */
function sourceRangeErrors(object: JsonObject, live: JsonObject | undefined): FieldError[] {
  const spec = part(object, "spec");
  const ranges = textsOf(spec["loadBalancerSourceRanges"]);
  const foreign = (field: string): FieldError[] => (isBalanced(spec) ? [] : [forbidden(field, balancersOnly)]);
  if (ranges.length > 0) {
    const known = live === undefined ? [] : textsOf(part(live, "spec")["loadBalancerSourceRanges"]);
    const field = "spec.LoadBalancerSourceRanges";
    const before = known.map((range) => range.trim());
    return [
      ...foreign(field),
      ...ranges.flatMap((range, index) => networkErrors(range.trim(), `${field}[${index}]`, before)),
    ];
  }
  const text = annotationOf(object);
  if (text === undefined) return [];
  const field = `metadata.annotations[${rangesAnnotation}]`;
  if (text.trim() === "" || (live !== undefined && annotationOf(live) === text)) return foreign(field);
  return [
    ...foreign(field),
    ...text
      .trim()
      .split(",")
      .flatMap((range) => networkErrors(range.trim(), field)),
  ];
}

function annotationOf(object: JsonObject): string | undefined {
  const text = part(part(object, "metadata"), "annotations")[rangesAnnotation];
  return typeof text === "string" ? text : undefined;
}

function balancerErrors(spec: JsonObject): FieldError[] {
  const isSet = spec["allocateLoadBalancerNodePorts"] !== undefined;
  const errors: FieldError[] = [];
  if (isSet && !isBalanced(spec)) errors.push(forbidden("spec.allocateLoadBalancerNodePorts", balancersOnly));
  if (!isSet && isBalanced(spec)) errors.push(required("allocateLoadBalancerNodePorts"));
  return [...errors, ...balancerClassErrors(spec)];
}

function balancerClassErrors(spec: JsonObject): FieldError[] {
  const name = spec["loadBalancerClass"];
  const field = "spec.loadBalancerClass";
  if (name === undefined) return [];
  return isBalanced(spec)
    ? invalidAll(field, textOf(name), qualifiedNameErrors(textOf(name)))
    : [forbidden(field, balancersOnly)];
}

function needsHealthCheck(spec: JsonObject): boolean {
  return isBalanced(spec) && spec["externalTrafficPolicy"] === "Local";
}

/** Reachable from outside of the cluster. */
function isOuter(spec: JsonObject): boolean {
  const type = spec["type"];
  return isBalanced(spec) || type === "NodePort" || (type === "ClusterIP" && textsOf(spec["externalIPs"]).length > 0);
}

function trafficErrors(spec: JsonObject): FieldError[] {
  const [outer, port] = [textOf(spec["externalTrafficPolicy"]), Number(spec["healthCheckNodePort"] ?? 0)];
  const [outerField, portField] = ["spec.externalTrafficPolicy", "spec.healthCheckNodePort"];
  const errors: FieldError[] = [];
  if (isOuter(spec)) errors.push(...closed(outer, outerField, trafficPolicies));
  else if (outer !== "") errors.push(invalid(outerField, outer, "may only be set for externally-accessible services"));
  const healthDetail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  if (needsHealthCheck(spec)) errors.push(...(port === 0 ? [required(portField)] : portErrors(port, portField)));
  else if (port !== 0) errors.push(invalid(portField, port, healthDetail));
  const inner = spec["internalTrafficPolicy"];
  const innerField = "spec.internalTrafficPolicy";
  if (inner === undefined && ["ClusterIP", "LoadBalancer", "NodePort"].includes(textOf(spec["type"])))
    errors.push(required(innerField));
  if (inner !== undefined && !trafficPolicies.includes(textOf(inner)))
    errors.push(notSupported(innerField, inner, trafficPolicies));
  const distribution = spec["trafficDistribution"];
  if (distribution !== undefined && !distributions.includes(textOf(distribution)))
    errors.push(notSupported("spec.trafficDistribution", distribution, distributions));
  return errors;
}

/** Where a load balancer is reached, as its status says (of Services and Ingresses alike). */
export function balancerPointErrors(point: JsonObject, field: string, known: readonly string[]): FieldError[] {
  const [address, host, mode] = [textOf(point["ip"]), textOf(point["hostname"]), point["ipMode"]];
  const errors = address === "" ? [] : addressErrors(address, `${field}.ip`, known);
  if (mode === undefined && address !== "")
    errors.push(required(`${field}.ipMode`, "must be specified when `ip` is set"));
  else if (mode !== undefined && address === "")
    errors.push(forbidden(`${field}.ipMode`, "may not be specified when `ip` is not set"));
  else if (mode !== undefined && mode !== "VIP" && mode !== "Proxy")
    errors.push(notSupported(`${field}.ipMode`, mode, ["Proxy", "VIP"]));
  return [...errors, ...balancerHostErrors(host, `${field}.hostname`)];
}

/** A name under which a load balancer is reached. */
export function balancerHostErrors(host: string, field: string): FieldError[] {
  if (host === "") return [];
  const isAddress = addressErrors(host, "").length === 0;
  return [
    ...invalidAll(field, host, subdomainErrors(host)),
    ...(isAddress ? [invalid(field, host, "must be a DNS name, not an IP address")] : []),
  ];
}
