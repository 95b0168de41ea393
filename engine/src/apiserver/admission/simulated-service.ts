// Services whose pods are simulated: they are ready, as in the cluster that is rehearsed, yet nobody can answer for them.

import { fieldOf, isObject, type Json, type Manifest, textOf } from "#kernel";
import type { Registry } from "#apiserver/registry";

const simulatedLabel = "keelson.dev/simulated";
const serviceLabel = "kubernetes.io/service-name";

/** True when some endpoint of the Service is ready, and runs on a simulated node. */
export function isSimulated(registry: Registry, namespace: string, name: string): boolean {
  const storage = registry.table.storage("discovery.k8s.io", "endpointslices");
  if (storage === undefined) return false;
  for (const { object } of registry.collection(storage).range(`discovery.k8s.io/endpointslices/${namespace}/`)) {
    if (object.metadata.labels?.[serviceLabel] !== name) continue;
    const endpoints = fieldOf(object, "endpoints");
    if (Array.isArray(endpoints) && endpoints.some((one) => isSimulatedEndpoint(registry, one))) return true;
  }
  return false;
}

function isSimulatedEndpoint(registry: Registry, endpoint: Json): boolean {
  if (!isObject(endpoint) || fieldOf(endpoint, "conditions", "ready") === false) return false;
  const node: Manifest | undefined = registry.lookup("", "nodes", "", textOf(endpoint, "nodeName"));
  return node?.metadata.labels?.[simulatedLabel] === "true";
}
