// `spec.verify` of an OCIRepository or HelmChart: whose signatures count, read from the Secrets that it names.

import type { OciVerification } from "#api/flux";
import { parsePublicKey, parseTrustRoot, type Pinned, type RegistryCall, type Trust, verifyCosign } from "#sources/oci";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { readSecret } from "./secrets.ts";

/** Throws where nothing that counts signs the artifact. */
export async function verifyArtifact(
  context: Context,
  what: { namespace: string; verification: OciVerification; reference: Pinned },
  call: RegistryCall,
): Promise<void> {
  const { namespace, verification, reference } = what;
  if (verification.provider !== "cosign")
    throw artifactFault({
      code: "not-supported",
      disposition: "stall",
      at: "spec.verify.provider",
      message: `signatures of ${verification.provider} cannot be verified, so nothing is fetched`,
      hint: "sign with cosign, or take `verify` out to accept unverified artifacts",
    });
  const trust = await trustOf(context, namespace, verification);
  await verifyCosign(context.registry, { signed: reference, trust }, call);
}

async function trustOf(context: Context, namespace: string, verification: OciVerification): Promise<Trust> {
  const { secretRef, trustedRootSecretRef, matchOIDCIdentity = [] } = verification;
  if (secretRef !== undefined) {
    const at = `Secret/${namespace}/${secretRef.name}`;
    const values = await readSecret(context.cluster, namespace, secretRef.name);
    const keys = [...values].filter(([name]) => name.endsWith(".pub"));
    if (keys.length === 0) throw lacking(at, "no public keys found: none of its keys ends in .pub");
    return { is: "keys", keys: keys.map(([name, pem]) => parsePublicKey(pem, `${at} ${name}`)) };
  }
  const identities = matchOIDCIdentity;
  if (trustedRootSecretRef === undefined)
    return { is: "identities", root: await context.publicTrust.get(), identities };
  const at = `Secret/${namespace}/${trustedRootSecretRef.name}`;
  const text = (await readSecret(context.cluster, namespace, trustedRootSecretRef.name)).get("trusted_root.json");
  if (text === undefined) throw lacking(at, "'trusted_root.json' not found");
  return { is: "identities", root: parseTrustRoot(text, at), identities };
}

function lacking(at: string, message: string): Error {
  return artifactFault({
    code: "spec-invalid",
    disposition: "retry",
    at,
    message,
    hint: "put it into the Secret that `verify` names",
  });
}
