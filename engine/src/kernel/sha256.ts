// Digests for pure code, by @noble/hashes: audited, synchronous, the same in Node and in a browser. Long data goes to the
// platform's own digest where it has one.

import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { platformModule } from "./platform.ts";

/** Below this length loading the platform's module takes longer than hashing. */
const longAt = 4096;

type Crypto = {
  createHash(name: string): { update(data: Uint8Array): { digest(encoding: "hex"): string } };
};

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? utf8ToBytes(data) : data;
}

function longDigest(name: "sha1" | "sha256", bytes: Uint8Array): string | undefined {
  if (bytes.length < longAt) return undefined;
  const crypto = platformModule("node:crypto") as Crypto | undefined;
  return crypto?.createHash(name).update(bytes).digest("hex");
}

/** SHA-256 of bytes, or of text as UTF-8, as 64 lower-case hex digits. */
export function sha256Hex(data: string | Uint8Array): string {
  const bytes = bytesOf(data);
  return longDigest("sha256", bytes) ?? bytesToHex(sha256(bytes));
}

/** SHA-1, for Git's own object ids alone. */
export function sha1Hex(data: string | Uint8Array): string {
  const bytes = bytesOf(data);
  return longDigest("sha1", bytes) ?? bytesToHex(sha1(bytes));
}
