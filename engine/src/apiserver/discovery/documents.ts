// The plain and the aggregated discovery documents, made from the table of what is served.

import { createHash } from "node:crypto";
import type { ResourceTable, Served } from "#apiserver/registry";
import { compareVersions } from "#apiserver/custom";

type Document = Record<string, unknown>;

/** Groups in the order they are served, each with its versions, the preferred one first. "" is the core group. */
export function groupsOf(table: ResourceTable): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  const customGroups = new Set<string>();
  for (const { resource, custom } of table.values()) {
    const versions = groups.get(resource.group) ?? [];
    if (!versions.includes(resource.version)) versions.push(resource.version);
    groups.set(resource.group, versions);
    if (custom !== undefined) customGroups.add(resource.group);
  }
  for (const group of customGroups) groups.get(group)?.sort((a, b) => compareVersions(b, a));
  return groups;
}

export function apiVersions(address: string): Document {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: address }],
  };
}

export function apiGroupList(table: ResourceTable): Document {
  const groups = [...groupsOf(table)]
    .filter(([name]) => name !== "")
    .map(([name, versions]) => groupBody(name, versions));
  return { kind: "APIGroupList", apiVersion: "v1", groups };
}

/** undefined when no such group is served. */
export function apiGroup(table: ResourceTable, group: string): Document | undefined {
  const versions = groupsOf(table).get(group);
  return versions === undefined || group === ""
    ? undefined
    : { kind: "APIGroup", apiVersion: "v1", ...groupBody(group, versions) };
}

function groupBody(name: string, versions: readonly string[]): Document {
  const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

function inVersion(table: ResourceTable, group: string, version: string): Served[] {
  return table.values().filter(({ resource }) => resource.group === group && resource.version === version);
}

/** undefined when no such version is served. */
export function apiResourceList(table: ResourceTable, group: string, version: string): Document | undefined {
  const found = inVersion(table, group, version);
  if (found.length === 0) return undefined;
  const groupVersion = group === "" ? version : `${group}/${version}`;
  return {
    kind: "APIResourceList",
    ...(group === "" ? {} : { apiVersion: "v1" }),
    groupVersion,
    resources: found.flatMap((served) => plainResources(served)),
  };
}

function plainResources(served: Served): Document[] {
  const { resource, storage } = served;
  const whole = {
    name: resource.plural,
    singularName: resource.singular,
    namespaced: resource.isNamespaced,
    kind: resource.kind,
    verbs: resource.verbs,
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    // What is made up for each answer is stored in no version.
    ...(resource.verbs.includes("list") && resource.kind !== "ComponentStatus"
      ? { storageVersionHash: storageHash(storage) }
      : {}),
  };
  const parts = Object.entries(served.subresources).map(([name, part]) => ({
    name: `${resource.plural}/${name}`,
    singularName: "",
    namespaced: resource.isNamespaced,
    ...(part.group === resource.group && part.version === resource.version
      ? {}
      : { group: part.group, version: part.version }),
    kind: part.kind,
    verbs: part.verbs,
  }));
  return [whole, ...parts];
}

function storageHash(storage: Served["storage"]): string {
  const text = `${storage.apiVersion}/${storage.kind}`;
  return createHash("sha256").update(text).digest().subarray(0, 8).toString("base64");
}

/** apidiscovery.k8s.io/v2: everything in two documents. */
export function aggregated(table: ResourceTable, isCore: boolean): Document {
  const items = [...groupsOf(table)]
    .filter(([group]) => (group === "") === isCore)
    .map(([group, versions]) => ({
      metadata: group === "" ? {} : { name: group },
      versions: versions.map((version) => ({
        version,
        resources: inVersion(table, group, version).map(aggregatedResource),
        freshness: "Current",
      })),
    }));
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function aggregatedResource(served: Served): Document {
  const { resource } = served;
  const subresources = Object.entries(served.subresources).map(([name, part]) => ({
    subresource: name,
    responseKind: { group: part.group, version: part.version, kind: part.kind },
    verbs: part.verbs,
  }));
  return {
    resource: resource.plural,
    responseKind: { group: resource.group, version: resource.version, kind: resource.kind },
    scope: resource.isNamespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

/** The paths that the root document lists. */
export function rootPaths(table: ResourceTable): Document {
  const versions = [...groupsOf(table)].flatMap(([group, names]) =>
    group === ""
      ? names.map((version) => `/api/${version}`)
      : [`/apis/${group}`, ...names.map((version) => `/apis/${group}/${version}`)],
  );
  const fixed = [
    "/api",
    "/apis",
    "/healthz",
    "/livez",
    "/metrics",
    "/openapi/v2",
    "/openapi/v3",
    "/readyz",
    "/version",
  ];
  return { paths: [...fixed, ...versions].sort() };
}
