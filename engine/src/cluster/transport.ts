// Requests over HTTP/2 where the server speaks it, else HTTP/1.1 with kept connections. Several HTTP/2 connections are
// opened only when one has no stream left. Idle connections do not keep a process alive.

import * as http from "node:http";
import * as http2 from "node:http2";
import type { Duplex, Readable } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Clock } from "#kernel";
import type { Connection } from "./connection.ts";
import type { Credential } from "./credentials.ts";
import { dial } from "./dial.ts";
import { pingAfterMs, pingTimeoutMs, requestsInFlight, streamsPerConnection } from "./limits.ts";

export type Headers = Record<string, string | string[]>;

export type HttpRequest = { method: string; path: string; headers: Headers; body?: string | undefined };

export type HttpResponse = { status: number; headers: http.IncomingHttpHeaders; body: Readable };

/** The request never reached the server: it may be sent again whatever it does. */
export class NotSent extends Error {
  override readonly name: string = "NotSent";
}

const bufferBytes = 4 * 1024 * 1024;

export class Transport {
  readonly #connection: Connection;
  readonly #clock: Clock;
  #sessions: Session[] = [];
  #opening: Promise<Session | undefined> | undefined;
  #agent: http.Agent | undefined;
  #credential: Credential = {};
  /** Undefined until the first connection has told. */
  #speaksHttp2: boolean | undefined;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    if (connection.server.startsWith("http:")) this.#speaksHttp2 = false;
  }

  /** The answer's head as soon as it is there; aborting the signal ends the body too. */
  async send(request: HttpRequest, credential: Credential, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    this.#useCredential(credential);
    const session = this.#speaksHttp2 === false ? undefined : await this.#session();
    signal.throwIfAborted();
    return session === undefined ? this.#sendHttp1(request, signal) : session.send(request, signal);
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
    this.#sessions = [];
    this.#agent?.destroy();
    this.#agent = undefined;
  }

  /** A new client certificate needs new connections; those in use end with their last stream. */
  #useCredential(credential: Credential): void {
    const isSame = credential.certificate === this.#credential.certificate && credential.key === this.#credential.key;
    this.#credential = credential;
    if (isSame) return;
    for (const session of this.#sessions) session.retire();
    this.#sessions = [];
    this.#agent?.destroy();
    this.#agent = undefined;
  }

  async #session(): Promise<Session | undefined> {
    for (;;) {
      this.#sessions = this.#sessions.filter((session) => session.isUsable);
      const free = this.#sessions.find((session) => session.hasRoom);
      if (free !== undefined) return free;
      this.#opening ??= this.#open().finally(() => {
        this.#opening = undefined;
      });
      const opened = await this.#opening;
      if (opened === undefined || opened.hasRoom) return opened;
    }
  }

  /** undefined: the server does not speak HTTP/2. */
  async #open(): Promise<Session | undefined> {
    const socket = await dial({
      connection: this.#connection,
      credential: this.#credential,
      protocols: ["h2", "http/1.1"],
    }).catch((cause: unknown) => {
      throw new NotSent(cause instanceof Error ? cause.message : String(cause), { cause });
    });
    this.#speaksHttp2 = (socket as TLSSocket).alpnProtocol === "h2";
    if (!this.#speaksHttp2) {
      socket.destroy();
      return undefined;
    }
    const session = new Session(this.#connection.server, socket, this.#clock);
    this.#sessions.push(session);
    return session;
  }

  #sendHttp1(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    this.#agent ??= this.#makeAgent();
    const url = new URL(this.#connection.server);
    return new Promise((resolve, reject) => {
      const sent = http.request({
        agent: this.#agent,
        host: url.hostname,
        port: url.port || (url.protocol === "https:" ? 443 : 80),
        method: request.method,
        path: request.path,
        headers: { host: url.host, ...request.headers },
        signal,
      });
      sent.once("error", reject);
      sent.once("response", (response) =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response }),
      );
      sent.end(request.body);
    });
  }

  #makeAgent(): http.Agent {
    const agent = new http.Agent({ keepAlive: true, maxSockets: requestsInFlight * 2 });
    const create = (_options: unknown, done: (error: Error | null, socket?: Duplex) => void): undefined => {
      const options = { connection: this.#connection, credential: this.#credential, protocols: ["http/1.1"] };
      dial(options).then(
        (socket) => done(null, socket),
        (error: Error) => done(new NotSent(error.message, { cause: error })),
      );
    };
    (agent as unknown as { createConnection: typeof create }).createConnection = create;
    return agent;
  }
}

/** One HTTP/2 connection. */
class Session {
  readonly #session: http2.ClientHttp2Session;
  readonly #clock: Clock;
  #streams = 0;
  #isRetired = false;
  #stopPings: (() => void) | undefined;

  constructor(server: string, socket: Duplex, clock: Clock) {
    this.#clock = clock;
    this.#session = http2.connect(server, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: bufferBytes },
    });
    this.#session.on("error", () => this.#end());
    this.#session.on("goaway", () => this.#end());
    this.#session.on("close", () => this.#end());
    this.#session.once("connect", () => this.#session.setLocalWindowSize(4 * bufferBytes));
    this.#session.unref();
  }

  get isUsable(): boolean {
    return !this.#isRetired && !this.#session.closed && !this.#session.destroyed;
  }

  get hasRoom(): boolean {
    const allowed = this.#session.remoteSettings?.maxConcurrentStreams ?? streamsPerConnection;
    return this.isUsable && this.#streams < Math.min(allowed, streamsPerConnection);
  }

  send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      let stream: http2.ClientHttp2Stream;
      try {
        const head = { ...request.headers, ":method": request.method, ":path": request.path };
        stream = this.#session.request(head, { signal, endStream: request.body === undefined });
      } catch (cause) {
        return reject(new NotSent("the connection was closed", { cause }));
      }
      this.#opened();
      stream.once("close", () => this.#closed());
      stream.once("error", (error: Error) => reject(this.#errorOf(stream, error)));
      stream.once("close", () => reject(new Error("the connection was closed before an answer came")));
      stream.once("response", (headers) =>
        resolve({ status: headers[":status"] ?? 0, headers: headers as http.IncomingHttpHeaders, body: stream }),
      );
      if (request.body !== undefined) stream.end(request.body);
    });
  }

  /** No new streams; those that are open go on. */
  retire(): void {
    this.#isRetired = true;
    this.#session.close();
  }

  destroy(): void {
    this.#isRetired = true;
    this.#session.destroy();
  }

  #errorOf(stream: http2.ClientHttp2Stream, error: Error): Error {
    const isRefused = stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM;
    const isClosed = (error as NodeJS.ErrnoException).code === "ERR_HTTP2_GOAWAY_SESSION";
    return isRefused || isClosed ? new NotSent(error.message, { cause: error }) : error;
  }

  #opened(): void {
    this.#streams += 1;
    if (this.#streams > 1) return;
    this.#session.ref();
    this.#ping();
  }

  #closed(): void {
    this.#streams -= 1;
    if (this.#streams > 0) return;
    this.#stopPings?.();
    if (!this.#session.destroyed) this.#session.unref();
  }

  /** A peer that vanished without a word is noticed by its silence; its streams then fail and are tried elsewhere. */
  #ping(): void {
    this.#stopPings = this.#clock.after(pingAfterMs, () => {
      if (this.#session.destroyed) return;
      const giveUp = this.#clock.after(pingTimeoutMs, () => this.#session.destroy(new Error("the server went silent")));
      const isSent = this.#session.ping(() => {
        giveUp();
        if (this.#streams > 0) this.#ping();
      });
      if (!isSent) giveUp();
    });
  }

  #end(): void {
    this.#isRetired = true;
    this.#stopPings?.();
  }
}
