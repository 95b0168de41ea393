// Admission webhooks: called by URL as kube-apiserver calls them. Nobody answers for a Service, since workloads are simulated: while its
// simulated pods are ready it lets everything pass unchanged, and before that its failure policy decides, as in any cluster.

import { applyJsonPatch } from "#formats/patch";
import {
  asJson,
  decodeJson,
  decodeUtf8,
  encodeJson,
  isObject,
  type Json,
  type JsonObject,
  type Manifest,
  textOf,
} from "#kernel";
import {
  type Admission,
  internalError,
  type PostReview,
  Refusal,
  type Registry,
  type Served,
} from "#apiserver/registry";
import { type Sources, matchConditions, variablesOf } from "./expressions.ts";
import { webhookSecondsDefault } from "./limits.ts";
import { isExempt, matchRules, selectsNamespace, selectsObject } from "./matching.ts";
import { objectsOf } from "./policies.ts";
import { type AdmissionRequest, inVersion, requestBody, requestOf } from "./request.ts";
import { isSimulated } from "./simulated-service.ts";

export type WebhookSources = Sources & { post: PostReview };

type Hook = { hook: JsonObject; matched: Served };

export function webhooks(sources: WebhookSources): Admission {
  return {
    mutate: (draft, live, call) => {
      const request = requestOf(draft, live, call);
      const hooks = hooksFor(sources, "mutatingwebhookconfigurations", request);
      return hooks.length === 0 ? undefined : mutateBy(sources, hooks, request, draft);
    },
    validate: (draft, live, call) => {
      const request = requestOf(draft, live, call);
      const hooks = hooksFor(sources, "validatingwebhookconfigurations", request);
      return hooks.length === 0 ? undefined : validateBy(sources, hooks, request);
    },
  };
}

function hooksFor(sources: WebhookSources, plural: string, request: AdmissionRequest): Hook[] {
  const configurations = objectsOf(sources.registry, plural);
  if (configurations.length === 0 || isExempt(request)) return [];
  return configurations.flatMap((configuration) => {
    const hooks = asJson(configuration).webhooks;
    return (Array.isArray(hooks) ? hooks.filter(isObject) : []).flatMap((hook) => {
      const matched = matchedBy(sources, hook, request);
      return matched === undefined ? [] : [{ hook, matched }];
    });
  });
}

function matchedBy(sources: WebhookSources, hook: JsonObject, request: AdmissionRequest): Served | undefined {
  const { registry } = sources;
  if (!selectsNamespace(registry, hook.namespaceSelector, request)) return undefined;
  if (!selectsObject(hook.objectSelector, request)) return undefined;
  const rules = Array.isArray(hook.rules) ? hook.rules : [];
  const matched = matchRules(registry, rules, request, hook.matchPolicy !== "Exact");
  const conditions = Array.isArray(hook.matchConditions) ? hook.matchConditions : [];
  if (matched === undefined || conditions.length === 0) return matched;
  const verdict = matchConditions(conditions, variablesOf(sources, request, matched));
  if (verdict.errors.length === 0) return verdict.isMatch ? matched : undefined;
  if (hook.failurePolicy === "Ignore") return undefined;
  throw internalError(verdict.errors.join(", "));
}

async function validateBy(sources: WebhookSources, hooks: readonly Hook[], request: AdmissionRequest): Promise<void> {
  // All are asked; the first refusal in their order is the answer.
  const answers = await Promise.allSettled(hooks.map((one) => reviewed(sources, one, request)));
  for (const answer of answers) if (answer.status === "rejected") throw answer.reason as Error;
}

async function mutateBy(
  sources: WebhookSources,
  hooks: readonly Hook[],
  request: AdmissionRequest,
  draft: Manifest,
): Promise<void> {
  for (const one of hooks) {
    const response = await reviewed(sources, one, request);
    const patch = response === undefined ? "" : textOf(response, "patch");
    if (patch !== "") patchDraft(draft, patch, textOf(one.hook, "name"));
  }
}

function patchDraft(draft: Manifest, patch: string, name: string): void {
  const operations = decodeJson(Buffer.from(patch, "base64").toString("utf8"));
  const result = applyJsonPatch(asJson(draft), operations as JsonObject[]);
  if (!result.ok || !isObject(result.value))
    throw internalError(
      `failed calling webhook ${JSON.stringify(name)}: received undecodable patch in webhook response`,
    );
  for (const key of Object.keys(draft)) delete draft[key];
  Object.assign(draft, result.value);
}

/** The response of a webhook that allows the request; undefined when its failure is ignored. */
async function reviewed(
  { registry, post }: WebhookSources,
  { hook, matched }: Hook,
  request: AdmissionRequest,
): Promise<JsonObject | undefined> {
  const name = textOf(hook, "name");
  const isIgnored = hook.failurePolicy === "Ignore";
  if (request.call.isDryRun && hook.sideEffects !== "None" && hook.sideEffects !== "NoneOnDryRun")
    throw new Refusal({
      code: 400,
      reason: "BadRequest",
      message: `admission webhook ${JSON.stringify(name)} does not support dry run`,
    });
  const service = serviceOf(hook);
  if (service !== undefined && isSimulated(registry, textOf(service, "namespace"), textOf(service, "name"))) {
    request.call.annotate?.("keelson.dev/simulated-webhook", name);
    return undefined;
  }
  let response: JsonObject;
  try {
    response = await ask(post, hook, review(registry, matched, request));
  } catch (error) {
    const why = error instanceof Error ? error.message : "no answer";
    if (isIgnored) {
      request.call.annotate?.("failed-open.admission.k8s.io/webhook", name);
      return undefined;
    }
    throw internalError(`failed calling webhook ${JSON.stringify(name)}: failed to call webhook: ${why}`);
  }
  const warnings = Array.isArray(response.warnings) ? response.warnings : [];
  for (const warning of warnings) if (typeof warning === "string") request.call.warn(warning);
  if (response.allowed === true) return response;
  throw denial(name, response);
}

function review(registry: Registry, matched: Served, request: AdmissionRequest): JsonObject {
  const { call, object, old } = request;
  const shown = (one: Manifest | undefined): Json =>
    one === undefined ? null : asJson(inVersion(call.served, matched, one));
  const body = requestBody(request, matched, registry.newUid());
  return {
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    request: { ...body, object: shown(object), oldObject: shown(old) },
  };
}

async function ask(post: PostReview, hook: JsonObject, body: JsonObject): Promise<JsonObject> {
  const client = isObject(hook.clientConfig) ? hook.clientConfig : {};
  const seconds = typeof hook.timeoutSeconds === "number" ? hook.timeoutSeconds : webhookSecondsDefault;
  const url = targetOf(client, seconds);
  const bundle = textOf(client, "caBundle");
  const authority = bundle === "" ? undefined : decodeUtf8(Buffer.from(bundle, "base64"));
  const answer = await post({ url, authority, timeoutMs: seconds * 1000 }, encodeJson(body));
  if (answer.code < 200 || answer.code > 299) throw new Error(`the server answered ${answer.code} to ${url}`);
  const parsed = decodeJson(answer.body);
  const response = isObject(parsed) ? parsed.response : undefined;
  if (!isObject(response)) throw new Error("webhook response was absent");
  const { uid } = body.request as JsonObject;
  if (response.uid !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? "")}`);
  return response;
}

function serviceOf(hook: JsonObject): JsonObject | undefined {
  const service = isObject(hook.clientConfig) ? hook.clientConfig.service : undefined;
  return isObject(service) ? service : undefined;
}

function targetOf(client: JsonObject, seconds: number): string {
  const url = textOf(client, "url");
  if (url !== "") return `${url}?timeout=${seconds}s`;
  const service = isObject(client.service) ? client.service : {};
  const name = textOf(service, "name");
  const path = textOf(service, "path").replace(/^\//, "");
  const port = textOf(service, "port") || "443";
  const target = `https://${name}.${textOf(service, "namespace")}.svc:${port}/${path}?timeout=${seconds}s`;
  throw new Error(`Post ${JSON.stringify(target)}: service ${JSON.stringify(name)} not found`);
}

function denial(name: string, response: JsonObject): Refusal {
  const status = isObject(response.status) ? response.status : {};
  const code = typeof status.code === "number" && status.code >= 400 ? status.code : 400;
  const words = textOf(status, "message") || textOf(status, "reason");
  const by = `admission webhook ${JSON.stringify(name)} denied the request`;
  return new Refusal({
    code,
    reason: textOf(status, "reason"),
    message: words === "" ? `${by} without explanation` : `${by}: ${words}`,
    ...(isObject(status.details) ? { details: status.details } : {}),
  });
}
