// The port: HTTP/2 and HTTP/1.1 over TLS. Closing ends watches, lets running requests finish, then cuts what is left. Connections are
// bounded in number, and those that ask for nothing are let go.

import { createSecureServer, type Http2SecureServer, type Http2Session } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { Fault } from "#kernel";
import type { ApiServerFaultCode } from "../faults.ts";
import { closeGraceMs, patience, type Patience, sessionMegabytesMax } from "../limits.ts";
import type { Incoming } from "./body.ts";
import type { Outgoing } from "./respond.ts";

export type Listener = { port: number; close: () => Promise<void> };

export async function listen(options: {
  host: string;
  port: number;
  certificate: string;
  key: string;
  handle: (request: Incoming, response: Outgoing) => void;
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
  server.maxConnections = connectionsMost;
  const sockets = new Set<Socket>();
  const sessions = new Set<Http2Session>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
    endWhenIdle(session, idleMs);
  });
  server.on("request", (request, response) => {
    // A client that goes away in mid-request is no fault of ours.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    options.handle(request, response);
  });
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
        for (const socket of sockets) socket.destroy();
      }, closeGraceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

/** A watch that has nothing to say is no idleness. */
function endWhenIdle(session: Http2Session, idleMs: number): void {
  let open = 0;
  session.on("stream", (stream) => {
    open += 1;
    stream.once("close", () => (open -= 1));
  });
  session.setTimeout(idleMs, () => {
    if (open === 0) session.close();
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
