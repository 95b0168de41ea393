// One Kubernetes object as plain data, and the words that name it.

import type { Json, JsonObject } from "./json.ts";

/** The part of `metadata` that the engine reads; other members are kept as they are. */
export type ObjectMeta = {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: { [key: string]: string };
  annotations?: { [key: string]: string };
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
};

export type OwnerReference = {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
};

/** One manager's part of an object, as the API server records it. `fieldsV1` is the nested `f:`, `k:`, `v:` form. */
export type ManagedFieldsEntry = {
  manager?: string;
  operation?: "Apply" | "Update";
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: JsonObject;
  subresource?: string;
};

/** One object. A rendered manifest is frozen; a live object is the caller's own copy. */
export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
};

/** A manifest seen as plain data. */
export function asJson(manifest: Manifest): JsonObject {
  return manifest as unknown as JsonObject;
}

/** Plain data seen as a manifest; the caller knows that it has apiVersion, kind and metadata. */
export function asManifest(value: Json): Manifest {
  return value as unknown as Manifest;
}

/** Names an object independent of the version it is read in. `group` is "" for core, `namespace` "" for cluster-scoped. */
export type ObjectRef = { group: string; kind: string; namespace: string; name: string };

/** An ObjectRef with the version it was written in. */
export type VersionedRef = ObjectRef & { version: string };

/** Splits "apps/v1" into group and version; the core group is "". */
export function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  if (slash < 0) return { group: "", version: apiVersion };
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

export function joinApiVersion(group: string, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}

export function refOf(manifest: Manifest): VersionedRef {
  const { group, version } = splitApiVersion(manifest.apiVersion);
  return {
    group,
    version,
    kind: manifest.kind,
    namespace: manifest.metadata.namespace ?? "",
    name: manifest.metadata.name,
  };
}

/** A key for maps; equal for equal refs. Neither part can hold a NUL. */
export function refKey(ref: ObjectRef): string {
  return `${ref.group}\0${ref.kind}\0${ref.namespace}\0${ref.name}`;
}

/** For people: `Deployment/shop/web`, or `Namespace/shop` for what has no namespace. */
export function formatRef(ref: ObjectRef): string {
  return ref.namespace === "" ? `${ref.kind}/${ref.name}` : `${ref.kind}/${ref.namespace}/${ref.name}`;
}
