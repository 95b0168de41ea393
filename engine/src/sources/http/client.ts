// The one HTTP client of all sources. Redirects are followed without credentials to other origins; what is overloaded or
// broken is asked again, as it wishes; time and size are bounded. https://www.rfc-editor.org/rfc/rfc9110

import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { createGunzip } from "node:zlib";
import { type Clock, Fault } from "#kernel";
import type { HttpAccess, ProxySettings } from "./access.ts";
import { Agents } from "./agents.ts";
import { bodyOf, exchange, type Exchange, tooLarge } from "./exchange.ts";
import { faultOfConnection, faultOfStatus, httpFault, withoutSecrets } from "./faults.ts";
import { redirectsMost, refusalTextMost, retryAfterMostMs, retryBaseMs, triesMost } from "./limits.ts";

export type HttpRequest = {
  url: string;
  /** GET when absent. */
  method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array | string;
  access?: HttpAccess;
  signal: AbortSignal;
  /** For the whole, its repetitions and the body included. */
  timeoutMs: number;
  /** Sends credentials along when redirected to another origin: only where an object asks for it. */
  passesCredentials?: boolean;
  /** A POST that may be sent twice: one that only asks. */
  isRepeatable?: boolean;
};

export type HttpAnswer = {
  status: number;
  headers: IncomingHttpHeaders;
  /** Where it came from, after redirects. */
  url: string;
  /** Pieces of the body; throws a Fault above `sizeMost` bytes. To be read once, or discarded. */
  body(sizeMost: number): AsyncIterable<Buffer>;
  discard(): void;
};

export type HttpClientOptions = {
  clock: Clock;
  random: () => number;
  /** Proxies for requests whose access names none. */
  proxies?: ProxySettings;
};

/** Credentials, in the headers of any of our protocols. */
const credentialHeaders = ["authorization", "cookie", "x-amz-security-token", "proxy-authorization"];

export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #agents = new Agents();

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** The answer, whatever its status. Throws a Fault when there is none. */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(request.timeoutMs)]);
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#follow(request, signal).catch((thrown: unknown) => thrown);
      const waitMs = attempt < triesMost && isRepeatable(request) ? this.#waitMs(outcome, attempt) : undefined;
      if (waitMs === undefined || signal.aborted) {
        if (outcome instanceof Error) throw outcome;
        return outcome as HttpAnswer;
      }
      if (!(outcome instanceof Error)) (outcome as HttpAnswer).discard();
      await this.#pause(waitMs, signal);
    }
  }

  /** The whole body of a success; throws a Fault for any other status. */
  async read(
    request: HttpRequest,
    sizeMost: number,
  ): Promise<{ bytes: Buffer; headers: IncomingHttpHeaders; url: string }> {
    const answer = await this.send(request);
    if (answer.status < 200 || answer.status >= 300) throw await refusal(answer);
    return { bytes: await bytesOf(answer, sizeMost), headers: answer.headers, url: answer.url };
  }

  close(): void {
    this.#agents.close();
  }

  async #follow(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    let step: Exchange = firstStep(request, signal);
    for (let redirects = 0; redirects <= redirectsMost; redirects++) {
      const message = await exchange(step, this.#agents, this.#options.proxies ?? {});
      const next = redirectOf(message, step, request.passesCredentials === true);
      if (next === undefined) return answerOf(message, step);
      message.destroy();
      step = next;
    }
    throw httpFault({
      code: "http-redirected-too-often",
      disposition: "retry",
      at: withoutSecrets(request.url),
      message: `the server redirects more than ${redirectsMost} times`,
    });
  }

  /** How long to wait before another try; undefined when there is to be none. */
  #waitMs(outcome: unknown, attempt: number): number | undefined {
    const backOffMs = retryBaseMs * 2 ** (attempt - 1) * (1 + this.#options.random());
    if (outcome instanceof Fault) return outcome.code === "http-cut-off" ? backOffMs : undefined;
    const { status, headers } = outcome as HttpAnswer;
    if (status !== 429 && status !== 408 && (status < 500 || status === 501)) return undefined;
    const wishedMs = retryAfterMs(headers["retry-after"], this.#options.clock.now());
    if (wishedMs === undefined) return backOffMs;
    return wishedMs > retryAfterMostMs ? undefined : Math.max(wishedMs, backOffMs);
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve);
      signal.addEventListener(
        "abort",
        () => {
          cancel();
          resolve();
        },
        { once: true },
      );
    });
  }
}

function isRepeatable(request: HttpRequest): boolean {
  const { method = "GET" } = request;
  return method === "GET" || method === "HEAD" || request.isRepeatable === true;
}

function firstStep(request: HttpRequest, signal: AbortSignal): Exchange {
  const { body } = request;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const headers: Record<string, string> = { "user-agent": "keelson", "accept-encoding": "identity" };
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = oneLine(value);
  if (bytes !== undefined) headers["content-length"] = String(bytes.length);
  return {
    url: parseUrl(request.url),
    method: request.method ?? "GET",
    headers,
    body: bytes,
    access: request.access ?? {},
    signal,
    timeoutMs: request.timeoutMs,
  };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== "") {
    // Credentials in a URL are sent as a header by whoever knows them, never left in the request line.
    url.username = "";
    url.password = "";
    return url;
  }
  throw httpFault({
    code: "http-url-invalid",
    disposition: "stall",
    at: withoutSecrets(text).slice(0, 200),
    message: "this is no http or https URL",
  });
}

/** A header must not be split by a line break in a Secret's value. */
function oneLine(value: string): string {
  const trimmed = value.trim();
  if (!/[^\t -~\u0080-\u00ff]/.test(trimmed)) return trimmed;
  throw httpFault({
    code: "http-access-invalid",
    disposition: "retry",
    message: "a credential holds a line break or a character that no header may have",
    hint: "check the Secret for a stray line end",
  });
}

/** The step that a redirect leads to; undefined when the answer is none. */
function redirectOf(message: IncomingMessage, from: Exchange, passesCredentials: boolean): Exchange | undefined {
  const { statusCode = 0, headers: answered } = message;
  if (![301, 302, 303, 307, 308].includes(statusCode) || answered.location === undefined) return undefined;
  const url = parseUrl(URL.canParse(answered.location, from.url.href) ? new URL(answered.location, from.url).href : "");
  const isSame = url.origin === from.url.origin;
  const headers = Object.fromEntries(
    Object.entries(from.headers).filter(([name]) => isSame || passesCredentials || !credentialHeaders.includes(name)),
  );
  const isKept = statusCode === 307 || statusCode === 308 || from.method === "GET" || from.method === "HEAD";
  // A certificate is a credential as well.
  const { certificate: _, certificateKey: __, ...anonymous } = from.access;
  const access = isSame || passesCredentials ? from.access : anonymous;
  if (isKept) return { ...from, url, headers, access };
  const { "content-length": ___, "content-type": ____, ...plain } = headers;
  return { ...from, url, headers: plain, access, method: "GET", body: undefined };
}

function answerOf(message: IncomingMessage, step: Exchange): HttpAnswer {
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    url: step.url.href,
    body: (sizeMost) => bodyOf(message, step, sizeMost),
    // A short rest is read, so that the connection can serve again.
    discard: () => void (step.method === "HEAD" ? message.resume() : message.destroy()),
  };
}

/** Seconds or a date; https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function retryAfterMs(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

/** The whole body; a text that was packed on the way is unpacked, within the same bound. */
export async function bytesOf(answer: HttpAnswer, sizeMost: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of answer.body(sizeMost)) parts.push(part);
  return Buffer.concat(parts);
}

/** A text whose server packs it, asked or not. */
export async function textBytesOf(answer: HttpAnswer, sizeMost: number): Promise<Buffer> {
  if (answer.headers["content-encoding"] !== "gzip") return bytesOf(answer, sizeMost);
  const at = withoutSecrets(answer.url);
  const packed = await bytesOf(answer, sizeMost);
  const gunzip = createGunzip();
  gunzip.end(packed);
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of gunzip as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > sizeMost) throw tooLarge(at, sizeMost);
      parts.push(part);
    }
  } catch (cause) {
    throw faultOfConnection(cause, at);
  }
  return Buffer.concat(parts);
}

/** The fault of an answer that is no success; reads a little of what the server says. */
export async function refusal(answer: HttpAnswer): Promise<Fault> {
  let text = "";
  const isText = /json|text|xml/.test(answer.headers["content-type"] ?? "");
  try {
    if (isText)
      for await (const part of answer.body(1024 * 1024)) {
        text += part.toString("utf8");
        if (text.length > refusalTextMost) break;
      }
    else answer.discard();
  } catch {
    // The status says enough.
  }
  return faultOfStatus(answer, /html/.test(answer.headers["content-type"] ?? "") ? "" : text);
}
