// Azure Key Vault by its REST API. https://learn.microsoft.com/rest/api/keyvault/keys/decrypt/decrypt

import { createHash, createPrivateKey, createSign, randomUUID, X509Certificate } from "node:crypto";
import { isObject, type JsonObject, textOf } from "#kernel";
import { parseYaml } from "#formats/yaml";
import { SecretsFault } from "../faults.ts";
import type { MasterKey } from "../sops/index.ts";
import { exchangeForm } from "./gcp.ts";
import { type AskHttp, jsonOf, refused } from "./http.ts";

export type AzureKey = Extract<MasterKey, { type: "azure_kv" }>;

/** An access token for a resource, such as https://vault.azure.net. */
export type AzureIdentity = (resource: string) => Promise<{ token: string; lifeMs: number }>;

/** Vaults' domains, which are the resources of their tokens: a token goes to no other host. */
const domains = [
  "vault.azure.net",
  "vault.azure.cn",
  "vault.usgovcloudapi.net",
  "vault.microsoftazure.de",
  "managedhsm.azure.net",
  "managedhsm.azure.cn",
  "managedhsm.usgovcloudapi.net",
];

const apiVersion = "7.4";

/** The resource whose token a vault takes. */
export function resourceOf(vaultUrl: string): string {
  const host = /^https:\/\/([A-Za-z0-9-]+(?:\.[a-z0-9-]+)+)\/?$/.exec(vaultUrl)?.[1] ?? "";
  const domain = domains.find((known) => host.endsWith(`.${known}`));
  if (domain !== undefined) return `https://${domain}`;
  throw invalid("sops.azure_kv.vault_url", "is no address of an Azure Key Vault");
}

export async function unwrapWithAzure(key: AzureKey, token: string, ask: AskHttp): Promise<Uint8Array> {
  const path = ["keys", key.name, key.version].filter((part) => part !== "").map(encodeURIComponent);
  const answer = await ask({
    method: "POST",
    url: `${key.vaultUrl.replace(/\/$/, "")}/${path.join("/")}/decrypt?api-version=${apiVersion}`,
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ alg: "RSA-OAEP-256", value: key.enc }),
  });
  const value = textOf(jsonOf(answer, "Azure Key Vault"), "value");
  if (value === "") throw refused("Azure Key Vault", answer.status, "no value is in the answer");
  return Buffer.from(value, "base64url");
}

type AzureContext = {
  ask: AskHttp;
  now: () => number;
  /** The identity of the machine, for a file that names but a client. */
  managed: (clientId: string) => AzureIdentity;
};

/** The identity in an authentication file, in the order of Flux (internal/sops/azkv/config.go). */
export function azureIdentityOf(bytes: Uint8Array, name: string, context: AzureContext): AzureIdentity {
  const file = parseFile(decodeFile(bytes), name);
  const at = (member: string): string => textOf(file, member);
  const authority = at("authorityHost") || "https://login.microsoftonline.com";
  const [tenant, client] = [at("tenantId"), at("clientId")];
  if (tenant !== "" && client !== "" && at("clientSecret") !== "") {
    return clientIdentity({ authority, tenant, client }, () => ({ client_secret: at("clientSecret") }), context.ask);
  }
  if (tenant !== "" && client !== "" && at("clientCertificate") !== "") {
    const assertion = (): string =>
      certificateAssertion(file, { authority, tenant, client }, { now: context.now(), name });
    return clientIdentity({ authority, tenant, client }, () => assertionForm(assertion()), context.ask);
  }
  if (at("tenant") !== "" && at("appId") !== "" && at("password") !== "") {
    const who = { authority, tenant: at("tenant"), client: at("appId") };
    return clientIdentity(who, () => ({ client_secret: at("password") }), context.ask);
  }
  if (client !== "") return context.managed(client);
  throw invalid(name, "needs clientId, or tenantId, clientId and clientSecret or clientCertificate");
}

type Client = { authority: string; tenant: string; client: string };

/** The client-credentials grant, with a secret or a signed assertion. */
export function clientIdentity(who: Client, proof: () => { [name: string]: string }, ask: AskHttp): AzureIdentity {
  return (resource) =>
    exchangeForm(
      tokenUrl(who),
      { grant_type: "client_credentials", client_id: who.client, scope: `${resource}/.default`, ...proof() },
      ask,
    );
}

export function assertionForm(assertion: string): { [name: string]: string } {
  return {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion,
  };
}

function tokenUrl(who: Client): string {
  return `${who.authority.replace(/\/$/, "")}/${encodeURIComponent(who.tenant)}/oauth2/v2.0/token`;
}

function certificateAssertion(file: JsonObject, who: Client, when: { now: number; name: string }): string {
  const pem = textOf(file, "clientCertificate");
  const issued = Math.floor(when.now / 1000);
  try {
    const passphrase = textOf(file, "clientCertificatePassword");
    const key = createPrivateKey({ key: pem, ...(passphrase === "" ? {} : { passphrase }) });
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
    const chain = blocks.map((block) => new X509Certificate(block).raw);
    const own = chain[0] ?? Buffer.alloc(0);
    const header = {
      alg: "RS256",
      typ: "JWT",
      x5t: createHash("sha1").update(own).digest("base64url"),
      ...(file["clientCertificateSendChain"] === true ? { x5c: chain.map((raw) => raw.toString("base64")) } : {}),
    };
    const times = { iat: issued, nbf: issued, exp: issued + 600 };
    const claims = { aud: tokenUrl(who), iss: who.client, sub: who.client, jti: randomUUID(), ...times };
    const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return `${text}.${createSign("sha256").update(text).sign(key, "base64url")}`;
  } catch {
    throw invalid(when.name, "holds a client certificate whose key cannot be read");
  }
}

function parseFile(text: string, name: string): JsonObject {
  try {
    const value = parseYaml(text);
    if (isObject(value)) return value;
  } catch {
    // The parser's message may quote the text.
  }
  throw invalid(name, "is no Azure authentication file");
}

/** The az command on Windows wrote these files in UTF-16. */
function decodeFile(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes);
  if (buffer[0] === 0xff && buffer[1] === 0xfe) return buffer.subarray(2).toString("utf16le");
  if (buffer[0] === 0xfe && buffer[1] === 0xff) return Buffer.from(buffer.subarray(2)).swap16().toString("utf16le");
  return buffer.toString("utf8").replace(/^\ufeff/, "");
}

function invalid(at: string, message: string): SecretsFault {
  return new SecretsFault({ code: "key-invalid", disposition: "stall", at, message });
}
