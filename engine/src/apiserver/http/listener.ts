// The port: HTTP/2 and HTTP/1.1 over TLS. Closing ends watches, lets running requests finish, then cuts what is left. Connections are
// bounded in number (`connections.ts`), and those that ask for nothing are let go.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2Session,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { Fault } from "#kernel";
import type { ApiServerFaultCode } from "../faults.ts";
import { closeGraceMs, patience, type Patience, sessionMegabytesMax } from "../limits.ts";
import { Connections } from "./connections.ts";
import { type Incoming, type Outgoing, PlainAnswer, plainRequest, StreamExchange } from "./exchange.ts";

type Handle = (request: Incoming, response: Outgoing) => void;

export type Listener = { port: number; close: () => Promise<void> };

export async function listen(options: {
  host: string;
  port: number;
  certificate: string;
  key: string;
  handle: Handle;
  /** Ends the open watches. */
  endWatches: () => void;
  patience?: Patience;
}): Promise<Listener> {
  const { connectionsMost, handshakeMs, idleMs } = options.patience ?? patience;
  const server = createSecureServer({
    allowHTTP1: true,
    cert: options.certificate,
    key: options.key,
    maxSessionMemory: sessionMegabytesMax,
    handshakeTimeout: handshakeMs,
    settings: { maxConcurrentStreams: 1000, initialWindowSize: 1024 * 1024 },
  });
  const connections = new Connections(connectionsMost);
  const sessions = new Set<Http2Session>();
  server.on("connection", (socket: Socket) => connections.open(socket));
  server.on("secureConnection", (socket: TLSSocket) => connections.secured(socket));
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
    serve(session, { connections, handle: options.handle, idleMs });
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    // A client that goes away in mid-request is no fault of ours.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    const incoming = plainRequest(request);
    response.once("close", connections.begin(connections.of(request.socket), incoming));
    options.handle(incoming, new PlainAnswer(response));
  });
  // Whoever listens to requests gets those of HTTP/2 as well, through objects of their own over each stream.
  server.removeAllListeners("stream");
  server.on("tlsClientError", () => undefined);
  await begin(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      options.endWatches();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.close();
      const cut = setTimeout(() => {
        for (const session of sessions) session.destroy();
        connections.closeAll();
      }, closeGraceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

/** Hands on each stream of a session; the session is let go when it had none for a while. A watch that has nothing to say is no idleness. */
function serve(
  session: ServerHttp2Session,
  { connections, handle, idleMs }: { connections: Connections; handle: Handle; idleMs: number },
): void {
  const { remoteAddress = "" } = session.socket;
  const connection = connections.of(session.socket);
  // The types of Node leave out what it hands over last.
  session.on(
    "stream",
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: string[]) => {
      const exchange = new StreamExchange(stream, headers, rawHeaders, remoteAddress);
      stream.on("close", connections.begin(connection, exchange));
      stream.on("error", () => undefined);
      if (exchange.method === "CONNECT") return exchange.answer(405, {}, undefined);
      if (headers.expect === "100-continue") stream.additionalHeaders({ ":status": 100 });
      handle(exchange, exchange);
    },
  );
  session.setTimeout(idleMs, () => {
    if (connection === undefined || connection.pending.size === 0) session.close();
  });
}

function begin(server: Http2SecureServer, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(
        new Fault<ApiServerFaultCode>({
          code: cause.code === "EADDRINUSE" ? "port-in-use" : "cannot-listen",
          disposition: "stall",
          at: `${host}:${port}`,
          message:
            cause.code === "EADDRINUSE" ? "the port of the control plane is in use" : "the control plane cannot listen",
          hint: "choose another port, or 0 for any free one (--api-port)",
          cause,
        }),
      );
    });
    server.listen(port, host, () => resolve());
  });
}
