// Which store a Bucket names, and how one signs in there: by the Secret's keys that Flux reads, or the installation's own
// identity with the provider's cloud (source-controller 1.9, bucket_controller.go and internal/bucket).

import type { BucketSpec } from "#api/flux";
import type { AccountTokens } from "#clouds";
import {
  AzureBucket,
  type AzureLogin,
  type BucketCall,
  type BucketClient,
  bucketFault,
  GoogleBucket,
  ldapCredentials,
  S3Bucket,
} from "#sources/bucket";
import { blobToken, bucketCredentials, objectAccount, storageToken } from "./cloud-login.ts";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { during, type Phase } from "./phases.ts";
import { type Reach, reachOf, type ReachWords, type SecretValues, tlsOf } from "./reach.ts";
import { readSecret } from "./secrets.ts";

export type BucketReach = { bucket: BucketClient; access: BucketCall["access"] };

/** As Flux speaks of a Bucket's Secrets. */
const words: ReachWords = {
  secret: (name) => `failed to get secret '${name}'`,
  proxy: () => "failed to get proxy URL",
  cert: () => "failed to get TLS config",
};

const stsPhase: Phase = {
  type: "FetchFailed",
  reason: "InvalidSTSConfiguration",
  message: "the security token service cannot be used",
};

/** Reads what the spec names; nothing of the store is asked yet. */
export async function bucketReachOf(context: Context, namespace: string, spec: BucketSpec): Promise<BucketReach> {
  const isOfCloud = spec.provider !== undefined && spec.provider !== "generic";
  const account = isOfCloud ? await objectAccount(context, namespace, spec.serviceAccountName) : undefined;
  await during(stsPhase, () => checkTokenService(spec));
  const url = addressOf(spec);
  const reach = await reachOf(context, namespace, { ...spec, url }, words);
  const at = bucketAt(reach, url, spec);
  const { access } = reach;
  if (spec.provider === "gcp")
    return { bucket: googleBucket(context, spec, { ...reach, url: at.endpoint, account }), access };
  if (spec.provider === "azure")
    return { bucket: azureBucket(context, { ...at, reach: { ...reach, account } }), access };
  return { bucket: await s3Bucket(context, namespace, { spec, reach: { ...reach, account }, at }), access };
}

/** The bucket's URL, for which a mirror may stand. */
function addressOf({ provider, endpoint, bucketName, insecure }: BucketSpec): string {
  const scheme = insecure === true ? "http" : "https";
  const base =
    provider === "gcp"
      ? "https://storage.googleapis.com"
      : endpoint.includes("://")
        ? endpoint
        : `${scheme}://${endpoint}`;
  if (URL.canParse(base)) return `${base.replace(/\/+$/, "")}/${bucketName}`;
  throw bucketFault({
    code: "bucket-invalid",
    disposition: "stall",
    at: endpoint,
    message: "the endpoint is no host",
    hint: "write host or host:port",
  });
}

type Place = { endpoint: string; bucket: string };

/** With the ServiceAccount that signs in at the provider's cloud, where the object names one. */
type CloudReach = Reach & { account: AccountTokens | undefined };

/** Endpoint and bucket of the object, or of the mirror that stands for them. */
function bucketAt(reach: Reach, own: string, { bucketName }: BucketSpec): Place {
  if (reach.url === own) return { endpoint: own.slice(0, -bucketName.length - 1), bucket: bucketName };
  const url = new URL(reach.url);
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const bucket = parts.pop() ?? bucketName;
  return { endpoint: `${url.origin}${parts.map((part) => `/${part}`).join("")}`, bucket };
}

function checkTokenService({ provider = "generic", sts }: BucketSpec): void {
  if (sts === undefined) return;
  const refuse = (message: string): never => {
    throw bucketFault({ code: "bucket-invalid", disposition: "stall", at: "spec.sts", message, hint: "correct `sts`" });
  };
  if (provider !== "aws" && provider !== "generic")
    refuse(`STS configuration is not supported for '${provider}' bucket provider`);
  const fits = sts.provider === (provider === "aws" ? "aws" : "ldap");
  if (!fits) refuse(`STS provider '${sts.provider}' is not supported for '${provider}' bucket provider`);
  if (provider !== "aws") return;
  if (sts.secretRef !== undefined) refuse("spec.sts.secretRef is not required for the 'aws' STS provider");
  if (sts.certSecretRef !== undefined) refuse("spec.sts.certSecretRef is not required for the 'aws' STS provider");
}

async function s3Bucket(
  context: Context,
  namespace: string,
  { spec, reach, at }: { spec: BucketSpec; reach: CloudReach; at: Place },
): Promise<BucketClient> {
  const { http: client, clock } = context;
  const common = { client, clock, ...at, region: spec.region ?? "" };
  if (reach.secret !== undefined) {
    const keys = staticKeys(reach.secret);
    return new S3Bucket({ ...common, credentials: () => Promise.resolve(keys) });
  }
  if (!reach.isOwn) return new S3Bucket({ ...common, credentials: undefined });
  if (spec.provider === "aws") {
    const place = { region: common.region, endpoint: spec.sts?.endpoint };
    return new S3Bucket({ ...common, credentials: bucketCredentials(context, place, reach.account) });
  }
  if (spec.sts === undefined) return new S3Bucket({ ...common, credentials: undefined });
  const { endpoint, secretRef, certSecretRef } = spec.sts;
  const read = async (name: string): Promise<SecretValues> => ({
    values: await readSecret(context.cluster, namespace, name),
    at: `Secret/${namespace}/${name}`,
  });
  const login = secretRef === undefined ? undefined : await read(secretRef.name);
  const cert = certSecretRef === undefined ? {} : tlsOf(await read(certSecretRef.name), true);
  const { proxy } = reach.access;
  const access = { ...cert, ...(proxy === undefined ? {} : { proxy }) };
  const { username, password } = ldapLogin(login);
  return new S3Bucket({
    ...common,
    credentials: ldapCredentials({ client, clock, endpoint, username, password, access }),
  });
}

function staticKeys({ values, at }: SecretValues): { accessKeyId: string; secretAccessKey: string } {
  const accessKeyId = values.get("accesskey");
  const secretAccessKey = values.get("secretkey");
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return { accessKeyId, secretAccessKey };
  throw lacking(at, "required fields 'accesskey' and 'secretkey'");
}

function ldapLogin(login: SecretValues | undefined): { username: string; password: string } {
  if (login === undefined) return { username: "", password: "" };
  const username = login.values.get("username") ?? "";
  const password = login.values.get("password") ?? "";
  if (username !== "" && password !== "") return { username, password };
  throw lacking(login.at, "required fields for the 'ldap' STS provider: username, password");
}

function lacking(at: string, what: string): Error {
  return artifactFault({
    code: "spec-invalid",
    disposition: "retry",
    message: `invalid '${at.slice(at.lastIndexOf("/") + 1)}' secret data: ${what}`,
    hint: "put them into the Secret",
  });
}

function googleBucket(context: Context, spec: BucketSpec, reach: CloudReach): BucketClient {
  const { http: client, environment } = context;
  const emulator = environment["STORAGE_EMULATOR_HOST"] ?? "";
  const endpoint = emulator === "" ? reach.url : emulator.includes("://") ? emulator : `http://${emulator}`;
  const common = { client, endpoint, bucket: spec.bucketName };
  const text = reach.secret?.values.get("serviceaccount");
  if (reach.secret !== undefined && text === undefined)
    throw lacking(reach.secret.at, "required fields 'serviceaccount'");
  if (emulator !== "") return new GoogleBucket({ ...common, token: undefined });
  const key = text === undefined || reach.secret === undefined ? undefined : { text, at: reach.secret.at };
  const token = storageToken(context, key, reach.account);
  return new GoogleBucket({ ...common, token: reach.isOwn || text !== undefined ? token : undefined });
}

function azureBucket(context: Context, { reach, ...at }: Place & { reach: CloudReach }): BucketClient {
  const { http: client, clock } = context;
  return new AzureBucket({ client, clock, ...at, login: azureLogin(context, reach, at.endpoint) });
}

/** By what the Secret holds, in Flux's order: an identity's token, a shared key, a signature. */
function azureLogin(context: Context, { secret, isOwn, account }: CloudReach, endpoint: string): AzureLogin {
  if (secret === undefined)
    return isOwn ? { is: "token", token: blobToken(context, undefined, account) } : { is: "anonymous" };
  const find = (name: string): string => secret.values.get(name) ?? "";
  if (find("clientId") !== "") return { is: "token", token: blobToken(context, secret) };
  if (find("accountKey") !== "")
    return { is: "key", account: new URL(endpoint).hostname.split(".")[0] ?? "", key: find("accountKey") };
  if (find("sasKey") !== "") return { is: "signature", query: find("sasKey") };
  throw lacking(
    secret.at,
    "requires a 'clientId' or 'accountKey' field, a combination of 'tenantId', 'clientId' and 'clientSecret', or 'tenantId', 'clientId' and 'clientCertificate'",
  );
}
