// Discovery in process: what the table serves now.

import type { Discovery, Resource } from "#cluster";
import { builtinVersion } from "#api/kubernetes";
import type { ResourceTable } from "#apiserver/registry";

export function discoveryOf(table: ResourceTable): Discovery {
  const resources = table.values().map(({ resource, subresources }) => ({
    ...resource,
    subresourceKinds: Object.values(subresources).map(({ kind }) => kind),
  }));
  return {
    resources,
    byKind: (group, kind, version) => resources.find((one) => isKind(one, group, kind, version)),
    serverVersion: builtinVersion(),
  };
}

function isKind(resource: Resource, group: string, kind: string, version: string | undefined): boolean {
  return resource.group === group && resource.kind === kind && (version === undefined || resource.version === version);
}
