// The one HTTP port: console, its API, webhooks, artifacts, metrics, probes. Loopback unless told otherwise.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Cluster } from "#cluster";
import { type Clock, Fault } from "#kernel";
import { hasToken, isForeign, isHostAllowed, isSame, tokenCookie } from "./access.ts";
import { type Asset, loadAssets } from "./assets.ts";
import { Details } from "./detail.ts";
import type { ServerCode } from "./faults.ts";
import { type EngineView, Fleet } from "./fleet.ts";
import { bodyMost } from "./limits.ts";
import { fleetSamples, formatMetrics, processSamples } from "./metrics.ts";
import { Streams } from "./stream.ts";
import type { Link } from "./view.ts";

export type HttpServerOptions = {
  cluster: Cluster;
  clock: Clock;
  /** 0: any free one. */
  port: number;
  /** The interface to listen on; loopback when absent. */
  host?: string;
  /** Names beside loopback's that the Host header may have. */
  hostNames?: readonly string[];
  /** Opens everything that shows or changes something. */
  token: string;
  /** The console's built files. */
  consoleFolder: string;
  /** Answers `/artifacts/…`; false: there is no such artifact. */
  artifacts?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** A webhook for a source came in; false: there is none of that name. */
  hook?: (link: Link) => boolean;
  /** Told of requests that ended in an internal error. */
  failed?: (error: unknown) => void;
  signal: AbortSignal;
};

export type HttpServer = {
  port: number;
  /** From now on the phases of an engine in this process are shown. */
  attach(engine: EngineView): void;
  close(): Promise<void>;
};

/** Listens and answers; the watches behind it end with the signal. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const fleet = new Fleet();
  const desk = new Desk(options, fleet);
  const server = createServer((request, response) => {
    desk.answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end("internal error\n");
      desk.failed(error);
    });
  });
  await listen(server, options.port, options.host ?? "127.0.0.1");
  void fleet.follow(options.cluster, options.clock, options.signal).then(() => desk.ready());
  return {
    port: (server.address() as AddressInfo).port,
    attach(engine) {
      const unsubscribe = fleet.followEngine(engine);
      options.signal.addEventListener("abort", unsubscribe, { once: true });
    },
    close: () =>
      new Promise((resolve) => {
        desk.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === "EADDRINUSE";
      reject(
        new Fault<ServerCode>({
          code: "port-taken",
          disposition: "stall",
          at: `${host}:${port}`,
          message: isTaken ? "the port is in use" : "cannot listen",
          hint: "choose another with --port PORT; --port 0 takes any free one",
          cause,
        }),
      );
    });
    server.listen(port, host, () => resolve());
  });
}

/** Sent with every answer: nothing from elsewhere is loaded, nobody frames it. */
const headers: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
};

class Desk {
  readonly #options: HttpServerOptions;
  readonly #fleet: Fleet;
  readonly #details: Details;
  readonly #streams: Streams;
  readonly #assets: ReadonlyMap<string, Asset>;
  #isReady = false;
  #errors = 0;

  constructor(options: HttpServerOptions, fleet: Fleet) {
    this.#options = options;
    this.#fleet = fleet;
    this.#details = new Details(options.cluster, options.clock);
    this.#streams = new Streams(fleet);
    this.#assets = loadAssets(options.consoleFolder);
  }

  ready(): void {
    this.#isReady = true;
  }

  failed(error: unknown): void {
    this.#errors++;
    this.#options.failed?.(error);
  }

  close(): void {
    this.#streams.close();
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const url = new URL(request.url ?? "/", "http://localhost");
    const area = url.pathname.split("/")[1] ?? "";
    // A kubelet asks by the Pod's address, and the answer tells a stranger nothing.
    if (area === "healthz") return end(response, 200, "ok");
    if (area === "readyz")
      return this.#isReady ? end(response, 200, "ok") : end(response, 503, "the watches are not in yet");
    if (!isHostAllowed(request, this.#options.hostNames ?? []))
      return end(response, 421, "this server has another name");
    switch (area) {
      case "metrics":
        return this.#metrics(request, response);
      case "api":
        return await this.#api(request, response, url);
      case "hook":
        return await this.#hook(request, response, url);
      case "artifacts":
        if (this.#options.artifacts?.(request, response) !== true) end(response, 404, "no such artifact");
        return;
      default:
        return this.#page(request, response, url);
    }
  }

  #metrics(request: IncomingMessage, response: ServerResponse): void {
    if (!hasToken(request, this.#options.token)) return unauthorised(response);
    const errors = {
      name: "keelson_http_errors_total",
      help: "Requests that ended in an internal error.",
      type: "counter",
    } as const;
    const samples = [
      ...fleetSamples(this.#fleet.cards()),
      ...processSamples(),
      { ...errors, values: [["", this.#errors] as [string, number]] },
    ];
    response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8");
    response.end(formatMetrics(samples));
  }

  /** `/api/stream`, `/api/objects/KIND/NAMESPACE/NAME`, and with POST below it `/reconcile`, `/suspend`, `/resume`. */
  async #api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (!hasToken(request, this.#options.token)) return unauthorised(response);
    if (isForeign(request)) return end(response, 403, "a page of another origin may not ask");
    const [, , what, kind, namespace, name, action] = url.pathname.split("/").map(decodeURIComponent);
    if (what === "stream" && request.method === "GET") return this.#streams.add(response);
    if (what !== "objects" || kind === undefined || namespace === undefined || name === undefined)
      return end(response, 404, "no such page");
    const link = { kind, namespace, name };
    if (request.method === "GET" && action === undefined) return sendAnswer(response, await this.#details.read(link));
    if (request.method !== "POST") return end(response, 405, "POST changes, GET reads");
    if (action === "reconcile") return sendAnswer(response, await this.#details.reconcile(link));
    if (action === "suspend" || action === "resume")
      return sendAnswer(response, await this.#details.suspend(link, action === "suspend"));
    return end(response, 404, "no such action");
  }

  /** `POST /hook/KIND/NAMESPACE/NAME?token=…`: something was pushed, look now. */
  async #hook(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (request.method !== "POST") return end(response, 405, "POST only");
    const token = url.searchParams.get("token");
    if (!hasToken(request, this.#options.token) && (token === null || !isSame(token, this.#options.token)))
      return unauthorised(response);
    if (!(await drain(request))) return end(response, 413, "the body is too large");
    const [, , kind = "", namespace = "", name = ""] = url.pathname.split("/").map(decodeURIComponent);
    const isKnown = this.#options.hook?.({ kind, namespace, name }) ?? false;
    return isKnown ? end(response, 202, "looking") : end(response, 404, "no such source");
  }

  #page(request: IncomingMessage, response: ServerResponse, url: URL): void {
    if (request.method !== "GET" && request.method !== "HEAD") return end(response, 405, "GET only");
    const token = url.searchParams.get("token");
    if (token !== null) {
      if (!isSame(token, this.#options.token))
        return end(response, 401, "this token is not the one the server printed");
      response.setHeader("set-cookie", tokenCookie(token));
      // The token leaves the address bar, and with it the history.
      response.writeHead(303, { location: url.pathname }).end();
      return;
    }
    const asset = this.#assets.get(url.pathname) ?? this.#assets.get("/index.html");
    if (asset === undefined) return end(response, 404, "the console is not built; `npm run build` builds it");
    response.setHeader("content-type", asset.type);
    response.setHeader("cache-control", asset.isImmutable ? "public, max-age=31536000, immutable" : "no-cache");
    response.end(request.method === "HEAD" ? undefined : asset.body);
  }
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}

function unauthorised(response: ServerResponse): void {
  response.setHeader("www-authenticate", "Bearer");
  end(response, 401, "the token is missing: open the address that `keelson up` printed");
}

function sendAnswer(
  response: ServerResponse,
  answer: { ok: true; value: unknown } | { ok: false; status: { code: number; message: string } },
): void {
  const status = answer.ok ? 200 : answer.status.code || 502;
  const body = answer.ok ? answer.value : { message: answer.status.message };
  response
    .writeHead(status, { "content-type": "application/json", "cache-control": "no-store" })
    .end(JSON.stringify(body));
}

/** Reads a body to its end without keeping it; false when it is too large. */
async function drain(request: IncomingMessage): Promise<boolean> {
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > bodyMost) return false;
  }
  return true;
}
