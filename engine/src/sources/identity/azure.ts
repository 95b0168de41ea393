// Tokens of Microsoft Entra: for a workload whose cluster vouches for it, for a stored secret of the installation, or for the
// machine. https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow

import { readFile } from "node:fs/promises";
import type { JsonObject } from "#kernel";
import { invalid } from "./faults.ts";
import { lifetimeLeastMs } from "./limits.ts";
import { askJson, type Call, type Login } from "./login.ts";

/** What the installation's environment, or a ServiceAccount, says. */
export type AzureIdentity = {
  environment: Readonly<Record<string, string | undefined>>;
  /** Of a ServiceAccount: its tenant and client, and what the cluster says of it. */
  account?: { tenantId: string; clientId: string; assertion: string };
};

/** Azure DevOps, as a resource that tokens are asked for. */
export const devOpsScope = "499b84ac-1321-427f-aa17-267ca6975798/.default";

const machineAddress = "http://169.254.169.254";

/** A bearer token for a scope, by the first way that the identity names. */
export async function azureToken(identity: AzureIdentity, scope: string, call: Call): Promise<Login> {
  const { environment, account } = identity;
  if (account !== undefined) return exchange(environment, { ...account, scope }, call);
  const [tenantId, clientId] = [environment["AZURE_TENANT_ID"] ?? "", environment["AZURE_CLIENT_ID"] ?? ""];
  const secret = environment["AZURE_CLIENT_SECRET"] ?? "";
  const file = environment["AZURE_FEDERATED_TOKEN_FILE"] ?? "";
  if (tenantId !== "" && clientId !== "" && secret !== "")
    return exchange(environment, { tenantId, clientId, secret, scope }, call);
  if (tenantId !== "" && clientId !== "" && file !== "")
    return exchange(environment, { tenantId, clientId, assertion: await readToken(file), scope }, call);
  return machineToken(environment, scope, call);
}

async function readToken(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => "");
  if (text.trim() !== "") return text.trim();
  throw invalid(file, "the token that AZURE_FEDERATED_TOKEN_FILE names cannot be read", "check the projected volume");
}

type Asked = { tenantId: string; clientId: string; scope: string; assertion?: string; secret?: string };

async function exchange(environment: AzureIdentity["environment"], asked: Asked, call: Call): Promise<Login> {
  const host = environment["AZURE_AUTHORITY_HOST"] || "https://login.microsoftonline.com/";
  const url = `${host.replace(/\/+$/, "")}/${encodeURIComponent(asked.tenantId)}/oauth2/v2.0/token`;
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: asked.clientId, scope: asked.scope });
  if (asked.secret !== undefined) form.set("client_secret", asked.secret);
  else {
    form.set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    form.set("client_assertion", asked.assertion ?? "");
  }
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
  const request = { url, method: "POST" as const, headers, body: form.toString() };
  return loginOf(await askJson(request, call, "a token of Microsoft Entra"), url, call);
}

/** The managed identity of a machine or node pool. */
async function machineToken(environment: AzureIdentity["environment"], scope: string, call: Call): Promise<Login> {
  const query = new URLSearchParams({ "api-version": "2018-02-01", resource: scope.replace(/\/\.default$/, "") });
  const clientId = environment["AZURE_CLIENT_ID"] ?? "";
  if (clientId !== "") query.set("client_id", clientId);
  const host = (environment["AZURE_POD_IDENTITY_AUTHORITY_HOST"] || machineAddress).replace(/\/+$/, "");
  const url = `${host}/metadata/identity/oauth2/token?${query.toString()}`;
  // No proxy stands between a machine and its own address.
  const answer = await askJson(
    { url, headers: { metadata: "true" } },
    { ...call, access: {} },
    "a token of the machine's identity",
  );
  return loginOf(answer, url, call);
}

function loginOf(answer: JsonObject, url: string, call: Call): Login {
  const { access_token: token, expires_in: seconds } = answer;
  if (typeof token !== "string" || token === "")
    throw invalid(new URL(url).origin, "the answer holds no token", "check the identity's configuration");
  const lifeMs = Number(seconds) * 1000;
  return { bearerToken: token, expiresMs: call.clock.now() + (lifeMs > 0 ? lifeMs : lifetimeLeastMs) };
}
