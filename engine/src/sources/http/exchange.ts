// One request and its answer, without redirects and repetition. The body is a stream: it ends with a fault when it stands
// still, takes too long or is cut off.

import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { HttpAccess, ProxySettings } from "./access.ts";
import { proxyFor } from "./access.ts";
import { type Agents, invalidCertificates } from "./agents.ts";
import { faultOfConnection, httpFault, withoutSecrets } from "./faults.ts";
import { idleMs } from "./limits.ts";
import { proxyAuthorization } from "./tunnel.ts";

export type Exchange = {
  url: URL;
  method: string;
  headers: Readonly<Record<string, string>>;
  body: Uint8Array | undefined;
  access: HttpAccess;
  /** Aborts at shutdown and at the time limit. */
  signal: AbortSignal;
  timeoutMs: number;
};

export function exchange(what: Exchange, agents: Agents, settings: ProxySettings): Promise<IncomingMessage> {
  const at = withoutSecrets(what.url.href);
  return new Promise((resolve, reject) => {
    let request: ClientRequest;
    try {
      request = start(what, agents, settings);
    } catch (cause) {
      reject((cause as { code?: string }).code === "ERR_INVALID_URL" ? cause : faultOrInvalid(cause));
      return;
    }
    const abort = (): void => void request.destroy(reasonOf(what, at));
    what.signal.addEventListener("abort", abort, { once: true });
    if (what.signal.aborted) abort();
    request.setTimeout(idleMs, () => request.destroy(slow(at, idleMs)));
    request.on("close", () => what.signal.removeEventListener("abort", abort));
    request.on("error", (cause) => reject(what.signal.aborted ? reasonOf(what, at) : faultOfConnection(cause, at)));
    request.on("response", resolve);
    request.end(what.body);
  });
}

function faultOrInvalid(cause: unknown): unknown {
  return cause instanceof Error && "disposition" in cause ? cause : invalidCertificates(cause);
}

/** Why it was aborted: by the caller, or by the time limit. */
function reasonOf(what: Exchange, at: string): Error {
  const reason = what.signal.reason as unknown;
  const isTime = reason instanceof Error && reason.name === "TimeoutError";
  if (isTime) return slow(at, what.timeoutMs);
  return reason instanceof Error ? reason : new Error("aborted");
}

function slow(at: string, ms: number): Error {
  return httpFault({
    code: "http-timeout",
    disposition: "retry",
    at,
    message: `the server did not answer in full within ${ms / 1000} s`,
    hint: "check the server, or raise `timeout`",
  });
}

function start(what: Exchange, agents: Agents, settings: ProxySettings): ClientRequest {
  const { url, method, headers } = what;
  const proxy = proxyFor(url, what.access, settings);
  const agent = agents.of(url, what.access, proxy);
  const common = { method, headers: { ...headers, host: url.host }, agent };
  if (proxy !== undefined && url.protocol === "http:" && proxy.protocol === "http:") {
    // A plain request is not tunnelled: its target stands in the request line.
    const authorization = proxyAuthorization(proxy);
    return requestHttp({
      ...common,
      headers: { ...common.headers, ...(authorization && { "proxy-authorization": authorization }) },
      host: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: proxy.port || 80,
      path: `${url.origin}${url.pathname}${url.search}`,
    });
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const target = { ...common, host, port: url.port || undefined, path: `${url.pathname}${url.search}` };
  return url.protocol === "https:" ? requestHttps(target) : requestHttp(target);
}

/** The pieces of a body, within its bounds. What fails is a Fault. */
export async function* bodyOf(message: IncomingMessage, what: Exchange, sizeMost: number): AsyncIterable<Buffer> {
  const at = withoutSecrets(what.url.href);
  const stop = (): void => void message.destroy(reasonOf(what, at));
  what.signal.addEventListener("abort", stop, { once: true });
  if (what.signal.aborted) stop();
  message.setTimeout(idleMs, () => message.destroy(slow(at, idleMs)));
  let size = 0;
  try {
    if (Number(message.headers["content-length"] ?? 0) > sizeMost) throw tooLarge(at, sizeMost);
    for await (const chunk of message as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > sizeMost) throw tooLarge(at, sizeMost);
      yield chunk;
    }
  } catch (cause) {
    throw what.signal.aborted ? reasonOf(what, at) : faultOfConnection(cause, at);
  } finally {
    what.signal.removeEventListener("abort", stop);
    message.destroy();
  }
}

export function tooLarge(at: string, sizeMost: number): Error {
  const shown = sizeMost >= 1024 * 1024 ? `${Math.round(sizeMost / 1024 / 1024)} MiB` : `${sizeMost} bytes`;
  return httpFault({
    code: "http-too-large",
    disposition: "retry",
    at,
    message: `the server sends more than ${shown}`,
    hint: "this is more than is ever read of such a file",
  });
}
