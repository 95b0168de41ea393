// What a signature envelope says once its own signature holds: whose it is, when and of what it was made, until when it counts.
// Nothing is said yet of whether its signer is trusted.

import { X509Certificate } from "node:crypto";
import { checkChain } from "./chain.ts";
import { readCose } from "./cose.ts";
import { readJws } from "./jws.ts";
import { chainMost } from "./limits.ts";
import { labels, type Signed } from "./signed.ts";

export type Signature = {
  /** The signed description of the artifact. */
  target: { mediaType: string; digest: string; size: number };
  chain: readonly X509Certificate[];
  isByAuthority: boolean;
  signedMs: number;
  expiryMs: number | undefined;
  signature: Buffer;
  timestamp: Buffer | undefined;
};

/** Reads an envelope of either form; throws an Error where it is malformed or its signature does not hold. */
export function readSignature(mediaType: string, bytes: Buffer): Signature {
  const signed = read(mediaType, bytes);
  const [leaf, ...rest] = certificatesOf(signed.certificates);
  if (leaf === undefined) throw new Error("certificate chain is not present");
  if (!signed.isBy(leaf)) throw new Error("signature is invalid");
  const { signedMs, isByAuthority } = checkScheme(signed);
  const { expiryMs, signature, timestamp } = signed;
  if (expiryMs !== undefined && expiryMs <= signedMs)
    throw new Error("expiry cannot be equal or before the signing time");
  const chain = [leaf, ...rest];
  checkChain(chain);
  if (signed.contentType !== payloadType) throw new Error(`payload content type ${signed.contentType} not supported`);
  return { target: targetOf(signed.payload), chain, isByAuthority, signedMs, expiryMs, signature, timestamp };
}

const payloadType = "application/vnd.cncf.notary.payload.v1+json";

function read(mediaType: string, bytes: Buffer): Signed {
  if (mediaType === "application/jose+json") return readJws(bytes);
  if (mediaType === "application/cose") return readCose(bytes);
  throw new Error(`signature envelope format with media type ${JSON.stringify(mediaType)} is not supported`);
}

function certificatesOf(raw: readonly Buffer[]): X509Certificate[] {
  if (raw.length > chainMost) throw new Error(`the certificate chain has more than ${chainMost} certificates`);
  try {
    return raw.map((each) => new X509Certificate(each));
  } catch {
    throw new Error("malformed certificate in the chain");
  }
}

/** The time of signing that its scheme vouches for; what must be understood is, and what must be marked so is marked. */
function checkScheme(signed: Signed): { signedMs: number; isByAuthority: boolean } {
  const { scheme, signingMs, authenticSigningMs, expiryMs, critical } = signed;
  const isByAuthority = scheme === "notary.x509.signingAuthority";
  if (!isByAuthority && scheme !== "notary.x509") throw new Error(`unsupported SigningScheme: '${scheme}'`);
  const wanted = [
    labels.scheme,
    ...(expiryMs === undefined ? [] : [labels.expiry]),
    ...(isByAuthority ? [labels.authentic] : []),
  ];
  const unmarked = wanted.filter((name) => !critical.includes(name));
  if (unmarked.length > 0) throw new Error(`these required headers are not marked as critical: ${unmarked.join(", ")}`);
  const unknown = critical.filter((name) => !wanted.includes(name));
  // A plugin's own attributes are such, too: there are no plugins here, nor in Flux.
  if (unknown.length > 0) throw new Error(`critical headers that are not understood: ${unknown.join(", ")}`);
  const signedMs = isByAuthority ? authenticSigningMs : signingMs;
  const other = isByAuthority ? signingMs : authenticSigningMs;
  if (other !== undefined) throw new Error(`a signing time of another scheme than ${scheme}`);
  if (signedMs === undefined || Number.isNaN(signedMs)) throw new Error("signing-time not present");
  return { signedMs, isByAuthority };
}

function targetOf(payload: Buffer): Signature["target"] {
  const { targetArtifact } = JSON.parse(payload.toString("utf8")) as {
    targetArtifact?: { mediaType?: unknown; digest?: unknown; size?: unknown };
  };
  const { mediaType, digest, size } = targetArtifact ?? {};
  if (typeof mediaType === "string" && typeof digest === "string" && typeof size === "number")
    return { mediaType, digest, size };
  throw new Error("the payload describes no artifact");
}
