// What both forms of signature envelopes hold, and what their headers are called.
// https://github.com/notaryproject/specifications/blob/main/specs/signature-specification.md

import type { X509Certificate } from "node:crypto";

/** Members that both forms have, as they stand there. */
export type Signed = {
  payload: Buffer;
  contentType: string;
  /** DER, the leaf first. */
  certificates: readonly Buffer[];
  scheme: string;
  signingMs: number | undefined;
  authenticSigningMs: number | undefined;
  expiryMs: number | undefined;
  /** Names of headers that must be understood. */
  critical: readonly string[];
  /** The envelope's signature, and an authority's word for when it was made. */
  signature: Buffer;
  timestamp: Buffer | undefined;
  /** Whether the envelope's signature is by the key of a certificate; throws where its algorithm is not the key's. */
  isBy: (certificate: X509Certificate) => boolean;
};

const prefix = "io.cncf.notary.";
export const labels: { readonly [name in "scheme" | "signing" | "authentic" | "expiry" | "timestamp"]: string } = {
  scheme: `${prefix}signingScheme`,
  signing: `${prefix}signingTime`,
  authentic: `${prefix}authenticSigningTime`,
  expiry: `${prefix}expiry`,
  timestamp: `${prefix}timestampSignature`,
};
