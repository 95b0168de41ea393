// AWS Signature Version 4, over a request's headers or in its address.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

import { createHash, createHmac } from "node:crypto";

export type AwsCredentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

export type SignedRequest = {
  method: string;
  /** Its path must be encoded already. */
  url: URL;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  service: string;
  region: string;
  nowMs: number;
};

/** The headers to send: those given, and the signature over all of them. */
export function signV4(request: SignedRequest, credentials: AwsCredentials): Record<string, string> {
  const { method, url, service, region, nowMs, body = "" } = request;
  const time = timeText(nowMs);
  const bodyHash = sha256(body);
  const headers: Record<string, string> = {
    ...request.headers,
    host: url.host,
    "x-amz-date": time,
    ...(service === "s3" ? { "x-amz-content-sha256": bodyHash } : {}),
    ...(credentials.sessionToken && { "x-amz-security-token": credentials.sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${(headers[name] ?? "").trim()}`);
  const canonical = [method, url.pathname, canonicalQuery(url), ...lines, "", names.join(";"), bodyHash].join("\n");
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const signature = signatureOf(canonical, { time, scope, secret: credentials.secretAccessKey });
  const credential = `${credentials.accessKeyId}/${scope}`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return { ...headers, authorization };
}

/** A URL that carries its signature, good for a while; `headers` must be sent with it. */
export function presignV4(
  { url, headers: given = {}, service, region, nowMs }: Omit<SignedRequest, "method" | "body">,
  credentials: AwsCredentials,
  lifeSeconds: number,
): string {
  const signed = new URL(url);
  const time = timeText(nowMs);
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const headers: Record<string, string> = { ...given, host: signed.host };
  const names = Object.keys(headers).sort();
  const parameters = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `${credentials.accessKeyId}/${scope}`,
    "X-Amz-Date": time,
    "X-Amz-Expires": String(lifeSeconds),
    "X-Amz-SignedHeaders": names.join(";"),
    ...(credentials.sessionToken && { "X-Amz-Security-Token": credentials.sessionToken }),
  };
  for (const [name, value] of Object.entries(parameters)) signed.searchParams.set(name, value);
  const query = canonicalQuery(signed);
  const lines = names.map((name) => `${name}:${headers[name] ?? ""}`);
  const canonical = ["GET", signed.pathname, query, ...lines, "", names.join(";"), sha256("")].join("\n");
  const signature = signatureOf(canonical, { time, scope, secret: credentials.secretAccessKey });
  return `${signed.origin}${signed.pathname}?${query}&X-Amz-Signature=${signature}`;
}

/** As AWS wants it: all but letters, digits and `-._~`. */
export function encodeUri(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The seconds of a time, without separators: 20260102T030405Z. */
export function timeText(nowMs: number): string {
  return new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

/** The signature of a canonical request. */
export function signatureOf(canonical: string, how: { time: string; scope: string; secret: string }): string {
  const text = `AWS4-HMAC-SHA256\n${how.time}\n${how.scope}\n${sha256(canonical)}`;
  const start: Buffer = Buffer.from(`AWS4${how.secret}`);
  const key = how.scope.split("/").reduce<Buffer>((secret, part) => hmac(secret, part), start);
  return hmac(key, text).toString("hex");
}

function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => [encodeUri(name), encodeUri(value)] as const)
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
