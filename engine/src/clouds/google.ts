// Who asks Google: a ServiceAccount by workload identity federation, what a credentials file says, or the machine.
// https://cloud.google.com/docs/authentication/application-default-credentials

import { createSign } from "node:crypto";
import { isObject, type Json, type JsonObject, textOf } from "#kernel";
import { exchangeForm, jsonOf, tokenOf } from "./answers.ts";
import { invalid } from "./faults.ts";
import { cloudPlatform, type GoogleIdentity, impersonate } from "./google-access.ts";
import { externalIdentity } from "./google-external.ts";
import { lifetimeLeastMs, machineTimeoutMs } from "./limits.ts";
import { type AccountTokens, type CloudServices, type CloudToken, environmentText, placeOf } from "./services.ts";

const providerAnnotation = "gcp.auth.fluxcd.io/workload-identity-provider";
const accountAnnotation = "iam.gke.io/gcp-service-account";
const providerName = /^projects\/[^/\s]+\/locations\/global\/workloadIdentityPools\/[^/\s]+\/providers\/[^/\s]+$/;

/** The ServiceAccount's provider where one is named, else what the platform gives the process. */
export function googleIdentity(services: CloudServices, account?: AccountTokens): GoogleIdentity {
  if (account !== undefined) return (scope) => accountToken(account, scope, services);
  return (scope) => ownToken(scope, services);
}

async function accountToken(account: AccountTokens, scope: string, services: CloudServices): Promise<CloudToken> {
  const email = account.annotations[accountAnnotation] ?? "";
  const { audience, subjectAudience } = await federationOf(account, services);
  const federated = await exchangeForm(
    "https://sts.googleapis.com/v1/token",
    {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      audience,
      scope: email === "" ? scope : cloudPlatform,
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      subject_token: await account.token(subjectAudience),
    },
    services.ask,
  );
  if (email === "") return federated;
  const url = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${encodeURIComponent(email)}:generateAccessToken`;
  return impersonate(url, federated.token, { scope, services });
}

/** Whom the token service is to believe: the annotated provider, or on GKE the cluster's own pool. */
async function federationOf(
  account: AccountTokens,
  services: CloudServices,
): Promise<{ audience: string; subjectAudience: string }> {
  const provider = account.annotations[providerAnnotation] ?? "";
  if (providerName.test(provider))
    return { audience: `//iam.googleapis.com/${provider}`, subjectAudience: `https://iam.googleapis.com/${provider}` };
  const wrong = (cause?: unknown): Error =>
    invalid(
      placeOf(account),
      `has no annotation ${providerAnnotation} that names a provider, and this is no cluster of Google's`,
      "it looks like projects/1/locations/global/workloadIdentityPools/POOL/providers/NAME",
      cause,
    );
  if (provider !== "") throw wrong();
  const read = async (path: string): Promise<string> => {
    const answer = await askMachine(`/computeMetadata/v1/${path}`, services).catch((cause: unknown) => {
      throw wrong(cause);
    });
    if (answer.status !== 200 || answer.body.trim() === "") throw wrong();
    return answer.body.trim();
  };
  const project = await read("project/project-id");
  const [place, name] = [
    await read("instance/attributes/cluster-location"),
    await read("instance/attributes/cluster-name"),
  ];
  const pool = `${project}.svc.id.goog`;
  const cluster = `https://container.googleapis.com/v1/projects/${project}/locations/${place}/clusters/${name}`;
  return { audience: `identitynamespace:${pool}:${cluster}`, subjectAudience: pool };
}

async function ownToken(scope: string, services: CloudServices): Promise<CloudToken> {
  const token = environmentText(services, "GOOGLE_OAUTH_ACCESS_TOKEN");
  if (token !== "") return { token, lifeMs: lifetimeLeastMs };
  const path = environmentText(services, "GOOGLE_APPLICATION_CREDENTIALS");
  // What the installation itself was given may name files of this machine: a tenant's Secret may not.
  if (path !== "")
    return googleFileIdentity({ text: await services.readFile(path), at: path, isOwn: true }, services)(scope);
  const answer = await askMachine("/computeMetadata/v1/instance/service-accounts/default/token", services);
  return tokenOf(jsonOf(answer, "Google's metadata server"), answer.status);
}

function askMachine(path: string, services: CloudServices): ReturnType<CloudServices["ask"]> {
  const host = environmentText(services, "GCE_METADATA_HOST") || "metadata.google.internal";
  const headers = { "metadata-flavor": "Google" };
  return services.ask({
    method: "GET",
    url: `http://${host}${path}`,
    headers,
    timeoutMs: machineTimeoutMs,
    isLocal: true,
  });
}

export type GoogleFile = {
  text: string;
  /** For messages. */
  at: string;
  /** Given by the operator: it may name files, addresses and other clouds as its source. */
  isOwn: boolean;
};

/** The identity in a credentials file: a service account's key, a user's refresh token, an account outside Google, and who
 * any of these acts as. Throws CloudFault for what is none. */
export function googleFileIdentity({ text, at, isOwn }: GoogleFile, services: CloudServices): GoogleIdentity {
  let file: Json;
  try {
    file = JSON.parse(text) as Json;
  } catch {
    throw invalid(at, "is no JSON of Google credentials", "it is what Google's console downloads");
  }
  if (!isObject(file)) throw invalid(at, "is no JSON of Google credentials", "it is what Google's console downloads");
  return identityOf(file, { at, isOwn }, services);
}

function identityOf(file: JsonObject, from: { at: string; isOwn: boolean }, services: CloudServices): GoogleIdentity {
  const type = textOf(file, "type");
  const member = (name: string): string => textOf(file, name);
  const tokenUrl = member("token_uri") || "https://oauth2.googleapis.com/token";
  if (type === "service_account") {
    const [issuer, key, id] = [member("client_email"), member("private_key"), member("private_key_id")];
    if (issuer === "" || key === "") throw incomplete(from.at, "client_email and private_key");
    const grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    const who = { issuer, key, id, audience: tokenUrl, at: from.at };
    return (scope) =>
      exchangeForm(tokenUrl, { grant_type, assertion: statementOf(who, scope, services.now()) }, services.ask);
  }
  if (type === "authorized_user") {
    const form = {
      grant_type: "refresh_token",
      client_id: member("client_id"),
      client_secret: member("client_secret"),
      refresh_token: member("refresh_token"),
    };
    return () => exchangeForm(tokenUrl, form, services.ask);
  }
  if (from.isOwn && type === "external_account") return externalIdentity(file, from.at, services);
  if (from.isOwn && type === "impersonated_service_account") {
    const source = file["source_credentials"];
    const url = member("service_account_impersonation_url");
    if (!isObject(source) || url === "")
      throw incomplete(from.at, "source_credentials and service_account_impersonation_url");
    const identity = identityOf(source, from, services);
    return async (scope) => impersonate(url, (await identity(cloudPlatform)).token, { scope, services });
  }
  throw invalid(
    from.at,
    `holds Google credentials of the type ${/^\w{1,40}$/.test(type) ? type : "unknown"}, which cannot be used here`,
    "use a service account's key, or workload identity",
  );
}

function incomplete(at: string, members: string): Error {
  return invalid(at, `lacks ${members}`, "it is what Google's console downloads");
}

type Statement = { issuer: string; key: string; id: string; audience: string; at: string };

/** A JWT signed with the service account's key, RFC 7523. */
function statementOf(who: Statement, scope: string, nowMs: number): string {
  const issued = Math.floor(nowMs / 1000);
  const header = { alg: "RS256", typ: "JWT", ...(who.id === "" ? {} : { kid: who.id }) };
  const claims = { iss: who.issuer, scope, aud: who.audience, iat: issued, exp: issued + 3600 };
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  try {
    return `${text}.${createSign("sha256").update(text).sign(who.key, "base64url")}`;
  } catch {
    // The cause may quote the key.
    throw invalid(who.at, "holds a private key that cannot be read", "download a new key");
  }
}
