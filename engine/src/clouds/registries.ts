// Logins that clouds give out for their own registries and Git hosts, in exchange for an identity.

import { fieldOf, textOf } from "#kernel";
import { askForJson } from "./answers.ts";
import { type AwsIdentity, type AwsLogin, awsEndpoint } from "./aws.ts";
import { signatureOf, signV4, timeText } from "./aws-signature.ts";
import type { AzureIdentity } from "./azure.ts";
import { invalid, refused } from "./faults.ts";
import { cloudPlatform, type GoogleIdentity } from "./google-access.ts";
import { codeCommitLifeMs, registryLoginLifeMs } from "./limits.ts";
import type { CloudServices } from "./services.ts";

/** User name and password, and when they end in milliseconds. */
export type CloudLogin = { username: string; password: string; expiresMs: number };

const managementScope = "https://management.azure.com/.default";
/** The name that Azure's registries want beside a token. */
const azureUser = "00000000-0000-0000-0000-000000000000";

/** Elastic Container Registry: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html */
export async function elasticLogin(host: string, identity: AwsIdentity, services: CloudServices): Promise<CloudLogin> {
  const match = /^\d{12}\.dkr[.-]ecr(-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$/.exec(host);
  const isPublic = host === "public.ecr.aws";
  if (match === null && !isPublic) throw invalid(host, "this is no registry of AWS", "check `provider` and the URL");
  const region = isPublic ? "us-east-1" : (match?.[2] ?? "");
  const service = isPublic ? "ecr-public" : "ecr";
  const target = isPublic ? "SpencerFrontendService" : "AmazonEC2ContainerRegistry_V20150921";
  const endpoint = awsEndpoint("ecr", region, services.environment);
  const usual = `https://api.${service}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`;
  const url = new URL(endpoint.includes("amazonaws.com") ? usual : endpoint);
  const plain = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `${target}.GetAuthorizationToken` };
  const request = { method: "POST", url, headers: plain, body: "{}", service, region, nowMs: services.now() };
  const headers = signV4(request, await identity(region));
  const value = await askForJson({ method: "POST", url: url.href, headers, body: "{}" }, "AWS ECR", services.ask);
  const data = fieldOf(value, "authorizationData");
  const found = Array.isArray(data) ? data[0] : data;
  const text = Buffer.from(textOf(found, "authorizationToken"), "base64").toString("utf8");
  const [, username = "", password = ""] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  if (password === "") throw refused("AWS ECR", 200, "no login is in the answer");
  const ends = fieldOf(found, "expiresAt");
  return {
    username,
    password,
    expiresMs: typeof ends === "number" ? ends * 1000 : services.now() + registryLoginLifeMs,
  };
}

/** https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md */
export async function azureRegistryLogin(
  host: string,
  identity: AzureIdentity,
  services: CloudServices,
): Promise<CloudLogin> {
  const { token, lifeMs } = await identity(managementScope);
  const form = new URLSearchParams({ grant_type: "access_token", service: host, access_token: token });
  const scheme = host.startsWith("127.0.0.1:") ? "http" : "https";
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const url = `${scheme}://${host}/oauth2/exchange`;
  const question = { method: "POST" as const, url, headers, body: form.toString() };
  const value = await askForJson(question, "the registry", services.ask);
  const password = textOf(value, "refresh_token");
  if (password === "") throw refused("the registry", 200, "no token is in the answer");
  return { username: azureUser, password, expiresMs: services.now() + lifeMs };
}

export async function googleRegistryLogin(identity: GoogleIdentity, services: CloudServices): Promise<CloudLogin> {
  const { token, lifeMs } = await identity(cloudPlatform);
  return { username: "oauth2accesstoken", password: token, expiresMs: services.now() + lifeMs };
}

/** The region in a CodeCommit URL; throws CloudFault for any other URL. */
export function codeCommitRegion(url: string): string {
  const { protocol, hostname } = new URL(url);
  const region = /^git-codecommit(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(hostname)?.[1];
  if (protocol === "https:" && region !== undefined) return region;
  throw invalid(url, "this is no https address of AWS CodeCommit", "the provider aws is for CodeCommit alone");
}

/** User name and password for a CodeCommit URL: Signature Version 4 over method GIT, path and host. */
export function codeCommitLogin(url: string, credentials: AwsLogin, nowMs: number): CloudLogin {
  const region = codeCommitRegion(url);
  const { pathname, host } = new URL(url);
  const time = timeText(nowMs).replace(/Z$/, "");
  const scope = `${time.slice(0, 8)}/${region}/codecommit/aws4_request`;
  const request = `GIT\n${pathname}\n\nhost:${host}\n\nhost\n`;
  const signature = signatureOf(request, { time, scope, secret: credentials.secretAccessKey });
  const { accessKeyId, sessionToken, expiresMs } = credentials;
  return {
    username: sessionToken === "" ? accessKeyId : `${accessKeyId}%${sessionToken}`,
    password: `${time}Z${signature}`,
    expiresMs: Math.min(expiresMs, nowMs + codeCommitLifeMs),
  };
}
