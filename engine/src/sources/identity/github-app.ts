// A GitHub App's installation as who fetches: a token for an hour, asked for with a signed statement of who the App is.
// https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app

import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import { Fault } from "#kernel";
import { invalid } from "./faults.ts";
import { lifetimeLeastMs } from "./limits.ts";
import { askJson, type Call, type Login } from "./login.ts";

/** Either the installation or its owner is named. */
export type GitHubApp = {
  appId: string;
  installationId?: string;
  installationOwner?: string;
  privateKey: KeyObject;
  /** Of the API, without a trailing slash. */
  apiUrl: string;
};

export function isGitHubApp(values: ReadonlyMap<string, string>): boolean {
  return (values.get("githubAppID") ?? "") !== "";
}

/** Reads a Secret's values; `at` names it. */
export function parseGitHubApp(values: ReadonlyMap<string, string>, at: string): GitHubApp {
  const find = (key: string): string => (values.get(key) ?? "").trim();
  const hint = "its keys are githubAppID, githubAppInstallationID or githubAppInstallationOwner, githubAppPrivateKey";
  const [appId, installationId] = [find("githubAppID"), find("githubAppInstallationID")];
  const owner = find("githubAppInstallationOwner");
  if (!/^\d+$/.test(appId)) throw invalid(at, "githubAppID is no number", hint);
  if ((installationId === "") === (owner === ""))
    throw invalid(at, "one of githubAppInstallationID and githubAppInstallationOwner must be given, not both", hint);
  if (installationId !== "" && !/^\d+$/.test(installationId))
    throw invalid(at, "githubAppInstallationID is no number", hint);
  const apiUrl = find("githubAppBaseURL").replace(/\/+$/, "") || "https://api.github.com";
  if (!/^https?:\/\/[^/]/.test(apiUrl)) throw invalid(at, "githubAppBaseURL is no http or https URL", hint);
  return {
    appId,
    ...(owner === "" ? { installationId } : { installationOwner: owner }),
    privateKey: readKey(find("githubAppPrivateKey"), at, hint),
    apiUrl,
  };
}

function readKey(text: string, at: string, hint: string): KeyObject {
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === "rsa") return key;
  } catch {
    // What the library says could hold a piece of the key.
  }
  throw invalid(at, "githubAppPrivateKey is no RSA private key in PEM", hint);
}

/** Credentials of the installation. */
export async function gitHubAppLogin(app: GitHubApp, call: Call): Promise<Login> {
  const headers = {
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
    authorization: `Bearer ${statementOf(app, call.clock.now())}`,
  };
  const id = app.installationId ?? (await findInstallation(app, headers, call));
  const url = `${app.apiUrl}/app/installations/${encodeURIComponent(id)}/access_tokens`;
  const answer = await askJson({ url, method: "POST", headers }, call, "a token for the GitHub App's installation");
  const { token, expires_at: expires } = answer;
  if (typeof token !== "string" || token === "")
    throw invalid(app.apiUrl, "the answer holds no token", "check githubAppBaseURL");
  const expiresMs = typeof expires === "string" ? Date.parse(expires) : Number.NaN;
  return {
    username: "x-access-token",
    password: token,
    expiresMs: Number.isNaN(expiresMs) ? call.clock.now() + lifetimeLeastMs : expiresMs,
  };
}

/** An owner is an organisation or a person. */
async function findInstallation(app: GitHubApp, headers: Record<string, string>, call: Call): Promise<string> {
  const owner = encodeURIComponent(app.installationOwner ?? "");
  const ask = (kind: string): ReturnType<typeof askJson> =>
    askJson({ url: `${app.apiUrl}/${kind}/${owner}/installation`, headers }, call, `the installation of ${owner}`);
  const answer = await ask("orgs").catch((thrown: unknown) => {
    if (thrown instanceof Fault && thrown.code === "identity-refused") return ask("users");
    throw thrown;
  });
  const { id } = answer;
  if (typeof id === "number" || typeof id === "bigint" || typeof id === "string") return String(id);
  throw invalid(app.apiUrl, `the App is not installed for ${owner}`, "check githubAppInstallationOwner");
}

/** A JSON Web Token for two minutes, begun a little earlier: clocks differ. */
function statementOf(app: GitHubApp, nowMs: number): string {
  const issued = Math.floor(nowMs / 1000) - 30;
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part({ iat: issued, exp: issued + 120, iss: app.appId })}`;
  return `${text}.${sign("sha256", Buffer.from(text), app.privateKey).toString("base64url")}`;
}
