// Chains of certificates for code signing and for timestamps: from the leaf to a self-signed root, each issued by the next, each
// for what it does.
// https://github.com/notaryproject/specifications/blob/main/specs/signature-specification.md#certificate-requirements

import type { X509Certificate } from "node:crypto";
import { X509Certificate as Parsed } from "@sigstore/core";
import { algorithmOf } from "./algorithms.ts";

const oids = {
  keyUsage: "2.5.29.15",
  extendedUsage: "2.5.29.37",
  codeSigning: "1.3.6.1.5.5.7.3.3",
  timestamping: "1.3.6.1.5.5.7.3.8",
} as const;
/** What a key for code must not be for as well. */
const forbiddenUses: readonly string[] = [
  "2.5.29.37.0",
  "1.3.6.1.5.5.7.3.1",
  "1.3.6.1.5.5.7.3.4",
  "1.3.6.1.5.5.7.3.8",
  "1.3.6.1.5.5.7.3.9",
];

type Purpose = { checkLeaf: (certificate: X509Certificate, name: string) => void; isUsageCritical: boolean };

const forCode: Purpose = { checkLeaf: checkCodeLeaf, isUsageCritical: true };
const forTime: Purpose = { checkLeaf: checkTimeLeaf, isUsageCritical: false };

/** Throws an Error that says what is wrong with the first certificate that does not fit. */
export function checkChain(chain: readonly X509Certificate[]): void {
  checkFor(forCode, chain);
}

/** The same for the chain of a timestamping authority. */
export function checkTimestampingChain(chain: readonly X509Certificate[]): void {
  checkFor(forTime, chain);
}

function checkFor({ checkLeaf, isUsageCritical }: Purpose, chain: readonly X509Certificate[]): void {
  const [leaf] = chain;
  if (leaf !== undefined && chain.length === 1) return checkSoleCertificate(leaf, checkLeaf);
  chain.forEach((certificate, i) => {
    const parent = chain[i + 1] ?? certificate;
    const name = nameOf(certificate);
    if (!certificate.checkIssued(parent) || !certificate.verify(parent.publicKey))
      throw new Error(
        parent === certificate
          ? `root certificate with subject ${name} is invalid or not self-signed`
          : `certificate with subject ${name} is not issued by ${nameOf(parent)}`,
      );
    if (parent !== certificate && isSelfSigned(certificate))
      throw new Error(`certificate with subject ${name} is self-signed and not the last of the chain`);
    if (i === 0) checkLeaf(certificate, name);
    else checkAuthority(certificate, name, { below: i - 1, isUsageCritical });
  });
}

/** One that vouches for itself is for signatures, not for certificates: OpenSSL would not have it as an issuer. */
function checkSoleCertificate(certificate: X509Certificate, checkLeaf: Purpose["checkLeaf"]): void {
  const name = nameOf(certificate);
  if (!certificate.verify(certificate.publicKey)) throw new Error(`invalid self-signed certificate. subject: ${name}`);
  checkLeaf(certificate, name);
}

/** As messages name it. */
export function nameOf(certificate: X509Certificate): string {
  return JSON.stringify(certificate.subject.split("\n").reverse().join(","));
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

/** Bits of a key's usage: digitalSignature is the first, keyCertSign the sixth. */
function usageOf(parsed: Parsed, name: string, isCritical: boolean): readonly number[] {
  const extension = parsed.extension(oids.keyUsage);
  if (extension === undefined) throw new Error(`certificate with subject ${name}: key usage extension must be present`);
  if (isCritical && !extension.critical)
    throw new Error(`certificate with subject ${name}: key usage extension must be marked critical`);
  return extension.valueObj.subs[0]?.toBitString() ?? [];
}

function checkCodeLeaf(certificate: X509Certificate, name: string): void {
  const parsed = checkSigningLeaf(certificate, name, true);
  const uses = usesOf(parsed);
  if (uses.length > 0 && (!uses.includes(oids.codeSigning) || uses.some((use) => forbiddenUses.includes(use))))
    throw new Error(`certificate with subject ${name}: extended key usage must be for code signing alone`);
}

/** RFC 3161, 2.3: for this and nothing else, and marked so. */
function checkTimeLeaf(certificate: X509Certificate, name: string): void {
  const parsed = checkSigningLeaf(certificate, name, false);
  const uses = usesOf(parsed);
  if (uses.length !== 1 || uses[0] !== oids.timestamping || parsed.extension(oids.extendedUsage)?.critical !== true)
    throw new Error(
      `certificate with subject ${name}: extended key usage must be for timestamping alone, and critical`,
    );
}

function usesOf(parsed: Parsed): string[] {
  return (parsed.extension(oids.extendedUsage)?.valueObj.subs[0]?.subs ?? []).map((each) => each.toOID());
}

function checkSigningLeaf(certificate: X509Certificate, name: string, isUsageCritical: boolean): Parsed {
  if (certificate.ca) throw new Error(`certificate with subject ${name}: the ca field must be set to false`);
  const parsed = Parsed.parse(certificate.toString());
  const [signs, , ...others] = usageOf(parsed, name, isUsageCritical);
  if (signs !== 1 || others.some((bit) => bit === 1))
    throw new Error(`the certificate with subject ${name} is invalid. The key usage must be "Digital Signature" only`);
  if (algorithmOf(certificate.publicKey) === undefined)
    throw new Error(`certificate with subject ${name}: keys of this kind or size must not sign`);
  return parsed;
}

function checkAuthority(
  certificate: X509Certificate,
  name: string,
  { below, isUsageCritical }: { below: number; isUsageCritical: boolean },
): void {
  const parsed = Parsed.parse(certificate.toString());
  if (!certificate.ca) throw new Error(`certificate with subject ${name}: ca field must be set to true`);
  const most = parsed.extBasicConstraints?.pathLenConstraint;
  if (most !== undefined && most < BigInt(below))
    throw new Error(`certificate with subject ${name}: expected path length of ${below} but it has ${most}`);
  if (usageOf(parsed, name, isUsageCritical)[5] !== 1)
    throw new Error(`certificate with subject ${name}: key usage must have the bit positions for key cert sign set`);
}
