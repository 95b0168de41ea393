// Answers: JSON with the headers clients rely on, gzip for large ones, metav1.Status for refusals.

import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Status } from "#cluster";
import { encodeJson } from "#kernel";
import { gzipBytesMin } from "../limits.ts";
import type { AnswerHeaders, Incoming, Outgoing } from "./exchange.ts";
import { laidOut, type Layout } from "./layout.ts";
import type { Answering, Waiting } from "./unsent.ts";

const compress = promisify(gzip);

export type Reply = {
  code: number;
  body: string | Uint8Array;
  contentType: string;
  headers?: Readonly<Record<string, string>>;
  warnings?: readonly string[];
  /** The reason of a refusal. */
  reason?: string;
  /** How the JSON is laid out; absent: as an object. */
  layout?: Layout;
};

export async function send(request: Incoming, response: Outgoing, reply: Reply): Promise<void> {
  const isJson = reply.contentType.startsWith("application/json");
  const whole = laidOut(reply.body, isJson ? (reply.layout ?? "object") : "as-it-is", request);
  const isPacked = whole.length >= gzipBytesMin && /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  const body = isPacked ? await compress(whole, { level: 1 }) : whole;
  if (response.isOver) return;
  const headers: AnswerHeaders = {
    "content-type": reply.contentType,
    "cache-control": "no-cache, private",
    "content-length": body.length,
  };
  if (isPacked) {
    headers["content-encoding"] = "gzip";
    headers["vary"] = "Accept-Encoding";
  }
  if (reply.headers !== undefined) Object.assign(headers, reply.headers);
  if (reply.warnings !== undefined && reply.warnings.length > 0) headers["warning"] = reply.warnings.map(warningHeader);
  response.answer(reply.code, headers, request.method === "HEAD" || body.length === 0 ? undefined : body);
  // What nobody read of the body is thrown away: the stream would stay open for it.
  request.body.resume();
}

/** 299 with the text quoted, as RFC 9111 and client-go have it. */
function warningHeader(text: string): string {
  const plain = text
    .replace(/[\\"]/g, "\\$&")
    .replace(/[\r\n]+/g, " ")
    .replace(/[^\x20-\x7e]/g, "?");
  return `299 - "${plain}"`;
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
    return this.#response.unsentBytes + this.#waiting.bytes;
  }

  get takenBytes(): number {
    return this.#response.takenBytes;
  }

  cutOff(): void {
    this.#response.cutOff();
  }
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
