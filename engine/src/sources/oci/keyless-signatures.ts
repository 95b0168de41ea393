// Signatures by an identity: a short-lived certificate of an authority in the trust root, entered in a log of it. Checked by
// Sigstore's own library; the identity by regular expressions in Go's syntax. https://docs.sigstore.dev/about/security

import { createHash, X509Certificate } from "node:crypto";
import { type Bundle, bundleFromJSON } from "@sigstore/bundle";
import type { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, type TrustMaterial, Verifier } from "@sigstore/verify";
import { RE2JS } from "re2js";
import { ociFault } from "./faults.ts";
import { type FoundSignatures, isPayloadOf, isStatementOf, type LegacySignature } from "./signatures.ts";

/** Regular expressions that must be found in the certificate's issuer and subject. */
export type Identity = { issuer: string; subject: string };

export type CompiledIdentity = { issuer: RE2JS; subject: RE2JS };

export function compileIdentities(identities: readonly Identity[]): CompiledIdentity[] {
  return identities.map(({ issuer, subject }) => ({ issuer: compile(issuer), subject: compile(subject) }));
}

function compile(text: string): RE2JS {
  try {
    return RE2JS.compile(text);
  } catch (cause) {
    throw ociFault({
      code: "oci-trust-invalid",
      disposition: "retry",
      message: `${JSON.stringify(text)} in matchOIDCIdentity is no regular expression`,
      cause,
    });
  }
}

/** Why no signature will do; undefined when one does. */
export function whyNotSigned(
  found: FoundSignatures,
  digest: string,
  trust: { root: TrustedRoot; identities: readonly CompiledIdentity[] },
): string | undefined {
  const material = toTrustMaterial(trust.root);
  const checks =
    found.bundles.length > 0
      ? found.bundles.map((bundle) => () => checkBundle(bundle, digest, material))
      : found.legacy.map((signature) => () => checkLegacy(signature, digest, material));
  const reasons: string[] = [];
  for (const check of checks) {
    try {
      const signer = check();
      if (isTrusted(signer, trust.identities)) return undefined;
      reasons.push(
        `it is signed by ${signer.subject || "nobody named"} of ${signer.issuer || "no issuer"}, which matches no identity`,
      );
    } catch (error) {
      reasons.push(error instanceof Error ? messageOf(error) : "it cannot be read");
    }
  }
  return [...new Set(reasons)].slice(0, 3).join("; ") || "there is no signature";
}

function messageOf(error: Error): string {
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `${error.message}${cause}`.slice(0, 300);
}

type Signer = { issuer: string; subject: string };

/** Without any identity named all that the trust root vouches for will do, as in Flux. */
function isTrusted({ issuer, subject }: Signer, identities: readonly CompiledIdentity[]): boolean {
  if (identities.length === 0) return true;
  return identities.some((each) => each.issuer.matcher(issuer).find() && each.subject.matcher(subject).find());
}

function checkBundle(text: Buffer, digest: string, material: TrustMaterial): Signer {
  const bundle = bundleFromJSON(JSON.parse(text.toString("utf8")));
  const { content } = bundle;
  if (content.$case !== "dsseEnvelope") throw new Error("the bundle holds no statement");
  const { payload, payloadType } = content.dsseEnvelope;
  if (!isStatementOf(payloadType, payload, digest)) throw new Error("the statement is about another artifact");
  return check(bundle, material);
}

function checkLegacy(signature: LegacySignature, digest: string, material: TrustMaterial): Signer {
  if (!isPayloadOf(signature.payload, digest)) throw new Error("the payload is about another artifact");
  return check(bundleOf(signature), material, signature.payload);
}

function check(bundle: Bundle, material: TrustMaterial, artifact?: Buffer): Signer {
  if (bundle.verificationMaterial.content.$case === "publicKey")
    throw new Error("it is signed by a key, not by an identity");
  const verifier = new Verifier(material, { ctlogThreshold: 1, tlogThreshold: 1, timestampThreshold: 1 });
  const { identity } = verifier.verify(toSignedEntity(bundle, artifact));
  return { issuer: identity?.extensions?.issuer ?? "", subject: identity?.subjectAlternativeName ?? "" };
}

const prefix = "dev.sigstore.cosign/";

/** The annotations of an older signature as a bundle. */
function bundleOf({ payload, annotations }: LegacySignature): Bundle {
  const certificate = annotations[`${prefix}certificate`];
  const entry = annotations[`${prefix}bundle`];
  if (certificate === undefined) throw new Error("it has no certificate");
  if (entry === undefined) throw new Error("it has no entry of a transparency log");
  return bundleFromJSON({
    mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.1",
    verificationMaterial: {
      x509CertificateChain: { certificates: [{ rawBytes: new X509Certificate(certificate).raw.toString("base64") }] },
      tlogEntries: [logEntryOf(entry)],
      timestampVerificationData: { rfc3161Timestamps: timestampsOf(annotations[`${prefix}rfc3161timestamp`]) },
    },
    messageSignature: {
      messageDigest: { algorithm: "SHA2_256", digest: createHash("sha256").update(payload).digest("base64") },
      signature: annotations["dev.cosignproject.cosign/signature"] ?? "",
    },
  });
}

function logEntryOf(text: string): object {
  const { SignedEntryTimestamp, Payload } = JSON.parse(text) as {
    SignedEntryTimestamp: string;
    Payload: { body: string; integratedTime: number; logIndex: number; logID: string };
  };
  const { kind, apiVersion } = JSON.parse(Buffer.from(Payload.body, "base64").toString("utf8")) as {
    kind: string;
    apiVersion: string;
  };
  return {
    logIndex: String(Payload.logIndex),
    logId: { keyId: Buffer.from(Payload.logID, "hex").toString("base64") },
    kindVersion: { kind, version: apiVersion },
    integratedTime: String(Payload.integratedTime),
    inclusionPromise: { signedEntryTimestamp: SignedEntryTimestamp },
    canonicalizedBody: Payload.body,
  };
}

function timestampsOf(text: string | undefined): object[] {
  if (text === undefined) return [];
  const { SignedRFC3161Timestamp } = JSON.parse(text) as { SignedRFC3161Timestamp?: string };
  return SignedRFC3161Timestamp === undefined ? [] : [{ signedTimestamp: SignedRFC3161Timestamp }];
}
