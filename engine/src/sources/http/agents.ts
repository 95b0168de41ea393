// Connections that are kept for the next request, one set for each access: what was opened with one object's certificate
// or proxy is never used for another's.

import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions, rootCertificates } from "node:tls";
import type { HttpAccess } from "./access.ts";
import { httpFault } from "./faults.ts";
import { agentsMost, connectionsMost, idleMs, keepAliveMs } from "./limits.ts";
import { openTunnel } from "./tunnel.ts";

export class Agents {
  readonly #agents = new Map<string, HttpAgent>();

  /** The agent for requests to a URL through a proxy or none. */
  of(url: URL, access: HttpAccess, proxy: URL | undefined): HttpAgent {
    const isSecure = url.protocol === "https:";
    const key = JSON.stringify([
      isSecure,
      isSecure ? access : {},
      isSecure || proxy?.protocol.startsWith("socks5") === true ? (proxy?.href ?? "") : "",
    ]);
    let agent = this.#agents.get(key);
    if (agent === undefined) agent = make(isSecure, access, proxy);
    else this.#agents.delete(key);
    this.#agents.set(key, agent);
    for (const [oldest, unused] of this.#agents) {
      if (this.#agents.size <= agentsMost) break;
      unused.destroy();
      this.#agents.delete(oldest);
    }
    return agent;
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }
}

function make(isSecure: boolean, access: HttpAccess, proxy: URL | undefined): HttpAgent {
  const kept = { keepAlive: true, maxSockets: connectionsMost, maxFreeSockets: 4, timeout: keepAliveMs };
  const isTunnel = proxy !== undefined && (isSecure || proxy.protocol.startsWith("socks5"));
  let agent: HttpAgent;
  try {
    agent = isSecure ? new HttpsAgent({ ...kept, ...tlsOptions(access) }) : new HttpAgent(kept);
  } catch (cause) {
    throw invalidCertificates(cause);
  }
  return isTunnel ? tunnelling(agent, proxy, isSecure) : agent;
}

/** For TLS: the system's authorities stay trusted beside the one given, as in Flux. */
export function tlsOptions(access: HttpAccess): ConnectionOptions {
  return {
    ...(access.authority === undefined ? {} : { ca: [...rootCertificates, access.authority] }),
    ...(access.certificate === undefined ? {} : { cert: access.certificate }),
    ...(access.certificateKey === undefined ? {} : { key: access.certificateKey }),
    ...(access.acceptsAnyCertificate === true ? { rejectUnauthorized: false } : {}),
  };
}

export function invalidCertificates(cause: unknown): Error {
  return httpFault({
    code: "http-access-invalid",
    disposition: "retry",
    message: "the certificates in the Secret cannot be read",
    hint: "ca.crt, tls.crt and tls.key are PEM; tls.key belongs to tls.crt",
    cause,
  });
}

type Connected = (error: Error | null, socket?: Socket) => void;
type Target = ConnectionOptions & { host: string; port: number | string; servername?: string };

/** node:http lets an agent make its connections in its own time. */
function tunnelling(agent: HttpAgent, proxy: URL, isSecure: boolean): HttpAgent {
  const createConnection = (options: Target, connected: Connected): undefined => {
    const to = { host: options.host, port: Number(options.port) };
    openTunnel(proxy, to, idleMs).then(
      (socket) => {
        if (!isSecure) return connected(null, socket);
        // TLS names hosts, never addresses.
        const servername = isIP(options.host) === 0 ? { servername: options.host } : {};
        return connected(null, connectTls({ ...options, ...servername, socket }));
      },
      (error: Error) => connected(error),
    );
    return undefined;
  };
  return Object.assign(agent, { createConnection });
}
