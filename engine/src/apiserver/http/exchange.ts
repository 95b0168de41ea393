// A request and its answer as the server sees them, whichever HTTP carries them. Over HTTP/2 they are the stream itself: Node's own
// request and response objects would put a second pair of streams over it, a tenth of what a small write costs.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type { Readable } from "node:stream";

/** A request. */
export type Incoming = {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they were sent: headers that come more than once are told apart. */
  readonly rawHeaders: readonly string[];
  /** The address that it came from. */
  readonly remoteAddress: string;
  readonly body: Readable;
  /** The body has not come whole. */
  readonly isUnfinished: boolean;
};

export type AnswerHeaders = Record<string, string | number | string[]>;

/** The answer to a request. Nothing is thrown where the client has gone. */
export type Outgoing = {
  readonly hasBegun: boolean;
  /** Nothing more can be sent. */
  readonly isOver: boolean;
  /** Bytes that wait for the reader. */
  readonly unsentBytes: number;
  /** Bytes that its connection has taken so far, for this answer and others. */
  readonly takenBytes: number;
  /** Sends all of it; the headers are given away, and `body` is undefined where none follows. */
  answer(code: number, headers: AnswerHeaders, body: Uint8Array | undefined): void;
  /** Sends the head alone. */
  begin(code: number, headers: AnswerHeaders): void;
  /** False: the client takes its time. */
  write(bytes: Uint8Array): boolean;
  end(bytes?: Uint8Array): void;
  cutOff(): void;
  onceClosed(act: () => void): void;
  onceDrained(act: () => void): void;
};

const withoutBody = { endStream: true };

/** Both over one stream of HTTP/2. */
export class StreamExchange implements Incoming, Outgoing {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly remoteAddress: string;
  readonly body: ServerHttp2Stream;

  // oxlint-disable-next-line max-params -- what Node hands out of a stream
  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
    remoteAddress: string,
  ) {
    this.method = (headers[":method"] as string | undefined) ?? "GET";
    this.url = (headers[":path"] as string | undefined) ?? "/";
    this.headers = headers;
    this.rawHeaders = rawHeaders;
    this.remoteAddress = remoteAddress;
    this.body = stream;
  }

  get isUnfinished(): boolean {
    return !this.body.endAfterHeaders && !this.body.readableEnded;
  }

  get hasBegun(): boolean {
    return this.body.headersSent;
  }

  get isOver(): boolean {
    // Node ends the side to be written to of a HEAD before anything is answered.
    return this.body.destroyed || this.body.closed || (this.body.writableEnded && this.body.headersSent);
  }

  get unsentBytes(): number {
    return this.body.writableLength;
  }

  get takenBytes(): number {
    return this.body.session?.socket.bytesWritten ?? 0;
  }

  answer(code: number, headers: AnswerHeaders, body: Uint8Array | undefined): void {
    if (this.isOver) return;
    headers[":status"] = code;
    this.body.respond(headers, body === undefined ? withoutBody : undefined);
    if (body !== undefined) this.body.end(body);
  }

  begin(code: number, headers: AnswerHeaders): void {
    if (!this.isOver) this.body.respond({ ...headers, ":status": code });
  }

  write(bytes: Uint8Array): boolean {
    return this.isOver || this.body.write(bytes);
  }

  end(bytes?: Uint8Array): void {
    if (this.isOver) return;
    if (bytes === undefined) this.body.end();
    else this.body.end(bytes);
  }

  cutOff(): void {
    this.body.destroy();
  }

  onceClosed(act: () => void): void {
    this.body.once("close", act);
  }

  onceDrained(act: () => void): void {
    this.body.once("drain", act);
  }
}

/** A request of HTTP/1.1. */
export function plainRequest(request: IncomingMessage): Incoming {
  const { method = "GET", url = "/", headers, rawHeaders, socket } = request;
  return {
    method,
    url,
    headers,
    rawHeaders,
    remoteAddress: socket.remoteAddress ?? "",
    body: request,
    get isUnfinished() {
      return !request.complete;
    },
  };
}

/** An answer over HTTP/1.1. */
export class PlainAnswer implements Outgoing {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get hasBegun(): boolean {
    return this.#response.headersSent;
  }

  get isOver(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  get unsentBytes(): number {
    return this.#response.writableLength;
  }

  get takenBytes(): number {
    return this.#response.socket?.bytesWritten ?? 0;
  }

  answer(code: number, headers: AnswerHeaders, body: Uint8Array | undefined): void {
    this.#response.writeHead(code, headers);
    this.end(body);
  }

  begin(code: number, headers: AnswerHeaders): void {
    this.#response.writeHead(code, headers);
    this.#response.flushHeaders();
  }

  write(bytes: Uint8Array): boolean {
    return this.#response.write(bytes);
  }

  end(bytes?: Uint8Array): void {
    if (bytes === undefined) this.#response.end();
    else this.#response.end(bytes);
  }

  cutOff(): void {
    this.#response.destroy();
  }

  onceClosed(act: () => void): void {
    this.#response.once("close", act);
  }

  onceDrained(act: () => void): void {
    this.#response.once("drain", act);
  }
}
