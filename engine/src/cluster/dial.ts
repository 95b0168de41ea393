// Opens one connection to an API server: straight or through a proxy's CONNECT, with TLS where the URL says so.

import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import * as tls from "node:tls";
import type { Connection } from "./connection.ts";
import type { Credential } from "./credentials.ts";
import { connectTimeoutMs } from "./limits.ts";

export type DialOptions = { connection: Connection; credential: Credential; protocols: string[] };

/** A connected socket; `alpnProtocol` of a TLS one says what the server speaks. */
export async function dial(options: DialOptions): Promise<net.Socket> {
  const { connection } = options;
  const url = new URL(connection.server);
  const isTls = url.protocol === "https:";
  const port = Number(url.port || (isTls ? 443 : 80));
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const socket =
    connection.proxy === undefined
      ? net.connect({ host, port, noDelay: true, keepAlive: true })
      : await connectThrough(connection.proxy, host, port);
  if (!isTls) return connection.proxy === undefined ? untilEvent(socket, "connect") : socket;
  return untilEvent(tls.connect(tlsOptions(options, socket, host)), "secureConnect");
}

function tlsOptions(options: DialOptions, socket: net.Socket, host: string): tls.ConnectionOptions {
  const { connection, credential } = options;
  const name = connection.serverName ?? host;
  return {
    socket,
    ALPNProtocols: options.protocols,
    rejectUnauthorized: connection.isInsecure !== true,
    // Server Name Indication takes names only; an address is checked against the certificate all the same.
    ...(net.isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: (_host, certificate) => tls.checkServerIdentity(name, certificate),
    ...(connection.authority === undefined ? {} : { ca: connection.authority }),
    ...(credential.certificate === undefined ? {} : { cert: credential.certificate }),
    ...(credential.key === undefined ? {} : { key: credential.key }),
  };
}

function untilEvent<T extends net.Socket>(socket: T, event: "connect" | "secureConnect"): Promise<T> {
  return new Promise((resolve, reject) => {
    socket.setTimeout(connectTimeoutMs, () =>
      socket.destroy(new Error(`no connection after ${connectTimeoutMs / 1000} s`)),
    );
    socket.once("error", reject);
    socket.once(event, () => {
      socket.setTimeout(0);
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

function connectThrough(proxy: string, host: string, port: number): Promise<net.Socket> {
  const url = new URL(proxy);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return Promise.reject(new Error(`proxy ${url.protocol}//${url.host}: only http and https proxies are supported`));
  const login = decodeURIComponent(`${url.username}:${url.password}`);
  const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const headers = {
    host: target,
    ...(url.username === "" ? {} : { "proxy-authorization": `Basic ${Buffer.from(login).toString("base64")}` }),
  };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? https : http).request({
      host: url.hostname,
      port: url.port || (url.protocol === "https:" ? 443 : 80),
      method: "CONNECT",
      path: target,
      headers,
      agent: false,
      timeout: connectTimeoutMs,
    });
    request.once("timeout", () => request.destroy(new Error(`the proxy ${url.host} does not answer`)));
    request.once("error", reject);
    request.once("connect", (response, socket) => {
      if (response.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Error(`the proxy ${url.host} answered ${response.statusCode} to CONNECT`));
    });
    request.end();
  });
}
