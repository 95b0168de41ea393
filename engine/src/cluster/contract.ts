// The one contract for a Kubernetes API, in process or over HTTP. Every answer is a value: what the server refuses comes
// back as its Status, what could not be asked at all is a Status too (code 0, reason `Unreachable`). Nothing here throws
// but for bugs and an aborted signal.

import type { JsonObject, Manifest } from "#kernel";

/** A served resource, as discovery describes it. */
export type Resource = {
  group: string;
  version: string;
  /** Plural, lower case: `deployments`. */
  plural: string;
  singular: string;
  kind: string;
  isNamespaced: boolean;
  verbs: readonly string[];
  shortNames: readonly string[];
  categories: readonly string[];
  /** `status`, `scale`, … */
  subresources: readonly string[];
  /** Kinds that subresources speak, where they are known: `Scale`, `Eviction`, `TokenRequest`, … */
  subresourceKinds?: readonly string[];
};

/** metav1.Status of a refusal. `code` is the HTTP status, 0 when no server answered. */
export type Status = {
  code: number;
  reason: string;
  message: string;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    uid?: string;
    causes?: { reason?: string; message?: string; field?: string }[];
    retryAfterSeconds?: number;
  };
  /** Of a page that is no longer to be had: where to go on in the newest state. */
  continue?: string;
};

export type Answer<T> = { ok: true; value: T; warnings: readonly string[] } | { ok: false; status: Status };

export type Target = { resource: Resource; namespace: string; name: string; subresource?: string };

export type ListOptions = {
  /** "" or absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  resourceVersionMatch?: "Exact" | "NotOlderThan";
  /** PartialObjectMetadata instead of whole objects. */
  isMetadataOnly?: boolean;
};

export type List = { items: Manifest[]; resourceVersion: string; continue: string; remainingItemCount?: number };

export type WatchOptions = Omit<ListOptions, "limit" | "continue"> & {
  /** Ask for the present state first, then a bookmark with `k8s.io/initial-events-end`. */
  sendInitialEvents?: boolean;
  allowBookmarks?: boolean;
};

export type WatchEvent =
  | { type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; object: Manifest }
  | { type: "ERROR"; status: Status };

export type WriteOptions = {
  fieldManager: string;
  isDryRun?: boolean;
  fieldValidation?: "Ignore" | "Warn" | "Strict";
};

export type ApplyOptions = WriteOptions & { isForced?: boolean };

export type PatchBody =
  | { type: "json"; patch: JsonObject[] }
  | { type: "merge"; patch: JsonObject }
  | { type: "strategic"; patch: JsonObject };

export type DeleteOptions = {
  propagation?: "Foreground" | "Background" | "Orphan";
  preconditions?: { uid?: string; resourceVersion?: string };
  gracePeriodSeconds?: number;
  isDryRun?: boolean;
};

/** Who asks. In process, too, every call carries one and passes the same authorisation. */
export type Identity = {
  user: string;
  groups: readonly string[];
  uid?: string;
  extra?: Readonly<Record<string, readonly string[]>>;
};

export type AccessQuestion = {
  verb: string;
  group: string;
  resource: string;
  subresource?: string;
  namespace?: string;
  name?: string;
};

/** All that is served: asked once, kept, and asked again by `discover(true)` or after a CRD changed. */
export interface Discovery {
  readonly resources: readonly Resource[];
  /** The preferred version of a kind, or the version named. */
  byKind(group: string, kind: string, version?: string): Resource | undefined;
  /** The server's gitVersion, for example `v1.36.3`. */
  readonly serverVersion: string;
}

export interface Cluster {
  /** Where it is, for people: `embedded`, or the server's URL. */
  readonly name: string;
  discover(isFresh?: boolean): Promise<Answer<Discovery>>;
  get(target: Target, signal?: AbortSignal): Promise<Answer<Manifest>>;
  list(resource: Resource, options?: ListOptions, signal?: AbortSignal): Promise<Answer<List>>;
  /** Events until the signal aborts, the server ends the stream, or an ERROR event (410: list again) came last. */
  watch(resource: Resource, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent>;
  apply(target: Target, manifest: Manifest, options: ApplyOptions): Promise<Answer<Manifest>>;
  patch(target: Target, body: PatchBody, options: WriteOptions): Promise<Answer<Manifest>>;
  update(target: Target, manifest: Manifest, options: WriteOptions): Promise<Answer<Manifest>>;
  create(target: Target, manifest: Manifest, options: WriteOptions): Promise<Answer<Manifest>>;
  /** The object as it stands after the call, or undefined when it is gone at once. */
  delete(target: Target, options?: DeleteOptions): Promise<Answer<Manifest | undefined>>;
  /** SelfSubjectAccessReview for this cluster's own identity. */
  review(question: AccessQuestion): Promise<Answer<{ isAllowed: boolean; reason: string }>>;
  /** The same cluster, acting as another: impersonation. */
  as(identity: Identity): Cluster;
}
