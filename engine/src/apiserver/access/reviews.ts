// The reviews: may I, may they, what may I, who am I, whose token is this; and the request for a service account's token.

import type { AccessQuestion, Identity } from "#cluster";
import { asJson, formatTime, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import { badRequest, type Call, notFound, type Registry } from "#apiserver/registry";
import type { TokenReader } from "./authenticator.ts";
import type { PolicyRule, Rbac, Verdict } from "./rbac.ts";
import type { ServiceAccountTokens } from "./service-accounts.ts";

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
    [`${access}/subjectaccessreviews/ create`]: (_call, body) => accessReview(parts, body, subjectOf(body)),
    [`${access}/localsubjectaccessreviews/ create`]: (_call, body) => accessReview(parts, body, subjectOf(body)),
    [`${access}/selfsubjectrulesreviews/ create`]: (call, body) => rulesReview(parts, body, call.identity),
    [`${authentication}/selfsubjectreviews/ create`]: (call, body) =>
      answer(body, { userInfo: userInfo(call.identity) }),
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

function subjectOf(body: Manifest | undefined): Identity {
  const spec = specOf(body);
  return { user: text(spec.user), groups: texts(spec.groups), uid: text(spec.uid) };
}

function accessReview({ rbac }: ReviewParts, body: Manifest | undefined, identity: Identity): Promise<Answer> {
  const { resourceAttributes: resource, nonResourceAttributes: path } = specOf(body);
  if (isObject(resource) === isObject(path))
    throw badRequest(
      "spec: Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified",
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
  return {
    username: identity.user,
    ...(identity.uid === undefined ? {} : { uid: identity.uid }),
    groups: [...identity.groups],
  };
}

function tokenReview({ readers }: ReviewParts, body: Manifest | undefined): Promise<Answer> {
  const token = text(specOf(body).token);
  for (const read of readers) {
    const identity = read(token);
    if (identity !== undefined) return answer(body, { authenticated: true, user: userInfo(identity) });
  }
  return answer(body, { authenticated: false, error: "the token is not known" });
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
    throw badRequest(
      `spec.expirationSeconds: Invalid value: ${asked}: may not specify a duration less than 10 minutes`,
    );
  const seconds = Math.min(asked, secondsMax);
  const audiences = texts(spec.audiences);
  const token = tokens.issue({ namespace, name, uid: account.metadata.uid ?? "" }, { audiences, seconds });
  const expirationTimestamp = formatTime(registry.clock.now() + seconds * 1000);
  return answer(body, { token, expirationTimestamp });
}
