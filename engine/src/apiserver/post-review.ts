// Sends an admission review to a webhook over HTTPS.

import { request } from "node:https";
import type { PostReview } from "#apiserver/registry";
import { webhookBytesMax } from "./limits.ts";

export const postReview: PostReview = ({ url, authority, timeoutMs }, body) =>
  new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`Post ${JSON.stringify(url)}: ${why}`));
    const headers = {
      "content-type": "application/json",
      accept: "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const options = {
      method: "POST",
      headers,
      timeout: timeoutMs,
      ...(authority === undefined ? {} : { ca: authority }),
    };
    const sent = request(url, options, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > webhookBytesMax) sent.destroy(new Error("the answer is too large"));
        else chunks.push(chunk);
      });
      answer.on("end", () => resolve({ code: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }));
    });
    const cut = setTimeout(() => sent.destroy(new Error("context deadline exceeded")), timeoutMs);
    sent.once("close", () => clearTimeout(cut));
    sent.once("error", (error: NodeJS.ErrnoException) => fail(wordsOf(error)));
    sent.end(body);
  });

/** Go's words for the failures that people meet. */
function wordsOf(error: NodeJS.ErrnoException & { address?: string; port?: number }): string {
  if (error.code === "ECONNREFUSED") return `dial tcp ${error.address}:${error.port}: connect: connection refused`;
  if (error.code === "ENOTFOUND") return `dial tcp: lookup ${(error as { hostname?: string }).hostname}: no such host`;
  return error.message;
}
