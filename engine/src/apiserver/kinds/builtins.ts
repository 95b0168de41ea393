// Every resource that Kubernetes itself serves, as the registry takes it.

import { builtinResources, type BuiltinResource, builtinSchemas, schemaFor } from "#api/kubernetes";
import type { Resource } from "#cluster";
import type { ScalePaths, Served, Storage } from "#apiserver/registry";
import { conversionOf } from "./conversions.ts";
import { basicStrategy } from "./strategies.ts";

/** Resources served in two versions or groups, and where their objects are kept. */
const storedElsewhere: Readonly<Record<string, { group: string; version: string }>> = {
  "autoscaling/v1/horizontalpodautoscalers": { group: "autoscaling", version: "v2" },
  "events.k8s.io/v1/events": { group: "", version: "v1" },
};

const workloadScale: ScalePaths = { specReplicas: "spec.replicas", statusReplicas: "status.replicas" };

export function builtinServed(): Served[] {
  return builtinResources().map(servedOf);
}

function servedOf(resource: BuiltinResource): Served {
  const { subresourceKinds, ...rest } = resource;
  const plain: Resource = rest;
  const id = `${resource.group}/${resource.version}/${resource.plural}`;
  const home = storedElsewhere[id] ?? { group: resource.group, version: resource.version };
  const storage: Storage = {
    group: home.group,
    plural: resource.plural,
    kind: resource.kind,
    apiVersion: home.group === "" ? home.version : `${home.group}/${home.version}`,
    isNamespaced: resource.isNamespaced,
  };
  const convert = storedElsewhere[id] === undefined ? undefined : conversionOf(id);
  return {
    resource: plain,
    storage,
    subresources: subresourceKinds,
    strategy: basicStrategy(resource),
    schemas: builtinSchemas,
    schema: schemaFor(resource.group, resource.version, resource.kind),
    ...(convert === undefined ? {} : { convert }),
    ...(resource.subresources.includes("scale") ? { scale: workloadScale } : {}),
  };
}
