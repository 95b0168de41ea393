// One file as an HTTP answer: HEAD, ranges and conditional requests as Go's file server gives them to Flux's controllers.
// https://www.rfc-editor.org/rfc/rfc9110#section-14

import { createReadStream } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";

export type ServedFile = { place: string; digest: string; size: number };

/** Answers GET and HEAD. A path with a digest in it names the same bytes for ever, yet clients ask again by ETag. */
export async function answerFile(request: IncomingMessage, response: ServerResponse, file: ServedFile): Promise<void> {
  const etag = `"${file.digest}"`;
  const headers = { "accept-ranges": "bytes", etag, "content-type": typeOf(file.place) };
  if (isNamed(request.headers["if-none-match"], etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  const condition = request.headers["if-range"];
  const wanted = condition === undefined || condition === etag ? request.headers.range : undefined;
  const range = parseRange(wanted, file.size);
  if (range === "none") {
    response.writeHead(416, { ...headers, "content-range": `bytes */${file.size}` }).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: file.size - 1 };
  const length = { "content-length": end - start + 1 };
  if (range === undefined) response.writeHead(200, { ...headers, ...length });
  else response.writeHead(206, { ...headers, ...length, "content-range": `bytes ${start}-${end}/${file.size}` });
  if (request.method === "HEAD" || file.size === 0) response.end();
  else await pipeline(createReadStream(file.place, { start, end }), response);
}

function typeOf(place: string): string {
  return /\.(gz|tgz)$/.test(place)
    ? "application/gzip"
    : /\.ya?ml$/.test(place)
      ? "text/yaml"
      : "application/octet-stream";
}

function isNamed(header: string | undefined, etag: string): boolean {
  return (
    header !== undefined && header.split(",").some((part) => ["*", etag].includes(part.trim().replace(/^W\//, "")))
  );
}

/** One range of bytes; undefined: all of it. Several ranges are answered with all, as the standard allows. */
function parseRange(header: string | undefined, size: number): { start: number; end: number } | "none" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (match === null || (match[1] === "" && match[2] === "")) return undefined;
  const [first, last] = [match[1] ?? "", match[2] ?? ""];
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < start) return undefined;
  return start > end || start >= size ? "none" : { start, end };
}
