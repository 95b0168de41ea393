// Signatures by a public key that the installation trusts: nothing but the key counts, no log and no time (as in Flux).
// https://github.com/secure-systems-lab/dsse/blob/master/protocol.md

import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { isObject, type Json } from "#kernel";
import { ociFault } from "./faults.ts";
import type { FoundSignatures, LegacySignature } from "./signatures.ts";
import { isPayloadOf, isStatementOf } from "./signatures.ts";

/** Reads a `.pub` of a Secret; throws Fault `oci-trust-invalid`. */
export function parsePublicKey(pem: string, at: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (["ec", "rsa", "ed25519"].includes(key.asymmetricKeyType ?? "")) return key;
  } catch {
    // Told below, without what the parser says of it.
  }
  throw ociFault({
    code: "oci-trust-invalid",
    disposition: "retry",
    at,
    message: "this is no public key of ECDSA, RSA or Ed25519 in PEM",
    hint: "make it with `cosign generate-key-pair`, and keep cosign.pub in the Secret",
  });
}

/** Whether one of the signatures is by the key and about the digest. */
export function isSignedBy(key: KeyObject, found: FoundSignatures, digest: string): boolean {
  if (found.bundles.length > 0) return found.bundles.some((bundle) => isBundleBy(key, bundle, digest));
  return found.legacy.some((signature) => isLegacyBy(key, signature, digest));
}

function isLegacyBy(key: KeyObject, { payload, annotations }: LegacySignature, digest: string): boolean {
  const text = annotations["dev.cosignproject.cosign/signature"] ?? "";
  return isPayloadOf(payload, digest) && isValid(key, payload, Buffer.from(text, "base64"));
}

function isBundleBy(key: KeyObject, bundle: Buffer, digest: string): boolean {
  let data: Json;
  try {
    data = JSON.parse(bundle.toString("utf8")) as Json;
  } catch {
    return false;
  }
  const envelope = isObject(data) ? data["dsseEnvelope"] : undefined;
  if (!isObject(envelope)) return false;
  const { payload, payloadType, signatures } = envelope;
  if (typeof payload !== "string" || typeof payloadType !== "string" || !Array.isArray(signatures)) return false;
  const bytes = Buffer.from(payload, "base64");
  if (!isStatementOf(payloadType, bytes, digest)) return false;
  const signed = preAuthentication(payloadType, bytes);
  return signatures.some((each) => {
    const sig = isObject(each) && typeof each["sig"] === "string" ? each["sig"] : "";
    return isValid(key, signed, Buffer.from(sig, "base64"));
  });
}

/** DSSE's text that is signed: lengths make it unambiguous. */
function preAuthentication(type: string, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload]);
}

/** Over SHA-256 whatever the curve, as Flux loads every key; Ed25519 over the message itself. */
function isValid(key: KeyObject, data: Buffer, signature: Buffer): boolean {
  if (signature.length === 0) return false;
  try {
    return verify(key.asymmetricKeyType === "ed25519" ? null : "sha256", data, key, signature);
  } catch {
    return false;
  }
}
