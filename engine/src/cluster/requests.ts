// One question to the server and its answer as a value: back-off on 429 and Retry-After, one new try with fresh
// credentials on 401, one on a connection that broke, bounded requests in flight.

import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { type Clock, decodeJson, Fault, formatFault, isObject, type Json } from "#kernel";
import type { Connection } from "./connection.ts";
import type { Answer, Status } from "./contract.ts";
import { answerMost, requestsInFlight, requestTimeoutMs, retriesMost, retryAfterMostMs } from "./limits.ts";
import { type Headers, type HttpResponse, NotSent, Transport } from "./transport.ts";

export type Question = {
  method: string;
  path: string;
  query?: Readonly<Record<string, string | undefined>>;
  accept?: string;
  contentType?: string;
  body?: string;
  signal?: AbortSignal | undefined;
};

/** Sends questions over one connection, as one user or several. */
export class Requests {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #userAgent: string;
  #inFlight = 0;
  readonly #queue: (() => void)[] = [];

  constructor(connection: Connection, options: { clock: Clock; userAgent: string }) {
    this.#connection = connection;
    this.#clock = options.clock;
    this.#userAgent = options.userAgent;
    this.#transport = new Transport(connection, options.clock);
  }

  close(): void {
    this.#transport.close();
  }

  /** JSON, or the server's refusal. Throws only when the question's own signal aborts. */
  async ask(question: Question, identity: Headers = {}): Promise<Answer<Json>> {
    await this.#enter();
    const expiry = new AbortController();
    const cancel = this.#clock.after(requestTimeoutMs, () =>
      expiry.abort(new Error(`no answer within ${requestTimeoutMs / 1000} s`)),
    );
    const signal = question.signal === undefined ? expiry.signal : AbortSignal.any([expiry.signal, question.signal]);
    try {
      const response = await this.#send(question, identity, signal);
      return await readAnswer(response, this.#where(question));
    } catch (thrown) {
      if (question.signal?.aborted === true) throw thrown;
      return {
        ok: false,
        status: unreachable(this.#where(question), expiry.signal.aborted ? expiry.signal.reason : thrown),
      };
    } finally {
      cancel();
      this.#leave();
    }
  }

  /** The open answer to a watch; not counted among the requests in flight. */
  async open(question: Question, identity: Headers, signal: AbortSignal): Promise<HttpResponse | Status> {
    try {
      const response = await this.#send(question, identity, signal);
      if (response.status === 200) return response;
      const answer = await readAnswer(response, this.#where(question));
      return answer.ok ? unreachable(this.#where(question), new Error(`answered ${response.status}`)) : answer.status;
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      return unreachable(this.#where(question), thrown);
    }
  }

  async #send(question: Question, identity: Headers, signal: AbortSignal): Promise<HttpResponse> {
    let isRenewed = false;
    for (let retries = 0; ; ) {
      const response = await this.#sendOnce(question, identity, signal);
      if (response.status === 401 && !isRenewed) {
        isRenewed = true;
        this.#connection.credentials.refused();
        response.body.resume();
        continue;
      }
      const delayMs = retryDelay(response);
      if (delayMs === undefined || delayMs > retryAfterMostMs || retries >= retriesMost) return response;
      retries += 1;
      response.body.resume();
      await this.#pause(delayMs, signal);
    }
  }

  async #sendOnce(question: Question, identity: Headers, signal: AbortSignal): Promise<HttpResponse> {
    const credential = await this.#connection.credentials.current();
    const headers: Headers = {
      accept: question.accept ?? "application/json",
      "user-agent": this.#userAgent,
      ...(credential.authorization === undefined ? {} : { authorization: credential.authorization }),
      ...(question.contentType === undefined ? {} : { "content-type": question.contentType }),
      ...(question.body === undefined ? {} : { "content-length": String(Buffer.byteLength(question.body)) }),
      ...identity,
    };
    const base = new URL(this.#connection.server).pathname.replace(/\/+$/, "");
    const path = `${base}${question.path}${queryOf(question.query)}`;
    const request = { method: question.method, path, headers, body: question.body };
    try {
      return await this.#transport.send(request, credential, signal);
    } catch (error) {
      // What never left, or changes nothing, may be sent again: a server that restarts costs no failed pass.
      if (signal.aborted || !(error instanceof NotSent || question.method === "GET")) throw error;
      if (isConnectRefusal(error)) throw error;
      return this.#transport.send(request, credential, signal);
    }
  }

  #where(question: Question): string {
    return `${question.method} ${this.#connection.server}${question.path}`;
  }

  async #enter(): Promise<void> {
    if (this.#inFlight >= requestsInFlight) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#inFlight += 1;
  }

  #leave(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#inFlight -= 1;
    else next();
  }

  #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const aborted = (): void => {
        cancel();
        reject(signal.reason as Error);
      };
      const cancel = this.#clock.after(delayMs, () => {
        signal.removeEventListener("abort", aborted);
        resolve();
      });
      signal.addEventListener("abort", aborted, { once: true });
    });
  }
}

/** Nothing listens, or the certificate is not trusted: asking once more at once gains nothing. */
function isConnectRefusal(error: unknown): boolean {
  return error instanceof NotSent && error.cause instanceof Error && "code" in error.cause;
}

function queryOf(query: Question["query"]): string {
  const pairs = Object.entries(query ?? {}).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs).toString()}`;
}

/** Milliseconds to wait before asking again: for 429, and for 5xx that says when; as client-go's rest.Request. */
function retryDelay(response: HttpResponse): number | undefined {
  const after = response.headers["retry-after"];
  if (response.status !== 429 && !(response.status >= 500 && after !== undefined)) return undefined;
  const seconds = Number(after ?? "1");
  return Number.isFinite(seconds) ? Math.max(0, seconds) * 1000 : 1000;
}

/** Reads an answer to its end. */
async function readAnswer(response: HttpResponse, where: string): Promise<Answer<Json>> {
  const text = await readText(response.body);
  const isOk = response.status >= 200 && response.status < 300;
  let value: Json;
  try {
    value = decodeJson(text);
  } catch {
    if (isOk) return { ok: false, status: refusal(response, where, "answered with something that is no JSON") };
    return { ok: false, status: refusal(response, where, text.trim().slice(0, 300)) };
  }
  if (isOk) return { ok: true, value, warnings: warningsOf(response.headers) };
  return { ok: false, status: statusOf(value) ?? refusal(response, where, text.slice(0, 300)) };
}

async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > answerMost) throw new Error(`the answer is longer than ${answerMost / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** metav1.Status as the contract's Status; undefined when it is another object. */
export function statusOf(value: Json): Status | undefined {
  if (!isObject(value) || value["kind"] !== "Status") return undefined;
  const { code, reason, message, details } = value;
  return {
    code: typeof code === "number" ? code : 0,
    reason: typeof reason === "string" ? reason : "",
    message: typeof message === "string" ? message : "",
    ...(isObject(details) ? { details: details as NonNullable<Status["details"]> } : {}),
  };
}

function refusal(response: HttpResponse, where: string, text: string): Status {
  return { code: response.status, reason: "", message: `${where} answered ${response.status}: ${text}` };
}

/** The Status of a question that no server answered. */
export function unreachable(where: string, thrown: unknown): Status {
  const hint = thrown instanceof Fault && thrown.hint !== undefined ? ` (${thrown.hint})` : "";
  return { code: 0, reason: "Unreachable", message: `${where}: ${formatFault(thrown)}${hint}` };
}

/** `Warning: 299 - "text"` headers, unquoted. */
function warningsOf(headers: IncomingHttpHeaders): string[] {
  const line = headers["warning"];
  const all = Array.isArray(line) ? line.join(", ") : (line ?? "");
  return [...all.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) => (match[1] ?? "").replace(/\\(.)/g, "$1"));
}
