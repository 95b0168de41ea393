// How a GitRepository's server is reached: the address or the mirror that stands for it, the proxy, and who we are there by
// Secret, GitHub App or cloud identity.

import type { GitRepositorySpec } from "#api/flux";
import { awsIdentity, azureIdentity, codeCommitLogin, codeCommitRegion } from "#clouds";
import type { GitAccess } from "#sources/git";
import { type Call, gitHubAppLogin, isGitHubApp, type Login, parseGitHubApp } from "#sources/identity";
import { cloudServices, identityKey, objectAccount } from "./cloud-login.ts";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { during, type Phase, PhaseFault } from "./phases.ts";
import { type Reach, reachOf, type ReachWords, type SecretValues, tlsOf } from "./reach.ts";
import { accessOf } from "./secrets.ts";

export type GitReach = {
  url: string;
  access: GitAccess;
  /** To be called when the server has refused the credentials: the next pass asks for new ones. */
  refused: () => void;
};

type Wanted = { namespace: string; spec: GitRepositorySpec; signal: AbortSignal; timeoutMs: number };

/** Azure DevOps, as a resource that tokens are asked for. */
const devOpsScope = "499b84ac-1321-427f-aa17-267ca6975798/.default";

const failed = (reason: string, message: string): Phase => ({ type: "FetchFailed", reason, message });

/** Throws PhaseFaults in Flux's words. */
export async function gitReachOf(context: Context, wanted: Wanted): Promise<GitReach> {
  const { namespace, spec } = wanted;
  const unsigned: Phase = { type: "FetchFailed", reason: "AuthenticationFailed" };
  const reach = await during(unsigned, () => reachOf(context, namespace, spec, words));
  const { url, secret } = reach;
  const auth = failed("AuthenticationFailed", "failed to configure authentication options");
  const own = await during(auth, () => (secret === undefined ? {} : accessOf(secret.values)));
  const identity = await identityOf(context, wanted, reach);
  const base = { ...own, ...reach.access };
  if (identity === undefined) return { url, access: base, refused: () => {} };
  const login = await during(auth, () => context.logins.get(identity.dependsOn, identity.ask));
  const { expiresMs: _, ...credentials } = login;
  // What the identity gives stands in place of what the Secret may hold beside it.
  const { username: __, password: ___, bearerToken: ____, ...rest } = base;
  return { url, access: { ...rest, ...credentials }, refused: () => context.logins.forget(identity.dependsOn) };
}

/** As Flux speaks of a GitRepository's Secrets. */
const words: ReachWords = {
  secret: (name) => `failed to get secret '${name}'`,
  proxy: () => "failed to configure proxy options",
  cert: () => "failed to configure authentication options",
};

type Identity = { dependsOn: readonly string[]; ask: () => Promise<Login> };

/** undefined: the Secret alone says who we are. */
async function identityOf(context: Context, wanted: Wanted, reach: Reach): Promise<Identity | undefined> {
  const { provider = "generic" } = wanted.spec;
  const { secret } = reach;
  const isApp = secret !== undefined && isGitHubApp(secret.values);
  const at = secret?.at.replace(/^Secret\//, "") ?? "";
  // A mirror has its own login: the provider is for the object's own server.
  if (!reach.isOwn) return isApp ? appIdentity(context, wanted, reach, secret) : undefined;
  switch (provider) {
    case "github":
      if (isApp) return appIdentity(context, wanted, reach, secret);
      throw misconfigured(
        "secretRef with github app data must be specified when provider is set to github",
        wanted.spec.secretRef === undefined,
      );
    case "azure":
      return devOpsIdentity(context, wanted, reach);
    case "aws":
      return codeCommitIdentity(context, wanted, reach);
    default:
      if (isApp) throw misconfigured(`secretRef '${at}' has github app data but provider is not set to github`, false);
      return undefined;
  }
}

function misconfigured(message: string, isStalled: boolean): Error {
  const disposition = isStalled ? "stall" : "retry";
  const cause = artifactFault({ code: "spec-invalid", disposition, message: "`provider` and `secretRef` must fit" });
  return new PhaseFault(failed("InvalidProviderConfiguration", message), cause);
}

function callOf(context: Context, wanted: Wanted, reach: Reach): Call {
  const { http: client, clock } = context;
  const { signal, timeoutMs } = wanted;
  const tls = reach.secret === undefined ? {} : tlsOf(reach.secret, false);
  const { proxy } = reach.access;
  return { client, clock, access: { ...tls, ...(proxy === undefined ? {} : { proxy }) }, signal, timeoutMs };
}

async function appIdentity(
  context: Context,
  wanted: Wanted,
  reach: Reach,
  { values, at }: SecretValues,
): Promise<Identity> {
  const phase = failed("AuthenticationFailed", "failed to configure authentication options");
  const app = await during(phase, () => parseGitHubApp(values, at));
  const keys = ["ID", "InstallationID", "InstallationOwner", "PrivateKey", "BaseURL"];
  const dependsOn = ["github", ...keys.map((key) => values.get(`githubApp${key}`) ?? "")];
  return { dependsOn, ask: () => gitHubAppLogin(app, callOf(context, wanted, reach)) };
}

async function devOpsIdentity(context: Context, wanted: Wanted, reach: Reach): Promise<Identity> {
  const account = await objectAccount(context, wanted.namespace, wanted.spec.serviceAccountName);
  const ask = async (): Promise<Login> => {
    const services = cloudServices(context, callOf(context, wanted, reach));
    const { token, lifeMs } = await azureIdentity(services, account)(devOpsScope);
    return { bearerToken: token, expiresMs: context.clock.now() + lifeMs };
  };
  return { dependsOn: ["azure", identityKey(account)], ask };
}

async function codeCommitIdentity(context: Context, wanted: Wanted, reach: Reach): Promise<Identity> {
  const phase = failed("AuthenticationFailed", "failed to configure authentication options");
  const region = await during(phase, () => codeCommitRegion(reach.url));
  const account = await objectAccount(context, wanted.namespace, wanted.spec.serviceAccountName);
  const ask = async (): Promise<Login> => {
    const services = cloudServices(context, callOf(context, wanted, reach));
    const credentials = await awsIdentity(services, account)(region);
    return codeCommitLogin(reach.url, credentials, context.clock.now());
  };
  return { dependsOn: ["aws", identityKey(account), reach.url], ask };
}
