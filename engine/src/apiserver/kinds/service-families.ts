// What a Service that is written says of its addresses, put in order before any is given: what a client left out of what it was given
// stays, one address and the list of them agree, and families follow from both (pkg/registry/core/service/storage, v1.36). The cluster
// has IPv4 alone.

import { type FieldError, invalid } from "#api/crd";
import { clusterAddressErrors, familyOf } from "#apiserver/validation";
import { asJson, equalJson } from "#kernel";

export type Port = { name?: string; port: number; nodePort?: number; protocol?: string; targetPort?: number | string };
export type ServiceSpec = {
  type?: string;
  clusterIP?: string;
  clusterIPs?: string[];
  ports?: Port[];
  selector?: Record<string, string>;
  ipFamilies?: string[];
  ipFamilyPolicy?: string;
  healthCheckNodePort?: number;
  externalTrafficPolicy?: string;
  allocateLoadBalancerNodePorts?: boolean;
};

const clusterFamily = "IPv4";

export function needsAddress(spec: ServiceSpec): boolean {
  return spec.type !== "ExternalName";
}

/** Node ports are given to these without being asked for. */
export function wantsNodePorts(spec: ServiceSpec): boolean {
  return spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);
}

/** A load balancer that keeps traffic on its node asks each node by a port of its own whether it has any. */
export function needsHealthPort(spec: ServiceSpec): boolean {
  return spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";
}

/** Whoever sends what they once created gets what was given then. */
export function keepGiven(spec: ServiceSpec, before: ServiceSpec): void {
  if (needsAddress(spec) && needsAddress(before)) {
    if ((spec.clusterIP ?? "") === "" && before.clusterIP !== undefined) spec.clusterIP = before.clusterIP;
    if ((spec.clusterIPs ?? []).length === 0 && before.clusterIPs !== undefined) spec.clusterIPs = before.clusterIPs;
  }
  if (wantsNodePorts(spec) && wantsNodePorts(before)) keepNodePorts(spec, before);
  if (needsHealthPort(spec) && needsHealthPort(before) && (spec.healthCheckNodePort ?? 0) === 0)
    if (before.healthCheckNodePort !== undefined) spec.healthCheckNodePort = before.healthCheckNodePort;
}

/** Ports of one name keep their node port, unless another port of the Service has it now. */
function keepNodePorts(spec: ServiceSpec, before: ServiceSpec): void {
  const given = new Map((before.ports ?? []).map(({ name = "", nodePort = 0 }) => [name, nodePort]));
  const kept = new Set([...given.values()].filter((port) => spec.ports?.some(({ nodePort }) => nodePort === port)));
  for (const port of spec.ports ?? []) {
    const old = given.get(port.name ?? "") ?? 0;
    if ((port.nodePort ?? 0) === 0 && old !== 0 && !kept.has(old)) port.nodePort = old;
  }
}

function sameAddresses(spec: ServiceSpec, before: ServiceSpec): boolean {
  return equalJson(spec.clusterIPs ?? [], before.clusterIPs ?? []);
}

/** Clients of old know one address alone. */
export function alignAddresses(spec: ServiceSpec, before: ServiceSpec | undefined): void {
  const [one, all] = [spec.clusterIP ?? "", spec.clusterIPs ?? []];
  if (before === undefined) {
    if (one !== "" && all.length === 0) spec.clusterIPs = [one];
    return;
  }
  const old = before.clusterIP ?? "";
  if (old === one) {
    if (all.length === 0 && before.clusterIPs !== undefined) spec.clusterIPs = before.clusterIPs;
    return;
  }
  if (!sameAddresses(spec, before)) return;
  if (old !== "" && one === "") delete spec.clusterIPs;
  else spec.clusterIPs = [one];
}

/** Fills in policy and families; what is wrong with them, where anything is. */
export function settleFamilies(spec: ServiceSpec, before: ServiceSpec | undefined): FieldError[] {
  if (!needsAddress(spec) || isUnchangedPreference(spec, before)) return [];
  const isFree = spec.clusterIP === "None" && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= before?.ipFamilyPolicy ?? (isFree ? "RequireDualStack" : "SingleStack");
  const json = asJson(spec as never);
  const wrong = clusterAddressErrors(json, before === undefined ? undefined : asJson(before as never));
  if (wrong.length > 0) return wrong;
  const unfit = [
    ...(before === undefined ? [] : reductionErrors(spec, before)),
    ...singleErrors(spec),
    ...inferred(spec),
  ];
  if (unfit.length > 0) return unfit;
  if (isFree) {
    spec.ipFamilies = freeFamilies(spec);
    return [];
  }
  const missing = missingErrors(spec);
  if (missing.length === 0 && (spec.ipFamilies ?? []).length === 0) spec.ipFamilies = [clusterFamily];
  return missing;
}

/** A Service that would rather have two families is left as it is until somebody changes what it says of them. */
function isUnchangedPreference(spec: ServiceSpec, before: ServiceSpec | undefined): boolean {
  return (
    before !== undefined &&
    spec.ipFamilyPolicy === "PreferDualStack" &&
    (before.ipFamilyPolicy ?? "PreferDualStack") === "PreferDualStack" &&
    spec.type === before.type &&
    sameAddresses(spec, before) &&
    equalJson(spec.ipFamilies ?? [], before.ipFamilies ?? [])
  );
}

/** One family alone lets go of the second; anything else may not lose it. */
function reductionErrors(spec: ServiceSpec, before: ServiceSpec): FieldError[] {
  const policy = spec.ipFamilyPolicy ?? null;
  const isFewer = (name: "clusterIPs" | "ipFamilies"): boolean =>
    (spec[name] ?? []).length > 0 && (spec[name] ?? []).length < (before[name] ?? []).length;
  if (policy !== "SingleStack")
    return (["clusterIPs", "ipFamilies"] as const)
      .filter(isFewer)
      .map((name) => (name === "clusterIPs" ? "cluster IP" : "IP family"))
      .map((what) => invalid("spec.ipFamilyPolicy", policy, `must be 'SingleStack' to release the secondary ${what}`));
  if (sameAddresses(spec, before) && spec.clusterIPs !== undefined) spec.clusterIPs = spec.clusterIPs.slice(0, 1);
  if (equalJson(spec.ipFamilies ?? [], before.ipFamilies ?? []) && spec.ipFamilies !== undefined)
    spec.ipFamilies = spec.ipFamilies.slice(0, 1);
  return [];
}

function singleErrors({ ipFamilyPolicy, clusterIPs = [], ipFamilies = [] }: ServiceSpec): FieldError[] {
  if (ipFamilyPolicy !== "SingleStack") return [];
  const lists: [readonly string[], string][] = [
    [clusterIPs, "cluster IPs"],
    [ipFamilies, "IP families"],
  ];
  return lists
    .filter(([list]) => list.length === 2)
    .map(([, what]) => `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`)
    .map((detail) => invalid("spec.ipFamilyPolicy", ipFamilyPolicy, detail));
}

/** Families of the addresses that are asked for. */
function inferred(spec: ServiceSpec): FieldError[] {
  const addresses = spec.clusterIPs ?? [];
  const errors: FieldError[] = [];
  const families = [...(spec.ipFamilies ?? [])];
  for (const [index, address] of addresses.entries()) {
    if (address === "None") break;
    if (index < families.length) continue;
    const family = familyOf(address);
    if (family === clusterFamily) families.push(family);
    else errors.push(invalid(`spec.clusterIPs[${index}]`, addresses, `${family} is not configured on this cluster`));
  }
  if (families.length > 0) spec.ipFamilies = families;
  return errors;
}

/** Who has neither address nor selector may have endpoints of both families. */
function freeFamilies({ ipFamilies = [], ipFamilyPolicy }: ServiceSpec): string[] {
  const [first = clusterFamily, ...others] = ipFamilies;
  if (others.length > 0 || ipFamilyPolicy === "SingleStack") return [first, ...others];
  return [first, first === "IPv4" ? "IPv6" : "IPv4"];
}

function missingErrors({ ipFamilies = [], ipFamilyPolicy }: ServiceSpec): FieldError[] {
  const errors = ipFamilies.flatMap((family, index) =>
    family === clusterFamily ? [] : [invalid(`spec.ipFamilies[${index}]`, family, "not configured on this cluster")],
  );
  if (ipFamilyPolicy !== "RequireDualStack") return errors;
  const detail = "this cluster is not configured for dual-stack services";
  return [invalid("spec.ipFamilyPolicy", ipFamilyPolicy, detail), ...errors];
}
