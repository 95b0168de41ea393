// AWS KMS by its JSON API, signed with Signature Version 4; roles are assumed by STS.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html

import { createHash, createHmac } from "node:crypto";
import { textOf } from "#kernel";
import { SecretsFault } from "../faults.ts";
import type { MasterKey } from "../sops/index.ts";
import { type AskHttp, jsonOf, refused } from "./http.ts";

export type AwsCredentials = { accessKeyId: string; secretAccessKey: string; sessionToken: string };

/** Credentials for a region: a security token service is regional. */
export type AwsIdentity = (region: string) => Promise<AwsCredentials>;

export type AwsKey = Extract<MasterKey, { type: "kms" }>;

export type AwsContext = {
  ask: AskHttp;
  /** Milliseconds since 1970, for signatures. */
  now: () => number;
  /** AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_KMS and AWS_ENDPOINT_URL_STS. */
  environment: Readonly<Record<string, string | undefined>>;
};

const keyArn = /^arn:aws[\w-]*:kms:([a-z0-9-]+):[0-9]+:(key|alias)\/.+$/;

/** The region in a key's ARN. Throws SecretsFault: a made-up one would become a host's name. */
export function regionOf(arn: string): string {
  const region = keyArn.exec(arn)?.[1];
  if (region !== undefined) return region;
  throw new SecretsFault({
    code: "sops-invalid",
    disposition: "stall",
    at: "sops.kms.arn",
    message: "is no ARN of a KMS key",
    hint: "it looks like arn:aws:kms:eu-west-1:111122223333:key/…",
  });
}

export async function unwrapWithAws(key: AwsKey, identity: AwsIdentity, context: AwsContext): Promise<Uint8Array> {
  const region = regionOf(key.arn);
  const own = await identity(region);
  const credentials = key.role === "" ? own : await assumeRole(key.role, region, { credentials: own, context });
  const body = { KeyId: key.arn, CiphertextBlob: key.enc, EncryptionContext: key.context };
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": "TrentService.Decrypt" };
  const url = endpointOf("kms", region, context.environment);
  const question = { method: "POST" as const, url, headers, body: JSON.stringify(body) };
  const answer = await context.ask(sign(question, { service: "kms", region, credentials, now: context.now() }));
  const plaintext = textOf(jsonOf(answer, "AWS KMS"), "Plaintext");
  if (plaintext === "") throw refused("AWS KMS", answer.status, "no plaintext is in the answer");
  return Buffer.from(plaintext, "base64");
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
async function assumeRole(
  role: string,
  region: string,
  how: { credentials: AwsCredentials; context: AwsContext },
): Promise<AwsCredentials> {
  const { context, credentials } = how;
  const question = stsQuestion(
    { Action: "AssumeRole", RoleArn: role, RoleSessionName: "sops@keelson" },
    region,
    context,
  );
  const signed = sign(question, { service: "sts", region, credentials, now: context.now() });
  return stsCredentials(await context.ask(signed));
}

/** Credentials of a role for a web identity's token; unsigned. */
export async function assumeRoleWithToken(
  who: { role: string; token: string; session: string },
  region: string,
  context: AwsContext,
): Promise<AwsCredentials> {
  const parameters = {
    Action: "AssumeRoleWithWebIdentity",
    RoleArn: who.role,
    RoleSessionName: who.session,
    WebIdentityToken: who.token,
  };
  return stsCredentials(await context.ask(stsQuestion(parameters, region, context)));
}

type Question = Parameters<AskHttp>[0];

function stsQuestion(parameters: { [name: string]: string }, region: string, context: AwsContext): Question {
  return {
    method: "POST",
    url: endpointOf("sts", region, context.environment),
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body: new URLSearchParams({ ...parameters, Version: "2011-06-15" }).toString(),
  };
}

function stsCredentials(answer: { status: number; body: string }): AwsCredentials {
  const member = (name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer.body)?.[1] ?? "";
  if (answer.status !== 200) throw refused("AWS STS", answer.status, member("Code").slice(0, 80));
  const credentials = {
    accessKeyId: member("AccessKeyId"),
    secretAccessKey: member("SecretAccessKey"),
    sessionToken: member("SessionToken"),
  };
  if (credentials.accessKeyId === "") throw refused("AWS STS", answer.status, "no credentials are in the answer");
  return credentials;
}

function endpointOf(service: "kms" | "sts", region: string, environment: AwsContext["environment"]): string {
  const given = environment[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? environment["AWS_ENDPOINT_URL"];
  if (given !== undefined && given !== "") return given.endsWith("/") ? given : `${given}/`;
  return `https://${service}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`;
}

type Signing = { service: string; region: string; credentials: AwsCredentials; now: number };

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export function sign(question: Question, { service, region, credentials, now }: Signing): Question {
  const url = new URL(question.url);
  const time = timeText(now);
  const headers: { [name: string]: string } = { ...question.headers, host: url.host, "x-amz-date": time };
  if (credentials.sessionToken !== "") headers["x-amz-security-token"] = credentials.sessionToken;
  const names = Object.keys(headers).sort();
  const canonical = [
    question.method,
    url.pathname,
    url.searchParams.toString(),
    ...names.map((name) => `${name}:${(headers[name] ?? "").trim()}`),
    "",
    names.join(";"),
    sha256(question.body ?? ""),
  ].join("\n");
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const signature = signatureOf(canonical, { time, scope, secret: credentials.secretAccessKey });
  const credential = `${credentials.accessKeyId}/${scope}`;
  headers["authorization"] =
    `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return { ...question, headers };
}

/** A URL that carries its signature, good for a while; `headers` must be sent with it. */
export function presign(
  url: string,
  headers: { readonly [name: string]: string },
  { service, region, credentials, now, lifeSeconds }: Signing & { lifeSeconds: number },
): string {
  const signed = new URL(url);
  const time = timeText(now);
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const all: { [name: string]: string } = { ...headers, host: signed.host };
  const names = Object.keys(all).sort();
  const parameters: { [name: string]: string } = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `${credentials.accessKeyId}/${scope}`,
    "X-Amz-Date": time,
    "X-Amz-Expires": String(lifeSeconds),
    "X-Amz-SignedHeaders": names.join(";"),
  };
  if (credentials.sessionToken !== "") parameters["X-Amz-Security-Token"] = credentials.sessionToken;
  for (const [name, value] of Object.entries(parameters)) signed.searchParams.set(name, value);
  const query = [...signed.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
  const lines = names.map((name) => `${name}:${all[name] ?? ""}`);
  const canonical = ["GET", signed.pathname, query, ...lines, "", names.join(";"), sha256("")].join("\n");
  const signature = signatureOf(canonical, { time, scope, secret: credentials.secretAccessKey });
  return `${signed.origin}${signed.pathname}?${query}&X-Amz-Signature=${signature}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
}

function timeText(now: number): string {
  return new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

function signatureOf(canonical: string, how: { time: string; scope: string; secret: string }): string {
  const text = `AWS4-HMAC-SHA256\n${how.time}\n${how.scope}\n${sha256(canonical)}`;
  const start: Buffer = Buffer.from(`AWS4${how.secret}`);
  const key = how.scope.split("/").reduce<Buffer>((secret, part) => hmac(secret, part), start);
  return hmac(key, text).toString("hex");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
