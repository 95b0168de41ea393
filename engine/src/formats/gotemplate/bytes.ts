// Go's strings are bytes. Here they are JavaScript strings in which a byte that is not part of valid UTF-8 stands as the
// lone surrogate U+DC00 + byte, so that cutting inside a character and joining again loses nothing.

import { decodeUtf8Strict, encodeUtf8 } from "#kernel";

// eslint-disable-next-line no-control-regex
const nonAscii = /[^\x00-\x7f]/;
const loneByte = /(?<![\ud800-\udbff])[\udc80-\udcff]/;

/** True when every character is ASCII, so that bytes and characters count the same. */
export function isAscii(text: string): boolean {
  return !nonAscii.test(text);
}

/** The bytes of a Go string. */
export function bytesOf(text: string): Uint8Array {
  if (!loneByte.test(text)) return encodeUtf8(text);
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xdc80 && unit <= 0xdcff) bytes.push(unit - 0xdc00);
    else {
      const point = text.codePointAt(i) as number;
      bytes.push(...encodeUtf8(String.fromCodePoint(point)));
      if (point > 0xffff) i++;
    }
  }
  return Uint8Array.from(bytes);
}

/** The Go string of some bytes; what is no valid UTF-8 is kept byte by byte. */
export function stringOf(bytes: Uint8Array): string {
  return decodeUtf8Strict(bytes) ?? stringByByte(bytes);
}

function stringByByte(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; ) {
    const size = sequenceLength(bytes, i);
    if (size === 0) parts.push(String.fromCharCode(0xdc00 + (bytes[i++] as number)));
    else {
      parts.push(String.fromCodePoint(codePointAt(bytes, i, size)));
      i += size;
    }
    if (parts.length > 4096) parts.splice(0, parts.length, parts.join(""));
  }
  return parts.join("");
}

/** Length in bytes. */
export function byteLength(text: string): number {
  return isAscii(text) ? text.length : bytesOf(text).length;
}

/** The bytes from `start` to `end` of a Go string. */
export function sliceBytes(text: string, start: number, end?: number): string {
  if (isAscii(text)) return text.slice(start, end);
  return stringOf(bytesOf(text).slice(start, end));
}

/** Text as Go's range and []rune see it: an invalid byte becomes U+FFFD. */
export function toValidText(text: string): string {
  return loneByte.test(text) ? text.replace(/(?<![\ud800-\udbff])[\udc80-\udcff]/g, "\ufffd") : text;
}

/** Order of two Go strings: by bytes, which for valid text is the order of code points. */
export function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return isSurrogate(x) || isSurrogate(y) ? compareBytes(bytesOf(a), bytesOf(b)) : x - y;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return a.length - b.length;
}

/** Size of the valid UTF-8 sequence at `i`, or 0. */
function sequenceLength(bytes: Uint8Array, i: number): number {
  const first = bytes[i] as number;
  if (first < 0x80) return 1;
  const size =
    first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
  if (size === 0 || i + size > bytes.length) return 0;
  for (let k = 1; k < size; k++) if (((bytes[i + k] as number) & 0xc0) !== 0x80) return 0;
  const point = codePointAt(bytes, i, size);
  if (point >= 0xd800 && point <= 0xdfff) return 0;
  return point > 0x10ffff || point < ([0, 0, 0x80, 0x800, 0x10000][size] as number) ? 0 : size;
}

function codePointAt(bytes: Uint8Array, i: number, size: number): number {
  let point = size === 1 ? (bytes[i] as number) : (bytes[i] as number) & (0xff >> (size + 1));
  for (let k = 1; k < size; k++) point = (point << 6) | ((bytes[i + k] as number) & 0x3f);
  return point;
}
