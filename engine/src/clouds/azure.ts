// Who asks Azure: a ServiceAccount by workload identity, a client that a file or Secret describes, or what the platform
// gives the process: a client's secret or certificate, a projected token, the machine's managed identity.
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow

import { createHash, createPrivateKey, createSign, randomUUID, X509Certificate } from "node:crypto";
import { exchangeForm, jsonOf, tokenOf } from "./answers.ts";
import { invalid } from "./faults.ts";
import { assertionSeconds, machineTimeoutMs } from "./limits.ts";
import { type AccountTokens, type CloudServices, type CloudToken, environmentText, placeOf } from "./services.ts";

/** An access token for a scope, such as https://vault.azure.net/.default. */
export type AzureIdentity = (scope: string) => Promise<CloudToken>;

export type AzureClient = { authority: string; tenant: string; client: string };

const audience = "api://AzureADTokenExchange";
const defaultAuthority = "https://login.microsoftonline.com";
const machineAddress = "http://169.254.169.254";
const clientAnnotation = "azure.workload.identity/client-id";
const tenantAnnotation = "azure.workload.identity/tenant-id";

/** The ServiceAccount's client where one is named, else what the platform gives the process. */
export function azureIdentity(services: CloudServices, account?: AccountTokens): AzureIdentity {
  if (account !== undefined) return (scope) => accountToken(account, scope, services);
  return (scope) => ownToken(scope, services);
}

async function accountToken(account: AccountTokens, scope: string, services: CloudServices): Promise<CloudToken> {
  const client = account.annotations[clientAnnotation] ?? "";
  const tenant = account.annotations[tenantAnnotation] ?? environmentText(services, "AZURE_TENANT_ID");
  if (client === "" || tenant === "")
    throw invalid(
      placeOf(account),
      `lacks the annotations ${clientAnnotation} and ${tenantAnnotation}`,
      "annotate the ServiceAccount with its managed identity",
    );
  const who = { authority: authorityOf(services), tenant, client };
  return clientToken(who, assertionForm(await account.token(audience)), { scope, services });
}

function authorityOf(services: CloudServices): string {
  return environmentText(services, "AZURE_AUTHORITY_HOST") || defaultAuthority;
}

async function ownToken(scope: string, services: CloudServices): Promise<CloudToken> {
  const own = (name: string): string => environmentText(services, name);
  const who = { authority: authorityOf(services), tenant: own("AZURE_TENANT_ID"), client: own("AZURE_CLIENT_ID") };
  const isNamed = who.tenant !== "" && who.client !== "";
  const how = { scope, services };
  if (isNamed && own("AZURE_CLIENT_SECRET") !== "")
    return clientToken(who, { client_secret: own("AZURE_CLIENT_SECRET") }, how);
  const path = own("AZURE_CLIENT_CERTIFICATE_PATH");
  if (isNamed && path !== "") {
    const password = own("AZURE_CLIENT_CERTIFICATE_PASSWORD");
    const isChainSent = /^(1|true)$/i.test(own("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"));
    const given = { pem: await services.readFile(path), password, isChainSent, at: path };
    return clientToken(who, assertionForm(certificateAssertion(given, who, services.now())), how);
  }
  if (isNamed && own("AZURE_FEDERATED_TOKEN_FILE") !== "") {
    const assertion = (await services.readFile(own("AZURE_FEDERATED_TOKEN_FILE"))).trim();
    return clientToken(who, assertionForm(assertion), how);
  }
  return managedToken(who.client, how);
}

/** What a Secret or a file says of a client, by the names that Flux gives its members. */
export type AzureMembers = {
  at: string;
  find: (name: string) => string;
};

/** The identity that the members describe, in Flux's order; undefined where they describe none. */
export function azureClientIdentity({ at, find }: AzureMembers, services: CloudServices): AzureIdentity | undefined {
  const [tenant, client] = [find("tenantId"), find("clientId")];
  const who = { authority: find("authorityHost") || authorityOf(services), tenant, client };
  const isNamed = tenant !== "" && client !== "";
  if (isNamed && find("clientSecret") !== "")
    return (scope) => clientToken(who, { client_secret: find("clientSecret") }, { scope, services });
  if (isNamed && find("clientCertificate") !== "") {
    const isChainSent = /^(1|true)$/i.test(find("clientCertificateSendChain"));
    const password = find("clientCertificatePassword");
    const given = { pem: find("clientCertificate"), password, isChainSent, at };
    // Each statement is good for some minutes, and names itself.
    return async (scope) =>
      clientToken(who, assertionForm(certificateAssertion(given, who, services.now())), { scope, services });
  }
  if (client !== "") return (scope) => managedToken(client, { scope, services });
  return undefined;
}

type Asking = { scope: string; services: CloudServices };

/** The client-credentials grant, with a secret or a signed assertion. */
export async function clientToken(
  who: AzureClient,
  proof: { [name: string]: string },
  { scope, services }: Asking,
): Promise<CloudToken> {
  const form = { grant_type: "client_credentials", client_id: who.client, scope, ...proof };
  return exchangeForm(tokenUrl(who), form, services.ask);
}

function assertionForm(assertion: string): { [name: string]: string } {
  return {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion,
  };
}

function tokenUrl({ authority, tenant }: AzureClient): string {
  return `${authority.replace(/\/+$/, "")}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`;
}

/** https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token */
export async function managedToken(client: string, { scope, services }: Asking): Promise<CloudToken> {
  const query = new URLSearchParams({ "api-version": "2018-02-01", resource: scope.replace(/\/\.default$/, "") });
  if (client !== "") query.set("client_id", client);
  const host = environmentText(services, "AZURE_POD_IDENTITY_AUTHORITY_HOST") || machineAddress;
  const answer = await services.ask({
    method: "GET",
    url: `${host.replace(/\/+$/, "")}/metadata/identity/oauth2/token?${query.toString()}`,
    headers: { metadata: "true" },
    timeoutMs: machineTimeoutMs,
    isLocal: true,
  });
  return tokenOf(jsonOf(answer, "Azure's instance metadata"), answer.status);
}

type Certificate = { pem: string; password: string; isChainSent: boolean; at: string };

const keyBlock = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/;

/** https://learn.microsoft.com/entra/identity-platform/certificate-credentials */
function certificateAssertion(given: Certificate, who: AzureClient, nowMs: number): string {
  const issued = Math.floor(nowMs / 1000);
  try {
    // The certificate may stand before the key, which OpenSSL would not read past.
    const [keyText = ""] = given.pem.match(keyBlock) ?? [];
    const key = createPrivateKey({ key: keyText, ...(given.password === "" ? {} : { passphrase: given.password }) });
    const blocks = given.pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
    const chain = blocks.map((block) => new X509Certificate(block));
    const own = chain.find((each) => each.checkPrivateKey(key));
    if (own === undefined) throw new Error("no certificate is of this key");
    const sent = [own, ...chain.filter((each) => each !== own)];
    const header = {
      alg: "RS256",
      typ: "JWT",
      x5t: createHash("sha1").update(own.raw).digest("base64url"),
      ...(given.isChainSent ? { x5c: sent.map(({ raw }) => raw.toString("base64")) } : {}),
    };
    const times = { iat: issued, nbf: issued, exp: issued + assertionSeconds };
    const claims = { aud: tokenUrl(who), iss: who.client, sub: who.client, jti: randomUUID(), ...times };
    const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return `${text}.${createSign("sha256").update(text).sign(key, "base64url")}`;
  } catch {
    // The cause may quote the key.
    throw invalid(
      given.at,
      "holds a client certificate whose key cannot be used",
      "it is PEM: the certificate, and its RSA key, with the password if the key has one",
    );
  }
}
