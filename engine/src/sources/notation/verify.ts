// Whether an artifact in a registry is signed as a trust policy asks (notation-go 1.3 as source-controller 1.9 uses it). Throws
// where it is not; then nothing of the artifact may be used.

import { X509Certificate } from "node:crypto";
import type { Clock } from "#kernel";
import type { HttpClient } from "#sources/http";
import { byDigest, formatRepository, type Pinned, type Registry, type RegistryCall } from "#sources/oci";
import { isPartOf, subjectName } from "./distinguished-name.ts";
import { readSignature, type Signature } from "./envelope.ts";
import { notationFault } from "./faults.ts";
import { attemptsMost, envelopeMost } from "./limits.ts";
import { checkRevocation, type RevocationCall } from "./revocation.ts";
import { nameOf } from "./chain.ts";
import { readTimestamp, type Timestamp } from "./timestamp.ts";
import { type Check, policyFor, type TrustPolicy, type TrustPolicyDocument } from "./trust-policy.ts";

export type NotationTrust = { policy: TrustPolicyDocument; certificates: readonly X509Certificate[] };

/** Ignored: the policy lets it pass without vouching for it. */
export type NotationOutcome = "verified" | "ignored";

export type NotationTools = { registry: Registry; http: HttpClient; clock: Clock };

const signatureType = "application/vnd.cncf.notary.signature";

/** Reads the certificates of a file in PEM, or one in DER; throws Fault `notation-policy-invalid`. */
export function parseCertificates(text: string, at: string): X509Certificate[] {
  try {
    const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g);
    // Flux reads the first of a file.
    return [new X509Certificate(blocks?.[0] ?? text)];
  } catch {
    throw notationFault({
      code: "notation-policy-invalid",
      disposition: "retry",
      at,
      message: "this is no certificate in PEM",
      hint: "keys of the Secret that end in .crt or .pem hold certificates",
    });
  }
}

/** Throws Faults `notation-signature-absent`, `notation-signature-invalid`, `notation-policy-invalid`. */
export async function verifyNotation(
  tools: NotationTools,
  what: { signed: Pinned; trust: NotationTrust },
  call: RegistryCall,
): Promise<NotationOutcome> {
  const { signed, trust } = what;
  const repository = formatRepository(signed);
  const policy = policyFor(trust.policy, repository);
  if (policy === undefined)
    throw notationFault({
      code: "notation-policy-invalid",
      disposition: "retry",
      at: repository,
      message: "no trust policy statement applies to this repository",
      hint: "name it in registryScopes of trustpolicy.json, or '*'",
    });
  if (policy.actions === undefined) return "ignored";
  const target = await targetOf(tools.registry, signed, call);
  const reasons: string[] = [];
  for await (const { mediaType, bytes } of envelopesOf(tools.registry, signed, call)) {
    try {
      return await judge(tools, { mediaType, bytes, target, policy, trusted: trust.certificates }, call);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : "it cannot be read");
    }
  }
  throw refusal(`${repository}@${signed.digest}`, reasons);
}

function refusal(at: string, reasons: readonly string[]): Error {
  if (reasons.length === 0)
    return notationFault({
      code: "notation-signature-absent",
      disposition: "retry",
      at,
      message: "no signature is associated with the artifact",
      hint: "sign it with `notation sign`",
    });
  return notationFault({
    code: "notation-signature-invalid",
    disposition: "retry",
    at,
    message: "signature verification failed",
    hint: "check `verify`, the trust policy, and who signed the artifact",
    cause: new Error([...new Set(reasons)].slice(0, 3).join("; ")),
  });
}

async function targetOf(registry: Registry, signed: Pinned, call: RegistryCall): Promise<Signature["target"]> {
  const fetched = await registry.manifest(signed, call);
  const { mediaType } = JSON.parse(fetched.bytes.toString("utf8")) as { mediaType?: string };
  return { mediaType: mediaType ?? "", digest: signed.digest, size: fetched.bytes.length };
}

type Envelope = { mediaType: string; bytes: Buffer };

async function* envelopesOf(registry: Registry, signed: Pinned, call: RegistryCall): AsyncIterable<Envelope> {
  const referrers = await registry.referrers(signed, call);
  // A registry's list may leave the type out: then the manifest tells it.
  const candidates = referrers.filter((each) => each.artifactType === "" || each.artifactType === signatureType);
  for (const candidate of candidates.slice(0, attemptsMost)) {
    const fetched = await registry.manifest(byDigest(signed, candidate.digest), call);
    if (!("manifest" in fetched)) continue;
    const { artifactType, config, layers } = fetched.manifest;
    const [layer] = layers;
    if (layer === undefined || (artifactType || config?.mediaType) !== signatureType) continue;
    const bytes = await registry.blobBytes(signed, { descriptor: layer, sizeMost: envelopeMost }, call);
    yield { mediaType: layer.mediaType, bytes };
  }
}

type Case = Envelope & {
  target: Signature["target"];
  policy: TrustPolicy;
  trusted: readonly X509Certificate[];
};

/** Check by check in notation's order; one that is only logged lets the next have its say. */
async function judge(tools: NotationTools, what: Case, call: RegistryCall): Promise<NotationOutcome> {
  const { mediaType, bytes, target, policy, trusted } = what;
  const signature = readSignature(mediaType, bytes);
  const nowMs = tools.clock.now();
  let outcome: NotationOutcome = "verified";
  const run = async (check: Check, step: () => void | Promise<void>): Promise<boolean> => {
    const action = policy.actions?.[check] ?? "enforce";
    if (action === "skip") return true;
    try {
      await step();
      return true;
    } catch (error) {
      if (action === "enforce") throw error;
      return false;
    }
  };
  if (!(await run("authenticity", () => checkAuthenticity(signature, policy, trusted)))) outcome = "ignored";
  await run("expiry", () => checkExpiry(signature, nowMs));
  const { access, signal, timeoutMs } = call;
  const asking = {
    client: tools.http,
    access: access.proxy === undefined ? {} : { proxy: access.proxy },
    signal,
    timeoutMs,
    nowMs,
    authenticMs: signature.isByAuthority ? signature.signedMs : undefined,
  };
  await run("authenticTimestamp", () => checkTimes(signature, { policy, trusted }, asking));
  // Whom nobody trusts need not be asked about.
  if (outcome === "verified") await run("revocation", () => checkRevocation(signature.chain, asking));
  const { target: described } = signature;
  const isSame = (["mediaType", "digest", "size"] as const).every((member) => described[member] === target[member]);
  if (!isSame) throw new Error("content descriptor mismatch: what was signed is another artifact");
  return outcome;
}

function checkAuthenticity(
  { chain, isByAuthority }: Signature,
  { stores, identities, name }: TrustPolicy,
  trusted: readonly X509Certificate[],
): void {
  // All certificates of the Secret stand in every store that the policy names.
  if (!stores.includes(isByAuthority ? "signingAuthority" : "ca") || trusted.length === 0)
    throw new Error("no trusted certificates are found to verify authenticity");
  if (!chain.some((certificate) => trusted.some((each) => each.raw.equals(certificate.raw))))
    throw new Error("signature is not produced by a trusted signer");
  const [leaf] = chain;
  if (identities === undefined || leaf === undefined) return;
  const subject = subjectName(leaf.subject);
  if (identities.some((identity) => isPartOf(identity, subject))) return;
  throw new Error(
    `signing certificate ${nameOf(leaf)} does not match the X.509 trusted identities of the trust policy "${name}"`,
  );
}

function checkExpiry({ expiryMs }: Signature, nowMs: number): void {
  if (expiryMs !== undefined && expiryMs <= nowMs)
    throw new Error(`digital signature has expired on ${new Date(expiryMs).toISOString()}`);
}

type Trust = { policy: TrustPolicy; trusted: readonly X509Certificate[] };

/** Certificates are valid at the time that counts: an authority's word for it, or now. */
async function checkTimes(signature: Signature, { policy, trusted }: Trust, call: RevocationCall): Promise<void> {
  const { chain, isByAuthority, signedMs } = signature;
  const { nowMs } = call;
  const wantsTimestamp =
    !isByAuthority &&
    policy.stores.includes("tsa") &&
    (policy.verifiesTimestamp === "always" || chain.some(({ validTo }) => nowMs > Date.parse(validTo)));
  if (wantsTimestamp) return checkTimestamp(signature, trusted, call);
  const atMs = isByAuthority ? signedMs : nowMs;
  checkValid(chain, { fromMs: atMs, toMs: atMs });
}

async function checkTimestamp(
  { chain, signature, timestamp }: Signature,
  trusted: readonly X509Certificate[],
  call: RevocationCall,
): Promise<void> {
  if (timestamp === undefined) throw new Error("no timestamp countersignature was found in the signature envelope");
  if (trusted.length === 0) throw new Error("no trusted TSA certificate found in trust store");
  const seen = readSeen(timestamp, signature, trusted);
  checkValid(chain, seen);
  const { authenticMs: _, ...asking } = call;
  await checkRevocation(seen.chain, asking, "timestamping");
}

function readSeen(...[token, signature, trusted]: Parameters<typeof readTimestamp>): Timestamp {
  try {
    return readTimestamp(token, signature, trusted);
  } catch (error) {
    const why = error instanceof Error ? error.message : "it cannot be read";
    throw new Error(`failed to verify the timestamp countersignature: ${why}`, { cause: error });
  }
}

function checkValid(chain: readonly X509Certificate[], { fromMs, toMs }: { fromMs: number; toMs: number }): void {
  const found = chain.find(({ validFrom, validTo }) => fromMs < Date.parse(validFrom) || toMs > Date.parse(validTo));
  if (found !== undefined)
    throw new Error(
      `certificate ${nameOf(found)} is valid from ${found.validFrom} to ${found.validTo} alone, and was not when it counts`,
    );
}
