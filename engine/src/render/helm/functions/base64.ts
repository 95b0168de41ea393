// Base 64 and base 32 with padding, as encoding/base64 and encoding/base32 do them.

import { GoError } from "#formats/gotemplate";

const alphabet64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const alphabet32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

const values64: Int8Array = invert(alphabet64);
const values32: Int8Array = invert(alphabet32);

function invert(alphabet: string): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i;
  return values;
}

function encode(bytes: Uint8Array, alphabet: string, bits: 5 | 6): string {
  const parts: string[] = [];
  let pending = 0;
  let count = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    count += 8;
    while (count >= bits) {
      count -= bits;
      parts.push(alphabet[(pending >> count) & ((1 << bits) - 1)] as string);
    }
    pending &= (1 << count) - 1;
  }
  if (count > 0) parts.push(alphabet[(pending << (bits - count)) & ((1 << bits) - 1)] as string);
  const group = bits === 6 ? 4 : 8;
  while (parts.length % group !== 0) parts.push("=");
  return parts.join("");
}

type Decoding = { values: Int8Array; bits: 5 | 6; group: 4 | 8; name: string };

function decode(text: string, { values, bits, group, name }: Decoding): Uint8Array {
  const bad = (at: number): never => {
    throw new GoError(`illegal ${name} data at input byte ${at}`);
  };
  // Positions count bytes of the text with its line ends; those are skipped.
  const bytes: number[] = [];
  let pending = 0;
  let count = 0;
  let digits = 0;
  let at = 0;
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 10 || unit === 13) continue;
    if (unit === 61) break;
    const value = unit < 128 ? (values[unit] as number) : -1;
    if (value < 0) bad(at);
    pending = ((pending << bits) | value) & 0xffff;
    count += bits;
    digits++;
    if (count >= 8) {
      count -= 8;
      bytes.push((pending >> count) & 0xff);
    }
  }
  checkPadding({ text, at, digits: digits % group, group }, bad);
  return Uint8Array.from(bytes);
}

type Tail = { text: string; at: number; digits: number; group: 4 | 8 };

function checkPadding({ text, at, digits, group }: Tail, bad: (at: number) => never): void {
  const allowed = group === 4 ? [0, 2, 3] : [0, 2, 4, 5, 7];
  const rest = text.slice(at).replace(/[\r\n]/g, "");
  if (digits === 0) {
    if (rest !== "") bad(at);
    return;
  }
  // The place is where the unfinished group begins, in text without line ends.
  if (at >= text.length) bad(text.length - digits);
  if (!allowed.includes(digits)) bad(at);
  const padding = group - digits;
  if (rest.length < padding) bad(text.length);
  if (/[^=]/.test(rest.slice(0, padding))) bad(at + 1);
  if (rest.length > padding) bad(at + padding);
}

export function encodeBase64(bytes: Uint8Array): string {
  return encode(bytes, alphabet64, 6);
}

export function encodeBase32(bytes: Uint8Array): string {
  return encode(bytes, alphabet32, 5);
}

/** Throws a GoError that names the offset of the first wrong character. */
export function decodeBase64(text: string): Uint8Array {
  return decode(text, { values: values64, bits: 6, group: 4, name: "base64" });
}

export function decodeBase32(text: string): Uint8Array {
  // Line ends count for no place, unlike in base64.
  return decode(text.replace(/[\r\n]/g, ""), { values: values32, bits: 5, group: 8, name: "base32" });
}
