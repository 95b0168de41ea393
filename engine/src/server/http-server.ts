// The one HTTP port: console, its API, webhooks, artifacts, metrics, probes. Loopback unless told otherwise.

import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Link, LogLine, Refusal, SignedOut } from "#api/console";
import type { Cluster } from "#cluster";
import { type Clock, Fault, sha256Hex } from "#kernel";
import { type OidcOptions, SignIn } from "#server/sign-in";
import {
  ConsoleDesk,
  sendRefusal,
  type EngineView,
  type ReleasesView,
  type SourceHistory,
  type Viewer,
} from "#server/console";
import { hasToken, isForeign, isHostAllowed, isSame, tokenCookie } from "./access.ts";
import { type Asset, loadAssets } from "./assets.ts";
import type { ServerCode } from "./faults.ts";
import { bodyMost, connectionsMost, patience } from "./limits.ts";
import { fleetSamples, formatMetrics, PassDurations, processSamples } from "./metrics.ts";

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
  /** Of this program. */
  version?: string;
  /** Nothing may be changed through the console; why, in words. */
  readOnlyReason?: string;
  /** How people sign in; absent: the token alone opens the console. */
  oidc?: OidcOptions;
  /** Told of each action that somebody took, without secrets. */
  logged?: (message: string) => void;
  /** Told of requests that ended in an internal error. */
  failed?: (error: unknown) => void;
  /** How long senders are waited for. */
  patience?: ServerOptions;
  signal: AbortSignal;
};

export type HttpServer = {
  port: number;
  /** From now on what an engine in this process knows is shown, and what is known of its sources' past. */
  attach(engine: EngineView, history?: SourceHistory, releases?: ReleasesView): void;
  /** A line of the engine's log about a delivery or source. */
  note(about: Link, line: Omit<LogLine, "key">): void;
  /** A pass over a delivery or source has ended. */
  passed(about: Link, tookMs: number): void;
  close(): Promise<void>;
};

/** Listens and answers; the watches behind it end with the signal. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const desk = new Desk(options);
  const server = createServer(options.patience ?? patience, (request, response) => {
    desk.answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end("internal error\n");
      desk.failed(error);
    });
  });
  server.maxConnections = connectionsMost;
  await listen(server, options.port, options.host ?? "127.0.0.1");
  void desk.console.follow().then(() => desk.ready());
  return {
    port: (server.address() as AddressInfo).port,
    note: (about, line) => desk.console.note(about, line),
    passed: (about, tookMs) => desk.passes.note(about, tookMs),
    attach(engine, history, releases) {
      const unsubscribe = desk.console.attach(engine, history, releases);
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
  readonly console: ConsoleDesk;
  readonly passes: PassDurations = new PassDurations();
  readonly #options: HttpServerOptions;
  readonly #assets: ReadonlyMap<string, Asset>;
  readonly #signIn: SignIn | undefined;
  #isReady = false;
  #errors = 0;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#assets = loadAssets(options.consoleFolder);
    const { cluster, clock, signal, oidc, logged = () => {} } = options;
    this.#signIn = oidc === undefined ? undefined : new SignIn(oidc, clock, logged);
    this.console = new ConsoleDesk({
      cluster,
      clock,
      signal,
      version: options.version ?? "",
      build: sha256Hex(this.#assets.get("/index.html")?.body ?? "").slice(0, 12),
      isSimulated: cluster.name === "embedded",
      readOnlyReason: options.readOnlyReason ?? "",
      logged,
      failed: (error) => this.failed(error),
    });
  }

  ready(): void {
    this.#isReady = true;
  }

  failed(error: unknown): void {
    this.#errors++;
    this.#options.failed?.(error);
  }

  close(): void {
    this.console.close();
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const url = urlOf(request);
    if (url === undefined) return end(response, 400, "the address is not one that can be read");
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
      case "auth":
        return await this.#auth(request, response, url);
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
    const streams = {
      name: "keelson_console_streams",
      help: "Consoles that are open.",
      type: "gauge",
    } as const;
    const cards = this.console.cards();
    const samples = [
      ...fleetSamples(cards),
      this.passes.sample(cards),
      ...processSamples(),
      { ...errors, values: [["", this.#errors] as [string, number]] },
      { ...streams, values: [["", this.console.openStreams] as [string, number]] },
    ];
    response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8");
    response.end(formatMetrics(samples));
  }

  async #api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const find = (): Viewer | undefined => this.#viewerOf(request);
    const viewer = find();
    if (viewer === undefined) return this.#signedOut(response);
    if (isForeign(request)) return sendRefusal(response, foreign);
    const isSignedIn = (): boolean => find() !== undefined;
    await this.console.answer({ request, response, url, viewer, isSignedIn, canSignOut: viewer.how === "oidc" });
  }

  #viewerOf(request: IncomingMessage): Viewer | undefined {
    return this.#signIn?.viewerOf(request) ?? (hasToken(request, this.#options.token) ? tokenHolder : undefined);
  }

  async #auth(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (this.#signIn === undefined) return end(response, 404, "nobody signs in here: the token opens the console");
    // The issuer's site sends the browser back here; nothing else of another site may ask.
    if (request.method !== "GET" && isForeign(request)) return sendRefusal(response, foreign);
    await this.#signIn.answer(request, response, url);
  }

  #signedOut(response: ServerResponse): void {
    const base = { code: "signed-out", message: "you are not signed in" } as const;
    const body: SignedOut =
      this.#signIn === undefined
        ? { ...base, hint: "open the address that keelson printed: it holds the token", signIn: "token" }
        : { ...base, signIn: "oidc", signInPath: "/auth/sign-in" };
    response.setHeader("www-authenticate", "Bearer");
    sendRefusal(response, body);
  }

  /** `POST /hook/KIND/NAMESPACE/NAME?token=…`: something was pushed, look now. */
  async #hook(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (request.method !== "POST") return end(response, 405, "POST only");
    const token = url.searchParams.get("token");
    if (!hasToken(request, this.#options.token) && (token === null || !isSame(token, this.#options.token)))
      return unauthorised(response);
    if (!(await drain(request))) return end(response, 413, "the body is too large");
    const [, , kind = "", namespace = "", name = ""] = url.pathname.split("/");
    const isKnown = this.#options.hook?.({ kind, namespace, name }) ?? false;
    return isKnown ? end(response, 202, "looking") : end(response, 404, "no such source");
  }

  #page(request: IncomingMessage, response: ServerResponse, url: URL): void {
    if (request.method !== "GET" && request.method !== "HEAD") return end(response, 405, "GET only");
    const token = url.searchParams.get("token");
    if (token !== null) {
      if (!isSame(token, this.#options.token))
        return end(response, 401, "this token is not the one the server printed");
      response.setHeader("set-cookie", tokenCookie(request, token));
      // The token leaves the address bar, and with it the history.
      url.searchParams.delete("token");
      response.writeHead(303, { location: `${localPath(url.pathname)}${url.search}` }).end();
      return;
    }
    const asset = this.#assets.get(url.pathname) ?? this.#assets.get("/index.html");
    if (asset === undefined) return end(response, 404, "the console is not built; `npm run build` builds it");
    response.setHeader("content-type", asset.type);
    response.setHeader("cache-control", asset.isImmutable ? "public, max-age=31536000, immutable" : "no-cache");
    response.end(request.method === "HEAD" ? undefined : asset.body);
  }
}

/** Never another server's: two slashes would begin a name. */
function localPath(pathname: string): string {
  return pathname.replace(/^\/+/, "/");
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}

function unauthorised(response: ServerResponse): void {
  response.setHeader("www-authenticate", "Bearer");
  end(response, 401, "the token is missing: open the address that `keelson up` printed");
}

/** What is asked for; undefined: the address is none. */
function urlOf({ url = "/" }: IncomingMessage): URL | undefined {
  try {
    return new URL(url.startsWith("/") ? `http://localhost${url}` : url);
  } catch {
    return undefined;
  }
}

/** Whoever has the token acts as this process does. */
const tokenHolder: Viewer = {
  id: "token",
  user: "the holder of the token",
  groups: [],
  how: "token",
  identity: undefined,
};

const foreign: Refusal = { code: "foreign", message: "a page of another origin may not ask" };

/** Reads a body to its end without keeping it; false when it is too large. */
async function drain(request: IncomingMessage): Promise<boolean> {
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > bodyMost) return false;
  }
  return true;
}
