// What the server refuses, as metav1.Status with the texts of kube-apiserver (apimachinery/pkg/api/errors 0.36). Thrown inside
// the server, turned into an answer at its edges.

import type { Status } from "#cluster";
import { causesOf, type FieldError, invalidMessage } from "#api/crd";

export class Refusal extends Error {
  override readonly name: string = "Refusal";
  readonly status: Status;
  /** What the client was warned of before it was refused. */
  warnings: readonly string[] = [];
  constructor(status: Status) {
    super(status.message);
    this.status = status;
  }
}

/** A resource as errors name it: `deployments.apps`, `pods`. */
export type Named = { group: string; plural: string };
/** A kind as errors name it: `Deployment.apps`, `Pod`. */
export type NamedKind = { group: string; kind: string };

function qualified(group: string, word: string): string {
  return group === "" || isOldEvent(group, word) ? word : `${word}.${group}`;
}

/** Events of the new group are kept, and refused, as those of the old one. */
function isOldEvent(group: string, kind: string): boolean {
  return group === "events.k8s.io" && kind === "Event";
}

function detailsOf(group: string, kind: string, name: string): { name?: string; group?: string; kind?: string } {
  const hasGroup = group !== "" && !isOldEvent(group, kind);
  return { ...(name === "" ? {} : { name }), ...(hasGroup ? { group } : {}), ...(kind === "" ? {} : { kind }) };
}

export function notFound(resource: Named, name: string): Refusal {
  return new Refusal({
    code: 404,
    reason: "NotFound",
    message: `${qualified(resource.group, resource.plural)} "${name}" not found`,
    details: detailsOf(resource.group, resource.plural, name),
  });
}

/** For a path that nothing serves. */
export function noSuchPath(): Refusal {
  return new Refusal({
    code: 404,
    reason: "NotFound",
    message: "the server could not find the requested resource",
    details: {},
  });
}

export function alreadyExists(resource: Named, name: string, isLeaving = false): Refusal {
  return new Refusal({
    code: 409,
    reason: "AlreadyExists",
    message: `${isLeaving ? "object is being deleted: " : ""}${qualified(resource.group, resource.plural)} "${name}" already exists`,
    details: detailsOf(resource.group, resource.plural, name),
  });
}

export function conflict(resource: Named, name: string, why: string): Refusal {
  return new Refusal({
    code: 409,
    reason: "Conflict",
    message: `Operation cannot be fulfilled on ${qualified(resource.group, resource.plural)} "${name}": ${why}`,
    details: detailsOf(resource.group, resource.plural, name),
  });
}

/** The text of an optimistic lock that failed. */
export const modifiedText =
  "the object has been modified; please apply your changes to the latest version and try again";

export function applyConflict(message: string, causes: { reason: string; message: string; field: string }[]): Refusal {
  return new Refusal({ code: 409, reason: "Conflict", message, details: { causes } });
}

export function forbidden(resource: Named, name: string, why: string): Refusal {
  const what = qualified(resource.group, resource.plural);
  const subject = resource.plural === "" ? "" : name === "" ? `${what} is ` : `${what} "${name}" is `;
  return new Refusal({
    code: 403,
    reason: "Forbidden",
    message: `${subject}forbidden: ${why}`,
    details: detailsOf(resource.group, resource.plural, name),
  });
}

export function invalid(kind: NamedKind, name: string, errors: readonly FieldError[]): Refusal {
  const group = isOldEvent(kind.group, kind.kind) ? "" : kind.group;
  return new Refusal({
    code: 422,
    reason: "Invalid",
    message: invalidMessage({ group, kind: kind.kind, name }, errors),
    details: { ...detailsOf(group, kind.kind, name), causes: causesOf(errors) },
  });
}

export function badRequest(message: string): Refusal {
  return new Refusal({ code: 400, reason: "BadRequest", message });
}

/** A body that its kind cannot hold; a patch that leaves such a body is told in other words. */
export class DecodeRefusal extends Refusal {
  readonly why: string;
  constructor(what: string, why: string) {
    super({ code: 400, reason: "BadRequest", message: `${what}: ${why}` });
    this.why = why;
  }
}

export function expired(message: string): Refusal {
  return new Refusal({ code: 410, reason: "Expired", message });
}

/** A page of a state that is forgotten; `rest` continues in the newest one. */
export function pageExpired(rest: string): Refusal {
  const message =
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
  return new Refusal({ code: 410, reason: "Expired", message, continue: rest });
}

export function unauthorized(): Refusal {
  return new Refusal({ code: 401, reason: "Unauthorized", message: "Unauthorized" });
}

export function methodNotAllowed(resource: Named, action: string): Refusal {
  return new Refusal({
    code: 405,
    reason: "MethodNotAllowed",
    message: `${action} is not supported on resources of kind "${qualified(resource.group, resource.plural)}"`,
    details: detailsOf(resource.group, resource.plural, ""),
  });
}

export function notAcceptable(message: string, details?: NonNullable<Status["details"]>): Refusal {
  return new Refusal({ code: 406, reason: "NotAcceptable", message, ...(details === undefined ? {} : { details }) });
}

/** For a method that no resource at this path has. */
export function methodNotServed(): Refusal {
  const message = "the server does not allow this method on the requested resource";
  return new Refusal({ code: 405, reason: "MethodNotAllowed", message, details: {} });
}

/** An error that kube-apiserver passes on as it is: a 500 without a reason. */
export function plainError(message: string): Refusal {
  return new Refusal({ code: 500, reason: "", message });
}

export function unsupportedMediaType(message: string, hasDetails = false): Refusal {
  return new Refusal({ code: 415, reason: "UnsupportedMediaType", message, ...(hasDetails ? { details: {} } : {}) });
}

export function tooLarge(limit: number): Refusal {
  return new Refusal({
    code: 413,
    reason: "RequestEntityTooLarge",
    message: `Request entity too large: limit is ${limit}`,
  });
}

/** For what would take more memory than there is to give; client-go asks again. */
export function tooMany(what: string): Refusal {
  return new Refusal({
    code: 429,
    reason: "TooManyRequests",
    message: `the server holds too many ${what}, please try again later`,
    details: { retryAfterSeconds: 1 },
  });
}

export function internalError(message: string): Refusal {
  return new Refusal({
    code: 500,
    reason: "InternalError",
    message: `Internal error occurred: ${message}`,
    details: { causes: [{ message }] },
  });
}

/** Where etcd keeps the resources whose place is not their plural. */
const oldPlaces: Readonly<Record<string, string>> = {
  services: "services/specs",
  endpoints: "services/endpoints",
  nodes: "minions",
  replicationcontrollers: "controllers",
  ingresses: "ingress",
};

/** The text of a uid that is not the object's: kube-apiserver shows where etcd keeps it. */
export function otherUidText(
  call: { served: { storage: Named; custom?: unknown }; namespace: string; name: string },
  asked: string,
  found: string,
): string {
  const { group, plural } = call.served.storage;
  const isOwn =
    call.served.custom === undefined && !group.endsWith("registration.k8s.io") && !group.startsWith("apiext");
  const place = [
    ...(isOwn || group.startsWith("admission") ? [] : [group]),
    oldPlaces[plural] ?? plural,
    call.namespace,
    call.name,
  ];
  const key = `/registry/${place.filter((part) => part !== "").join("/")}`;
  return `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${asked}, UID in object meta: ${found}`;
}
