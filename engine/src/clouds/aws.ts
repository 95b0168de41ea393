// Who asks AWS: the role of a ServiceAccount, or what the platform gives the process, in the order of AWS's own libraries:
// variables, a projected token for a role, the container's credential server, the machine's metadata (IMDSv2).
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html

import { isObject, type Json, textOf } from "#kernel";
import { jsonOf } from "./answers.ts";
import { type AwsCredentials, signV4 } from "./aws-signature.ts";
import { invalid, refused } from "./faults.ts";
import { lifetimeLeastMs, machineTimeoutMs, sessionNameMost, sessionSeconds } from "./limits.ts";
import { type AccountTokens, type CloudAnswer, type CloudServices, environmentText, placeOf } from "./services.ts";

export type AwsLogin = Required<AwsCredentials> & { expiresMs: number };

/** Credentials for a region: a security token service is regional. */
export type AwsIdentity = (region: string) => Promise<AwsLogin>;

const roleAnnotation = "eks.amazonaws.com/role-arn";

/** The ServiceAccount's role where one is named, else what the platform gives the process. */
export function awsIdentity(services: CloudServices, account?: AccountTokens): AwsIdentity {
  if (account !== undefined) return (region) => accountCredentials(account, region, services);
  return (region) => ownCredentials(region, services);
}

async function accountCredentials(account: AccountTokens, region: string, services: CloudServices): Promise<AwsLogin> {
  const role = account.annotations[roleAnnotation] ?? "";
  if (role === "")
    throw invalid(placeOf(account), `has no annotation ${roleAnnotation}`, "annotate it with the role that it takes");
  const session = `${account.name}.${account.namespace}.${region}.keelson`.slice(0, sessionNameMost);
  return assumeRoleWithToken({ role, token: await account.token("sts.amazonaws.com"), session }, region, services);
}

async function ownCredentials(region: string, services: CloudServices): Promise<AwsLogin> {
  const own = (name: string): string => environmentText(services, name);
  const [accessKeyId, secretAccessKey] = [own("AWS_ACCESS_KEY_ID"), own("AWS_SECRET_ACCESS_KEY")];
  if (accessKeyId !== "" && secretAccessKey !== "") {
    const expiresMs = services.now() + lifetimeLeastMs;
    return { accessKeyId, secretAccessKey, sessionToken: own("AWS_SESSION_TOKEN"), expiresMs };
  }
  const [role, file] = [own("AWS_ROLE_ARN"), own("AWS_WEB_IDENTITY_TOKEN_FILE")];
  if (role !== "" && file !== "") {
    const token = (await services.readFile(file)).trim();
    const session = own("AWS_ROLE_SESSION_NAME") || "keelson";
    return assumeRoleWithToken({ role, token, session }, region, services);
  }
  const relative = own("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (relative !== "") return containerCredentials(`http://169.254.170.2${relative}`, services);
  const full = own("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (full !== "") return containerCredentials(checkedContainerUrl(full), services);
  if (own("AWS_EC2_METADATA_DISABLED").toLowerCase() !== "true") return machineCredentials(services);
  throw nothingAtHand();
}

function nothingAtHand(cause?: unknown): Error {
  const hint = "set AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, or keys, or give the machine a role";
  return invalid("AWS", "no credentials are at hand", hint, cause);
}

/** Over plain HTTP only the container's own servers may be asked: those of ECS and EKS, and this machine. */
function checkedContainerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\]|169\.254\.170\.(2|23)|\[fd00:ec2::23\])$/.test(
    url?.hostname ?? "",
  );
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isLocal)) return url.href;
  throw invalid(
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "names neither https nor an address of this container",
    "the platform sets it; take it out",
  );
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html: ECS, and EKS Pod Identity. */
async function containerCredentials(url: string, services: CloudServices): Promise<AwsLogin> {
  const file = environmentText(services, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const authorization =
    file === ""
      ? environmentText(services, "AWS_CONTAINER_AUTHORIZATION_TOKEN")
      : (await services.readFile(file)).trim();
  if (/[\r\n]/.test(authorization))
    throw invalid("AWS_CONTAINER_AUTHORIZATION_TOKEN", "has a line break", "the platform sets it");
  const headers = { accept: "application/json", ...(authorization === "" ? {} : { authorization }) };
  const answer = await services.ask({ method: "GET", url, headers, isLocal: true });
  return jsonCredentials(jsonOf(answer, "the container's credential server"), answer.status, services);
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html: with a session, never without. */
async function machineCredentials(services: CloudServices): Promise<AwsLogin> {
  const mode = environmentText(services, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE").toLowerCase();
  const usual = mode === "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  const base = (environmentText(services, "AWS_EC2_METADATA_SERVICE_ENDPOINT") || usual).replace(/\/+$/, "");
  const local = { timeoutMs: machineTimeoutMs, isLocal: true };
  const asked = { "x-aws-ec2-metadata-token-ttl-seconds": String(sessionSeconds) };
  const session = await services
    .ask({ method: "PUT", url: `${base}/latest/api/token`, headers: asked, ...local })
    .catch((cause: unknown) => {
      throw nothingAtHand(cause);
    });
  const headers = { "x-aws-ec2-metadata-token": textIn(session).trim() };
  const folder = `${base}/latest/meta-data/iam/security-credentials/`;
  const [role = ""] = textIn(await services.ask({ method: "GET", url: folder, headers, ...local })).split("\n");
  if (role.trim() === "") throw invalid("AWS", "the machine has no role", "give its instance profile one");
  const url = `${folder}${encodeURIComponent(role.trim())}`;
  const answer = await services.ask({ method: "GET", url, headers, ...local });
  const found = jsonOf(answer, machineName);
  const code = textOf(found, "Code");
  if (code !== "" && code !== "Success") throw refused(machineName, answer.status, code.slice(0, 80));
  return jsonCredentials(found, answer.status, services);
}

const machineName = "the machine's metadata";

function textIn(answer: CloudAnswer): string {
  if (answer.status !== 200) throw refused(machineName, answer.status, "");
  return answer.body;
}

function jsonCredentials(found: Json, status: number, services: CloudServices): AwsLogin {
  const login = {
    accessKeyId: textOf(found, "AccessKeyId"),
    secretAccessKey: textOf(found, "SecretAccessKey"),
    sessionToken: textOf(found, "Token"),
  };
  if (!isObject(found) || login.accessKeyId === "" || login.secretAccessKey === "")
    throw refused("AWS", status, "no credentials are in the answer");
  return { ...login, expiresMs: endOf(textOf(found, "Expiration"), services) };
}

function endOf(text: string, services: CloudServices): number {
  const ends = Date.parse(text);
  return Number.isNaN(ends) ? services.now() + lifetimeLeastMs : ends;
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
export async function assumeRole(
  who: { role: string; session: string },
  region: string,
  how: { credentials: AwsCredentials; services: CloudServices },
): Promise<AwsLogin> {
  const { services, credentials } = how;
  const parameters = { Action: "AssumeRole", RoleArn: who.role, RoleSessionName: who.session };
  return askSecurityTokens(parameters, region, { services, credentials });
}

/** Credentials of a role for a web identity's token; unsigned. */
export function assumeRoleWithToken(
  who: { role: string; token: string; session: string },
  region: string,
  services: CloudServices,
): Promise<AwsLogin> {
  const parameters = {
    Action: "AssumeRoleWithWebIdentity",
    RoleArn: who.role,
    RoleSessionName: who.session,
    WebIdentityToken: who.token,
  };
  return askSecurityTokens(parameters, region, { services });
}

async function askSecurityTokens(
  parameters: { [name: string]: string },
  region: string,
  { services, credentials }: { services: CloudServices; credentials?: AwsCredentials },
): Promise<AwsLogin> {
  const url = awsEndpoint("sts", region, services.environment);
  const body = new URLSearchParams({ ...parameters, Version: "2011-06-15" }).toString();
  const plain = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
  const request = { method: "POST", url: new URL(url), headers: plain, body, service: "sts", region };
  const headers = credentials === undefined ? plain : signV4({ ...request, nowMs: services.now() }, credentials);
  const answer = await services.ask({ method: "POST", url, headers, body });
  const member = (name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer.body)?.[1] ?? "";
  if (answer.status !== 200) throw refused("AWS STS", answer.status, member("Code").slice(0, 80));
  const login = {
    accessKeyId: member("AccessKeyId"),
    secretAccessKey: member("SecretAccessKey"),
    sessionToken: member("SessionToken"),
  };
  if (login.accessKeyId === "" || login.secretAccessKey === "")
    throw refused("AWS STS", answer.status, "no credentials are in the answer");
  return { ...login, expiresMs: endOf(member("Expiration"), services) };
}

/** A service's address in a region, or the one that AWS_ENDPOINT_URL(_SERVICE) names. */
export function awsEndpoint(service: string, region: string, environment: CloudServices["environment"]): string {
  const given = environment[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] || environment["AWS_ENDPOINT_URL"];
  if (given !== undefined && given !== "") return given.endsWith("/") ? given : `${given}/`;
  return `https://${service}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`;
}
