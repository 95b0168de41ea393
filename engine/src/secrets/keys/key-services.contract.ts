// Small fakes of the documented calls of AWS KMS and STS, Google Cloud KMS, Azure Key Vault and Vault's transit engine, for
// tests: real enough that sops itself encrypts against them, and that a wrong signature, context or token is refused.

import { createHash, createHmac, createPrivateKey, privateDecrypt } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { HttpAnswer, HttpQuestion } from "./http.ts";

/** Credentials that the fakes accept; none of them is anybody's. */
export const fake = {
  aws: { accessKeyId: "AKIDFAKE", secretAccessKey: "fake-secret-key" },
  awsRole: { accessKeyId: "ASIAROLE", secretAccessKey: "fake-role-secret", sessionToken: "fake-session" },
  arn: "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000001",
  role: "arn:aws:iam::111122223333:role/reader",
  gcpToken: "fake-google-token",
  gcpResource: "projects/p/locations/global/keyRings/r/cryptoKeys/k",
  azureToken: "fake-azure-token",
  azureVault: "https://keel.vault.azure.net",
  vaultToken: "fake-vault-token",
  jwt: "header.payload.signature",
} as const;

export type FakeServices = {
  /** Answers a question in this process. */
  answer: (question: HttpQuestion) => HttpAnswer;
  /** What was asked, in order: method and URL without its host. */
  asked: string[];
};

/** The fakes; `azureKey` is the PEM of the RSA key that the vault holds. */
export function fakeServices(azureKey?: string): FakeServices {
  const asked: string[] = [];
  const answer = (question: HttpQuestion): HttpAnswer => {
    const url = new URL(question.url);
    asked.push(`${question.method} ${url.pathname}`);
    const headers = Object.fromEntries(Object.entries(question.headers ?? {}).map(([k, v]) => [k.toLowerCase(), v]));
    const body = question.body ?? "";
    if (headers["x-amz-target"] !== undefined) return kms(headers, body);
    if (body.includes("Action=Assume")) return sts(headers, body);
    if (url.pathname.includes("/cryptoKeys/")) return gcp(url, headers, body);
    if (url.pathname.startsWith("/keys/")) return azure(headers, body, azureKey);
    if (url.pathname.startsWith("/v1/") && body.startsWith("{")) return vault(url, headers, body);
    return token(url, body);
  };
  return { answer, asked };
}

/** The fakes behind a port of their own, for programs that only take a URL. */
export async function serveFakes(services: FakeServices): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    void readAll(request).then((body) => {
      const headers: { [name: string]: string } = {};
      for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
      const url = `http://${request.headers.host ?? ""}${request.url ?? ""}`;
      const method = request.method as HttpQuestion["method"];
      const answer = services.answer({ method, url, headers, body });
      response.writeHead(answer.status, { ...answer.headers, "content-type": "application/json" });
      response.end(answer.body);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function readAll(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

const reply = (status: number, value: unknown): HttpAnswer => ({ status, headers: {}, body: JSON.stringify(value) });

/** Turns every byte over: enough to see that something was wrapped. */
function turned(base64: string): string {
  return Buffer.from(Buffer.from(base64, "base64").map((byte) => byte ^ 0xa5)).toString("base64");
}

type Headers = { readonly [name: string]: string };

function kms(headers: Headers, body: string): HttpAnswer {
  if (!isSigned(headers, body)) return reply(403, { __type: "AccessDeniedException" });
  const asked = JSON.parse(body) as { Plaintext?: string; CiphertextBlob?: string; EncryptionContext?: object };
  const context = JSON.stringify(Object.entries(asked.EncryptionContext ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
  if (asked.Plaintext !== undefined) {
    const blob = JSON.stringify({ context, data: turned(asked.Plaintext) });
    return reply(200, { CiphertextBlob: Buffer.from(blob).toString("base64"), KeyId: fake.arn });
  }
  const blob = JSON.parse(Buffer.from(asked.CiphertextBlob ?? "", "base64").toString()) as { [name: string]: string };
  if (blob["context"] !== context) return reply(400, { __type: "InvalidCiphertextException" });
  return reply(200, { Plaintext: turned(blob["data"] ?? ""), KeyId: fake.arn });
}

/** Computes the signature again, from what the request says that it covers. */
function isSigned(headers: Headers, body: string): boolean {
  const match = /Credential=([^/]+)\/(\S+?), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)/.exec(
    headers["authorization"] ?? "",
  );
  if (match === null) return false;
  const [, id = "", scope = "", names = "", signature] = match;
  const known = [{ ...fake.aws, sessionToken: "" }, fake.awsRole].find((one) => one.accessKeyId === id);
  if (known === undefined || known.sessionToken !== (headers["x-amz-security-token"] ?? "")) return false;
  const sha = (text: string): string => createHash("sha256").update(text).digest("hex");
  const lines = names.split(";").map((name) => `${name}:${headers[name] ?? ""}\n`);
  const canonical = `POST\n/\n\n${lines.join("")}\n${names}\n${sha(body)}`;
  const text = `AWS4-HMAC-SHA256\n${headers["x-amz-date"] ?? ""}\n${scope}\n${sha(canonical)}`;
  let key: Buffer = Buffer.from(`AWS4${known.secretAccessKey}`);
  for (const part of scope.split("/")) key = createHmac("sha256", key).update(part).digest();
  return createHmac("sha256", key).update(text).digest("hex") === signature;
}

function sts(headers: Headers, body: string): HttpAnswer {
  const form = new URLSearchParams(body);
  const isWeb = form.get("Action") === "AssumeRoleWithWebIdentity";
  const isAllowed = isWeb ? form.get("WebIdentityToken") === fake.jwt : isSigned(headers, body);
  if (!isAllowed || form.get("RoleArn") !== fake.role) {
    return {
      status: 403,
      headers: {},
      body: "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>",
    };
  }
  const { accessKeyId, secretAccessKey, sessionToken } = fake.awsRole;
  const credentials =
    `<Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey>` +
    `<SessionToken>${sessionToken}</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>`;
  const action = isWeb ? "AssumeRoleWithWebIdentity" : "AssumeRole";
  const body2 = `<${action}Response><${action}Result>${credentials}</${action}Result></${action}Response>`;
  return { status: 200, headers: {}, body: body2 };
}

function gcp(url: URL, headers: Headers, body: string): HttpAnswer {
  if (headers["authorization"] !== `Bearer ${fake.gcpToken}`)
    return reply(401, { error: { status: "UNAUTHENTICATED" } });
  const asked = JSON.parse(body) as { plaintext?: string; ciphertext?: string };
  if (url.pathname.endsWith(":encrypt")) {
    return reply(200, { name: fake.gcpResource, ciphertext: turned(asked.plaintext ?? "") });
  }
  return reply(200, { plaintext: turned(asked.ciphertext ?? "") });
}

function azure(headers: Headers, body: string, pem: string | undefined): HttpAnswer {
  if (headers["authorization"] !== `Bearer ${fake.azureToken}` || pem === undefined) {
    return reply(401, { error: { code: "Unauthorized" } });
  }
  const asked = JSON.parse(body) as { alg: string; value: string };
  if (asked.alg !== "RSA-OAEP-256") return reply(400, { error: { code: "BadParameter" } });
  const key = { key: createPrivateKey(pem), oaepHash: "sha256" };
  const value = privateDecrypt(key, Buffer.from(asked.value, "base64url")).toString("base64url");
  return reply(200, { kid: `${fake.azureVault}/keys/k/1`, value });
}

function vault(url: URL, headers: Headers, body: string): HttpAnswer {
  const asked = JSON.parse(body) as { plaintext?: string; ciphertext?: string; jwt?: string; role?: string };
  if (url.pathname.endsWith("/login")) {
    const isKnown = asked.jwt === fake.jwt && asked.role === "apps_reader";
    return isKnown
      ? reply(200, { auth: { client_token: fake.vaultToken } })
      : reply(403, { errors: ["permission denied"] });
  }
  if (headers["x-vault-token"] !== fake.vaultToken) return reply(403, { errors: ["permission denied"] });
  if (url.pathname.includes("/encrypt/")) {
    return reply(200, { data: { ciphertext: `vault:v1:${turned(asked.plaintext ?? "")}` } });
  }
  return reply(200, { data: { plaintext: turned((asked.ciphertext ?? "").replace("vault:v1:", "")) } });
}

/** Token services of Google and Azure. */
function token(url: URL, body: string): HttpAnswer {
  const form = new URLSearchParams(body);
  const isAzure = url.pathname.endsWith("/oauth2/v2.0/token");
  if (isAzure && form.get("scope") !== "https://vault.azure.net/.default")
    return reply(400, { error: "invalid_scope" });
  const isRefused = form.get("client_secret") === "wrong" || form.get("subject_token") === "wrong";
  if (isRefused) return reply(401, { error: "invalid_client" });
  return reply(200, { access_token: isAzure ? fake.azureToken : fake.gcpToken, expires_in: 3600 });
}
