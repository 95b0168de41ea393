// Private keys in the PEM forms that Go writes and reads, and what certificates need of them.

import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { GoError } from "#formats/gotemplate";
import { bits, bytesToBigint, der, formatPem, integer, nil, octets, oid, parsePem, readDer, sequence } from "./der.ts";
import type { FunctionEnvironment } from "./environment.ts";
import { decodeRsaKey, encodeRsaKey, generateDsaKey, generateRsaKey, type RsaKey, signRsa } from "./rsa.ts";

const curves: {
  readonly "1.2.840.10045.3.1.7": typeof p256;
  readonly "1.3.132.0.34": typeof p384;
  readonly "1.3.132.0.35": typeof p521;
} = { "1.2.840.10045.3.1.7": p256, "1.3.132.0.34": p384, "1.3.132.0.35": p521 };
type CurveName = keyof typeof curves;

export type PrivateKey =
  | { type: "rsa"; key: RsaKey }
  | { type: "ec"; curve: CurveName; secret: Uint8Array }
  | { type: "ed25519"; seed: Uint8Array }
  | { type: "dsa"; encoded: Uint8Array };

export function newRsaKey(bitCount: number, environment: FunctionEnvironment): PrivateKey {
  return { type: "rsa", key: generateRsaKey(bitCount, (count) => environment.randomBytes(count)) };
}

/** genPrivateKey. */
export function generatePrivateKey(type: string, environment: FunctionEnvironment): string {
  switch (type) {
    case "":
    case "rsa":
      return formatKey(newRsaKey(4096, environment));
    case "ecdsa":
      return formatKey({
        type: "ec",
        curve: "1.2.840.10045.3.1.7",
        secret: p256.utils.randomSecretKey(environment.randomBytes(48)),
      });
    case "ed25519":
      return formatKey({ type: "ed25519", seed: environment.randomBytes(32) });
    case "dsa":
      return formatPem(
        "DSA PRIVATE KEY",
        generateDsaKey((count) => environment.randomBytes(count)),
      );
    default:
      return `Unknown type ${type}`;
  }
}

export function formatKey(key: PrivateKey): string {
  switch (key.type) {
    case "rsa":
      return formatPem("RSA PRIVATE KEY", encodeRsaKey(key.key));
    case "ec": {
      const point = curves[key.curve].getPublicKey(key.secret, false);
      return formatPem(
        "EC PRIVATE KEY",
        sequence(integer(1n), octets(key.secret), der(0xa0, oid(key.curve)), der(0xa1, bits(point))),
      );
    }
    case "ed25519":
      return formatPem("PRIVATE KEY", sequence(integer(0n), sequence(oid("1.3.101.112")), octets(octets(key.seed))));
    case "dsa":
      return formatPem("DSA PRIVATE KEY", key.encoded);
  }
}

/** Reads any key that Sprig can read. Throws a GoError. */
export function parsePrivateKey(text: string): PrivateKey {
  const block = parsePem(text);
  if (block === undefined) throw new GoError("no PEM data in input");
  if (block.type === "PRIVATE KEY") return prefixed("decoding PEM as PKCS#8", () => parsePkcs8(block.bytes));
  if (!block.type.endsWith(" PRIVATE KEY")) throw new GoError(`no private key data in PEM block of type ${block.type}`);
  const kind = block.type.slice(0, -" PRIVATE KEY".length);
  if (kind === "RSA")
    return prefixed("parsing RSA private key from PEM", () => ({ type: "rsa", key: decodeRsaKey(block.bytes) }));
  if (kind === "EC") return prefixed("parsing EC private key from PEM", () => parseEcKey(block.bytes, undefined));
  if (kind === "DSA") return { type: "dsa", encoded: block.bytes };
  throw new GoError(`invalid private key type ${kind}`);
}

function prefixed(prefix: string, parse: () => PrivateKey): PrivateKey {
  try {
    return parse();
  } catch (error) {
    throw new GoError(`${prefix}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function curveOf(identifier: Uint8Array | undefined): CurveName {
  for (const name of Object.keys(curves) as CurveName[])
    if (identifier !== undefined && sameBytes(oid(name), identifier)) return name;
  throw new GoError("x509: unknown elliptic curve");
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function parseEcKey(bytes: Uint8Array, named: Uint8Array | undefined): PrivateKey {
  const [, secret, ...rest] = readDer(readDer(bytes)[0]?.content ?? new Uint8Array());
  const parameters = rest.find((value) => value.tag === 0xa0)?.content ?? named;
  if (secret === undefined) throw new GoError("x509: failed to parse EC private key");
  return { type: "ec", curve: curveOf(parameters), secret: secret.content };
}

function parsePkcs8(bytes: Uint8Array): PrivateKey {
  const [, algorithm, inner] = readDer(readDer(bytes)[0]?.content ?? new Uint8Array());
  if (algorithm === undefined || inner === undefined) throw new GoError("asn1: structure error: tags don't match");
  const [identifier, parameters] = readDer(algorithm.content);
  if (identifier !== undefined && sameBytes(identifier.whole, oid("1.2.840.113549.1.1.1")))
    return { type: "rsa", key: decodeRsaKey(inner.content) };
  if (identifier !== undefined && sameBytes(identifier.whole, oid("1.2.840.10045.2.1")))
    return parseEcKey(inner.content, parameters?.whole);
  if (identifier !== undefined && sameBytes(identifier.whole, oid("1.3.101.112"))) {
    const seed = readDer(inner.content)[0]?.content;
    if (seed !== undefined) return { type: "ed25519", seed };
  }
  throw new GoError("x509: PKCS#8 wrapping contained private key with unknown algorithm");
}

/** SubjectPublicKeyInfo of the key's public half. */
export function publicKeyInfo(key: PrivateKey): Uint8Array {
  switch (key.type) {
    case "rsa":
      return sequence(
        sequence(oid("1.2.840.113549.1.1.1"), nil),
        bits(sequence(integer(key.key.n), integer(key.key.e))),
      );
    case "ec":
      return sequence(
        sequence(oid("1.2.840.10045.2.1"), oid(key.curve)),
        bits(curves[key.curve].getPublicKey(key.secret, false)),
      );
    case "ed25519":
      return sequence(sequence(oid("1.3.101.112")), bits(ed25519.getPublicKey(key.seed)));
    case "dsa":
      throw new GoError("error creating certificate: x509: unsupported public key type: *dsa.PublicKey");
  }
}

/** AlgorithmIdentifier of signatures by the key. */
export function signatureAlgorithm(key: PrivateKey): Uint8Array {
  if (key.type === "rsa") return sequence(oid("1.2.840.113549.1.1.11"), nil);
  if (key.type === "ed25519") return sequence(oid("1.3.101.112"));
  if (key.type === "dsa")
    throw new GoError("error creating certificate: x509: certificate private key does not implement crypto.Signer");
  const suffix = { "1.2.840.10045.3.1.7": 2, "1.3.132.0.34": 3, "1.3.132.0.35": 4 }[key.curve];
  return sequence(oid(`1.2.840.10045.4.3.${suffix}`));
}

export function sign(key: PrivateKey, message: Uint8Array): Uint8Array {
  switch (key.type) {
    case "rsa":
      return signRsa(key.key, message);
    case "ed25519":
      return ed25519.sign(message, key.seed);
    case "ec": {
      // Each curve hashes with the digest of its own size, which is what its identifier above says.
      const signature = curves[key.curve].sign(message, key.secret);
      const half = signature.length / 2;
      return sequence(integer(bytesToBigint(signature.slice(0, half))), integer(bytesToBigint(signature.slice(half))));
    }
    case "dsa":
      throw new GoError("error creating certificate: x509: certificate private key does not implement crypto.Signer");
  }
}

/** A key identifier: the first 20 bytes of SHA-256 over the public key's bits, as Go 1.25 and later make it. */
export function keyIdentifier(info: Uint8Array): Uint8Array {
  const key = readDer(readDer(info)[0]?.content ?? info)[1];
  return sha256((key?.content ?? info).slice(1)).slice(0, 20);
}
