// One HTTP request: who asks, what for, the verb, the answer.

import type { ApplyOptions, Identity, List } from "#cluster";
import { formatYaml } from "#formats/yaml";
import {
  encodeJson,
  asManifest,
  type Clock,
  decodeJson,
  isObject,
  type Json,
  type JsonObject,
  type Manifest,
  textOf,
} from "#kernel";
import {
  badRequest,
  type Call,
  forbidden,
  methodNotAllowed,
  methodNotServed,
  noSuchPath,
  notFound,
  type Served,
  tooMany,
  unsupportedMediaType,
  whenConverted,
} from "#apiserver/registry";
import type { BodyOptions, Dispatch, Write } from "../dispatch.ts";
import { watchPieceBytes, watchSecondsDefault } from "../limits.ts";
import { refusalFrom } from "../status.ts";
import type { Bodies } from "./bodies.ts";
import { goKind, mediaTypeOf, parseApply, parseBody, parsePatch, readBody } from "./body.ts";
import { duplicateMembers } from "./duplicates.ts";
import { asksForReadiness, type DocumentContext, documentReply, notReady } from "./documents.ts";
import { type Finished, versionsMade } from "#apiserver/audit";
import type { Incoming, Outgoing } from "./exchange.ts";
import type { Presenter } from "./presenter.ts";
import {
  deleteOptions,
  isTrue,
  listOptions,
  type OptionsKind,
  timeoutSeconds,
  watchOptions,
  writeOptions,
} from "./query.ts";
import { refusal, type Reply, send, SentResponse, text } from "./respond.ts";
import { type Place, type Route, routeOf } from "./route.ts";
import { formOf, refuseUnroutable, type Shape, shapeOf } from "./shape.ts";
import type { Unsent, Waiting } from "./unsent.ts";
import { streamWatch } from "./watch-stream.ts";

export type HandlerContext = DocumentContext & {
  dispatch: Dispatch;
  presenter: Presenter;
  clock: Clock;
  /** Who sends the request; throws a Refusal when the credentials are wrong. */
  authenticate: (request: Incoming) => { sender: Identity; identity: Identity };
  /** Open watches, to be ended when the server closes. */
  watches: Set<() => void>;
  /** How many there may be. */
  watchesMost: number;
  unsent: Unsent;
  bodies: Bodies;
  failed: (error: unknown) => void;
  /** Told of each request that meant to change something. */
  audited: (done: Finished) => void;
  newId: () => string;
  /** Told of each answered request. */
  answered: (verb: string, resource: string, code: number) => void;
};

type Asked = {
  request: Incoming;
  response: Outgoing;
  query: URLSearchParams;
  identity: Identity;
  /** Who sent it; `identity` is whom they act as. */
  sender: Identity;
  path: string;
  receivedMs: number;
  waiting: Waiting;
  /** What the audit log is told beside the request itself. */
  notes: {
    /** Of the objects that it was about. */
    metadata: Manifest["metadata"][];
    fieldManager: string;
    annotations: Record<string, string>;
    /** The newest version when the request came. */
    since: number;
  };
};

/** Answers a request; never throws. */
export async function handle(context: HandlerContext, request: Incoming, response: Outgoing): Promise<void> {
  const waiting = { bytes: 0, held: (bytes: number) => context.unsent.held(bytes) };
  const answering = new SentResponse(response, waiting);
  context.unsent.follow(answering);
  response.onceClosed(() => context.unsent.leave(answering));
  try {
    const receivedMs = context.clock.now();
    const { sender, identity } = context.authenticate(request);
    const { pathname, searchParams } = parseUrl(request.url);
    const since = context.dispatch.registry.store.revision;
    const notes = { metadata: [], fieldManager: "", annotations: {}, since };
    const who = { sender, identity, receivedMs, notes };
    await answer(context, { request, response, query: searchParams, path: pathname, waiting, ...who });
    const { unsentBytes } = answering;
    if (unsentBytes > watchPieceBytes) context.unsent.held(unsentBytes);
  } catch (error) {
    const refused = refusalFrom(error);
    if (refused.status.code >= 500) context.failed(error);
    context.answered(request.method, "", refused.status.code);
    if (response.hasBegun) response.end();
    else
      await send(request, response, { ...refusal(refused.status), warnings: refused.warnings }).catch(context.failed);
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

function answer(context: HandlerContext, asked: Asked): Promise<void> {
  const route = routeOf(context.table, asked.path);
  if (route.what === "resource") return answerResource(context, asked, route);
  if (route.what === "nothing") {
    permitPlace(context, asked, route.place);
    refuseOddPart(context, asked.path);
    if (route.isKnown) throw noSuchPath();
    return send(asked.request, asked.response, text("404 page not found\n", 404));
  }
  permitPath(context, asked);
  return asksForReadiness(route.path)
    ? answerReadiness(context, asked, route.path)
    : answerDocument(context, asked, route.path);
}

async function answerReadiness(context: HandlerContext, asked: Asked, path: string): Promise<void> {
  const problem = await context.dispatch.registry.store.writeProblem();
  if (problem === undefined) return answerDocument(context, asked, path);
  return send(asked.request, asked.response, notReady(path, problem));
}

function answerDocument(context: HandlerContext, asked: Asked, path: string): Promise<void> {
  const accept = String(asked.request.headers.accept ?? "");
  const reply = documentReply(context, path, accept, asked.query.has("verbose"));
  if (reply.code === 200 && asked.request.method !== "GET" && readOnly.test(path)) throw methodNotServed();
  return send(asked.request, asked.response, reply);
}

/** Documents that a GET alone reads; the others do not look at the method, here as in kube-apiserver. */
const readOnly = /^\/(version|api(\/[^/]+)?|apis\/.+)\/?$/;

function permitPath(context: HandlerContext, { identity, path, request }: Asked): void {
  const verb = request.method.toLowerCase();
  const verdict = context.dispatch.authorizer.decidePath(identity, verb, path);
  if (!verdict.isAllowed) throw forbidden({ group: "", plural: "" }, "", verdict.reason);
}

/** What is not served is asked for as if it were: whoever may not see it does not learn that it is not there. */
function permitPlace({ dispatch }: HandlerContext, asked: Asked, place: Place & { group: string }): void {
  const { group, namespace, plural, name, subresource } = place;
  const verb = verbOf(asked, name);
  const question = { verb, group, resource: plural, subresource, namespace, name };
  const verdict = dispatch.authorizer.decide(asked.identity, question);
  if (!verdict.isAllowed) throw forbidden({ group, plural }, name, verdict.reason);
}

/** A custom object has no parts but those of its definition; one that is asked for is missed as the object itself would be. */
function refuseOddPart({ table }: HandlerContext, path: string): void {
  const route = routeOf(table, path.replace(/\/[^/]+\/?$/, ""));
  if (route.what !== "resource" || route.served.custom === undefined || route.name === "" || route.subresource !== "")
    return;
  const refused = notFound(route.served.resource, route.name);
  const { deprecationWarning } = route.served.custom;
  if (deprecationWarning !== undefined) refused.warnings = [deprecationWarning];
  throw refused;
}

function verbOf({ request, query }: Asked, name: string): string {
  switch (request.method) {
    case "GET":
    case "HEAD":
      return isTrue(query.get("watch")) ? "watch" : name === "" ? "list" : "get";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "DELETE":
      return name === "" ? "deletecollection" : "delete";
    default:
      return request.method.toLowerCase();
  }
}

/** Refused before the version is looked at: nobody is told of it. */
function isUnheard({ code, reason }: Reply, method: string, { custom }: Served): boolean {
  return code === 405 || reason === "Forbidden" || (code === 415 && method === "PATCH" && custom === undefined);
}

type ResourceRoute = Extract<Route, { what: "resource" }>;

async function answerResource(context: HandlerContext, asked: Asked, route: ResourceRoute): Promise<void> {
  const { served, namespace, name, subresource } = route;
  const call: Call = { identity: asked.identity, served, namespace, name, subresource };
  const method = asked.request.method;
  const isRead = method === "GET" || method === "HEAD";
  // A write goes on: that others do not read is no reason to lose it.
  if (isRead && context.unsent.isFull()) throw tooMany("unread answers");
  if (isRead && name === "" && isTrue(asked.query.get("watch"))) return openWatch(context, asked, call);
  const deprecation = served.strategy.deprecation ?? served.custom?.deprecationWarning;
  let own: Reply;
  try {
    own = await replyOf(context, asked, call);
  } catch (error) {
    own = refusedReply(context, error);
  }
  const reply =
    deprecation === undefined || isUnheard(own, method, served)
      ? own
      : { ...own, warnings: [deprecation, ...(own.warnings ?? [])] };
  context.answered(method, served.resource.plural, reply.code);
  if (!isRead) audit(context, asked, call, reply);
  await send(asked.request, asked.response, reply);
}

function audit(context: HandlerContext, asked: Asked, call: Call, reply: Reply): void {
  const { request, sender, identity, notes, receivedMs } = asked;
  const { group, version, plural } = call.served.resource;
  const [first] = call.name === "" && request.method === "DELETE" ? [] : notes.metadata;
  const { name = call.name, uid = "", resourceVersion = "" } = first ?? {};
  context.audited({
    id: context.newId(),
    verb: verbOf(asked, call.name),
    uri: request.url,
    sender,
    identity,
    sourceAddress: request.remoteAddress,
    userAgent: String(request.headers["user-agent"] ?? ""),
    fieldManager: notes.fieldManager,
    object: {
      group,
      version,
      resource: plural,
      subresource: call.subresource,
      namespace: call.namespace,
      name,
      uid,
      resourceVersion,
    },
    made: versionsMade(notes.metadata, notes.since),
    code: reply.code,
    reason: reply.reason ?? "",
    receivedMs,
    endedMs: context.clock.now(),
    annotations: notes.annotations,
  });
}

/** A refusal is an answer like any other: it carries the warnings that came before it. */
function refusedReply(context: HandlerContext, error: unknown): Reply {
  const refused = refusalFrom(error);
  if (refused.status.code >= 500) context.failed(error);
  return { ...refusal(refused.status), reason: refused.status.reason, warnings: refused.warnings };
}

/** Before anything is written: an answer that cannot be given must not leave its write behind. Logs are text, whatever is asked for. */
function refuseForm(call: Call, method: string, accept: string | undefined): void {
  if (call.subresource === "log") return;
  if (call.served.custom === undefined) refuseUnroutable(accept, method === "GET" && call.name === "");
  formOf(accept);
}

async function replyOf(context: HandlerContext, asked: Asked, call: Call): Promise<Reply> {
  const { method, headers } = asked.request;
  refuseForm(call, method, headers.accept);
  if (connections.has(call.subresource)) throw nothingToConnectTo(context, asked, call);
  if (call.served.conversion !== undefined) await context.dispatch.atHand(verbOf(asked, call.name), call);
  switch (method) {
    case "GET":
    case "HEAD":
      return whenConverted(() => read(context, asked, call));
    case "POST":
      return create(context, asked, call);
    case "PUT":
      return update(context, asked, call);
    case "PATCH":
      return patch(context, asked, call);
    case "DELETE":
      return remove(context, asked, call);
    default:
      throw call.served.custom === undefined ? methodNotServed() : methodNotAllowed(call.served.resource, "");
  }
}

/** Parts of an object that are a connection to what runs. */
const connections: ReadonlySet<string> = new Set(["attach", "exec", "portforward", "proxy"]);

/** Whoever may connect, to an object that is there, learns that nothing runs in it. */
function nothingToConnectTo({ dispatch }: HandlerContext, asked: Asked, call: Call): Error {
  dispatch.permit(verbOf(asked, call.name), call);
  dispatch.get({ ...call, subresource: "" });
  const { kind } = call.served.resource;
  return badRequest(
    `${kind} ${call.name} is simulated: Keelson's embedded control plane does not run images, so there is nothing to connect to (${call.subresource})`,
  );
}

function jsonText(body: string | Buffer, code: number, warnings: readonly string[] = []): Reply {
  return { code, body, contentType: "application/json", warnings };
}

function shapeFor(asked: Asked, call: Call, isList = false): Shape {
  if (asked.request.headers.accept === "application/json") return plainShape;
  return shapeOf(asked.request.headers.accept, asked.query, goType(call.served, isList), isList);
}

/** What most clients ask for. */
const plainShape: Shape = { as: "whole", isYaml: false };

/** The type that the real server holds the answer in, as its errors name it. */
function goType({ resource, custom }: Served, isList: boolean): string {
  const list = isList ? "List" : "";
  if (custom !== undefined) return `*unstructured.Unstructured${list}`;
  const group = resource.group === "events.k8s.io" ? "core" : (resource.group.split(".")[0] ?? "") || "core";
  return `*${group}.${resource.kind}${list}`;
}

async function read(context: HandlerContext, asked: Asked, call: Call): Promise<Reply> {
  const { presenter, dispatch } = context;
  if (call.name === "") {
    const shape = shapeFor(asked, call, true);
    const options = listOptions(asked.query);
    if (shape.as !== "whole" || shape.isYaml === true)
      return shapedText(presenter.list(call.served, dispatch.list(call, options), shape), 200, shape);
    const body = presenter.listOfText(call.served, dispatch.listText(call, options));
    return { code: 200, body, contentType: "application/json" };
  }
  const special = await dispatch.special(call, "get", undefined, asked.query);
  if (special !== undefined) return specialReply(special);
  const shape = shapeFor(asked, call);
  return shapedText(presenter.object(call.served, dispatch.get(call), shape), 200, shape);
}

/** The same data as YAML where that is what was asked for. */
function shapedText(body: string | Buffer, code: number, shape: Shape, warnings: readonly string[] = []): Reply {
  if (shape.isYaml !== true) return jsonText(body, code, warnings);
  return { code, body: formatYaml(decodeJson(body.toString())), contentType: "application/yaml", warnings };
}

function specialReply(special: { code: number; body: Json | string }): Reply {
  if (typeof special.body === "string")
    return { code: special.code, body: special.body, contentType: "text/plain; charset=utf-8" };
  return jsonText(encodeJson(special.body), special.code);
}

function optionsOf(asked: Asked, kind: OptionsKind, isApply?: boolean): BodyOptions {
  const agent = asked.request.headers["user-agent"] ?? "";
  const options: BodyOptions = writeOptions(asked.query, agent, kind, isApply);
  asked.notes.fieldManager = options.fieldManager;
  options.annotate = (key: string, value: string): void => {
    asked.notes.annotations[key] = value;
  };
  return options;
}

// oxlint-disable-next-line max-params -- a request, what it is about, and what it said beside its body
async function bodyOf(context: HandlerContext, asked: Asked, call: Call, options: BodyOptions): Promise<Manifest> {
  const { kind } = call.served.resource;
  const raw = await readBody(asked.request, context.bodies);
  const type = mediaTypeOf(asked.request);
  const body = manifestOf(parseBody(raw, type, kind), kind);
  if (type === "application/json" && options.fieldValidation !== "Ignore")
    options.duplicates = duplicateMembers(raw.toString("utf8"));
  return body;
}

function manifestOf(body: Json, kind: string): Manifest {
  if (!isObject(body))
    throw badRequest(`the object provided is unrecognized (must be of type ${kind}): it is not an object`);
  return asManifest(body);
}

async function create(context: HandlerContext, asked: Asked, call: Call): Promise<Reply> {
  if (call.name !== "" && call.subresource === "") throw notServed(context, call, "create");
  const options = optionsOf(asked, "CreateOptions");
  const body = await bodyOf(context, asked, call, options);
  const { value, warnings } = await context.dispatch.create(call, body, options);
  return writeReply(context, asked, call, { value, warnings, isNew: true });
}

/** The refusal of a verb that this path does not have; whoever may not ask learns no more than that. */
function notServed(context: HandlerContext, call: Call, verb: string): Error {
  context.dispatch.permit(verb, call);
  return methodNotServed();
}

async function update(context: HandlerContext, asked: Asked, call: Call): Promise<Reply> {
  if (call.name === "") throw notServed(context, call, "update");
  const options = optionsOf(asked, "UpdateOptions");
  const body = await bodyOf(context, asked, call, options);
  const written = await context.dispatch.update(call, body, options);
  return writeReply(context, asked, call, written);
}

async function patch(context: HandlerContext, asked: Asked, call: Call): Promise<Reply> {
  if (call.name === "" && call.served.custom !== undefined) {
    context.dispatch.permit("patch", call);
    throw badRequest("name must be provided");
  }
  if (call.name === "") throw notServed(context, call, "patch");
  const type = mediaTypeOf(asked.request);
  if (!patchTypes.has(type))
    throw call.served.custom === undefined
      ? unsupportedMediaType("415: Unsupported Media Type", true)
      : noStrategicPatch();
  const raw = await readBody(asked.request, context.bodies);
  const options = optionsOf(asked, "PatchOptions", type === "application/apply-patch+yaml");
  const written = await patchBy(context, asked, call, { type, raw, options });
  return writeReply(context, asked, call, written);
}

function noStrategicPatch(): Error {
  return unsupportedMediaType(
    "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
  );
}

type PatchRequest = { type: string; raw: Buffer; options: BodyOptions & ApplyOptions };

function patchBy(
  { dispatch }: HandlerContext,
  asked: Asked,
  call: Call,
  { type, raw, options }: PatchRequest,
): Promise<Write<Manifest>> {
  if (type === "application/apply-patch+yaml") {
    options.isForced = isTrue(asked.query.get("force"));
    return dispatch.apply(call, manifestOf(parseApply(raw), call.served.resource.kind), options);
  }
  const isStrategic = type === "application/strategic-merge-patch+json";
  if (isStrategic && call.served.custom !== undefined) throw noStrategicPatch();
  dispatch.requireObject("patch", call);
  const body = parsePatch(raw);
  if (type === "application/json-patch+json") {
    if (!Array.isArray(body))
      throw badRequest(
        `error decoding patch: json: cannot unmarshal ${goKind(body)} into Go value of type []handlers.jsonPatchOp`,
      );
    return dispatch.patch(call, { type: "json", patch: body as JsonObject[] }, options);
  }
  if (!isObject(body))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${goKind(body)} into Go value of type map[string]interface {}`,
    );
  return dispatch.patch(call, { type: isStrategic ? "strategic" : "merge", patch: body }, options);
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
  { value, warnings, isNew }: Write<Manifest>,
): Reply {
  asked.notes.metadata.push(value.metadata);
  const shape = shapeFor(asked, call);
  return shapedText(presenter.object(call.served, value, shape), isNew === true ? 201 : 200, shape, warnings);
}

async function remove(context: HandlerContext, asked: Asked, call: Call): Promise<Reply> {
  const raw = await readBody(asked.request, context.bodies);
  const body = raw.length === 0 ? undefined : parseBody(raw, mediaTypeOf(asked.request), "DeleteOptions");
  if (isObject(body) && typeof body.kind === "string" && body.kind !== "DeleteOptions" && body.kind !== "")
    throw badRequest(
      `no kind "${body.kind}" is registered for version "${textOf(body, "apiVersion")}" in scheme "pkg/runtime/scheme.go:111"`,
    );
  const options = deleteOptions(asked.query, body);
  const { dispatch, presenter } = context;
  if (call.name === "") {
    const deletion = await dispatch.deleteCollection(call, { ...options, ...listOptions(asked.query) });
    asked.notes.metadata.push(...deletion.removals.map(({ object }) => object.metadata));
    const list: List = { ...deletion.list, resourceVersion: String(dispatch.registry.store.revision) };
    return jsonText(presenter.list(call.served, list, shapeFor(asked, call, true)), 200, deletion.warnings);
  }
  const { object, isGone, warnings } = await dispatch.delete(call, options);
  asked.notes.metadata.push(object.metadata);
  if (!isGone || returnsObject.has(call.served.resource.plural))
    return jsonText(presenter.object(call.served, object, shapeFor(asked, call)), 200, warnings);
  return jsonText(JSON.stringify(deletedStatus(call.served, object)), 200, warnings);
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
  "csidrivers",
  "csinodes",
  "volumeattachments",
  "volumeattributesclasses",
  "resourceclaims",
  "resourceclaimtemplates",
  "resourceslices",
  "deviceclasses",
  "namespaces",
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

async function openWatch(context: HandlerContext, asked: Asked, call: Call): Promise<void> {
  const { dispatch, presenter, clock, watches } = context;
  const shape = shapeFor(asked, call, true);
  const options = watchOptions(asked.query);
  const collection = { ...call, name: "" };
  if (call.served.conversion !== undefined) await dispatch.atHand("watch", collection);
  if (watches.size >= context.watchesMost) throw tooMany("watches");
  const seconds = timeoutSeconds(asked.query) ?? watchSecondsDefault;
  context.answered("WATCH", call.served.resource.plural, 200);
  return streamWatch({
    response: asked.response,
    clock,
    timeoutMs: seconds * 1000,
    allowBookmarks: options.allowBookmarks === true,
    begin: (deliver) => dispatch.watch(collection, options, deliver),
    encode: (notice, isFirst) => presenter.line(call.served, notice, shape, isFirst),
    write: (notice, isFirst, to) => presenter.writeLine(call.served, notice, shape, isFirst, to),
    opened: (end) => watches.add(end),
    closed: (end) => watches.delete(end),
    waiting: asked.waiting,
    failed: context.failed,
  });
}
