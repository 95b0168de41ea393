// Signing in at a cloud's own registry or store as the installation itself: what the cloud gives for our identity is
// exchanged as each wants it, and kept until shortly before it ends (fluxcd/pkg/auth).

import { isObject } from "#kernel";
import { type AwsCredentials, googleToken, signV4 } from "#sources/bucket";
import { type Call, awsCredentials, azureToken, type Login } from "#sources/identity";
import type { Credentials } from "#sources/oci";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { loginAnswerMost } from "./limits.ts";
import { PhaseFault } from "./phases.ts";
import type { Reach } from "./reach.ts";

export type CloudCall = Pick<Call, "access" | "signal" | "timeoutMs">;

const registryScope = "https://www.googleapis.com/auth/cloud-platform";
const managementScope = "https://management.azure.com/.default";
const blobScope = "https://storage.azure.com/.default";
/** The name that Azure's registries want beside a token. */
const azureUser = "00000000-0000-0000-0000-000000000000";

/** An object's own ServiceAccount as an identity is another matter: Flux's gate is off here. */
export function refuseObjectIdentity(serviceAccountName: string | undefined): void {
  if (serviceAccountName === undefined || serviceAccountName === "") return;
  const gate = "ObjectLevelWorkloadIdentity";
  const message = `to use spec.serviceAccountName for provider authentication please enable the ${gate} feature gate in the controller`;
  const cause = artifactFault({ code: "not-supported", disposition: "stall", message });
  throw new PhaseFault({ type: "FetchFailed", reason: "FeatureGateDisabled" }, cause);
}

/** A login for a registry's host. */
export async function registryLogin(
  context: Context,
  provider: string,
  { url, access }: Reach,
  limits: { signal: AbortSignal; timeoutMs: number },
): Promise<Credentials> {
  const { http: client, clock } = context;
  const call: Call = { client, clock, access, ...limits };
  const host = new URL(url.replace(/^oci:/, "https:")).host;
  const login = await context.logins.get([provider, host, JSON.stringify(access)], () =>
    askLogin(context, { provider, host }, call),
  );
  if ("bearerToken" in login) return { is: "bearer", token: login.bearerToken };
  return { is: "basic", username: login.username, password: login.password };
}

function askLogin(
  context: Context,
  { provider, host }: { provider: string; host: string },
  call: Call,
): Promise<Login> {
  if (provider === "aws") return elasticLogin(context, host, call);
  if (provider === "azure") return azureLogin(context, host, call);
  if (provider === "gcp") return googleLogin(context, call);
  throw unknown(provider, `there is no provider ${provider}`);
}

/** Elastic Container Registry: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html */
async function elasticLogin({ environment }: Context, host: string, call: Call): Promise<Login> {
  const match = /^\d{12}\.dkr\.ecr(-fips)?\.([a-z0-9-]+)\.(amazonaws\.com(?:\.cn)?)$/.exec(host);
  const isPublic = host === "public.ecr.aws";
  if (match === null && !isPublic) throw unknown(host, "this is no registry of AWS");
  const region = isPublic ? "us-east-1" : (match?.[2] ?? "");
  const service = isPublic ? "ecr-public" : "ecr";
  const target = isPublic ? "SpencerFrontendService" : "AmazonEC2ContainerRegistry_V20150921";
  const own = environment["AWS_ENDPOINT_URL_ECR"] ?? "";
  const url = new URL(own === "" ? `https://api.${service}.${region}.${match?.[3] ?? "amazonaws.com"}/` : own);
  const credentials = await awsCredentials({ environment }, region, call);
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `${target}.GetAuthorizationToken` };
  const signed = signV4(
    { method: "POST", url, headers, body: "{}", service, region, nowMs: call.clock.now() },
    withToken(credentials),
  );
  const data = await ask({ url: url.href, headers: signed, body: "{}" }, call);
  const list = data["authorizationData"];
  const found = Array.isArray(list) ? list[0] : list;
  const token = isObject(found) ? found["authorizationToken"] : undefined;
  const expires = isObject(found) ? found["expiresAt"] : undefined;
  const [username = "", password = ""] = Buffer.from(typeof token === "string" ? token : "", "base64")
    .toString("utf8")
    .split(":");
  if (password === "") throw unknown(host, "AWS gave no login for the registry");
  return { username, password, expiresMs: typeof expires === "number" ? expires * 1000 : call.clock.now() + 3_600_000 };
}

/** https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md */
async function azureLogin({ environment }: Context, host: string, call: Call): Promise<Login> {
  const login = await azureToken({ environment }, managementScope, call);
  const form = new URLSearchParams({
    grant_type: "access_token",
    service: host,
    access_token: "bearerToken" in login ? login.bearerToken : "",
  });
  const scheme = host.startsWith("127.0.0.1:") ? "http" : "https";
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const data = await ask({ url: `${scheme}://${host}/oauth2/exchange`, headers, body: form.toString() }, call);
  const token = data["refresh_token"];
  if (typeof token !== "string") throw unknown(host, "the registry gave no token for the one of Microsoft Entra");
  return { username: azureUser, password: token, expiresMs: login.expiresMs };
}

async function googleLogin(context: Context, call: Call): Promise<Login> {
  const token = await machineToken(context, registryScope)(call);
  // The machine's server renews a token when five minutes are left of it.
  return { username: "oauth2accesstoken", password: token, expiresMs: call.clock.now() + 10 * 60_000 };
}

/** A token of the machine's, or of the service account whose key the environment names. */
export function machineToken(
  { http: client, clock, environment }: Context,
  scope: string,
): (call: CloudCall) => Promise<string> {
  const metadataHost = environment["GCE_METADATA_HOST"];
  return googleToken({ client, clock, scope, ...(metadataHost === undefined ? {} : { metadataHost }) });
}

/** The installation's own credentials for a bucket of AWS. */
export function bucketCredentials(
  context: Context,
  region: string,
  endpoint: string | undefined,
): (call: CloudCall) => Promise<AwsCredentials> {
  const { http: client, clock } = context;
  const environment =
    endpoint === undefined ? context.environment : { ...context.environment, AWS_ENDPOINT_URL_STS: endpoint };
  let known: { credentials: AwsCredentials; untilMs: number } | undefined;
  return async ({ access, signal, timeoutMs }) => {
    if (known !== undefined && known.untilMs > clock.now()) return known.credentials;
    const found = await awsCredentials({ environment }, region || "us-east-1", {
      client,
      clock,
      access,
      signal,
      timeoutMs,
    });
    known = { credentials: withToken(found), untilMs: found.expiresMs - 5 * 60_000 };
    return known.credentials;
  };
}

/** A token for Azure's blobs, as the installation or as what a Secret names. */
export function blobToken(
  context: Context,
  given: ReadonlyMap<string, string> | undefined,
): (call: CloudCall) => Promise<string> {
  const { http: client, clock } = context;
  const environment = given === undefined ? context.environment : identityOf(given);
  const dependsOn = ["azure-blob", JSON.stringify(given === undefined ? null : [...given])];
  return async ({ access, signal, timeoutMs }) => {
    const call: Call = { client, clock, access, signal, timeoutMs };
    const login = await context.logins.get(dependsOn, () => azureToken({ environment }, blobScope, call));
    return "bearerToken" in login ? login.bearerToken : "";
  };
}

/** A Secret's members by the names that the environment has for them. */
function identityOf(values: ReadonlyMap<string, string>): Record<string, string> {
  const names: readonly (readonly [string, string])[] = [
    ["AZURE_TENANT_ID", "tenantId"],
    ["AZURE_CLIENT_ID", "clientId"],
    ["AZURE_CLIENT_SECRET", "clientSecret"],
    ["AZURE_AUTHORITY_HOST", "authorityHost"],
  ];
  return Object.fromEntries(
    names.flatMap(([name, key]) => {
      const value = values.get(key) ?? "";
      return value === "" ? [] : [[name, value]];
    }),
  );
}

function withToken({
  accessKeyId,
  secretAccessKey,
  sessionToken,
}: {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}): AwsCredentials {
  return { accessKeyId, secretAccessKey, ...(sessionToken === "" ? {} : { sessionToken }) };
}

async function ask(
  request: { url: string; headers: Record<string, string>; body: string },
  { client, access, signal, timeoutMs }: Call,
): Promise<{ [name: string]: unknown }> {
  const what = { ...request, method: "POST" as const, access, signal, timeoutMs, isRepeatable: true };
  const { bytes } = await client.read(what, loginAnswerMost);
  const data = JSON.parse(bytes.toString("utf8")) as unknown;
  return typeof data === "object" && data !== null ? (data as { [name: string]: unknown }) : {};
}

function unknown(at: string, message: string): Error {
  return artifactFault({
    code: "spec-invalid",
    disposition: "retry",
    at,
    message,
    hint: "check `provider`, the URL, and this installation's own identity",
  });
}
