import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { sha1Hex, sha256Hex } from "./sha256.ts";

describe("digests", () => {
  for (const length of [0, 1, 4095, 4096, 4097, 100_000])
    it(`are the same by the platform as by our own code: ${length} bytes`, () => {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 31) % 251);
      expect(sha256Hex(bytes)).toBe(bytesToHex(sha256(bytes)));
      expect(sha1Hex(bytes)).toBe(bytesToHex(sha1(bytes)));
    });
});
