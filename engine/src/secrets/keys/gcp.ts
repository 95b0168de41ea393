// Google Cloud KMS by its REST API. https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/decrypt

import { createSign } from "node:crypto";
import { isObject, type Json, textOf } from "#kernel";
import { SecretsFault } from "../faults.ts";
import type { MasterKey } from "../sops/index.ts";
import { type AskHttp, jsonOf, refused } from "./http.ts";

export type GcpKey = Extract<MasterKey, { type: "gcp_kms" }>;

/** An access token. */
export type GcpIdentity = () => Promise<{ token: string; lifeMs: number }>;

export const gcpScope = "https://www.googleapis.com/auth/cloud-platform";

const resource = /^projects\/[^/?#\s]+\/locations\/[^/?#\s]+\/keyRings\/[^/?#\s]+\/cryptoKeys\/[^/?#\s]+$/;

export async function unwrapWithGcp(
  key: GcpKey,
  token: string,
  context: { ask: AskHttp; endpoint: string | undefined },
): Promise<Uint8Array> {
  if (!resource.test(key.resource)) throw invalid("sops.gcp_kms.resource_id", "is no name of a Cloud KMS key");
  const base = (context.endpoint ?? "https://cloudkms.googleapis.com").replace(/\/$/, "");
  const answer = await context.ask({
    method: "POST",
    url: `${base}/v1/${key.resource}:decrypt`,
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ ciphertext: key.enc }),
  });
  const plaintext = textOf(jsonOf(answer, "Google Cloud KMS"), "plaintext");
  if (plaintext === "") throw refused("Google Cloud KMS", answer.status, "no plaintext is in the answer");
  return Buffer.from(plaintext, "base64");
}

/** The identity in a credentials file: a service account's key, or a user's refresh token. */
export function gcpIdentityOf(text: string, name: string, context: { ask: AskHttp; now: () => number }): GcpIdentity {
  let file: Json;
  try {
    file = JSON.parse(text) as Json;
  } catch {
    throw invalid(name, "is no JSON of Google credentials");
  }
  const type = textOf(file, "type");
  if (!isObject(file)) throw invalid(name, "is no JSON of Google credentials");
  const tokenUrl = textOf(file, "token_uri") || "https://oauth2.googleapis.com/token";
  const exchange = (form: { [name: string]: string }): ReturnType<GcpIdentity> =>
    exchangeForm(tokenUrl, form, context.ask);
  if (type === "service_account") {
    const grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    const [issuer, key, id] = ["client_email", "private_key", "private_key_id"].map((member) => textOf(file, member));
    const who = { issuer: issuer ?? "", key: key ?? "", id: id ?? "" };
    return () => exchange({ grant_type, assertion: assertionOf(who, tokenUrl, { now: context.now(), name }) });
  }
  if (type === "authorized_user") {
    const [client_id, client_secret, refresh_token] = ["client_id", "client_secret", "refresh_token"].map((member) =>
      textOf(file, member),
    ) as [string, string, string];
    return () => exchange({ grant_type: "refresh_token", client_id, client_secret, refresh_token });
  }
  throw new SecretsFault({
    code: "key-unsupported",
    disposition: "stall",
    at: name,
    message: `holds Google credentials of the type ${/^\w{1,40}$/.test(type) ? type : "unknown"}, which cannot be used here`,
    hint: "use a service account's key, or workload identity",
  });
}

/** Posts a form to a token service. */
export async function exchangeForm(
  url: string,
  form: { [name: string]: string },
  ask: AskHttp,
): Promise<{ token: string; lifeMs: number }> {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const answer = await ask({ method: "POST", url, headers, body: new URLSearchParams(form).toString() });
  return tokenOf(jsonOf(answer, "the token service"), answer.status);
}

export function tokenOf(value: Json, status: number): { token: string; lifeMs: number } {
  const token = textOf(value, "access_token");
  if (token === "") throw refused("the token service", status, "no token is in the answer");
  return { token, lifeMs: (Number(textOf(value, "expires_in")) || 300) * 1000 };
}

/** A JWT signed with the service account's key, RFC 7523. */
function assertionOf(
  who: { issuer: string; key: string; id: string },
  audience: string,
  when: { now: number; name: string },
): string {
  const issued = Math.floor(when.now / 1000);
  const header = { alg: "RS256", typ: "JWT", ...(who.id === "" ? {} : { kid: who.id }) };
  const claims = { iss: who.issuer, scope: gcpScope, aud: audience, iat: issued, exp: issued + 3600 };
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  try {
    return `${text}.${createSign("sha256").update(text).sign(who.key, "base64url")}`;
  } catch {
    throw invalid(when.name, "holds a private key that cannot be read");
  }
}

function invalid(at: string, message: string): SecretsFault {
  return new SecretsFault({ code: "key-invalid", disposition: "stall", at, message });
}
