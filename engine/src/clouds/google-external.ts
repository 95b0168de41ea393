// Accounts outside Google: a token of elsewhere, out of a file, from an address or made by AWS's signature, is exchanged for
// one of Google's. https://google.aip.dev/auth/4117

import { isObject, type Json, type JsonObject, textOf } from "#kernel";
import { exchangeForm } from "./answers.ts";
import { awsIdentity } from "./aws.ts";
import { signV4 } from "./aws-signature.ts";
import { invalid, refused } from "./faults.ts";
import { cloudPlatform, type GoogleIdentity, impersonate } from "./google-access.ts";
import { machineTimeoutMs, sessionSeconds } from "./limits.ts";
import { type CloudServices, environmentText } from "./services.ts";

/** The identity in a file of the type external_account. */
export function externalIdentity(file: JsonObject, at: string, services: CloudServices): GoogleIdentity {
  const member = (name: string): string => textOf(file, name);
  const source = file["credential_source"];
  const [audience, tokenUrl] = [member("audience"), member("token_url")];
  if (!isObject(source) || audience === "" || !/^https?:\/\//.test(tokenUrl))
    throw invalid(at, "lacks audience, token_url or credential_source", "make it anew with gcloud iam");
  const impersonation = member("service_account_impersonation_url");
  return async (scope) => {
    const federated = await exchangeForm(
      tokenUrl,
      {
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        audience,
        scope: impersonation === "" ? scope : cloudPlatform,
        requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
        subject_token_type: member("subject_token_type"),
        subject_token: await subjectToken(source, { at, audience }, services),
      },
      services.ask,
    );
    return impersonation === "" ? federated : impersonate(impersonation, federated.token, { scope, services });
  };
}

async function subjectToken(
  source: JsonObject,
  { at, audience }: { at: string; audience: string },
  services: CloudServices,
): Promise<string> {
  const [file, url, environment] = [textOf(source, "file"), textOf(source, "url"), textOf(source, "environment_id")];
  if (/^aws1$/.test(environment)) return awsSubject(source, audience, services);
  if (environment !== "") throw invalid(at, "names an environment that is none of AWS", "only aws1 is known");
  if (file !== "") return tokenIn(await services.readFile(file), source, at);
  if (url !== "") {
    const given = isObject(source["headers"]) ? source["headers"] : {};
    const headers = Object.fromEntries(Object.keys(given).map((name) => [name, textOf(given, name)]));
    const answer = await services.ask({ method: "GET", url, headers });
    if (answer.status !== 200) throw refused("the source of the account's token", answer.status, "");
    return tokenIn(answer.body, source, at);
  }
  throw invalid(at, "has a credential_source that cannot be used here", "use a file, an address or AWS");
}

/** A token as it stands, or a member of JSON. */
function tokenIn(text: string, source: JsonObject, at: string): string {
  const isJson = textOf(source, "format", "type") === "json";
  let token = text.trim();
  if (isJson) {
    let value: Json = null;
    try {
      value = JSON.parse(text) as Json;
    } catch {
      // The parser's message may quote the token.
    }
    token = textOf(value, textOf(source, "format", "subject_token_field_name"));
  }
  if (token !== "") return token;
  throw invalid(at, "has a credential_source without a token", "check the file or address that it names");
}

/** AWS's answer to "who am I", asked for but not sent: Google sends it. */
async function awsSubject(source: JsonObject, audience: string, services: CloudServices): Promise<string> {
  const region = await awsRegion(source, services);
  const credentials = await awsIdentity(services)(region);
  const template = textOf(source, "regional_cred_verification_url");
  const usual = "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15";
  const url = new URL((template || usual).replaceAll("{region}", region));
  const target = { "x-goog-cloud-target-resource": audience };
  const request = { method: "POST", url, headers: target, service: "sts", region, nowMs: services.now() };
  const signed = Object.entries(signV4(request, credentials)).map(([key, value]) => ({
    key: key === "authorization" ? "Authorization" : key,
    value,
  }));
  return encodeURIComponent(JSON.stringify({ url: url.href, method: "POST", headers: signed }));
}

async function awsRegion(source: JsonObject, services: CloudServices): Promise<string> {
  const own = environmentText(services, "AWS_REGION") || environmentText(services, "AWS_DEFAULT_REGION");
  const url = textOf(source, "region_url");
  if (own !== "" || url === "") return own === "" ? "us-east-1" : own;
  const local = { timeoutMs: machineTimeoutMs, isLocal: true };
  const sessionUrl = textOf(source, "imdsv2_session_token_url");
  let headers = {};
  if (sessionUrl !== "") {
    const asked = { "x-aws-ec2-metadata-token-ttl-seconds": String(sessionSeconds) };
    const session = await services.ask({ method: "PUT", url: sessionUrl, headers: asked, ...local });
    if (session.status !== 200) throw refused("the machine's metadata", session.status, "");
    headers = { "x-aws-ec2-metadata-token": session.body.trim() };
  }
  const answer = await services.ask({ method: "GET", url, headers, ...local });
  if (answer.status !== 200) throw refused("the machine's metadata", answer.status, "");
  // It answers with a zone: eu-west-1b.
  return answer.body.trim().replace(/(?<=\d)[a-z]$/, "");
}
