// Azure Key Vault by its REST API. https://learn.microsoft.com/rest/api/keyvault/keys/decrypt/decrypt

import { type AskCloud, azureClientIdentity, type AzureIdentity, type CloudServices } from "#clouds";
import { parseYaml } from "#formats/yaml";
import { isObject, type JsonObject, textOf } from "#kernel";
import { SecretsFault } from "../faults.ts";
import type { MasterKey } from "../sops/index.ts";
import { jsonOf, refused } from "./http.ts";

export type AzureKey = Extract<MasterKey, { type: "azure_kv" }>;

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

/** The scope whose token a vault takes. */
export function scopeOf(vaultUrl: string): string {
  const host = /^https:\/\/([A-Za-z0-9-]+(?:\.[a-z0-9-]+)+)\/?$/.exec(vaultUrl)?.[1] ?? "";
  const domain = domains.find((known) => host.endsWith(`.${known}`));
  if (domain !== undefined) return `https://${domain}/.default`;
  throw invalid("sops.azure_kv.vault_url", "is no address of an Azure Key Vault");
}

export async function unwrapWithAzure(key: AzureKey, token: string, ask: AskCloud): Promise<Uint8Array> {
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

/** The identity in an authentication file, in the order of Flux (internal/sops/azkv/config.go). */
export function azureIdentityOf(bytes: Uint8Array, name: string, services: CloudServices): AzureIdentity {
  const file = parseFile(decodeFile(bytes), name);
  // The words of the az command for the same.
  const others: Readonly<Record<string, string>> = { tenantId: "tenant", clientId: "appId", clientSecret: "password" };
  const isOfAz = ["tenant", "appId", "password"].every((member) => textOf(file, member) !== "");
  const find = (member: string): string => {
    const value = file[member];
    if (member === "clientCertificateSendChain" && typeof value === "boolean") return String(value);
    return textOf(file, member) || (isOfAz ? textOf(file, others[member] ?? "") : "");
  };
  const identity = azureClientIdentity({ at: name, find }, services);
  if (identity !== undefined) return identity;
  throw invalid(name, "needs clientId, or tenantId, clientId and clientSecret or clientCertificate");
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
