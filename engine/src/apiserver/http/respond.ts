// Answers: JSON with the headers clients rely on, gzip for large ones, metav1.Status for refusals.

import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Status } from "#cluster";
import { encodeJson } from "#kernel";
import { gzipBytesMin } from "../limits.ts";
import type { Incoming } from "./body.ts";
import type { Answering, Waiting } from "./unsent.ts";

export type Outgoing = ServerResponse | Http2ServerResponse;

const compress = promisify(gzip);

export type Reply = {
  code: number;
  body: string | Uint8Array;
  contentType: string;
  headers?: Readonly<Record<string, string>>;
  warnings?: readonly string[];
  /** The reason of a refusal. */
  reason?: string;
};

export async function send(request: Incoming, response: Outgoing, reply: Reply): Promise<void> {
  const whole = typeof reply.body === "string" ? Buffer.from(reply.body) : reply.body;
  const isPacked = whole.length >= gzipBytesMin && /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  const body = isPacked ? await compress(whole, { level: 1 }) : whole;
  if (isGone(response)) return;
  response.statusCode = reply.code;
  response.setHeader("content-type", reply.contentType);
  response.setHeader("cache-control", "no-cache, private");
  if (isPacked) {
    response.setHeader("content-encoding", "gzip");
    response.setHeader("vary", "Accept-Encoding");
  }
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  if (reply.warnings !== undefined && reply.warnings.length > 0)
    response.setHeader("warning", reply.warnings.map(warningHeader));
  response.setHeader("content-length", body.length);
  if (request.method === "HEAD") response.end();
  else response.end(body);
  // What nobody read of the body is thrown away: the stream would stay open for it.
  request.resume();
}

/** 299 with the text quoted, as RFC 9111 and client-go have it. */
function warningHeader(text: string): string {
  const plain = text
    .replace(/[\\"]/g, "\\$&")
    .replace(/[\r\n]+/g, " ")
    .replace(/[^\x20-\x7e]/g, "?");
  return `299 - "${plain}"`;
}

export function isGone(response: Outgoing): boolean {
  return response.destroyed || response.writableEnded;
}

/** An answer as those see it who wait for its reader. */
export class SentResponse implements Answering {
  readonly #response: Outgoing;
  readonly #waiting: Waiting;

  constructor(response: Outgoing, waiting: Waiting) {
    this.#response = response;
    this.#waiting = waiting;
  }

  get unsentBytes(): number {
    return this.#response.writableLength + this.#waiting.bytes;
  }

  get takenBytes(): number {
    return connectionOf(this.#response)?.bytesWritten ?? 0;
  }

  cutOff(): void {
    this.#response.destroy();
  }
}

function connectionOf(response: Outgoing): { bytesWritten: number } | null | undefined {
  return "stream" in response ? response.stream.session?.socket : response.socket;
}

export function json(body: unknown, code = 200): Reply {
  return { code, body: encodeJson(body), contentType: "application/json" };
}

export function text(body: string, code = 200): Reply {
  return { code, body, contentType: "text/plain; charset=utf-8", headers: { "x-content-type-options": "nosniff" } };
}

/** A refusal as the object clients read. */
export function statusBody(status: Status): Record<string, unknown> {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: status.continue === undefined ? {} : { continue: status.continue },
    status: "Failure",
    message: status.message,
    ...(status.reason === "" ? {} : { reason: status.reason }),
    ...(status.details === undefined ? {} : { details: status.details }),
    code: status.code,
  };
}

export function refusal(status: Status): Reply {
  const retry = status.details?.retryAfterSeconds;
  return {
    ...json(statusBody(status), status.code),
    ...(retry === undefined ? {} : { headers: { "retry-after": String(retry) } }),
  };
}
