// HashiCorp Vault's (and OpenBao's) transit engine. https://developer.hashicorp.com/vault/api-docs/secret/transit#decrypt-data

import { fieldOf, textOf } from "#kernel";
import { SecretsFault } from "../faults.ts";
import type { MasterKey } from "../sops/index.ts";
import { type AskHttp, jsonOf, refused } from "./http.ts";

export type VaultKey = Extract<MasterKey, { type: "hc_vault" }>;

/** The token for a server, by its address. */
export type VaultToken = (address: string) => Promise<string>;

export async function unwrapWithVault(key: VaultKey, token: VaultToken, ask: AskHttp): Promise<Uint8Array> {
  const path = [...key.enginePath.split("/"), "decrypt", key.keyName].filter((part) => part !== "" && part !== ".");
  const answer = await ask({
    method: "PUT",
    url: vaultUrl(key.address, path.map(encodeURIComponent).join("/")),
    headers: {
      "content-type": "application/json",
      "x-vault-token": await token(key.address),
      "x-vault-request": "true",
    },
    body: JSON.stringify({ ciphertext: key.enc }),
  });
  const plaintext = textOf(jsonOf(answer, "Vault"), "data", "plaintext");
  if (plaintext === "") throw refused("Vault", answer.status, "no plaintext is in the answer");
  return Buffer.from(plaintext, "base64");
}

/** Exchanges a ServiceAccount's token for one of Vault, at any login path that takes a JWT. */
export async function loginToVault(
  where: { address: string; loginPath: string },
  who: { role: string; jwt: string },
  ask: AskHttp,
): Promise<string> {
  const answer = await ask({
    method: "PUT",
    url: vaultUrl(where.address, where.loginPath.replace(/^\/+/, "")),
    headers: { "content-type": "application/json", "x-vault-request": "true" },
    body: JSON.stringify(who),
  });
  const token = fieldOf(jsonOf(answer, "Vault's login"), "auth", "client_token");
  if (typeof token === "string" && token !== "") return token;
  throw refused("Vault's login", answer.status, "no token is in the answer");
}

function vaultUrl(address: string, path: string): string {
  if (!/^https?:\/\/[^/?#\s]+\/?$/.test(address)) {
    throw new SecretsFault({
      code: "sops-invalid",
      disposition: "stall",
      at: "sops.hc_vault.vault_address",
      message: "is no URL of a Vault server",
      hint: "it looks like https://vault.example.com:8200",
    });
  }
  return `${address.replace(/\/$/, "")}/v1/${path}`;
}
