// Signature envelopes in CBOR: a COSE_Sign1 with its certificates in the unprotected header.
// https://www.rfc-editor.org/rfc/rfc9052

import { algorithmOf, isSignedBy } from "./algorithms.ts";
import { type Cbor, cborHead, decodeCbor, Tagged } from "./cbor.ts";
import { labels, type Signed } from "./signed.ts";

const label = { algorithm: 1, critical: 2, contentType: 3, chain: 33 } as const;

export function readCose(bytes: Buffer): Signed {
  const message = decodeCbor(bytes);
  const parts = message instanceof Tagged && message.tag === 18 ? message.value : undefined;
  if (!Array.isArray(parts) || parts.length !== 4) throw new Error("the envelope is no COSE_Sign1");
  const [rawHead, open, payload, signature] = parts;
  if (!Buffer.isBuffer(rawHead) || !(open instanceof Map) || !Buffer.isBuffer(payload) || !Buffer.isBuffer(signature))
    throw new Error("the envelope is no COSE_Sign1 with a payload");
  const head = decodeCbor(rawHead);
  if (!(head instanceof Map)) throw new Error("the protected header is no map");
  const critical = head.get(label.critical);
  const chain = open.get(label.chain);
  const stamp = open.get(labels.timestamp);
  return {
    payload,
    contentType: textOf(head.get(label.contentType), "content type"),
    certificates: (Array.isArray(chain) ? chain : []).map((each) => bytesOf(each, "a certificate")),
    scheme: textOf(head.get(labels.scheme), labels.scheme),
    signingMs: timeOf(head.get(labels.signing)),
    authenticSigningMs: timeOf(head.get(labels.authentic)),
    expiryMs: timeOf(head.get(labels.expiry)),
    critical: (Array.isArray(critical) ? critical : []).map((each) => textOf(each, "crit")),
    signature,
    timestamp: stamp === undefined ? undefined : bytesOf(stamp, labels.timestamp),
    isBy: ({ publicKey }) => {
      const algorithm = algorithmOf(publicKey);
      if (algorithm === undefined || algorithm.cose !== head.get(label.algorithm))
        throw new Error("the algorithm is not that of the signing key");
      return isSignedBy(publicKey, algorithm, signedText(rawHead, payload), signature);
    },
  };
}

/** Sig_structure: what is signed of the message. */
function signedText(head: Buffer, payload: Buffer): Buffer {
  const context = Buffer.from("Signature1");
  return Buffer.concat([
    cborHead(4, 4),
    cborHead(3, context.length),
    context,
    cborHead(2, head.length),
    head,
    cborHead(2, 0),
    cborHead(2, payload.length),
    payload,
  ]);
}

function bytesOf(value: Cbor, name: string): Buffer {
  if (Buffer.isBuffer(value)) return value;
  throw new Error(`${name} is no bytes`);
}

function textOf(value: Cbor | undefined, name: string): string {
  if (typeof value === "string") return value;
  throw new Error(`${name} is missing or no text`);
}

/** Seconds under tag 1; nothing else is a time here. */
function timeOf(value: Cbor | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Tagged && value.tag === 1 && typeof value.value === "number") return value.value * 1000;
  throw new Error("only Tag `1` Datetime CBOR object is supported");
}
