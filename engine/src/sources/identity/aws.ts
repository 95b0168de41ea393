// AWS credentials, and the login to CodeCommit made of them: a signature over the repository's address in place of a password.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html

import { createHash, createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isObject, type JsonObject } from "#kernel";
import { invalid } from "./faults.ts";
import { lifetimeLeastMs } from "./limits.ts";
import { askJson, type Call, type Login } from "./login.ts";

/** What the installation's environment, or a ServiceAccount, says. */
export type AwsIdentity = {
  environment: Readonly<Record<string, string | undefined>>;
  /** Of a ServiceAccount: its role, the name of the session, and what the cluster says of it. */
  account?: { roleArn: string; session: string; assertion: string };
};

export type AwsCredentials = { accessKeyId: string; secretAccessKey: string; sessionToken: string; expiresMs: number };

/** The region in a CodeCommit URL; throws Fault `identity-invalid` for any other URL. */
export function codeCommitRegion(url: string): string {
  const { protocol, hostname } = new URL(url);
  const region = /^git-codecommit(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(hostname)?.[1];
  if (protocol === "https:" && region !== undefined) return region;
  throw invalid(url, "this is no https address of AWS CodeCommit", "the provider aws is for CodeCommit alone");
}

/** Credentials by the first way that the identity names: a role by web identity, keys of the environment, the container's. */
export async function awsCredentials(identity: AwsIdentity, region: string, call: Call): Promise<AwsCredentials> {
  const { environment, account } = identity;
  if (account !== undefined) return assumeRole(environment, { ...account, region }, call);
  const find = (name: string): string => environment[name] ?? "";
  const [accessKeyId, secretAccessKey] = [find("AWS_ACCESS_KEY_ID"), find("AWS_SECRET_ACCESS_KEY")];
  if (accessKeyId !== "" && secretAccessKey !== "") {
    const expiresMs = call.clock.now() + lifetimeLeastMs;
    return { accessKeyId, secretAccessKey, sessionToken: find("AWS_SESSION_TOKEN"), expiresMs };
  }
  const [roleArn, file] = [find("AWS_ROLE_ARN"), find("AWS_WEB_IDENTITY_TOKEN_FILE")];
  if (roleArn !== "" && file !== "") {
    const session = find("AWS_ROLE_SESSION_NAME") || "keelson";
    return assumeRole(environment, { roleArn, session, assertion: await readToken(file), region }, call);
  }
  return containerCredentials(environment, call);
}

async function readToken(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => "");
  if (text.trim() !== "") return text.trim();
  throw invalid(file, "the token of the web identity cannot be read", "check the projected volume");
}

type Role = { roleArn: string; session: string; assertion: string; region: string };

async function assumeRole(environment: AwsIdentity["environment"], role: Role, call: Call): Promise<AwsCredentials> {
  const suffix = role.region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const host = environment["AWS_ENDPOINT_URL_STS"] || `https://sts.${role.region}.${suffix}`;
  const form = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: role.roleArn,
    RoleSessionName: role.session,
    WebIdentityToken: role.assertion,
  });
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
  const request = { url: `${host.replace(/\/+$/, "")}/`, method: "POST" as const, headers, body: form.toString() };
  const answer = await askJson(request, call, `the role ${role.roleArn}`);
  const response = isObject(answer["AssumeRoleWithWebIdentityResponse"])
    ? answer["AssumeRoleWithWebIdentityResponse"]
    : {};
  const result = isObject(response["AssumeRoleWithWebIdentityResult"])
    ? response["AssumeRoleWithWebIdentityResult"]
    : {};
  return credentialsOf(isObject(result["Credentials"]) ? result["Credentials"] : {}, "SessionToken", call);
}

/** What the container's or the pod's agent gives out. */
async function containerCredentials(environment: AwsIdentity["environment"], call: Call): Promise<AwsCredentials> {
  const url = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] ?? "";
  if (url === "")
    throw invalid(
      "environment",
      "no AWS identity is configured",
      "set AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, keys, or a pod identity",
    );
  const file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] ?? "";
  const authorization = file === "" ? (environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] ?? "") : await readToken(file);
  const headers = authorization === "" ? {} : { authorization };
  return credentialsOf(
    await askJson({ url, headers }, { ...call, access: {} }, "the container's credentials"),
    "Token",
    call,
  );
}

function credentialsOf(found: JsonObject, tokenName: string, call: Call): AwsCredentials {
  const { AccessKeyId: id, SecretAccessKey: secret, Expiration: expires, [tokenName]: token } = found;
  if (typeof id !== "string" || typeof secret !== "string")
    throw invalid("sts", "the answer holds no credentials", "check the role's trust policy");
  const given =
    typeof expires === "number" ? expires * 1000 : typeof expires === "string" ? Date.parse(expires) : Number.NaN;
  const expiresMs = Number.isNaN(given) ? call.clock.now() + lifetimeLeastMs : given;
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: typeof token === "string" ? token : "", expiresMs };
}

/** User name and password for a CodeCommit URL: Signature Version 4 over method GIT, path and host; good for 15 minutes. */
export function codeCommitLogin(url: string, credentials: AwsCredentials, nowMs: number): Login {
  const region = codeCommitRegion(url);
  const { pathname, host } = new URL(url);
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+Z$/g, "");
  const scope = `${time.slice(0, 8)}/${region}/codecommit/aws4_request`;
  const request = `GIT\n${pathname}\n\nhost:${host}\n\nhost\n`;
  const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${createHash("sha256").update(request).digest("hex")}`;
  let key: Buffer = Buffer.from(`AWS4${credentials.secretAccessKey}`);
  for (const part of scope.split("/")) key = createHmac("sha256", key).update(part).digest();
  const signature = createHmac("sha256", key).update(text).digest("hex");
  const { accessKeyId, sessionToken, expiresMs } = credentials;
  return {
    username: sessionToken === "" ? accessKeyId : `${accessKeyId}%${sessionToken}`,
    password: `${time}Z${signature}`,
    expiresMs: Math.min(expiresMs, nowMs + lifetimeLeastMs),
  };
}
