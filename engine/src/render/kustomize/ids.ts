// How an object is named while it is built: by kind, name and namespace, now and at any time before.

import type { Schema } from "./schema.ts";

export type Gvk = { group: string; version: string; kind: string };
export type ResourceId = Gvk & { name: string; namespace: string; isClusterScoped: boolean };

export function apiVersionOf(gvk: Gvk): string {
  return gvk.group === "" ? gvk.version : `${gvk.group}/${gvk.version}`;
}

export function gvkOf(apiVersion: string, kind: string): Gvk {
  const slash = apiVersion.indexOf("/");
  return slash < 0
    ? { group: "", version: apiVersion, kind }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1), kind };
}

/** The apiVersion of a group and version; one that was written with an empty group loses its slash. */
export function formatApiVersion({ group, version }: Gvk): string {
  return group === "" ? version : `${group}/${version}`;
}

export function makeId(schema: Schema, gvk: Gvk, name: string, namespace: string): ResourceId {
  const { group, version, kind } = gvk;
  return { group, version, kind, name, namespace, isClusterScoped: schema.isClusterScoped(gvk) };
}

/** What stands for the namespace of objects that have none. */
const noNamespace = "_non_namespaceable_";

/** No namespace counts as `default`. */
export function effectiveNamespace(id: ResourceId): string {
  if (id.isClusterScoped) return noNamespace;
  return id.namespace === "" ? "default" : id.namespace;
}

export function equalGvk(a: Gvk, b: Gvk): boolean {
  return a.kind === b.kind && a.group === b.group && a.version === b.version;
}

export function equalIds(a: ResourceId, b: ResourceId): boolean {
  return a.name === b.name && equalGvk(a, b) && effectiveNamespace(a) === effectiveNamespace(b);
}

/** Equal keys are equal ids. */
export function idKey(id: ResourceId): string {
  return `${id.group}\0${id.version}\0${id.kind}\0${effectiveNamespace(id)}\0${id.name}`;
}

/** True when every part that the selector names is equal. */
export function isSelectedGvk(gvk: Gvk, selector: Partial<Gvk>): boolean {
  return (
    (!selector.group || selector.group === gvk.group) &&
    (!selector.version || selector.version === gvk.version) &&
    (!selector.kind || selector.kind === gvk.kind)
  );
}

/** As kustomize prints it: `Deployment.v1.apps/web.shop`. */
export function formatId(id: ResourceId): string {
  const gvk = `${id.kind || "[noKind]"}.${id.version || "[noVer]"}.${id.group || "[noGrp]"}`;
  return `${gvk}/${id.name || "[noName]"}.${id.namespace || "[noNs]"}`;
}
