// Which algorithm a signing key stands for, and whether a signature is by it. Each kind and size of key has exactly one:
// https://github.com/notaryproject/specifications/blob/main/specs/signature-specification.md

import { constants, type KeyObject, verify } from "node:crypto";

type Algorithm = {
  /** In a JWS's header, and in a COSE header. */
  jws: string;
  cose: number;
  hash: string;
};

const byCurve: Readonly<Record<string, Algorithm>> = {
  prime256v1: { jws: "ES256", cose: -7, hash: "sha256" },
  secp384r1: { jws: "ES384", cose: -35, hash: "sha384" },
  secp521r1: { jws: "ES512", cose: -36, hash: "sha512" },
};
const byLength: Readonly<Record<number, Algorithm>> = {
  2048: { jws: "PS256", cose: -37, hash: "sha256" },
  3072: { jws: "PS384", cose: -38, hash: "sha384" },
  4096: { jws: "PS512", cose: -39, hash: "sha512" },
};

/** By the identifiers of signature algorithms in certificates and what is signed like them. */
const signatureHashes: Readonly<Record<string, string>> = {
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
};

const digests: Readonly<Record<string, string>> = {
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

/** The digest that a signature algorithm signs; undefined for one that is not known, or too weak. */
export function hashOfSignature(oid: string): string | undefined {
  return signatureHashes[oid];
}

/** A digest algorithm's name; undefined for one that is not known, or too weak. */
export function digestOf(oid: string): string | undefined {
  return digests[oid];
}

/** undefined: keys of this kind or size must not sign. */
export function algorithmOf(key: KeyObject): Algorithm | undefined {
  const { namedCurve = "", modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === "ec") return byCurve[namedCurve];
  return key.asymmetricKeyType === "rsa" ? byLength[modulusLength] : undefined;
}

export function isSignedBy(key: KeyObject, { hash }: Algorithm, signed: Buffer, signature: Buffer): boolean {
  const options =
    key.asymmetricKeyType === "rsa"
      ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : { key, dsaEncoding: "ieee-p1363" as const };
  return verify(hash, signed, options, signature);
}
