// Digests for pure code, by @noble/hashes: audited, synchronous, the same in Node and in a browser.

import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? utf8ToBytes(data) : data;
}

/** SHA-256 of bytes, or of text as UTF-8, as 64 lower-case hex digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return bytesToHex(sha256(bytesOf(data)));
}

/** SHA-1, for Git's own object ids alone. */
export function sha1Hex(data: string | Uint8Array): string {
  return bytesToHex(sha1(bytesOf(data)));
}
