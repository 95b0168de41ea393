// Whether a certificate of a chain was revoked, by the list that it names. Answers of OCSP are not asked for: where a
// certificate names nothing else, its state is unknown, and a policy that enforces revocation refuses it.
// https://www.rfc-editor.org/rfc/rfc5280#section-5

import { type X509Certificate, verify } from "node:crypto";
import { ASN1Obj, X509Certificate as Parsed } from "@sigstore/core";
import type { HttpAccess, HttpClient } from "#sources/http";
import { nameOf } from "./chain.ts";
import { revocationListMost } from "./limits.ts";

export type RevocationCall = {
  client: HttpClient;
  access: HttpAccess;
  signal: AbortSignal;
  timeoutMs: number;
  nowMs: number;
};

const oids = { lists: "2.5.29.31", access: "1.3.6.1.5.5.7.1.1", responder: "1.3.6.1.5.5.7.48.1" } as const;

const hashes: Readonly<Record<string, string>> = {
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
};

/** Throws an Error where one is revoked, or that cannot be told. */
export async function checkRevocation(chain: readonly X509Certificate[], call: RevocationCall): Promise<void> {
  for (const [i, certificate] of chain.entries()) {
    const issuer = chain[i + 1];
    // The root answers for itself.
    if (issuer === undefined) return;
    const parsed = Parsed.parse(certificate.toString());
    const urls = listUrls(parsed);
    if (urls.length === 0 && !namesResponder(parsed)) continue;
    const subject = `signing certificate with subject ${nameOf(certificate)}`;
    if (urls.length === 0)
      throw new Error(`${subject} revocation status is unknown: it names no list, and OCSP is not asked`);
    const isRevoked = await stateIn(urls, { issuer, serial: parsed.serialNumber, subject }, call);
    if (isRevoked) throw new Error(`${subject} is revoked`);
  }
}

type Asked = { issuer: X509Certificate; serial: Buffer; subject: string };

async function stateIn(
  urls: readonly string[],
  { issuer, serial, subject }: Asked,
  call: RevocationCall,
): Promise<boolean> {
  const failures: string[] = [];
  for (const url of urls) {
    try {
      const { client, access, signal, timeoutMs } = call;
      const { bytes } = await client.read({ url, access, signal, timeoutMs }, revocationListMost);
      return isListed(bytes, { issuer, serial }, call.nowMs);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : "it cannot be read");
    }
  }
  throw new Error(`${subject} revocation status is unknown: ${failures.join("; ")}`);
}

function isListed(bytes: Buffer, { issuer, serial }: Omit<Asked, "subject">, nowMs: number): boolean {
  const list = ASN1Obj.parseBuffer(Buffer.from(bytes));
  const [body, algorithm, signature] = list.subs;
  if (body === undefined || algorithm === undefined || signature === undefined)
    throw new Error("the list is malformed");
  const hash = hashes[algorithm.subs[0]?.toOID() ?? ""];
  if (hash === undefined) throw new Error("the list is signed by an unknown algorithm");
  // The first byte of a bit string counts its unused bits.
  if (!verify(hash, body.toDER(), issuer.publicKey, signature.value.subarray(1)))
    throw new Error("the list is not signed by the certificate's issuer");
  const members = body.subs.filter((each, i) => !(i === 0 && each.tag.number === 2));
  const times = members.slice(2, 4).filter(({ tag }) => tag.number === 0x17 || tag.number === 0x18);
  const next = times[1]?.toDate().getTime();
  if (next !== undefined && next < nowMs) throw new Error("the list is outdated");
  const revoked = members[2 + times.length];
  const isEntries = revoked !== undefined && revoked.tag.number === 0x10 && revoked.tag.class === 0;
  return (isEntries ? revoked.subs : []).some((entry) => isSameNumber(entry.subs[0]?.value, serial));
}

function isSameNumber(a: Buffer | undefined, b: Buffer): boolean {
  return a !== undefined && BigInt(`0x0${a.toString("hex")}`) === BigInt(`0x0${b.toString("hex")}`);
}

function listUrls(certificate: Parsed): string[] {
  const found: string[] = [];
  const look = (node: ASN1Obj): void => {
    // A uniformResourceIdentifier among general names.
    if (node.tag.class === 2 && node.tag.number === 6 && node.subs.length === 0)
      found.push(node.value.toString("latin1"));
    node.subs.forEach(look);
  };
  const extension = certificate.extension(oids.lists);
  if (extension !== undefined) look(extension.valueObj);
  return found.filter((url) => /^https?:\/\//.test(url));
}

function namesResponder(certificate: Parsed): boolean {
  const descriptions = certificate.extension(oids.access)?.valueObj.subs[0]?.subs ?? [];
  return descriptions.some(({ subs }) => subs[0]?.toOID() === oids.responder);
}
