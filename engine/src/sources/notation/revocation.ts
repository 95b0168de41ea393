// Whether a certificate of a chain was revoked: by the responders that it names, and where those do not know, by the list that
// it names. Where neither can tell, its state is unknown, and a policy that enforces revocation refuses it.
// https://www.rfc-editor.org/rfc/rfc5280#section-5

import { type X509Certificate, verify } from "node:crypto";
import { ASN1Obj, X509Certificate as Parsed } from "@sigstore/core";
import type { HttpAccess, HttpClient } from "#sources/http";
import { hashOfSignature } from "./algorithms.ts";
import { nameOf } from "./chain.ts";
import { revocationListMost } from "./limits.ts";
import { askResponders, isInvalidLater, isSameNumber, responderUrls, type Standing } from "./ocsp.ts";

export type RevocationCall = {
  client: HttpClient;
  access: HttpAccess;
  signal: AbortSignal;
  timeoutMs: number;
  nowMs: number;
  /** When it was signed, where an authority vouches for that. */
  authenticMs?: number | undefined;
};

const lists = "2.5.29.31";

/** Throws an Error where one is revoked, or that cannot be told. `whose` is how messages call them. */
export async function checkRevocation(
  chain: readonly X509Certificate[],
  call: RevocationCall,
  whose = "signing",
): Promise<void> {
  let unknown: string | undefined;
  for (const [i, certificate] of chain.entries()) {
    const issuer = chain[i + 1];
    // The root answers for itself.
    if (issuer === undefined) break;
    const { standing, failures } = await standingOf(certificate, issuer, call);
    const subject = `${whose} certificate with subject ${nameOf(certificate)}`;
    if (standing === "revoked") throw new Error(`${subject} is revoked`);
    const why = failures.length === 0 ? "" : `: ${failures.join("; ")}`;
    if (standing === "unknown") unknown = `${subject} revocation status is unknown${why}`;
  }
  if (unknown !== undefined) throw new Error(unknown);
}

async function standingOf(
  certificate: X509Certificate,
  issuer: X509Certificate,
  call: RevocationCall,
): Promise<{ standing: Standing; failures: string[] }> {
  const parsed = Parsed.parse(certificate.toString());
  const [responders, listed] = [responderUrls(parsed), listUrls(parsed)];
  const asked =
    responders.length === 0
      ? { standing: listed.length === 0 ? ("good" as const) : ("unknown" as const), failures: [] }
      : await askResponders(responders, { certificate: parsed, issuer }, call);
  if (asked.standing !== "unknown" || listed.length === 0) return asked;
  return stateIn(listed, { issuer, serial: parsed.serialNumber }, call);
}

type Asked = { issuer: X509Certificate; serial: Buffer };

async function stateIn(
  urls: readonly string[],
  asked: Asked,
  call: RevocationCall,
): Promise<{ standing: Standing; failures: string[] }> {
  const failures: string[] = [];
  for (const url of urls) {
    try {
      const { client, access, signal, timeoutMs } = call;
      const { bytes } = await client.read({ url, access, signal, timeoutMs }, revocationListMost);
      return { standing: isListed(bytes, asked, call) ? "revoked" : "good", failures };
    } catch (error) {
      failures.push(error instanceof Error ? error.message : "it cannot be read");
    }
  }
  return { standing: "unknown", failures };
}

function isListed(bytes: Buffer, { issuer, serial }: Asked, { nowMs, authenticMs }: RevocationCall): boolean {
  const list = ASN1Obj.parseBuffer(Buffer.from(bytes));
  const [body, algorithm, signature] = list.subs;
  if (body === undefined || algorithm === undefined || signature === undefined)
    throw new Error("the list is malformed");
  const hash = hashOfSignature(algorithm.subs[0]?.toOID() ?? "");
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
  const entry = (isEntries ? revoked.subs : []).find(({ subs }) => isSameNumber(subs[0]?.value, serial));
  return entry !== undefined && !isInvalidLater(entry.subs[2]?.subs ?? [], authenticMs);
}

function listUrls(certificate: Parsed): string[] {
  const found: string[] = [];
  const look = (node: ASN1Obj): void => {
    // A uniformResourceIdentifier among general names.
    if (node.tag.class === 2 && node.tag.number === 6 && node.subs.length === 0)
      found.push(node.value.toString("latin1"));
    node.subs.forEach(look);
  };
  const extension = certificate.extension(lists);
  if (extension !== undefined) look(extension.valueObj);
  return found.filter((url) => /^https?:\/\//.test(url));
}
