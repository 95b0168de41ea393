// The reviews: may I, may they, what may I, who am I, whose token is this; and the request for a service account's token.

import type { AccessQuestion, Identity } from "#cluster";
import { asJson, formatTime, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import { invalid as invalidValue } from "#api/crd";
import { badRequest, type Call, conflict, invalid, notFound, Refusal, type Registry } from "#apiserver/registry";
import type { TokenReader } from "./authenticator.ts";
import type { PolicyRule, Rbac, Verdict } from "./rbac.ts";
import type { ServiceAccountTokens, TokenBinding } from "./service-accounts.ts";

type Answer = { code: number; body: Json };
type Handler = (call: Call, body: Manifest | undefined) => Promise<Answer>;

export type ReviewParts = {
  registry: Registry;
  rbac: Rbac;
  tokens: ServiceAccountTokens;
  readers: readonly TokenReader[];
};

/** Handlers by `group/plural/subresource verb`. */
export function reviewHandlers(parts: ReviewParts): Record<string, Handler> {
  const access = "authorization.k8s.io";
  const authentication = "authentication.k8s.io";
  return {
    [`${access}/selfsubjectaccessreviews/ create`]: (call, body) => accessReview(parts, body, call.identity),
    [`${access}/subjectaccessreviews/ create`]: (_call, body) => {
      const { resourceAttributes: resource, nonResourceAttributes: path } = specOf(body);
      if (isObject(resource) || isObject(path)) return accessReview(parts, body, subjectOf(body));
      return accessReview(parts, body, { user: "", groups: [] });
    },
    [`${access}/localsubjectaccessreviews/ create`]: (call, body) => {
      const asked = specOf(body).resourceAttributes;
      const namespace = isObject(asked) ? text(asked.namespace) : "";
      const identity = subjectOf(body);
      if (namespace !== call.namespace)
        throw refuseReview("spec.resourceAttributes.namespace", namespace, "must match metadata.namespace");
      return accessReview(parts, body, identity);
    },
    [`${access}/selfsubjectrulesreviews/ create`]: (call, body) => rulesReview(parts, body, call.identity),
    [`${authentication}/selfsubjectreviews/ create`]: (call, body) =>
      answer({ ...body, metadata: { ...body?.metadata, creationTimestamp: parts.registry.now() } } as Manifest, {
        userInfo: userInfo(call.identity),
      }),
    [`${authentication}/tokenreviews/ create`]: (_call, body) => tokenReview(parts, body),
    "/serviceaccounts/token create": (call, body) => tokenRequest(parts, call, body),
  };
}

function specOf(body: Manifest | undefined): JsonObject {
  const spec = body === undefined ? undefined : asJson(body).spec;
  return isObject(spec) ? spec : {};
}

function answer(body: Manifest | undefined, status: JsonObject): Promise<Answer> {
  const whole = body === undefined ? {} : asJson(body);
  return Promise.resolve({ code: 201, body: { ...whole, status } });
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** A review is refused without its kind: the real server leaves that out as well. */
function refuseReview(field: string, value: Json, detail: string): Refusal {
  const message = `.authorization.k8s.io "" is invalid: ${field}: Invalid value: ${JSON.stringify(value)}: ${detail}`;
  const causes = [
    { reason: "FieldValueInvalid", message: `Invalid value: ${JSON.stringify(value)}: ${detail}`, field },
  ];
  return new Refusal({ code: 422, reason: "Invalid", message, details: { group: "authorization.k8s.io", causes } });
}

function subjectOf(body: Manifest | undefined): Identity {
  const spec = specOf(body);
  if (text(spec.user) === "" && texts(spec.groups).length === 0)
    throw refuseReview("spec.user", "", "at least one of user or group must be specified");
  return { user: text(spec.user), groups: texts(spec.groups), uid: text(spec.uid) };
}

function accessReview({ rbac }: ReviewParts, body: Manifest | undefined, identity: Identity): Promise<Answer> {
  const { resourceAttributes: resource, nonResourceAttributes: path } = specOf(body);
  if (isObject(resource) === isObject(path))
    throw refuseReview(
      "spec.resourceAttributes",
      null,
      "exactly one of nonResourceAttributes or resourceAttributes must be specified",
    );
  const verdict: Verdict = isObject(path)
    ? rbac.decidePath(identity, text(path.verb), text(path.path))
    : rbac.decide(identity, questionOf(resource as JsonObject));
  const { isAllowed, reason } = verdict;
  return answer(body, { allowed: isAllowed, ...(isAllowed && reason !== "" ? { reason } : {}) });
}

function questionOf(attributes: JsonObject): AccessQuestion {
  return {
    verb: text(attributes.verb),
    group: text(attributes.group),
    resource: text(attributes.resource),
    subresource: text(attributes.subresource),
    namespace: text(attributes.namespace),
    name: text(attributes.name),
  };
}

function rulesReview({ rbac }: ReviewParts, body: Manifest | undefined, identity: Identity): Promise<Answer> {
  const rules = rbac.rulesFor(identity, text(specOf(body).namespace));
  const isResource = (rule: PolicyRule): boolean => (rule.resources ?? []).length > 0;
  return answer({ metadata: {}, spec: {} } as unknown as Manifest, {
    resourceRules: rules.filter(isResource) as unknown as Json,
    nonResourceRules: rules.filter((rule) => !isResource(rule)) as unknown as Json,
    incomplete: false,
  });
}

function userInfo(identity: Identity): JsonObject {
  const { extra = {} } = identity;
  return {
    username: identity.user,
    ...(identity.uid === undefined ? {} : { uid: identity.uid }),
    groups: [...identity.groups],
    ...(Object.keys(extra).length === 0 ? {} : { extra: extra as unknown as Json }),
  };
}

function tokenReview({ readers }: ReviewParts, body: Manifest | undefined): Promise<Answer> {
  const token = text(specOf(body).token);
  if (token === "") throw badRequest("token is required for TokenReview in authentication");
  for (const read of readers) {
    const identity = read(token);
    if (identity !== undefined) return answer(body, { authenticated: true, user: userInfo(identity) });
  }
  return answer(body, { user: {}, error: "invalid bearer token" });
}

/** A token that is bound to an object needs that object. */
function bindingOf(registry: Registry, namespace: string, ref: Json | undefined): TokenBinding | undefined {
  if (!isObject(ref)) return undefined;
  const plural = text(ref.kind) === "Secret" ? "secrets" : text(ref.kind) === "Node" ? "nodes" : "pods";
  const found = registry.lookup("", plural, plural === "nodes" ? "" : namespace, text(ref.name));
  if (found === undefined) throw notFound({ group: "", plural }, text(ref.name));
  if (text(ref.uid) !== "" && text(ref.uid) !== found.metadata.uid)
    throw conflict(
      { group: "", plural },
      text(ref.name),
      `the UID in the bound object reference (${text(ref.uid)}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  return { plural, name: text(ref.name), uid: found.metadata.uid ?? "" };
}

/** kube-apiserver's bounds: ten minutes at least, a day at most here. */
const secondsMin = 600;
const secondsMax = 86_400;
const secondsDefault = 3600;

function tokenRequest({ registry, tokens }: ReviewParts, call: Call, body: Manifest | undefined): Promise<Answer> {
  const { namespace, name } = call;
  const account = registry.lookup("", "serviceaccounts", namespace, name);
  if (account === undefined) throw notFound({ group: "", plural: "serviceaccounts" }, name);
  const spec = specOf(body);
  const asked = typeof spec.expirationSeconds === "number" ? spec.expirationSeconds : secondsDefault;
  if (asked < secondsMin)
    throw invalid({ group: "authentication.k8s.io", kind: "TokenRequest" }, "", [
      invalidValue("spec.expirationSeconds", asked, "may not specify a duration less than 10 minutes"),
    ]);
  const binding = bindingOf(registry, namespace, spec.boundObjectRef);
  const seconds = Math.min(asked, secondsMax);
  const audiences = texts(spec.audiences);
  const token = tokens.issue({ namespace, name, uid: account.metadata.uid ?? "" }, { audiences, seconds, binding });
  const expirationTimestamp = formatTime(registry.clock.now() + seconds * 1000);
  const metadata = { ...(body?.metadata as unknown as JsonObject), name, namespace, uid: registry.newUid() };
  const given = audiences.length === 0 ? [tokens.audience] : audiences;
  return Promise.resolve({
    code: 201,
    body: {
      ...(body === undefined ? {} : asJson(body)),
      metadata: { ...metadata, creationTimestamp: registry.now() },
      spec: { ...spec, audiences: given, expirationSeconds: seconds, boundObjectRef: spec.boundObjectRef ?? null },
      status: { token, expirationTimestamp },
    },
  });
}
