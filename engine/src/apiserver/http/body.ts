// Request bodies: bounded, JSON or YAML, gzip or plain.

import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { gunzipSync } from "node:zlib";
import { parseYaml } from "#formats/yaml";
import { decodeJson, Fault, type Json } from "#kernel";
import { decodeProtobuf, WireError } from "#apiserver/protobuf";
import { badRequest, tooLarge, unsupportedMediaType } from "#apiserver/registry";
import { bodyBytesMax } from "../limits.ts";

export type Incoming = IncomingMessage | Http2ServerRequest;

/** The whole body; refused as soon as it is known to be too large, and the rest of it is then thrown away. */
export async function readBody(request: Incoming): Promise<Buffer> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > bodyBytesMax) throw tooLarge(bodyBytesMax);
  const body = await collect(request);
  return request.headers["content-encoding"] === "gzip" ? inflate(body) : body;
}

function collect(request: Incoming): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bodyBytesMax) reject(tooLarge(bodyBytesMax));
      else chunks.push(chunk);
    });
    request.once("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.once("error", reject);
    // A client that goes away in mid-body: nobody waits for the answer, but the wait itself must end.
    request.once("close", () => {
      if (!request.readableEnded) reject(badRequest("the body of the request was not sent whole"));
    });
  });
}

function inflate(body: Buffer): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: bodyBytesMax });
  } catch {
    throw badRequest("the gzip body of the request could not be read, or is too large");
  }
}

/** The media type without parameters, in lower case; JSON when the client says nothing. */
export function mediaTypeOf(request: Incoming): string {
  const header = request.headers["content-type"] ?? "";
  const type = (header.split(";")[0] ?? "").trim().toLowerCase();
  return type === "" ? "application/json" : type;
}

const yamlTypes: ReadonlySet<string> = new Set(["application/yaml", "application/apply-patch+yaml"]);
const jsonTypes: ReadonlySet<string> = new Set([
  "application/json",
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
]);

const protobufType = "application/vnd.kubernetes.protobuf";

function parseProtobuf(body: Buffer, kind: string): Json {
  try {
    return decodeProtobuf(body);
  } catch (error) {
    if (error instanceof WireError || error instanceof SyntaxError || error instanceof RangeError)
      throw badRequest(`the object provided is unrecognized (must be of type ${kind}): ${error.message}`);
    throw error;
  }
}

/** The data of a body; `kind` names in errors what it should have been. */
export function parseBody(body: Buffer, mediaType: string, kind: string): Json {
  if (mediaType === protobufType) return parseProtobuf(body, kind);
  const text = body.toString("utf8");
  if (yamlTypes.has(mediaType)) return parseYamlBody(text, kind);
  if (!jsonTypes.has(mediaType))
    throw unsupportedMediaType(
      "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    );
  try {
    return decodeJson(text);
  } catch (error) {
    const start = text.length > 30 ? `${text.slice(0, 30)} ...` : text;
    const why = error instanceof SyntaxError ? jsonProblem(error, text) : "invalid JSON";
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why} (${start})`,
    );
  }
}

function jsonProblem(error: SyntaxError, text: string): string {
  if (text.trim() === "" || /end of (JSON )?input|Unterminated/i.test(error.message))
    return "unexpected end of JSON input";
  const char = /Unexpected token '?(.)'?/.exec(error.message)?.[1];
  return char === undefined ? "invalid JSON" : `invalid character '${char}' looking for beginning of value`;
}

function parseYamlBody(text: string, kind: string): Json {
  if (text.trimStart().startsWith("{")) {
    try {
      return decodeJson(text);
    } catch {
      // YAML's flow style also begins with a brace.
    }
  }
  try {
    return parseYaml(text);
  } catch (error) {
    const why = error instanceof Fault ? error.message : "invalid YAML";
    throw badRequest(`error decoding YAML (must be of type ${kind}): ${why}`);
  }
}
