// Fields that only some types of Services have: a change of type takes those away that nobody changed with it
// (pkg/registry/core/service, dropTypeDependentFields, v1.36).

import { asJson, equalJson, isObject, type JsonObject, type Manifest } from "#kernel";

type Use = (spec: JsonObject) => boolean;

const isBalanced: Use = (spec) => spec.type === "LoadBalancer";
const isAddressed: Use = (spec) => spec.type !== "ExternalName";
const hasNodePorts: Use = (spec) => isBalanced(spec) || spec.type === "NodePort";
const isOuter: Use = (spec) => hasNodePorts(spec) || (spec.type === "ClusterIP" && hasOuterAddresses(spec));

function hasOuterAddresses(spec: JsonObject): boolean {
  return Array.isArray(spec.externalIPs) && spec.externalIPs.length > 0;
}

/** Fields that go together, and whether a Service has use for them. */
const uses: readonly (readonly [readonly string[], Use])[] = [
  [["clusterIP", "clusterIPs"], isAddressed],
  [["ipFamilies"], isAddressed],
  [["ipFamilyPolicy"], isAddressed],
  [["healthCheckNodePort"], (spec) => isBalanced(spec) && spec.externalTrafficPolicy === "Local"],
  [["allocateLoadBalancerNodePorts"], isBalanced],
  [["loadBalancerClass"], isBalanced],
  [["externalTrafficPolicy"], isOuter],
];

export function dropServiceFields(draft: Manifest, live: Manifest): void {
  const { spec } = asJson(draft);
  const { spec: before } = asJson(live);
  if (!isObject(spec) || !isObject(before)) return;
  // What decides is the type that was written, with all that it came with.
  const unused = uses.filter(
    ([names, isUsed]) =>
      isUsed(before) && !isUsed(spec) && names.every((name) => equalJson(spec[name] ?? null, before[name] ?? null)),
  );
  if (hasNodePorts(before) && !hasNodePorts(spec) && hasNoNewPorts(spec, before))
    for (const port of portsOf(spec)) delete port.nodePort;
  for (const name of unused.flatMap(([names]) => names)) delete spec[name];
  // Nobody is shown one of a Service that is a name; what is no policy is refused before.
  if (!isAddressed(spec) && (spec.internalTrafficPolicy === "Cluster" || spec.internalTrafficPolicy === "Local"))
    delete spec.internalTrafficPolicy;
  if (!isBalanced(spec)) dropBalancer(asJson(draft));
}

function portsOf(spec: JsonObject): JsonObject[] {
  return Array.isArray(spec.ports) ? spec.ports.filter(isObject) : [];
}

/** Ports may go or come, as long as no node port is new. */
function hasNoNewPorts(spec: JsonObject, before: JsonObject): boolean {
  const old = new Set(portsOf(before).map(({ nodePort }) => Number(nodePort ?? 0)));
  return portsOf(spec).every(({ nodePort }) => Number(nodePort ?? 0) === 0 || old.has(Number(nodePort)));
}

/** Where a load balancer was reached is no news of a Service that has none. */
function dropBalancer(draft: JsonObject): void {
  if (isObject(draft.status)) draft.status = { ...draft.status, loadBalancer: {} };
}
