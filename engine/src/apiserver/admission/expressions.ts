// CEL expressions of policies and match conditions over one request: the variables they see, each made once.

import { CelAuthorizer, CelResourceCheck, compileCel, toCel } from "#formats/cel";
import { asJson, type Json, type JsonObject, type Manifest } from "#kernel";
import type { Registry, Served } from "#apiserver/registry";
import type { Authorizer } from "../authorizer.ts";
import { type AdmissionRequest, inVersion, nameOf, namespaceObject, requestBody } from "./request.ts";

export type Variables = Record<string, unknown>;

/** What expressions may ask beside the request. */
export type Sources = { registry: Registry; authorizer: Authorizer };

export type Outcome = { ok: true; value: unknown } | { ok: false; message: string };

/** The variables of a request; `matched` is the resource in whose version the objects are shown. */
export function variablesOf({ registry, authorizer }: Sources, request: AdmissionRequest, matched: Served): Variables {
  const { call, object, old } = request;
  const shown = (one: Manifest | undefined): unknown =>
    one === undefined ? null : toCel(asJson(inVersion(call.served, matched, one)));
  const celAuthorizer = authorizerOf(authorizer, request);
  const namespace = isNamespaceItself(request) ? undefined : namespaceObject(registry, request);
  return lazy({
    object: () => shown(object),
    oldObject: () => shown(old),
    request: () => toCel(requestBody(request, matched, registry.newUid())),
    namespaceObject: () => (namespace === undefined ? null : toCel(shownNamespace(namespace))),
    authorizer: () => celAuthorizer,
  });
}

function isNamespaceItself({ call: { served } }: AdmissionRequest): boolean {
  return served.resource.group === "" && served.resource.plural === "namespaces";
}

/** An object whose members are made when they are first read. */
function lazy(makers: Readonly<Record<string, () => unknown>>): Variables {
  const object: Variables = {};
  for (const [name, make] of Object.entries(makers)) defineLazy(object, name, make);
  return object;
}

/** Adds a member that is made when it is first read; what making it throws is thrown at each reading. */
export function defineLazy(object: Variables, name: string, make: () => unknown): void {
  let made: { value: unknown } | undefined;
  Object.defineProperty(object, name, {
    enumerable: true,
    configurable: true,
    get: () => (made ??= { value: make() }).value,
  });
}

/** The members of a namespace that policies may look at. */
function shownNamespace(namespace: Manifest): JsonObject {
  const { metadata, spec, status, apiVersion, kind } = asJson(namespace) as Record<string, Json>;
  const { managedFields: _fields, ownerReferences: _owners, ...rest } = metadata as JsonObject;
  return { apiVersion, kind, metadata: rest, spec: spec ?? {}, status: status ?? {} } as JsonObject;
}

function authorizerOf(authorizer: Authorizer, request: AdmissionRequest): CelAuthorizer {
  const { identity, served, namespace, subresource } = request.call;
  const cel = new CelAuthorizer(({ path, verb, group = "", resource = "", ...rest }, account) => {
    const user = `system:serviceaccount:${account?.namespace ?? ""}:${account?.name ?? ""}`;
    const groups = [
      "system:serviceaccounts",
      `system:serviceaccounts:${account?.namespace ?? ""}`,
      "system:authenticated",
    ];
    const who = account === undefined ? identity : { user, groups };
    return path === undefined
      ? authorizer.decide(who, { verb, group, resource, ...rest })
      : authorizer.decidePath(who, verb, path);
  });
  const { group, plural } = served.resource;
  const attributes = { group, resource: plural, subresource, namespace, name: nameOf(request) };
  return Object.assign(cel, { requestResource: new CelResourceCheck(cel, attributes) });
}

/** Evaluates an expression, or what was made of it; errors are told in the words of the real server. */
export function evaluate(expression: string, variables: Variables, rewritten: string = expression): Outcome {
  const program = compileCel(rewritten);
  if ("message" in program) return { ok: false, message: `compilation error: ${program.message}` };
  const result = program.evaluate(variables);
  return result.ok
    ? result
    : { ok: false, message: `expression '${expression.trim()}' resulted in error: ${result.message}` };
}

export type MatchVerdict = { isMatch: boolean; errors: string[] };

/** All conditions must hold; one that does not decides alone, whatever the others say. */
export function matchConditions(conditions: readonly Json[], variables: Variables): MatchVerdict {
  const errors: string[] = [];
  for (const condition of conditions) {
    const outcome = evaluate((condition as { expression?: string }).expression ?? "", variables);
    if (!outcome.ok) errors.push(outcome.message);
    else if (outcome.value === false) return { isMatch: false, errors: [] };
  }
  return { isMatch: errors.length === 0, errors };
}
