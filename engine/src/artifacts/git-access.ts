// How a GitRepository's server is reached: the address or the mirror that stands for it, the proxy, and who we are there by
// Secret, GitHub App or cloud identity.

import type { GitRepositorySpec } from "#api/flux";
import { isObject } from "#kernel";
import type { GitAccess } from "#sources/git";
import {
  awsCredentials,
  azureToken,
  type Call,
  codeCommitLogin,
  codeCommitRegion,
  devOpsScope,
  gitHubAppLogin,
  isGitHubApp,
  type Login,
  parseGitHubApp,
} from "#sources/identity";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { refusalFault } from "./objects.ts";
import { during, type Phase, PhaseFault } from "./phases.ts";
import { accountResource, type Reach, reachOf, type ReachWords, type SecretValues, tlsOf } from "./reach.ts";
import { accessOf } from "./secrets.ts";

export type GitReach = {
  url: string;
  access: GitAccess;
  /** To be called when the server has refused the credentials: the next pass asks for new ones. */
  refused: () => void;
};

type Wanted = { namespace: string; spec: GitRepositorySpec; signal: AbortSignal; timeoutMs: number };

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
      return azureIdentity(context, wanted, reach);
    case "aws":
      return awsIdentity(context, wanted, reach);
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

async function azureIdentity(context: Context, wanted: Wanted, reach: Reach): Promise<Identity> {
  const account = await accountOf(context, wanted, "api://AzureADTokenExchange");
  const { environment } = context;
  const tenantId = account?.annotations["azure.workload.identity/tenant-id"] ?? environment["AZURE_TENANT_ID"] ?? "";
  const clientId = account?.annotations["azure.workload.identity/client-id"] ?? "";
  if (account !== undefined && (tenantId === "" || clientId === ""))
    throw unannotated(account.at, "azure.workload.identity/client-id and azure.workload.identity/tenant-id");
  const ask = async (): Promise<Login> => {
    const given = account && { account: { tenantId, clientId, assertion: await account.assertion() } };
    return azureToken({ environment, ...given }, devOpsScope, callOf(context, wanted, reach));
  };
  return { dependsOn: ["azure", account?.at ?? "", tenantId, clientId], ask };
}

async function awsIdentity(context: Context, wanted: Wanted, reach: Reach): Promise<Identity> {
  const phase = failed("AuthenticationFailed", "failed to configure authentication options");
  const region = await during(phase, () => codeCommitRegion(reach.url));
  const account = await accountOf(context, wanted, "sts.amazonaws.com");
  const roleArn = account?.annotations["eks.amazonaws.com/role-arn"] ?? "";
  if (account !== undefined && roleArn === "") throw unannotated(account.at, "eks.amazonaws.com/role-arn");
  const { environment, clock } = context;
  const ask = async (): Promise<Login> => {
    const session = `${wanted.spec.serviceAccountName ?? ""}.${wanted.namespace}.${region}.keelson`.slice(0, 64);
    const given = account && { account: { roleArn, session, assertion: await account.assertion() } };
    const credentials = await awsCredentials({ environment, ...given }, region, callOf(context, wanted, reach));
    return codeCommitLogin(reach.url, credentials, clock.now());
  };
  return { dependsOn: ["aws", account?.at ?? "", roleArn, reach.url], ask };
}

function unannotated(at: string, names: string): Error {
  const cause = artifactFault({
    code: "spec-invalid",
    disposition: "retry",
    at,
    message: `the ServiceAccount lacks the annotations ${names}`,
  });
  return new PhaseFault(failed("AuthenticationFailed", "failed to configure authentication options"), cause);
}

type Account = { at: string; annotations: Readonly<Record<string, string>>; assertion(): Promise<string> };

/** The ServiceAccount that the object names, and how the cluster vouches for it. */
async function accountOf(
  context: Context,
  { namespace, spec }: Wanted,
  audience: string,
): Promise<Account | undefined> {
  const { serviceAccountName: name } = spec;
  if (name === undefined || name === "") return undefined;
  if (!context.hasObjectIdentity) {
    const gate = "ObjectLevelWorkloadIdentity";
    const message = `to use spec.serviceAccountName for provider authentication please enable the ${gate} feature gate in the controller`;
    const cause = artifactFault({ code: "not-supported", disposition: "stall", message: `the gate ${gate} is off` });
    throw new PhaseFault(failed("FeatureGateDisabled", message), cause);
  }
  const at = `ServiceAccount/${namespace}/${name}`;
  const target = { resource: accountResource, namespace, name };
  const answer = await context.cluster.get(target);
  if (!answer.ok) throw refusalFault(answer.status, at);
  const assertion = async (): Promise<string> => {
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: { name, namespace },
      spec: { audiences: [audience], expirationSeconds: 600 },
    };
    const made = await context.cluster.create({ ...target, subresource: "token" }, body, {
      fieldManager: "source-controller",
    });
    if (!made.ok) throw refusalFault(made.status, at);
    const status = made.value["status"];
    return isObject(status) && typeof status["token"] === "string" ? status["token"] : "";
  };
  return { at, annotations: answer.value.metadata.annotations ?? {}, assertion };
}
