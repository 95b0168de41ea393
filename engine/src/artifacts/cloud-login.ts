// Signing in at a cloud's own registry, store or Git host, as the installation itself or as the ServiceAccount that an object
// names. What the cloud gives is kept until shortly before it ends (fluxcd/pkg/auth).

import { readFile } from "node:fs/promises";
import {
  type AccountTokens,
  awsIdentity,
  type AwsLogin,
  azureClientIdentity,
  azureIdentity,
  azureRegistryLogin,
  type CloudLogin,
  type CloudServices,
  type CloudToken,
  elasticLogin,
  type GoogleIdentity,
  googleFileIdentity,
  googleIdentity,
  googleRegistryLogin,
} from "#clouds";
import { isObject } from "#kernel";
import { bytesOf } from "#sources/http";
import type { Call } from "#sources/identity";
import type { Credentials } from "#sources/oci";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { accountTokenSeconds, loginAnswerMost } from "./limits.ts";
import { refusalFault } from "./objects.ts";
import { PhaseFault } from "./phases.ts";
import { accountResource, type Reach, type SecretValues } from "./reach.ts";

export type CloudCall = Pick<Call, "access" | "signal" | "timeoutMs">;

const blobScope = "https://storage.azure.com/.default";
const storageScope = "https://www.googleapis.com/auth/devstorage.read_only";

/** How clouds are asked during one pass. */
export function cloudServices({ http, clock, environment }: Context, call: CloudCall): CloudServices {
  return {
    now: () => clock.now(),
    environment,
    readFile: (path) => readFile(path, "utf8"),
    ask: async ({ isLocal, timeoutMs = call.timeoutMs, ...question }) => {
      const access = isLocal === true ? { isDirect: true } : call.access;
      const limits = { signal: call.signal, timeoutMs: Math.min(timeoutMs, call.timeoutMs) };
      const answer = await http.send({ ...question, access, ...limits, isRepeatable: true });
      const body = (await bytesOf(answer, loginAnswerMost)).toString("utf8");
      const headers = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as const);
      return { status: answer.status, headers: Object.fromEntries(headers), body };
    },
  };
}

/** The ServiceAccount that an object names as its own identity: behind a gate, as in Flux. undefined: none is named. */
export async function objectAccount(
  context: Context,
  namespace: string,
  name: string | undefined,
): Promise<AccountTokens | undefined> {
  if (name === undefined || name === "") return undefined;
  if (!context.hasObjectIdentity) {
    const gate = "ObjectLevelWorkloadIdentity";
    const message = `to use spec.serviceAccountName for provider authentication please enable the ${gate} feature gate in the controller`;
    const cause = artifactFault({ code: "not-supported", disposition: "stall", message });
    throw new PhaseFault({ type: "FetchFailed", reason: "FeatureGateDisabled" }, cause);
  }
  const at = `ServiceAccount/${namespace}/${name}`;
  const target = { resource: accountResource, namespace, name };
  const answer = await context.cluster.get(target);
  if (!answer.ok) throw refusalFault(answer.status, at);
  const token = async (...audiences: readonly string[]): Promise<string> => {
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: { name, namespace },
      spec: { audiences: [...audiences], expirationSeconds: accountTokenSeconds },
    };
    const manager = { fieldManager: "source-controller" };
    const made = await context.cluster.create({ ...target, subresource: "token" }, body, manager);
    if (!made.ok) throw refusalFault(made.status, at);
    const status = made.value["status"];
    return isObject(status) && typeof status["token"] === "string" ? status["token"] : "";
  };
  return { namespace, name, annotations: answer.value.metadata.annotations ?? {}, token };
}

/** What tells one identity from another. */
export function identityKey(account: AccountTokens | undefined): string {
  if (account === undefined) return "";
  const { namespace, name, annotations } = account;
  const names = Object.keys(annotations).sort((a, b) => (a < b ? -1 : 1));
  return JSON.stringify([namespace, name, names.map((each) => [each, annotations[each]])]);
}

/** A login for a registry's host. */
export async function registryLogin(
  context: Context,
  { provider, account }: { provider: string; account?: AccountTokens | undefined },
  { url, access }: Reach,
  limits: { signal: AbortSignal; timeoutMs: number },
): Promise<Credentials> {
  const services = cloudServices(context, { access, ...limits });
  const host = new URL(url.replace(/^oci:/, "https:")).host;
  const dependsOn = ["registry", provider, host, identityKey(account), JSON.stringify(access)];
  const ask = (): Promise<CloudLogin> => {
    if (provider === "aws") return elasticLogin(host, awsIdentity(services, account), services);
    if (provider === "azure") return azureRegistryLogin(host, azureIdentity(services, account), services);
    if (provider === "gcp") return googleRegistryLogin(googleIdentity(services, account), services);
    throw artifactFault({
      code: "spec-invalid",
      disposition: "retry",
      at: "spec.provider",
      message: `there is no provider ${provider}`,
      hint: "check `provider`",
    });
  };
  const { username, password } = await context.logins.get(dependsOn, ask);
  return { is: "basic", username, password };
}

/** Credentials for a bucket of AWS. */
export function bucketCredentials(
  context: Context,
  { region, endpoint }: { region: string; endpoint: string | undefined },
  account?: AccountTokens,
): (call: CloudCall) => Promise<AwsLogin> {
  const dependsOn = ["s3", region, endpoint ?? "", identityKey(account)];
  return (call) =>
    context.logins.get(dependsOn, () => {
      const services = cloudServices(context, call);
      const environment =
        endpoint === undefined ? services.environment : { ...services.environment, AWS_ENDPOINT_URL_STS: endpoint };
      return awsIdentity({ ...services, environment }, account)(region || "us-east-1");
    });
}

/** A token for Azure's blobs: as what a Secret describes, as the account, or as the installation. */
export function blobToken(
  context: Context,
  secret: SecretValues | undefined,
  account?: AccountTokens,
): (call: CloudCall) => Promise<string> {
  const dependsOn = [
    "azure-blob",
    JSON.stringify(secret === undefined ? [] : [...secret.values]),
    identityKey(account),
  ];
  return (call) =>
    kept(context, dependsOn, () => {
      const services = cloudServices(context, call);
      const find = (name: string): string => secret?.values.get(name) ?? "";
      const described = secret === undefined ? undefined : azureClientIdentity({ at: secret.at, find }, services);
      return (described ?? azureIdentity(services, account))(blobScope);
    });
}

/** A token for Google's buckets: by the key in a Secret, as the account, or as the installation. */
export function storageToken(
  context: Context,
  key: { text: string; at: string } | undefined,
  account?: AccountTokens,
): (call: CloudCall) => Promise<string> {
  const identity = (call: CloudCall): GoogleIdentity => {
    const services = cloudServices(context, call);
    return key === undefined
      ? googleIdentity(services, account)
      : googleFileIdentity({ ...key, isOwn: false }, services);
  };
  return (call) =>
    kept(context, ["google-storage", key?.text ?? "", identityKey(account)], () => identity(call)(storageScope));
}

async function kept(context: Context, dependsOn: readonly string[], ask: () => Promise<CloudToken>): Promise<string> {
  const { token } = await context.logins.get(dependsOn, async () => {
    const found = await ask();
    return { token: found.token, expiresMs: context.clock.now() + found.lifeMs };
  });
  return token;
}
