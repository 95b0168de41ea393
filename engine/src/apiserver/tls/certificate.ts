// X.509 v3 certificates on P-256: an authority of our own, and what it signs for the loopback server (RFC 5280).

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { isIPv4 } from "node:net";
import {
  bits,
  boolean,
  implicit,
  integer,
  objectIdentifier,
  octets,
  sequence,
  set,
  tagged,
  time,
  utf8,
} from "./der.ts";

/** PEM of a certificate and of its private key. */
export type KeyedCertificate = { certificate: string; key: string };

const ecdsaWithSha256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));

type Subject = { commonName: string; publicKey: KeyObject };
type Validity = { fromMs: number; toMs: number };

/** A self-signed certificate authority. */
export function makeAuthority(commonName: string, validity: Validity): KeyedCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const keyUsage = bits(Buffer.from([0b1000_0110]), 1);
  const extensions = [
    extension("2.5.29.19", true, sequence(boolean(true))),
    extension("2.5.29.15", true, keyUsage),
    extension("2.5.29.14", false, octets(keyIdentifier(publicKey))),
  ];
  const certificate = signed({ commonName, publicKey }, { commonName, key: privateKey }, validity, extensions);
  return { certificate, key: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
}

/** A server's certificate for these names and addresses, signed by the authority. */
export function makeServerCertificate(
  authority: KeyedCertificate & { commonName: string },
  hosts: readonly string[],
  validity: Validity,
): KeyedCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuerKey = createPrivateKey(authority.key);
  const authorityId = keyIdentifier(createPublicKey(issuerKey));
  const extensions = [
    extension("2.5.29.19", true, sequence()),
    extension("2.5.29.15", true, bits(Buffer.from([0b1000_0000]), 7)),
    extension("2.5.29.37", false, sequence(objectIdentifier("1.3.6.1.5.5.7.3.1"))),
    extension("2.5.29.35", false, sequence(implicit(0, authorityId))),
    extension("2.5.29.17", false, sequence(...hosts.map(alternativeName))),
  ];
  const issuer = { commonName: authority.commonName, key: issuerKey };
  const certificate = signed({ commonName: "keelson-apiserver", publicKey }, issuer, validity, extensions);
  return { certificate, key: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
}

function signed(
  subject: Subject,
  issuer: { commonName: string; key: KeyObject },
  validity: Validity,
  extensions: readonly Buffer[],
): string {
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    ecdsaWithSha256,
    nameOf(issuer.commonName),
    sequence(time(validity.fromMs), time(validity.toMs)),
    nameOf(subject.commonName),
    subject.publicKey.export({ type: "spki", format: "der" }),
    tagged(3, sequence(...extensions)),
  );
  const whole = sequence(body, ecdsaWithSha256, bits(sign("sha256", body, issuer.key)));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier("2.5.4.3"), utf8(commonName))));
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  return isCritical
    ? sequence(objectIdentifier(id), boolean(true), octets(value))
    : sequence(objectIdentifier(id), octets(value));
}

function keyIdentifier(key: KeyObject): Buffer {
  const spki = key.export({ type: "spki", format: "der" });
  // The last 65 bytes of a P-256 SubjectPublicKeyInfo are the point itself.
  return createHash("sha1").update(spki.subarray(-65)).digest();
}

function alternativeName(host: string): Buffer {
  if (isIPv4(host)) return implicit(7, Buffer.from(host.split(".").map(Number)));
  if (host.includes(":")) return implicit(7, ipv6Bytes(host));
  return implicit(2, Buffer.from(host, "ascii"));
}

function ipv6Bytes(address: string): Buffer {
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  const bytes = Buffer.alloc(16);
  [...left, ...zeros, ...right].forEach((group, index) => bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2));
  return bytes;
}
