// DER and PEM: as much of ASN.1 as keys and certificates need. https://www.itu.int/rec/T-REC-X.690

import { GoError } from "#formats/gotemplate";
import { decodeBase64, encodeBase64 } from "./base64.ts";

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** One value: tag, length, content. */
export function der(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(...content);
  const length: number[] = [];
  if (body.length < 128) length.push(body.length);
  else {
    for (let rest = body.length; rest > 0; rest >>= 8) length.unshift(rest & 0xff);
    length.unshift(0x80 | length.length);
  }
  return concatBytes(Uint8Array.from([tag, ...length]), body);
}

export function sequence(...items: readonly Uint8Array[]): Uint8Array {
  return der(0x30, ...items);
}

export function bigintBytes(value: bigint, size?: number): Uint8Array {
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  if (size !== undefined) hex = hex.padStart(size * 2, "0");
  return Uint8Array.from(hex.match(/../g) ?? ["00"], (pair) => Number.parseInt(pair, 16));
}

export function bytesToBigint(bytes: Uint8Array): bigint {
  let hex = "";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return BigInt(`0x${hex || "0"}`);
}

/** A non-negative INTEGER. */
export function integer(value: bigint): Uint8Array {
  const bytes = bigintBytes(value);
  return der(2, (bytes[0] as number) >= 0x80 ? concatBytes(Uint8Array.of(0), bytes) : bytes);
}

export function octets(bytes: Uint8Array): Uint8Array {
  return der(4, bytes);
}

export function bits(bytes: Uint8Array, unused = 0): Uint8Array {
  return der(3, Uint8Array.of(unused), bytes);
}

export const nil: Uint8Array = Uint8Array.of(5, 0);

/** An OBJECT IDENTIFIER. */
export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes: number[] = [first * 40 + second];
  for (const arc of rest) {
    const group = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) group.unshift((left & 0x7f) | 0x80);
    bytes.push(...group);
  }
  return der(6, Uint8Array.from(bytes));
}

/** A value read from DER; `whole` holds tag and length too. */
export type DerValue = { tag: number; content: Uint8Array; whole: Uint8Array };

/** The values that stand one after the other in `bytes`. */
export function readDer(bytes: Uint8Array): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] as number;
    let length = bytes[at + 1] ?? 0;
    let start = at + 2;
    if (length >= 0x80) {
      const size = length & 0x7f;
      if (size > 4) throw new GoError("asn1: structure error: length too large");
      length = Number(bytesToBigint(bytes.slice(start, start + size)));
      start += size;
    }
    if (start + length > bytes.length) throw new GoError("asn1: syntax error: data truncated");
    values.push({ tag, content: bytes.slice(start, start + length), whole: bytes.slice(at, start + length) });
    at = start + length;
  }
  return values;
}

export type PemBlock = { type: string; bytes: Uint8Array };

export function formatPem(type: string, bytes: Uint8Array): string {
  const lines = encodeBase64(bytes).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${type}-----\n${lines.join("\n")}\n-----END ${type}-----\n`;
}

/** The first PEM block in the text, or undefined. */
export function parsePem(text: string): PemBlock | undefined {
  const match = /(?:^|\n)-----BEGIN ([^\n]*?)-----[ \t\r]*\n([\s\S]*?)-----END \1-----/.exec(text);
  if (match === null) return undefined;
  const body = (match[2] as string).replace(/^(?:[^\n]*:[^\n]*\n)+\n/, "").replace(/\s/g, "");
  try {
    return { type: match[1] as string, bytes: decodeBase64(body) };
  } catch {
    return undefined;
  }
}
