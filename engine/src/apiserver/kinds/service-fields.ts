// Fields that only some types of Services have: a change of type takes those away that nobody changed with it
// (pkg/registry/core/service, dropTypeDependentFields, v1.36). Addresses and node ports are the allocator's affair.

import { asJson, equalJson, isObject, type JsonObject, type Manifest } from "#kernel";

/** Whether a Service has use for a field. */
const uses: Readonly<Record<string, (spec: JsonObject) => boolean>> = {
  allocateLoadBalancerNodePorts: isBalanced,
  loadBalancerClass: isBalanced,
  externalTrafficPolicy: (spec) =>
    isBalanced(spec) || spec.type === "NodePort" || (spec.type === "ClusterIP" && hasOuterAddresses(spec)),
  internalTrafficPolicy: (spec) => spec.type !== "ExternalName",
};

function isBalanced(spec: JsonObject): boolean {
  return spec.type === "LoadBalancer";
}

function hasOuterAddresses(spec: JsonObject): boolean {
  return Array.isArray(spec.externalIPs) && spec.externalIPs.length > 0;
}

export function dropServiceFields(draft: Manifest, live: Manifest): void {
  const { spec } = asJson(draft);
  const { spec: before } = asJson(live);
  if (!isObject(spec) || !isObject(before)) return;
  for (const [name, isUsed] of Object.entries(uses))
    if (isUsed(before) && !isUsed(spec) && equalJson(spec[name] ?? null, before[name] ?? null)) delete spec[name];
}
