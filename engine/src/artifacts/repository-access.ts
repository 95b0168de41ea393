// How a HelmRepository's server is reached: its login and certificates, at its own address or a mirror's.

import type { HelmRepositorySpec } from "#api/flux";
import { parseDuration } from "#api/flux";
import type { RepositoryCall } from "#sources/charts";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { defaultTimeoutMs } from "./limits.ts";
import { reachOf, type ReachWords, tlsOf } from "./reach.ts";

export type RepositoryReach = { url: string; call: RepositoryCall };

/** As Flux speaks of a HelmRepository's Secrets. */
export const repositoryWords: ReachWords = {
  secret: (name) => `failed to get authentication secret '${name}'`,
  proxy: () => "failed to get proxy address",
  cert: (name, isThere) =>
    isThere ? "failed to construct Helm client's TLS config" : `failed to get TLS authentication secret '${name}'`,
};

/** Reads the Secrets of a repository with an index. */
export async function repositoryReachOf(
  context: Context,
  namespace: string,
  spec: HelmRepositorySpec,
  signal: AbortSignal,
): Promise<RepositoryReach> {
  const { url, access, secret } = await reachOf(context, namespace, spec, repositoryWords);
  const timeoutMs = parseDuration(spec.timeout ?? "") ?? defaultTimeoutMs;
  const login = secret === undefined ? undefined : loginOf(secret.values, secret.at);
  // Certificates in the login's Secret are the older way; `certSecretRef` comes before them.
  const tls = secret === undefined || spec.certSecretRef !== undefined ? {} : tlsOf(secret, false);
  return {
    url,
    call: {
      access: { ...tls, ...access },
      ...(login === undefined ? {} : { login }),
      passesCredentials: spec.passCredentials === true,
      signal,
      timeoutMs,
    },
  };
}

function loginOf(values: ReadonlyMap<string, string>, at: string): { username: string; password: string } | undefined {
  const username = values.get("username");
  const password = values.get("password");
  if (username === undefined && password === undefined) return undefined;
  if (username !== undefined && password !== undefined) return { username, password };
  throw artifactFault({
    code: "spec-invalid",
    disposition: "retry",
    message: "failed to detect authentication methods",
    cause: new Error(`${at}: the Secret has '${username === undefined ? "password" : "username"}' without the other`),
    hint: "it must contain both 'username' and 'password'",
  });
}
