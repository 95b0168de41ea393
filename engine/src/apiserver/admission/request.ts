// One write as admission policies and webhooks see it.

import { asJson, copyJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import { apiVersionOf, asOwn, type Registry, type Served, type WriteCall } from "#apiserver/registry";

export type Operation = "CREATE" | "UPDATE" | "DELETE";

export type AdmissionRequest = {
  operation: Operation;
  call: WriteCall;
  /** As it shall be; undefined on a deletion. */
  object: Manifest | undefined;
  /** As it stands; undefined on a creation. */
  old: Manifest | undefined;
};

export function requestOf(draft: Manifest | undefined, live: Manifest | undefined, call: WriteCall): AdmissionRequest {
  const operation = draft === undefined ? "DELETE" : live === undefined ? "CREATE" : "UPDATE";
  return { operation, call, object: draft, old: live };
}

/** The name of the object; of one that is yet to be named, none. */
export function nameOf({ call, object, old }: AdmissionRequest): string {
  return call.name === "" ? ((object ?? old)?.metadata.name ?? "") : call.name;
}

/** The object in the version of an equivalent resource. */
export function inVersion(served: Served, wanted: Served, object: Manifest): Manifest {
  if (served === wanted) return object;
  const stored = served.convert?.toStorage(asOwn(object)) ?? { ...object, apiVersion: served.storage.apiVersion };
  return wanted.convert?.fromStorage(stored) ?? { ...stored, apiVersion: apiVersionOf(wanted) };
}

/** `request` of CEL expressions and of AdmissionReviews. `matched` is the resource that a rule named. */
export function requestBody(request: AdmissionRequest, matched: Served, uid: string): JsonObject {
  const { operation, call } = request;
  const { identity } = call;
  const userInfo: JsonObject = { username: identity.user, groups: [...identity.groups] };
  if (identity.uid !== undefined) userInfo.uid = identity.uid;
  if (identity.extra !== undefined) userInfo.extra = copyJson(identity.extra as unknown as Json);
  const kindOf = ({ resource: { group, version, kind } }: Served): JsonObject => ({ group, version, kind });
  const resourceOf = ({ resource: { group, version, plural } }: Served): JsonObject => ({
    group,
    version,
    resource: plural,
  });
  const body: JsonObject = {
    uid,
    kind: kindOf(matched),
    resource: resourceOf(matched),
    requestKind: kindOf(call.served),
    requestResource: resourceOf(call.served),
    name: nameOf(request),
    operation,
    userInfo,
    dryRun: call.isDryRun,
    options: optionsOf(operation, call),
  };
  if (call.subresource !== "") body.subResource = body.requestSubResource = call.subresource;
  const namespace = namespaceOf(request);
  if (namespace !== "") body.namespace = namespace;
  return body;
}

function optionsOf(operation: Operation, call: WriteCall): JsonObject {
  const kind = operation === "CREATE" ? "CreateOptions" : operation === "UPDATE" ? "UpdateOptions" : "DeleteOptions";
  return {
    kind,
    apiVersion: "meta.k8s.io/v1",
    ...(operation === "DELETE" || call.fieldManager === "" ? {} : { fieldManager: call.fieldManager }),
    ...(operation === "DELETE" || call.fieldValidation === "Ignore" ? {} : { fieldValidation: call.fieldValidation }),
    ...(call.isDryRun ? { dryRun: ["All"] } : {}),
  };
}

/** The namespace of the request; a namespace stands in itself. */
export function namespaceOf(request: AdmissionRequest): string {
  const { group, plural } = request.call.served.resource;
  return group === "" && plural === "namespaces" ? nameOf(request) : request.call.namespace;
}

/** The namespace of the request as it stands, or as it shall be when it is the object itself. */
export function namespaceObject(registry: Registry, request: AdmissionRequest): Manifest | undefined {
  const { group, plural } = request.call.served.resource;
  if (group === "" && plural === "namespaces") return request.object ?? request.old;
  const { namespace } = request.call;
  return namespace === "" ? undefined : registry.lookup("", "namespaces", "", namespace);
}

export function labelsOf(object: Manifest | undefined): Record<string, string> {
  const labels = object === undefined ? undefined : (asJson(object).metadata as JsonObject).labels;
  return isObject(labels) ? (labels as Record<string, string>) : {};
}
