// Access tokens of Google Cloud: for a service account by its key, or what the machine's metadata server gives. Kept until
// shortly before they end. https://developers.google.com/identity/protocols/oauth2/service-account

import { createSign } from "node:crypto";
import { type Clock, isObject, type Json, type JsonObject } from "#kernel";
import type { HttpAccess, HttpClient, HttpRequest } from "#sources/http";
import { bucketFault } from "./faults.ts";
import { credentialsMost, renewalMs } from "./limits.ts";

export type GoogleTokenOptions = {
  client: HttpClient;
  clock: Clock;
  scope: string;
  /** The JSON key of a service account; absent: the machine's own identity. */
  key?: { text: string; at: string };
  /** Host of the metadata server. */
  metadataHost?: string;
};

type Call = { access: HttpAccess; signal: AbortSignal; timeoutMs: number };

/** Asks for tokens as they are needed. */
export function googleToken(options: GoogleTokenOptions): (call: Call) => Promise<string> {
  let known: { token: string; untilMs: number } | undefined;
  const key = options.key === undefined ? undefined : parseKey(options.key.text, options.key.at);
  return async (call) => {
    const now = options.clock.now();
    if (known !== undefined && known.untilMs > now) return known.token;
    const request = key === undefined ? askMachine(options.metadataHost) : askByKey(key, options.scope, now);
    const { access, ...limits } = call;
    // The machine's own server stands behind no proxy.
    const answer = await options.client.read(
      { ...request, access: key === undefined ? {} : access, ...limits },
      credentialsMost,
    );
    known = parseToken(answer.bytes, { at: request.url, now });
    return known.token;
  };
}

type Key = { email: string; privateKey: string; keyId: string; tokenUrl: string };

function parseKey(text: string, at: string): Key {
  const data = parse(text);
  const member = (name: string): string => (typeof data[name] === "string" ? data[name] : "");
  const key = {
    email: member("client_email"),
    privateKey: member("private_key"),
    keyId: member("private_key_id"),
    tokenUrl: member("token_uri") || "https://oauth2.googleapis.com/token",
  };
  if (member("type") === "service_account" && key.email !== "" && key.privateKey !== "") return key;
  throw invalid(at, "this is no JSON key of a service account");
}

function askMachine(host = "metadata.google.internal"): Pick<HttpRequest, "url" | "headers"> {
  const url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`;
  return { url, headers: { "metadata-flavor": "Google" } };
}

function askByKey(key: Key, scope: string, nowMs: number): Omit<HttpRequest, "signal" | "timeoutMs"> {
  const seconds = Math.floor(nowMs / 1000);
  const claims = { iss: key.email, scope, aud: key.tokenUrl, iat: seconds, exp: seconds + 3600 };
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${encode({ alg: "RS256", typ: "JWT", kid: key.keyId })}.${encode(claims)}`;
  const form = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion: `${text}.${sign(text, key)}`,
  });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { url: key.tokenUrl, method: "POST", headers, body: form.toString(), isRepeatable: true };
}

function sign(text: string, { privateKey, email }: Key): string {
  try {
    return createSign("RSA-SHA256").update(text).sign(privateKey, "base64url");
  } catch {
    throw invalid(email, "the private key of the service account cannot be read");
  }
}

function parseToken(bytes: Buffer, { at, now }: { at: string; now: number }): { token: string; untilMs: number } {
  const data = parse(bytes.toString("utf8"));
  const seconds = Number(data["expires_in"] ?? 0);
  if (typeof data["access_token"] !== "string") throw invalid(at, "it gave no token");
  return { token: data["access_token"], untilMs: now + seconds * 1000 - renewalMs };
}

function parse(text: string): JsonObject {
  try {
    const data = JSON.parse(text) as Json;
    return isObject(data) ? data : {};
  } catch {
    return {};
  }
}

function invalid(at: string, message: string): Error {
  return bucketFault({
    code: "bucket-credentials-invalid",
    disposition: "retry",
    at,
    message,
    hint: "check the Secret that `secretRef` names, or the identity of this machine",
  });
}
