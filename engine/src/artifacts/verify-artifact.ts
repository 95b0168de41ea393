// `spec.verify` of an OCIRepository or HelmChart: whose signatures count, read from the Secrets that it names.

import type { OciVerification } from "#api/flux";
import { parsePublicKey, parseTrustRoot, type Pinned, type RegistryCall, type Trust, verifyCosign } from "#sources/oci";
import {
  type NotationOutcome,
  type NotationTrust,
  parseCertificates,
  parseTrustPolicy,
  verifyNotation,
} from "#sources/notation";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { readSecret } from "./secrets.ts";

/** Throws where nothing that counts signs the artifact; tells where a policy lets it pass without vouching for it. */
export async function verifyArtifact(
  context: Context,
  what: { namespace: string; verification: OciVerification; reference: Pinned },
  call: RegistryCall,
): Promise<NotationOutcome> {
  const { namespace, verification, reference } = what;
  if (verification.provider === "notation") {
    const trust = await notationTrustOf(context, namespace, verification);
    const { registry, http, clock } = context;
    return verifyNotation({ registry, http, clock }, { signed: reference, trust }, call);
  }
  if (verification.provider !== "cosign")
    throw artifactFault({
      code: "not-supported",
      disposition: "stall",
      at: "spec.verify.provider",
      message: `unsupported verification provider: ${verification.provider}`,
      hint: "sign with cosign or notation, or take `verify` out to accept unverified artifacts",
    });
  const trust = await trustOf(context, namespace, verification);
  await verifyCosign(context.registry, { signed: reference, trust }, call);
  return "verified";
}

/** The trust policy and the certificates of the Secret. */
async function notationTrustOf(
  context: Context,
  namespace: string,
  { secretRef }: OciVerification,
): Promise<NotationTrust> {
  if (secretRef === undefined) throw lacking("spec.verify", "verification secret cannot be empty");
  const at = `Secret/${namespace}/${secretRef.name}`;
  const values = await readSecret(context.cluster, namespace, secretRef.name);
  const policy = values.get("trustpolicy.json");
  if (policy === undefined) throw lacking(at, "'trustpolicy.json' not found");
  const certificates = [...values].filter(([name]) => /\.(?:crt|pem)$/.test(name));
  if (certificates.length === 0) throw lacking(at, "no certificates found: none of its keys ends in .crt or .pem");
  return {
    policy: parseTrustPolicy(policy, at),
    certificates: certificates.flatMap(([name, pem]) => parseCertificates(pem, `${at} ${name}`)),
  };
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
