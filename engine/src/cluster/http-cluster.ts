// The contract over HTTP: paths, query and bodies of the Kubernetes API. Answers come back as values.

import { asJson, type Clock, encodeJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import type { Connection } from "./connection.ts";
import type {
  AccessQuestion,
  Answer,
  ApplyOptions,
  Cluster,
  DeleteOptions,
  Discovery,
  Identity,
  List,
  ListOptions,
  PatchBody,
  Resource,
  Status,
  Target,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./contract.ts";
import { askDiscovery } from "./http-discovery.ts";
import { watchLeastSeconds } from "./limits.ts";
import { type Question, Requests, statusOf, unreachable } from "./requests.ts";
import type { Headers } from "./transport.ts";
import { readLines } from "./watch-lines.ts";

export type ConnectOptions = { clock: Clock; userAgent?: string; random?: () => number };

export type LogOptions = { container: string; isFollowed?: boolean; sinceSeconds?: number; tailLines?: number };

/** A cluster that is reached over HTTP. `close` ends its connections. */
export type HttpCluster = Cluster & {
  close(): void;
  readonly connection: Connection;
  /** One object as the server's Table of it: the columns that people are shown. */
  table(target: Target): Promise<Answer<Json>>;
  /** What a container of a Pod has written, in pieces as they come; a refusal is the one Status. */
  log(
    pod: { namespace: string; name: string },
    options: LogOptions,
    signal: AbortSignal,
  ): AsyncIterable<string | Status>;
};

const tableType = "application/json;as=Table;v=v1;g=meta.k8s.io";

/** Nothing is sent before the first question. */
export function connectCluster(connection: Connection, options: ConnectOptions): HttpCluster {
  const requests = new Requests(connection, { clock: options.clock, userAgent: options.userAgent ?? "keelson" });
  return new Client({ connection, requests, random: options.random ?? Math.random }, connection.impersonate);
}

type Parts = { connection: Connection; requests: Requests; random: () => number };

class Client implements HttpCluster {
  readonly name: string;
  readonly connection: Connection;
  readonly #parts: Parts;
  readonly #identity: Headers;
  #discovery: Promise<Answer<Discovery>> | undefined;

  constructor(parts: Parts, identity: Identity | undefined) {
    this.#parts = parts;
    this.connection = parts.connection;
    this.name = parts.connection.server;
    this.#identity = identity === undefined ? {} : impersonation(identity);
  }

  close(): void {
    this.#parts.requests.close();
  }

  as(identity: Identity): Cluster {
    return new Client(this.#parts, identity);
  }

  async discover(isFresh = false): Promise<Answer<Discovery>> {
    if (isFresh) this.#discovery = undefined;
    const asked = (this.#discovery ??= askDiscovery((path, accept) => this.#ask({ method: "GET", path, accept })));
    const answer = await asked;
    if (!answer.ok && this.#discovery === asked) this.#discovery = undefined;
    return answer;
  }

  get(target: Target, signal?: AbortSignal): Promise<Answer<Manifest>> {
    return this.#object({ method: "GET", path: pathOf(target), signal });
  }

  table(target: Target): Promise<Answer<Json>> {
    return this.#ask({ method: "GET", path: pathOf(target), accept: tableType });
  }

  async list(resource: Resource, options: ListOptions = {}, signal?: AbortSignal): Promise<Answer<List>> {
    const path = collectionPath(resource, options.namespace ?? "");
    const accept = acceptOf("PartialObjectMetadataList", options);
    const answer = await this.#ask({ method: "GET", path, accept, query: listQuery(options), signal });
    return answer.ok ? { ...answer, value: listOf(answer.value, resource) } : answer;
  }

  async *watch(resource: Resource, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent> {
    const path = collectionPath(resource, options.namespace ?? "");
    const timeoutSeconds = String(Math.round(watchLeastSeconds * (1 + this.#parts.random())));
    const query = { ...listQuery(options), ...watchQuery(options), watch: "true", timeoutSeconds };
    const accept = acceptOf("PartialObjectMetadata", options);
    const response = await this.#parts.requests.open({ method: "GET", path, accept, query }, this.#identity, signal);
    if ("code" in response) return yield { type: "ERROR", status: response };
    let hasBegun = false;
    try {
      for await (const line of readLines(response.body)) {
        hasBegun = true;
        yield eventOf(line);
      }
    } catch (thrown) {
      // A stream that breaks after events ends like one the server closed: the watcher goes on from its last event.
      if (!signal.aborted && !hasBegun) yield { type: "ERROR", status: unreachable(`watch ${path}`, thrown) };
    } finally {
      response.body.destroy();
    }
  }

  async *log(
    pod: { namespace: string; name: string },
    { container, isFollowed, sinceSeconds, tailLines }: LogOptions,
    signal: AbortSignal,
  ): AsyncIterable<string | Status> {
    const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}/log`;
    const number = (value: number | undefined): string | undefined => (value === undefined ? undefined : String(value));
    const query = {
      container,
      follow: isFollowed === true ? "true" : undefined,
      sinceSeconds: number(sinceSeconds),
      tailLines: number(tailLines),
    };
    const response = await this.#parts.requests.open(
      { method: "GET", path, accept: "*/*", query },
      this.#identity,
      signal,
    );
    if ("code" in response) return yield response;
    try {
      const decoder = new TextDecoder();
      for await (const bytes of response.body) yield decoder.decode(bytes as Uint8Array, { stream: true });
    } finally {
      response.body.destroy();
    }
  }

  apply(target: Target, manifest: Manifest, options: ApplyOptions): Promise<Answer<Manifest>> {
    const query = { ...writeQuery(options), force: options.isForced === true ? "true" : undefined };
    return this.#send("PATCH", pathOf(target), {
      query,
      type: "application/apply-patch+yaml",
      value: asJson(manifest),
    });
  }

  patch(target: Target, body: PatchBody, options: WriteOptions): Promise<Answer<Manifest>> {
    const type = body.type === "strategic" ? "strategic-merge" : body.type === "json" ? "json" : "merge";
    const contentType = `application/${type}-patch+json`;
    return this.#send("PATCH", pathOf(target), { query: writeQuery(options), type: contentType, value: body.patch });
  }

  update(target: Target, manifest: Manifest, options: WriteOptions): Promise<Answer<Manifest>> {
    const query = writeQuery(options);
    return this.#send("PUT", pathOf(target), { query, type: "application/json", value: asJson(manifest) });
  }

  create(target: Target, manifest: Manifest, options: WriteOptions): Promise<Answer<Manifest>> {
    const collection = collectionPath(target.resource, target.namespace);
    const path = target.subresource === undefined ? collection : pathOf(target);
    const query = writeQuery(options);
    return this.#send("POST", path, { query, type: "application/json", value: asJson(manifest) });
  }

  async delete(target: Target, options: DeleteOptions = {}): Promise<Answer<Manifest | undefined>> {
    const answer = await this.#ask({
      method: "DELETE",
      path: pathOf(target),
      contentType: "application/json",
      body: encodeJson({
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: options.propagation,
        preconditions: options.preconditions,
        gracePeriodSeconds: options.gracePeriodSeconds,
        dryRun: options.isDryRun === true ? ["All"] : undefined,
      }),
    });
    if (!answer.ok) return answer;
    const isGone = isObject(answer.value) && answer.value["kind"] === "Status";
    return { ...answer, value: isGone ? undefined : (answer.value as unknown as Manifest) };
  }

  async review(question: AccessQuestion): Promise<Answer<{ isAllowed: boolean; reason: string }>> {
    const { verb, group, resource, subresource, namespace, name } = question;
    const attributes = { verb, group, resource, subresource, namespace, name };
    const answer = await this.#ask({
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      contentType: "application/json",
      body: encodeJson({
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        metadata: {},
        spec: { resourceAttributes: attributes },
      }),
    });
    if (!answer.ok) return answer;
    const status = isObject(answer.value) && isObject(answer.value["status"]) ? answer.value["status"] : {};
    const reason = typeof status["reason"] === "string" ? status["reason"] : "";
    return { ...answer, value: { isAllowed: status["allowed"] === true, reason } };
  }

  #send(
    method: string,
    path: string,
    content: { query: Question["query"]; type: string; value: Json | JsonObject[] },
  ): Promise<Answer<Manifest>> {
    const body = encodeJson(content.value);
    return this.#object({ method, path, query: content.query ?? {}, contentType: content.type, body });
  }

  async #object(question: Question): Promise<Answer<Manifest>> {
    return (await this.#ask(question)) as unknown as Answer<Manifest>;
  }

  #ask(question: Question): Promise<Answer<Json>> {
    return this.#parts.requests.ask(question, this.#identity);
  }
}

function collectionPath(resource: Resource, namespace: string): string {
  const base = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const place = resource.isNamespaced && namespace !== "" ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${base}${place}/${resource.plural}`;
}

function pathOf(target: Target): string {
  const object = `${collectionPath(target.resource, target.namespace)}/${encodeURIComponent(target.name)}`;
  return target.subresource === undefined ? object : `${object}/${target.subresource}`;
}

function acceptOf(kind: string, options: { isMetadataOnly?: boolean }): string {
  return options.isMetadataOnly === true
    ? `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`
    : "application/json";
}

function listQuery(options: ListOptions): Record<string, string | undefined> {
  return {
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    limit: options.limit === undefined ? undefined : String(options.limit),
    continue: options.continue,
    resourceVersion: options.resourceVersion,
    resourceVersionMatch: options.resourceVersionMatch,
  };
}

function watchQuery(options: WatchOptions): Record<string, string | undefined> {
  return {
    sendInitialEvents: options.sendInitialEvents === undefined ? undefined : String(options.sendInitialEvents),
    allowWatchBookmarks: options.allowBookmarks === undefined ? undefined : String(options.allowBookmarks),
  };
}

function writeQuery(options: WriteOptions): Record<string, string | undefined> {
  return {
    fieldManager: options.fieldManager,
    dryRun: options.isDryRun === true ? "All" : undefined,
    fieldValidation: options.fieldValidation,
  };
}

/** Items of a typed list lack apiVersion and kind; a list of metadata has those of the metadata. */
function listOf(value: Json, resource: Resource): List {
  const list = (isObject(value) ? value : {}) as { metadata?: JsonObject; items?: Manifest[] | null; kind?: string };
  const metadata = list.metadata ?? {};
  const apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
  const remaining = metadata["remainingItemCount"];
  return {
    items: (list.items ?? []).map((item) => ({
      ...item,
      apiVersion: item.apiVersion ?? apiVersion,
      kind: item.kind ?? resource.kind,
    })),
    resourceVersion: typeof metadata["resourceVersion"] === "string" ? metadata["resourceVersion"] : "",
    continue: typeof metadata["continue"] === "string" ? metadata["continue"] : "",
    ...(typeof remaining === "number" ? { remainingItemCount: remaining } : {}),
  };
}

function eventOf(line: Json): WatchEvent {
  const { type, object } = (isObject(line) ? line : {}) as { type?: string; object?: Json };
  if (type === "ADDED" || type === "MODIFIED" || type === "DELETED" || type === "BOOKMARK")
    return { type, object: object as unknown as Manifest };
  const unknown = { code: 0, reason: "InternalError", message: `unknown watch event ${type ?? ""}` };
  return { type: "ERROR", status: statusOf(object ?? null) ?? unknown };
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
function impersonation(identity: Identity): Headers {
  const headers: Headers = { "impersonate-user": identity.user };
  if (identity.groups.length > 0) headers["impersonate-group"] = [...identity.groups];
  if (identity.uid !== undefined) headers["impersonate-uid"] = identity.uid;
  for (const [key, values] of Object.entries(identity.extra ?? {}))
    headers[`impersonate-extra-${encodeURIComponent(key).toLowerCase()}`] = [...values];
  return headers;
}
