// Request bodies: bounded, JSON or YAML, gzip or plain.

import type { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { parseYaml } from "#formats/yaml";
import { decodeJson, Fault, isObject, type Json } from "#kernel";
import { decodeProtobuf, WireError } from "#apiserver/protobuf";
import { badRequest, tooLarge, unsupportedMediaType } from "#apiserver/registry";
import { bodyBytesMax, bodyDepthMax } from "../limits.ts";
import type { Bodies } from "./bodies.ts";
import type { Incoming } from "./exchange.ts";

/** The whole body; refused as soon as it is known to be too large, and the rest of it is then thrown away. */
export async function readBody(request: Incoming, bodies: Bodies): Promise<Buffer> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > bodyBytesMax) throw tooLarge(bodyBytesMax);
  const body = await collect(request.body, bodies);
  return request.headers["content-encoding"] === "gzip" ? inflate(body) : body;
}

function collect(sent: Readable, bodies: Bodies): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let isRefused = false;
    const refuse = (why: unknown): void => {
      isRefused = true;
      chunks = [];
      bodies.end(arriving);
      reject(why);
    };
    const arriving = bodies.begin(refuse);
    sent.on("data", (chunk: Buffer) => {
      if (isRefused) return;
      chunks.push(chunk);
      bodies.grow(arriving, chunk.length);
      if (arriving.bytes > bodyBytesMax) refuse(tooLarge(bodyBytesMax));
    });
    sent.once("end", () =>
      bodies.turns.next(() => {
        bodies.end(arriving);
        resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
      }),
    );
    // A client that goes away in mid-body, or went before it was read: nobody waits for the answer, but the wait itself must end.
    const gone = (): void => {
      if (!sent.readableEnded) refuse(badRequest("the body of the request was not sent whole"));
    };
    if (sent.destroyed) gone();
    sent.once("error", gone);
    sent.once("close", gone);
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
  if (header === "") return "application/json";
  const type = (header.split(";")[0] ?? "").trim().toLowerCase();
  // Parameters of nothing are a type that nobody reads.
  return type === "" ? header : type;
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
  return parseObject(text, kind);
}

/** Go's words for a type that apiVersion and kind are read into. */
const metaType = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;

function parseObject(text: string, kind: string): Json {
  const refuse = (why: string): never => {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why} (${summary(text)})`,
    );
  };
  let value: Json;
  try {
    value = decodeJson(text);
  } catch (error) {
    return refuse(error instanceof SyntaxError ? jsonProblem(error, text) : "invalid JSON");
  }
  if (isTooDeep(value, text)) return refuse(tooDeepText);
  if (value === null) return {};
  if (!isObject(value)) return refuse(`json: cannot unmarshal ${goKind(value)} into Go value of type ${metaType}`);
  for (const name of ["apiVersion", "kind"]) {
    const found = value[name] ?? "";
    if (typeof found !== "string")
      return refuse(`json: cannot unmarshal ${goKind(found)} into Go struct field .${name} of type string`);
  }
  if (typeof value.apiVersion === "string" && value.apiVersion.split("/").length > 2)
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): unexpected GroupVersion string: ${value.apiVersion} (${summary(text)})`,
    );
  return value;
}

/** Go's own words, at its own bound of 10,000. */
const tooDeepText = "exceeded max depth";

/** Whatever walks an object goes down with it: one that is too deep is no object. */
function isTooDeep(value: Json, text: string): boolean {
  return text.length > 2 * bodyDepthMax && isDeeperThan(bodyDepthMax, value);
}

function isDeeperThan(levels: number, value: Json): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((item) => isDeeperThan(levels - 1, item));
  for (const name in value) if (isDeeperThan(levels - 1, value[name] as Json)) return true;
  return false;
}

function shallow(value: Json, text: string): Json {
  if (isTooDeep(value, text)) throw new SyntaxError(tooDeepText);
  return value;
}

/** The JSON of a patch. */
export function parsePatch(body: Buffer): Json {
  const text = body.toString("utf8");
  try {
    return shallow(decodeJson(text), text);
  } catch (error) {
    throw badRequest(
      `error decoding patch: ${error instanceof SyntaxError ? jsonProblem(error, text) : "invalid JSON"}`,
    );
  }
}

/** The manifest of a server-side apply. */
export function parseApply(body: Buffer): Json {
  const text = body.toString("utf8");
  try {
    return shallow(decodeJson(text), text);
  } catch {
    // Most manifests are YAML.
  }
  try {
    return shallow(parseYaml(text), text);
  } catch (error) {
    const lines = text.trimEnd().split("\n").length;
    throw badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${yamlProblem(error, lines)}`);
  }
}

/** Go's parser names no line beyond the last. */
function yamlProblem(error: unknown, lines: number): string {
  if (!(error instanceof Fault)) return "invalid YAML";
  const line = /line (\d+)/.exec(`${error.at ?? ""} ${error.message}`)?.[1];
  const message = error.message.replace(/^line \d+: /, "");
  return line === undefined ? message : `line ${Math.min(Number(line), lines)}: ${message}`;
}

/** What the server shows of a body that it cannot read. */
function summary(text: string): string {
  if (text === "") return "<empty>";
  const bytes = Buffer.from(text);
  const start = bytes.subarray(0, 30);
  const shown = text.startsWith("{") ? start.toString("utf8") : start.toString("hex");
  return bytes.length > 30 ? `${shown} ...` : shown;
}

export function goKind(value: Json): string {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  return typeof value === "boolean" ? "bool" : typeof value === "bigint" ? "number" : typeof value;
}

function jsonProblem(error: SyntaxError, text: string): string {
  const trimmed = text.trim();
  if (
    trimmed === "" ||
    /end of (JSON )?input|Unterminated|Expected property name or '}'.*position \d+$/i.test(error.message)
  ) {
    const at = /position (\d+)/.exec(error.message)?.[1];
    if (at === undefined || Number(at) >= text.length) return "unexpected end of JSON input";
  }
  const char = /Unexpected token '?(.)'?/.exec(error.message)?.[1] ?? characterAt(error.message, text);
  return char === undefined
    ? "unexpected end of JSON input"
    : `invalid character '${char}' looking for beginning of value`;
}

function characterAt(message: string, text: string): string | undefined {
  const at = /position (\d+)/.exec(message)?.[1];
  return at === undefined ? undefined : text[Number(at)];
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
