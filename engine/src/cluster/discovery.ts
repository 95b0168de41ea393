// The table of served resources, however it was asked for.

import type { Discovery, Resource } from "./contract.ts";

/** `resources` stand in order of preference: of two versions of a kind the first is the preferred one. */
export function discoveryOf(resources: readonly Resource[], serverVersion: string): Discovery {
  const byKind = new Map<string, Resource>();
  for (const resource of resources) {
    const preferred = `${resource.group}/${resource.kind}`;
    if (!byKind.has(preferred)) byKind.set(preferred, resource);
    const exact = `${resource.group}/${resource.version}/${resource.kind}`;
    if (!byKind.has(exact)) byKind.set(exact, resource);
  }
  return {
    resources,
    serverVersion,
    byKind: (group, kind, version) =>
      byKind.get(version === undefined ? `${group}/${kind}` : `${group}/${version}/${kind}`),
  };
}
