// What the responders that a certificate names say of it, asked and judged as notation-core-go 1.3 does; but a certificate that
// answers in its authority's place must be one for that. https://www.rfc-editor.org/rfc/rfc6960

import { createHash, verify, X509Certificate } from "node:crypto";
import { ASN1Obj, X509Certificate as Parsed } from "@sigstore/core";
import { hashOfSignature } from "./algorithms.ts";
import { responderAnswerMost, responderTimeoutMs } from "./limits.ts";
import type { RevocationCall } from "./revocation.ts";

export type Standing = "good" | "revoked" | "unknown";

const oids = {
  access: "1.3.6.1.5.5.7.1.1",
  responder: "1.3.6.1.5.5.7.48.1",
  basic: "1.3.6.1.5.5.7.48.1.1",
  extendedUsage: "2.5.29.37",
  signing: "1.3.6.1.5.5.7.3.9",
  invalidity: "2.5.29.24",
} as const;

/** Addresses of responders; only plain HTTP is asked, as the answers are signed. */
export function responderUrls(certificate: Parsed): string[] {
  const descriptions = certificate.extension(oids.access)?.valueObj.subs[0]?.subs ?? [];
  return descriptions
    .filter(({ subs }) => subs[0]?.toOID() === oids.responder)
    .map(({ subs }) => subs[1]?.value.toString("latin1") ?? "");
}

type Asked = { certificate: Parsed; issuer: X509Certificate };

/** The first responder that answers counts. `failures`: why the others did not. */
export async function askResponders(
  urls: readonly string[],
  asked: Asked,
  call: RevocationCall,
): Promise<{ standing: Standing; failures: string[] }> {
  const request = requestFor(asked);
  const failures: string[] = [];
  for (const url of urls) {
    try {
      if (!/^http:/i.test(url)) throw new Error("a responder that is not asked in plain HTTP is not supported");
      return { standing: standingIn(await ask(url, request, call), asked, call), failures };
    } catch (error) {
      failures.push(error instanceof Error ? error.message : "it cannot be asked");
    }
  }
  return { standing: "unknown", failures };
}

/** In the address where it is short, for caches on the way; else as a body. */
async function ask(url: string, request: Buffer, call: RevocationCall): Promise<Buffer> {
  const { client, access, signal } = call;
  const timeoutMs = Math.min(call.timeoutMs, responderTimeoutMs);
  const text = encodeURIComponent(request.toString("base64"));
  const asked =
    text.length < 255
      ? { url: `${url.replace(/\/+$/, "")}/${text}` }
      : { url, method: "POST" as const, body: request, headers: { "content-type": "application/ocsp-request" } };
  const { bytes } = await client.read({ ...asked, isRepeatable: true, access, signal, timeoutMs }, responderAnswerMost);
  return bytes;
}

function requestFor({ certificate, issuer }: Asked): Buffer {
  const sha1 = (bytes: Buffer): Buffer => createHash("sha1").update(bytes).digest();
  const own = bodyOf(Parsed.parse(issuer.toString()));
  const name = own.subject.toDER();
  // The first byte of a bit string counts its unused bits.
  const key = own.key.subs[1]?.value.subarray(1) ?? Buffer.alloc(0);
  const algorithm = der(0x30, der(0x06, Buffer.from("2b0e03021a", "hex")), der(0x05));
  const id = der(0x30, algorithm, der(0x04, sha1(name)), der(0x04, sha1(key)), der(0x02, certificate.serialNumber));
  return der(0x30, der(0x30, der(0x30, der(0x30, id))));
}

function bodyOf(certificate: Parsed): { subject: ASN1Obj; key: ASN1Obj } {
  const members = certificate.root.subs[0]?.subs ?? [];
  // A version stands before the rest, but for the very first form.
  const start = members[0]?.tag.isContextSpecific(0) === true ? 1 : 0;
  const [subject, key] = [members[start + 4], members[start + 5]];
  if (subject === undefined || key === undefined) throw new Error("the issuer's certificate is malformed");
  return { subject, key };
}

function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const length =
    body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const refusals = ["", "malformed request", "internal error", "try later", "", "signature required", "unauthorized"];

function standingIn(bytes: Buffer, asked: Asked, { nowMs, authenticMs }: RevocationCall): Standing {
  const [status, wrapped] = ASN1Obj.parseBuffer(Buffer.from(bytes)).subs;
  const code = status?.value[0] ?? -1;
  if (code !== 0) throw new Error(`the responder refuses: ${refusals[code] ?? "its answer is malformed"}`);
  const [type, packed] = wrapped?.subs[0]?.subs ?? [];
  if (type?.toOID() !== oids.basic || packed === undefined) throw new Error("the answer is of an unknown kind");
  const answer = ASN1Obj.parseBuffer(Buffer.from(packed.value));
  const body = checkedBody(answer, asked.issuer, nowMs);
  const list = body.subs.find(({ tag }) => tag.class === 0 && tag.number === 0x10)?.subs ?? [];
  const single = list.find(({ subs }) => isSameNumber(subs[0]?.subs[3]?.value, asked.certificate.serialNumber));
  const [, standing, , ...more] = single?.subs ?? [];
  if (standing === undefined) throw new Error("the answer is of another certificate");
  const next = more
    .find(({ tag }) => tag.isContextSpecific(0))
    ?.subs[0]?.toDate()
    .getTime();
  if (next === undefined || nowMs > next) throw new Error("the answer is outdated");
  const extensions = more.find(({ tag }) => tag.isContextSpecific(1))?.subs[0]?.subs ?? [];
  if (extensions.some(({ subs }) => subs.length > 2 && subs[1]?.toBoolean() === true))
    throw new Error("the answer has a critical extension that is not understood");
  if (standing.tag.number === 0) return "good";
  if (standing.tag.number !== 1) return "unknown";
  return isInvalidLater(extensions, authenticMs) ? "good" : "revoked";
}

/** What was signed before the key fell into other hands counts, where an authority vouches for the time of signing. */
export function isInvalidLater(extensions: readonly ASN1Obj[], authenticMs: number | undefined): boolean {
  const invalidity = extensions.find(({ subs }) => subs[0]?.toOID() === oids.invalidity)?.subs.at(-1);
  if (invalidity === undefined || authenticMs === undefined) return false;
  return authenticMs < ASN1Obj.parseBuffer(Buffer.from(invalidity.value)).toDate().getTime();
}

/** What the answer says, once its signature holds. */
function checkedBody(answer: ASN1Obj, issuer: X509Certificate, nowMs: number): ASN1Obj {
  const [body, algorithm, signature, extra] = answer.subs;
  if (body === undefined || algorithm === undefined || signature === undefined)
    throw new Error("the answer is malformed");
  const first = extra?.subs[0]?.subs[0];
  const signer = first === undefined ? issuer : new X509Certificate(first.toDER());
  if (!signer.raw.equals(issuer.raw)) checkSigner(signer, issuer, nowMs);
  const hash = hashOfSignature(algorithm.subs[0]?.toOID() ?? "");
  if (hash === undefined) throw new Error("the answer is signed by an unknown algorithm");
  if (!verify(hash, body.toDER(), signer.publicKey, signature.value.subarray(1)))
    throw new Error("the answer is not signed by the certificate's issuer");
  return body;
}

function checkSigner(signer: X509Certificate, issuer: X509Certificate, nowMs: number): void {
  if (!signer.verify(issuer.publicKey)) throw new Error("the answer is signed by somebody else than the issuer");
  const uses = Parsed.parse(signer.toString()).extension(oids.extendedUsage)?.valueObj.subs[0]?.subs ?? [];
  if (!uses.some((use) => use.toOID() === oids.signing)) throw new Error("the answer's signer may not sign answers");
  if (nowMs < Date.parse(signer.validFrom) || nowMs > Date.parse(signer.validTo))
    throw new Error("the certificate of the answer's signer is not valid now");
}

export function isSameNumber(a: Buffer | undefined, b: Buffer): boolean {
  return a !== undefined && BigInt(`0x0${a.toString("hex")}`) === BigInt(`0x0${b.toString("hex")}`);
}
