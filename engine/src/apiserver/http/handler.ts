// One HTTP request: who asks, what for, the verb, the answer.

import type { Identity, List, WriteOptions } from "#cluster";
import { asManifest, type Clock, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import {
  badRequest,
  type Call,
  forbidden,
  methodNotAllowed,
  noSuchPath,
  type Served,
  unsupportedMediaType,
} from "#apiserver/registry";
import type { Dispatch, Write } from "../dispatch.ts";
import { watchSecondsDefault } from "../limits.ts";
import { refusalFrom } from "../status.ts";
import { type Incoming, mediaTypeOf, parseBody, readBody } from "./body.ts";
import { type DocumentContext, documentReply } from "./documents.ts";
import type { Presenter } from "./presenter.ts";
import { deleteOptions, isTrue, listOptions, timeoutSeconds, watchOptions, writeOptions } from "./query.ts";
import { type Outgoing, refusal, type Reply, send, text } from "./respond.ts";
import { type Route, routeOf } from "./route.ts";
import { type Shape, shapeOf } from "./shape.ts";
import { streamWatch } from "./watch-stream.ts";

export type HandlerContext = DocumentContext & {
  dispatch: Dispatch;
  presenter: Presenter;
  clock: Clock;
  /** Who sends the request; throws a Refusal when the credentials are wrong. */
  authenticate: (request: Incoming) => Identity;
  /** Open watches, to be ended when the server closes. */
  watches: Set<() => void>;
  failed: (error: unknown) => void;
  /** Told of each answered request. */
  answered: (verb: string, resource: string, code: number) => void;
};

type Asked = {
  request: Incoming;
  response: Outgoing;
  query: URLSearchParams;
  identity: Identity;
  path: string;
};

/** Answers a request; never throws. */
export async function handle(context: HandlerContext, request: Incoming, response: Outgoing): Promise<void> {
  try {
    const identity = context.authenticate(request);
    const { pathname, searchParams } = parseUrl(request.url ?? "/");
    await answer(context, { request, response, query: searchParams, identity, path: pathname });
  } catch (error) {
    const refused = refusalFrom(error);
    if (refused.status.code >= 500) context.failed(error);
    context.answered(request.method ?? "", "", refused.status.code);
    if (response.headersSent) response.end();
    else await send(request, response, refusal(refused.status)).catch(context.failed);
  }
}

function parseUrl(target: string): { pathname: string; searchParams: URLSearchParams } {
  const end = target.indexOf("?");
  const raw = end < 0 ? target : target.slice(0, end);
  try {
    return {
      pathname: decodeURIComponent(raw),
      searchParams: new URLSearchParams(end < 0 ? "" : target.slice(end + 1)),
    };
  } catch {
    throw badRequest("the path of the request is not valid");
  }
}

async function answer(context: HandlerContext, asked: Asked): Promise<void> {
  const route = routeOf(context.table, asked.path);
  if (route.what === "resource") return answerResource(context, asked, route);
  permitPath(context, asked);
  if (route.what === "nothing") throw noSuchPath();
  if (route.what === "unknown") return send(asked.request, asked.response, text("404 page not found\n", 404));
  const reply = documentReply(context, route.path, String(asked.request.headers.accept ?? ""));
  await send(asked.request, asked.response, reply);
}

function permitPath(context: HandlerContext, { identity, path, request }: Asked): void {
  const verb = (request.method ?? "GET").toLowerCase();
  const verdict = context.dispatch.authorizer.decidePath(identity, verb, path);
  if (!verdict.isAllowed) throw forbidden({ group: "", plural: "" }, "", verdict.reason);
}

type ResourceRoute = Extract<Route, { what: "resource" }>;

async function answerResource(context: HandlerContext, asked: Asked, route: ResourceRoute): Promise<void> {
  const { served, namespace, name, subresource } = route;
  const call: Call = { identity: asked.identity, served, namespace, name, subresource };
  const method = asked.request.method ?? "GET";
  if ((method === "GET" || method === "HEAD") && isTrue(asked.query.get("watch")))
    return openWatch(context, asked, call);
  const reply = await replyOf(context, asked, call);
  context.answered(method, served.resource.plural, reply.code);
  await send(asked.request, asked.response, reply);
}

async function replyOf(context: HandlerContext, asked: Asked, call: Call): Promise<Reply> {
  switch (asked.request.method ?? "GET") {
    case "GET":
    case "HEAD":
      return read(context, asked, call);
    case "POST":
      return create(context, asked, call);
    case "PUT":
      return update(context, asked, call);
    case "PATCH":
      return patch(context, asked, call);
    case "DELETE":
      return remove(context, asked, call);
    default:
      throw methodNotAllowed(call.served.resource, asked.request.method ?? "");
  }
}

function jsonText(body: string, code: number, warnings: readonly string[] = []): Reply {
  return { code, body, contentType: "application/json", warnings };
}

function shapeFor(asked: Asked): Shape {
  return shapeOf(asked.request.headers.accept, asked.query);
}

async function read(context: HandlerContext, asked: Asked, call: Call): Promise<Reply> {
  const { presenter, dispatch } = context;
  const shape = shapeFor(asked);
  if (call.name === "")
    return jsonText(presenter.list(call.served, dispatch.list(call, listOptions(asked.query)), shape), 200);
  const special = await dispatch.special(call, "get", undefined, asked.query);
  if (special !== undefined) return specialReply(special);
  return jsonText(presenter.object(call.served, dispatch.get(call), shape), 200);
}

function specialReply(special: { code: number; body: Json | string }): Reply {
  if (typeof special.body === "string")
    return { code: special.code, body: special.body, contentType: "text/plain; charset=utf-8" };
  return jsonText(JSON.stringify(special.body), special.code);
}

const optionsKinds: Readonly<Record<string, string>> = { POST: "CreateOptions", PATCH: "PatchOptions" };

function optionsOf(asked: Asked): WriteOptions {
  const kind = optionsKinds[asked.request.method ?? ""] ?? "UpdateOptions";
  return writeOptions(asked.query, String(asked.request.headers["user-agent"] ?? ""), kind);
}

async function bodyOf(asked: Asked, call: Call): Promise<Json> {
  return parseBody(await readBody(asked.request), mediaTypeOf(asked.request), call.served.resource.kind);
}

function manifestOf(body: Json, kind: string): Manifest {
  if (!isObject(body))
    throw badRequest(`the object provided is unrecognized (must be of type ${kind}): it is not an object`);
  return asManifest(body);
}

async function create(context: HandlerContext, asked: Asked, call: Call): Promise<Reply> {
  const body = manifestOf(await bodyOf(asked, call), call.served.resource.kind);
  if (call.name !== "" && call.subresource === "") throw methodNotAllowed(call.served.resource, "create");
  return writeReply(context, asked, call, {
    ...(await context.dispatch.create(call, body, optionsOf(asked))),
    code: 201,
  });
}

async function update(context: HandlerContext, asked: Asked, call: Call): Promise<Reply> {
  if (call.name === "") throw methodNotAllowed(call.served.resource, "update");
  const body = manifestOf(await bodyOf(asked, call), call.served.resource.kind);
  const written = await context.dispatch.update(call, body, optionsOf(asked));
  return writeReply(context, asked, call, { ...written, code: written.isNew === true ? 201 : 200 });
}

async function patch(context: HandlerContext, asked: Asked, call: Call): Promise<Reply> {
  if (call.name === "") throw methodNotAllowed(call.served.resource, "patch");
  const type = mediaTypeOf(asked.request);
  const { dispatch } = context;
  const options = optionsOf(asked);
  const accepted = patchTypes.has(type);
  if (!accepted) throw unsupportedMediaType("415: Unsupported Media Type", true);
  const body = await bodyOf(asked, call);
  if (type === "application/apply-patch+yaml") {
    const isForced = isTrue(asked.query.get("force"));
    const fieldManager = asked.query.get("fieldManager") ?? "";
    const manifest = manifestOf(body, call.served.resource.kind);
    const written = await dispatch.apply(call, manifest, { ...options, fieldManager, isForced });
    return writeReply(context, asked, call, { ...written, code: written.isNew === true ? 201 : 200 });
  }
  if (type === "application/json-patch+json") {
    if (!Array.isArray(body)) throw badRequest("error decoding patch: a JSON patch is a list of operations");
    return writeReply(context, asked, call, {
      ...(await dispatch.patch(call, { type: "json", patch: body as JsonObject[] }, options)),
      code: 200,
    });
  }
  if (!isObject(body)) throw badRequest("error decoding patch: the patch is not an object");
  const kind = type === "application/merge-patch+json" ? "merge" : "strategic";
  return writeReply(context, asked, call, {
    ...(await dispatch.patch(call, { type: kind, patch: body }, options)),
    code: 200,
  });
}

const patchTypes: ReadonlySet<string> = new Set([
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
]);

function writeReply(
  { presenter }: HandlerContext,
  asked: Asked,
  call: Call,
  { value, warnings, code }: Write<Manifest> & { code: number },
): Reply {
  return jsonText(presenter.object(call.served, value, shapeFor(asked)), code, warnings);
}

async function remove(context: HandlerContext, asked: Asked, call: Call): Promise<Reply> {
  const raw = await readBody(asked.request);
  const body = raw.length === 0 ? undefined : parseBody(raw, mediaTypeOf(asked.request), "DeleteOptions");
  const options = deleteOptions(asked.query, body);
  const { dispatch, presenter } = context;
  if (call.name === "") {
    const items = await dispatch.deleteCollection(call, { ...options, ...listOptions(asked.query) });
    const list: List = { items, resourceVersion: String(dispatch.registry.store.revision), continue: "" };
    return jsonText(presenter.list(call.served, list, shapeFor(asked)), 200);
  }
  const { object, isGone } = await dispatch.delete(call, options);
  if (!isGone || returnsObject.has(call.served.resource.plural))
    return jsonText(presenter.object(call.served, object, shapeFor(asked)), 200);
  return jsonText(JSON.stringify(deletedStatus(call.served, object)), 200);
}

/** Resources whose deletion answers with the object as it was. */
const returnsObject: ReadonlySet<string> = new Set([
  "pods",
  "services",
  "serviceaccounts",
  "persistentvolumes",
  "persistentvolumeclaims",
  "podtemplates",
  "resourcequotas",
  "storageclasses",
]);

function deletedStatus({ resource }: Served, object: Manifest): Record<string, unknown> {
  const details = {
    name: object.metadata.name,
    ...(resource.group === "" ? {} : { group: resource.group }),
    kind: resource.plural,
    uid: object.metadata.uid,
  };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

function openWatch(context: HandlerContext, asked: Asked, call: Call): Promise<void> {
  const { dispatch, presenter, clock, watches } = context;
  const shape = shapeFor(asked);
  const options = watchOptions(asked.query);
  if (call.name !== "") options.fieldSelector = `metadata.name=${call.name}`;
  const collection = { ...call, name: "" };
  const seconds = timeoutSeconds(asked.query) ?? watchSecondsDefault;
  context.answered("WATCH", call.served.resource.plural, 200);
  return streamWatch({
    response: asked.response,
    clock,
    timeoutMs: seconds * 1000,
    allowBookmarks: options.allowBookmarks === true,
    begin: (deliver) => dispatch.watch(collection, options, deliver),
    encode: (notice, isFirst) => presenter.line(call.served, notice, shape, isFirst),
    opened: (end) => watches.add(end),
    closed: (end) => watches.delete(end),
  });
}
