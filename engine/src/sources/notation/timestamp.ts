// Countersignatures of timestamping authorities: that somebody trusted has seen a signature, and when. Read and judged as
// tspclient-go 1.0 and notation-go 1.3 do. https://www.rfc-editor.org/rfc/rfc3161, https://www.rfc-editor.org/rfc/rfc5652

import { createHash, verify, X509Certificate } from "node:crypto";
import { ASN1Obj } from "@sigstore/core";
import { digestOf, hashOfSignature } from "./algorithms.ts";
import { checkTimestampingChain, nameOf } from "./chain.ts";
import { chainMost } from "./limits.ts";

const oids = {
  signedData: "1.2.840.113549.1.7.2",
  info: "1.2.840.113549.1.9.16.1.4",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingCertificate: "1.2.840.113549.1.9.16.2.47",
  baselinePolicy: "0.4.0.2023.1.1",
  rsa: "1.2.840.113549.1.1.1",
} as const;

/** When a signature was seen, as closely as its authority says, and the authority's chain from leaf to root. */
export type Timestamp = { fromMs: number; toMs: number; chain: readonly X509Certificate[] };

/** Throws an Error where the token is not of this signature, or of nobody trusted. */
export function readTimestamp(token: Buffer, signature: Buffer, trusted: readonly X509Certificate[]): Timestamp {
  const [type, wrapped] = ASN1Obj.parseBuffer(Buffer.from(token)).subs;
  const data = wrapped?.subs[0];
  if (type?.toOID() !== oids.signedData || data === undefined) throw new Error("it is no signed data");
  const [, , content, ...rest] = data.subs;
  const packed = content?.subs[1]?.subs[0]?.value;
  if (content?.subs[0]?.toOID() !== oids.info || packed === undefined) throw new Error("it holds no timestamp");
  const info = Buffer.from(packed);
  const { atMs, accuracyMs } = timeIn(ASN1Obj.parseBuffer(info), signature);
  const certificates = (rest.find(({ tag }) => tag.isContextSpecific(0))?.subs ?? []).map(
    (each) => new X509Certificate(each.toDER()),
  );
  const [signer] = rest.at(-1)?.subs ?? [];
  if (signer === undefined) throw new Error("it is signed by nobody");
  const leaf = signerOf(signer, certificates);
  checkSignature(signer, info, leaf);
  const chain = chainOf(leaf, { between: certificates, trusted, atMs });
  checkTimestampingChain(chain);
  return { fromMs: atMs - accuracyMs, toMs: atMs + accuracyMs, chain };
}

function timeIn({ subs }: ASN1Obj, signature: Buffer): { atMs: number; accuracyMs: number } {
  const [version, policy, imprint, , time, ...more] = subs;
  const hash = digestOf(imprint?.subs[0]?.subs[0]?.toOID() ?? "");
  if (version?.value[0] !== 1 || hash === undefined || time === undefined)
    throw new Error("its timestamp is of an unknown form");
  const digest = createHash(hash).update(signature).digest();
  if (imprint?.subs[1]?.value.equals(digest) !== true) throw new Error("it is of another signature");
  const accuracy = more.find(({ tag }) => tag.class === 0 && tag.number === 0x10)?.subs ?? [];
  const part = (i: (each: ASN1Obj) => boolean): number => numberOf(accuracy.find(i)?.value);
  const accuracyMs =
    part(({ tag }) => tag.class === 0) * 1000 +
    part(({ tag }) => tag.isContextSpecific(0)) +
    part(({ tag }) => tag.isContextSpecific(1)) / 1000;
  const isBaseline = accuracyMs === 0 && policy?.toOID() === oids.baselinePolicy;
  return { atMs: time.toDate().getTime(), accuracyMs: isBaseline ? 1000 : accuracyMs };
}

function numberOf(value: Buffer | undefined): number {
  return value === undefined || value.length === 0 ? 0 : Number.parseInt(value.toString("hex"), 16);
}

/** The certificate that the signed attributes name by its hash. */
function signerOf(signer: ASN1Obj, certificates: readonly X509Certificate[]): X509Certificate {
  const named = attributeOf(signer, oids.signingCertificate)?.subs[0]?.subs[0]?.subs ?? [];
  const hasAlgorithm = named[0]?.tag.class === 0 && named[0].tag.number === 0x10;
  const hash = hasAlgorithm ? digestOf(named[0]?.subs[0]?.toOID() ?? "") : "sha256";
  const expected = named[hasAlgorithm ? 1 : 0]?.value;
  if (hash === undefined || expected === undefined)
    throw new Error("it does not say by whose certificate it is signed");
  const found = certificates.find(({ raw }) => createHash(hash).update(raw).digest().equals(expected));
  if (found !== undefined) return found;
  throw new Error("the certificate that it is signed by is not in it");
}

function attributesOf(signer: ASN1Obj): ASN1Obj | undefined {
  return signer.subs.find(({ tag }) => tag.isContextSpecific(0));
}

/** The value of a signed attribute. */
function attributeOf(signer: ASN1Obj, oid: string): ASN1Obj | undefined {
  return attributesOf(signer)?.subs.find(({ subs }) => subs[0]?.toOID() === oid)?.subs[1]?.subs[0];
}

function checkSignature(signer: ASN1Obj, info: Buffer, { publicKey }: X509Certificate): void {
  const attributes = attributesOf(signer);
  const digest = digestOf(signer.subs[2]?.subs[0]?.toOID() ?? "");
  if (attributes === undefined || digest === undefined) throw new Error("its signature is of an unknown form");
  if (attributeOf(signer, oids.contentType)?.toOID() !== oids.info) throw new Error("it is signed as something else");
  const expected = attributeOf(signer, oids.messageDigest)?.value;
  if (expected?.equals(createHash(digest).update(info).digest()) !== true) throw new Error("it was changed");
  const at = signer.subs.indexOf(attributes);
  const [algorithm, signature] = [signer.subs[at + 1], signer.subs[at + 2]];
  const named = algorithm?.subs[0]?.toOID() ?? "";
  const hash = named === oids.rsa ? digest : hashOfSignature(named);
  if (hash === undefined || signature === undefined) throw new Error("it is signed by an unknown algorithm");
  const signed = attributes.toDER();
  // What stands there under a tag of its own is signed as the set that it is.
  signed[0] = 0x31;
  if (!verify(hash, signed, publicKey, signature.value)) throw new Error("its signature is invalid");
}

type Anchors = { between: readonly X509Certificate[]; trusted: readonly X509Certificate[]; atMs: number };

/** From the leaf to a trusted certificate, all valid at the time that they vouch for. */
function chainOf(leaf: X509Certificate, { between, trusted, atMs }: Anchors): X509Certificate[] {
  const isValid = ({ validFrom, validTo }: X509Certificate): boolean =>
    atMs >= Date.parse(validFrom) && atMs <= Date.parse(validTo);
  const chain = [leaf];
  for (let last = leaf; chain.length <= chainMost; last = chain.at(-1) ?? last) {
    if (!isValid(last)) throw new Error(`the authority's certificate ${nameOf(last)} was not valid at that time`);
    if (trusted.some(({ raw }) => raw.equals(last.raw))) return chain;
    const isIssuer = (each: X509Certificate): boolean => last.checkIssued(each) && last.verify(each.publicKey);
    const next = trusted.find(isIssuer) ?? between.find((each) => !chain.includes(each) && isIssuer(each));
    if (next === undefined) break;
    chain.push(next);
  }
  throw new Error(`the authority ${nameOf(leaf)} is not trusted`);
}
