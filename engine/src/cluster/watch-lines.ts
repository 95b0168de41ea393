// A watch's stream, one JSON value a line.

import type { Readable } from "node:stream";
import { decodeJson, type Json } from "#kernel";
import { watchLineMost } from "./limits.ts";

/** Values as their lines become whole; a cut-off last line is dropped. */
export async function* readLines(body: Readable): AsyncIterable<Json> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, end));
      const text = parts.length === 1 ? (parts[0]?.toString("utf8") ?? "") : Buffer.concat(parts).toString("utf8");
      parts = [];
      size = 0;
      from = end + 1;
      if (text !== "") yield decodeJson(text);
    }
    if (from === chunk.length) continue;
    parts.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > watchLineMost) throw new Error(`a watch event is longer than ${watchLineMost / 1024 / 1024} MiB`);
  }
}
