// Signatures made by `ssh-keygen -Y sign`, checked with the platform's cryptography: Ed25519, ECDSA, RSA and the keys of
// security tokens. https://github.com/openssh/openssh-portable/blob/V_9_9/PROTOCOL.sshsig

import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { rsaBitsLeast } from "./limits.ts";

/** A key that may sign. Times are milliseconds; absent: no limit. */
export type SshSigner = { blob: Buffer; fingerprint: string; validAfter?: number; validBefore?: number };

/** The key that made a signature, or why it counts for nothing. */
export type Verdict = { key: string } | { why: string };

const keyTypes = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
];

/** Reads lines of an authorized_keys or allowed_signers file; `problems` gathers lines that cannot be read. */
export function parseSshSigners(text: string, problems: string[]): SshSigner[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    if (/^\s*(#|$)/.test(line)) return [];
    const words = line.trim().split(/\s+/);
    const at = words.findIndex((word) => keyTypes.includes(word));
    const blob = Buffer.from(words[at + 1] ?? "", "base64");
    if (at < 0 || new Reader(blob).text() !== words[at]) {
      problems.push(`line ${i + 1} holds no SSH public key`);
      return [];
    }
    return signerOf(blob, words.slice(0, at).join(" "));
  });
}

/** Options of allowed_signers; a line for another purpose than Git, or for an authority, gives no signer. */
function signerOf(blob: Buffer, options: string): SshSigner[] {
  if (/(^|[\s,])cert-authority([\s,]|$)/i.test(options)) return [];
  const namespaces = /namespaces="([^"]*)"/i.exec(options)?.[1];
  if (namespaces !== undefined && !namespaces.split(",").includes(gitNamespace)) return [];
  const validAfter = timeOf(/valid-after="?(\d+Z?)"?/i.exec(options)?.[1]);
  const validBefore = timeOf(/valid-before="?(\d+Z?)"?/i.exec(options)?.[1]);
  const fingerprint = `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
  return [
    {
      blob,
      fingerprint,
      ...(validAfter === undefined ? {} : { validAfter }),
      ...(validBefore === undefined ? {} : { validBefore }),
    },
  ];
}

/** YYYYMMDD[HHMM[SS]][Z]; read as UTC, since no machine's zone should decide about trust. */
function timeOf(text: string | undefined): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?Z?$/.exec(text ?? "");
  if (match === null) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const gitNamespace = "git";

/** Checks a signature over a payload; `now` is milliseconds. */
export function verifySshSignature(
  signature: string,
  payload: Buffer,
  signers: readonly SshSigner[],
  now: number,
): Verdict {
  const parsed = parseSignature(signature);
  if (parsed === undefined) return { why: "the SSH signature is damaged" };
  const { publicKey, namespace, reserved, hashName, blob } = parsed;
  if (namespace !== gitNamespace)
    return { why: `the SSH signature was made for ${JSON.stringify(namespace)}, not for git` };
  if (hashName !== "sha256" && hashName !== "sha512")
    return { why: `the SSH signature has the unknown hash ${hashName}` };
  const signer = signers.find((each) => each.blob.equals(publicKey));
  if (signer === undefined) return { why: "it was signed with an SSH key that is not among the trusted ones" };
  if (signer.validAfter !== undefined && now < signer.validAfter)
    return { why: `the key ${signer.fingerprint} is not valid yet` };
  if (signer.validBefore !== undefined && now >= signer.validBefore)
    return { why: `the key ${signer.fingerprint} has expired` };
  const signed = Buffer.concat([
    Buffer.from("SSHSIG"),
    wire(Buffer.from(namespace)),
    wire(reserved),
    wire(Buffer.from(hashName)),
    wire(createHash(hashName).update(payload).digest()),
  ]);
  const problem = checkSignature(publicKey, blob, signed);
  return problem === undefined ? { key: signer.fingerprint } : { why: problem };
}

type Parsed = { publicKey: Buffer; namespace: string; reserved: Buffer; hashName: string; blob: Buffer };

function parseSignature(text: string): Parsed | undefined {
  const body = /^\s*-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\s]+)-----END SSH SIGNATURE-----\s*$/.exec(text)?.[1];
  if (body === undefined) return undefined;
  const bytes = Buffer.from(body, "base64");
  if (bytes.toString("latin1", 0, 6) !== "SSHSIG") return undefined;
  const reader = new Reader(bytes.subarray(6));
  if (reader.number() !== 1) return undefined;
  const publicKey = reader.bytes();
  const namespace = reader.text();
  const reserved = reader.bytes();
  const hashName = reader.text();
  const blob = reader.bytes();
  return reader.isAtEnd ? { publicKey, namespace, reserved, hashName, blob } : undefined;
}

/** undefined: the signature is good. */
function checkSignature(publicKey: Buffer, blob: Buffer, signed: Buffer): string | undefined {
  const reader = new Reader(blob);
  const algorithm = reader.text();
  const signature = reader.bytes();
  try {
    const isGood = verifyBy(algorithm, publicKey, { signature, rest: reader }, signed);
    if (typeof isGood === "string") return isGood;
    return isGood ? undefined : "the SSH signature does not fit what was signed";
  } catch {
    return "the SSH key or signature is damaged";
  }
}

type Signature = { signature: Buffer; rest: Reader };

function verifyBy(algorithm: string, publicKey: Buffer, made: Signature, signed: Buffer): boolean | string {
  const key = new Reader(publicKey);
  const type = key.text();
  if (type === "ssh-ed25519" && algorithm === type)
    return verify(null, signed, ed25519Key(key.bytes()), made.signature);
  if (type === "ssh-rsa" && /^rsa-sha2-(256|512)$/.test(algorithm)) {
    const rsa = rsaKey(key.bytes(), key.bytes());
    if ((rsa.asymmetricKeyDetails?.modulusLength ?? 0) < rsaBitsLeast)
      return `an RSA key needs at least ${rsaBitsLeast} bits`;
    return verify(algorithm.replace("rsa-sha2-", "sha"), signed, rsa, made.signature);
  }
  const curve = curves[type];
  if (curve !== undefined && algorithm === type) {
    key.text();
    return verifyEcdsa(ecKey(curve, key.bytes()), curve, made.signature, signed);
  }
  if (type.startsWith("sk-") && algorithm === type) return verifyToken(type, key, made, signed);
  return `the signature algorithm ${JSON.stringify(algorithm.slice(0, 40))} is not accepted for a key of type ${type}`;
}

type Curve = { name: string; hash: string; bytes: number };
const curves: Readonly<Record<string, Curve>> = {
  "ecdsa-sha2-nistp256": { name: "P-256", hash: "sha256", bytes: 32 },
  "ecdsa-sha2-nistp384": { name: "P-384", hash: "sha384", bytes: 48 },
  "ecdsa-sha2-nistp521": { name: "P-521", hash: "sha512", bytes: 66 },
};

function verifyEcdsa(key: KeyObject, curve: Curve, signature: Buffer, signed: Buffer): boolean {
  const reader = new Reader(signature);
  const parts = [reader.bytes(), reader.bytes()].map((part) => fixedLength(part, curve.bytes));
  return verify(curve.hash, signed, { key, dsaEncoding: "ieee-p1363" }, Buffer.concat(parts));
}

/** Keys on security tokens sign a digest with the application, flags and a counter; someone must have touched the token. */
function verifyToken(type: string, key: Reader, made: Signature, signed: Buffer): boolean | string {
  const curve = type.includes("ecdsa") ? curves["ecdsa-sha2-nistp256"] : undefined;
  if (curve !== undefined) key.text();
  const point = key.bytes();
  const application = key.bytes();
  const tail = made.rest.take(5);
  if (((tail[0] ?? 0) & 1) === 0) return "the signature was made without a touch of the security token";
  const digest = (bytes: Buffer): Buffer => createHash("sha256").update(bytes).digest();
  const whole = Buffer.concat([digest(application), tail, digest(signed)]);
  if (curve === undefined) return verify(null, whole, ed25519Key(point), made.signature);
  return verifyEcdsa(ecKey(curve, point), curve, made.signature, whole);
}

function ed25519Key(point: Buffer): KeyObject {
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: point.toString("base64url") }, format: "jwk" });
}

function rsaKey(exponent: Buffer, modulus: Buffer): KeyObject {
  const plain = (bytes: Buffer): string => fixedLength(bytes, 0).toString("base64url");
  return createPublicKey({ key: { kty: "RSA", e: plain(exponent), n: plain(modulus) }, format: "jwk" });
}

/** An uncompressed point: 04, x, y. */
function ecKey(curve: Curve, point: Buffer): KeyObject {
  const x = point.subarray(1, 1 + curve.bytes).toString("base64url");
  const y = point.subarray(1 + curve.bytes).toString("base64url");
  return createPublicKey({ key: { kty: "EC", crv: curve.name, x, y }, format: "jwk" });
}

/** A number without its leading zeros, filled up to a length. */
function fixedLength(number: Buffer, length: number): Buffer {
  let start = 0;
  while (start < number.length - 1 && number[start] === 0) start += 1;
  const plain = number.subarray(start);
  return plain.length >= length ? plain : Buffer.concat([Buffer.alloc(length - plain.length), plain]);
}

function wire(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** SSH's wire encoding; beyond the end all is empty. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #isCut = false;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return !this.#isCut && this.#at === this.#bytes.length;
  }

  take(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) {
      this.#isCut = true;
      return Buffer.alloc(0);
    }
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  number(): number {
    const bytes = this.take(4);
    return bytes.length === 4 ? bytes.readUInt32BE() : 0;
  }

  bytes(): Buffer {
    return this.take(this.number());
  }

  text(): string {
    return this.bytes().toString("utf8");
  }
}
