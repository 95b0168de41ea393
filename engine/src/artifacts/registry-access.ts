// How an object signs in to its registry: docker configurations in its Secret and its ServiceAccount's, or what a cloud's
// identity gives.

import type { LocalRef } from "#api/flux";
import type { AccountTokens } from "#clouds";
import { Keychain, parseDockerConfig, type RegistryCall, soleLogin } from "#sources/oci";
import { objectAccount, registryLogin } from "./cloud-login.ts";
import type { Context } from "./context.ts";
import { during, type Phase } from "./phases.ts";
import { repositoryWords } from "./repository-access.ts";
import { pullSecretsOf, type Reach, reachOf, type SecretValues, tlsOf } from "./reach.ts";

type Named = {
  url: string;
  provider?: string;
  secretRef?: LocalRef;
  serviceAccountName?: string;
  certSecretRef?: LocalRef;
  proxySecretRef?: LocalRef;
  insecure?: boolean;
};

const credentialPhase: Phase = {
  type: "FetchFailed",
  reason: "AuthenticationFailed",
  message: "failed to get credential",
};

type Limits = { signal: AbortSignal; timeoutMs: number };

export type RegistryReach = Reach & {
  call: Pick<RegistryCall, "access" | "keychain">;
  /** Who signs in at the provider's cloud; undefined: the installation. */
  account?: AccountTokens | undefined;
};

/** Reads what an OCIRepository names; a cloud's login is left to `signIn`. */
export async function registryAccessOf(context: Context, namespace: string, spec: Named): Promise<RegistryReach> {
  const reach = await reachOf(context, namespace, spec, {
    secret: () => "failed to get credential",
    proxy: () => "failed to get proxy address",
    cert: () => `failed to generate transport for '${spec.url}'`,
  });
  const pulled =
    spec.serviceAccountName === undefined || !reach.isOwn
      ? []
      : await during(credentialPhase, () => pullSecretsOf(context, namespace, spec.serviceAccountName ?? ""));
  const secrets = [...(reach.secret === undefined ? [] : [reach.secret]), ...pulled];
  const keychain = secrets.map(dockerKeychain).reduce((all, each) => all.and(each), new Keychain());
  if (!isForCloud(reach, keychain, spec)) return withCall(reach, keychain);
  return { ...withCall(reach, keychain), account: await objectAccount(context, namespace, spec.serviceAccountName) };
}

/** Asks the provider's cloud for a login, where the object has none of its own. */
export async function signIn(
  context: Context,
  reach: RegistryReach,
  spec: Named,
  limits: Limits,
): Promise<RegistryReach["call"]> {
  if (!isForCloud(reach, reach.call.keychain, spec)) return reach.call;
  const who = { provider: spec.provider ?? "", account: reach.account };
  return { ...reach.call, keychain: soleLogin(await registryLogin(context, who, reach, limits)) };
}

function isForCloud(reach: Reach, keychain: Keychain, { provider }: Named): boolean {
  return keychain.isEmpty && reach.isOwn && !isGeneric(provider);
}

/** Of a HelmRepository's Secret: a docker configuration, or plain `username` and `password` for its host. */
export async function chartRegistryAccessOf(
  context: Context,
  namespace: string,
  spec: Named,
  limits: Limits,
): Promise<RegistryReach> {
  const reach = await reachOf(context, namespace, spec, repositoryWords);
  const { secret } = reach;
  if (secret === undefined) {
    if (isGeneric(spec.provider) || !reach.isOwn) return withCall(reach, new Keychain());
    const login = await registryLogin(context, { provider: spec.provider ?? "" }, reach, limits);
    return withCall(reach, soleLogin(login));
  }
  const username = secret.values.get("username") ?? "";
  const password = secret.values.get("password") ?? "";
  const keychain = dockerKeychain(secret);
  const access = spec.certSecretRef === undefined ? { ...tlsOf(secret, false), ...reach.access } : reach.access;
  const hasLogin = keychain.isEmpty && username !== "" && password !== "";
  return withCall({ ...reach, access }, hasLogin ? soleLogin({ is: "basic", username, password }) : keychain);
}

function withCall(reach: Reach, keychain: Keychain): RegistryReach {
  return { ...reach, call: { access: reach.access, keychain } };
}

function isGeneric(provider: string | undefined): boolean {
  return provider === undefined || provider === "" || provider === "generic";
}

function dockerKeychain({ values, at }: SecretValues): Keychain {
  const text = values.get(".dockerconfigjson") ?? values.get(".dockercfg");
  return text === undefined ? new Keychain() : parseDockerConfig(text, at);
}
