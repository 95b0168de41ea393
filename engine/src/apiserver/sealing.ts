// Secrets are encrypted where they are stored: AES-256-GCM under a key of the data folder, bound to the place they stand in, so
// that a value moved to another key does not open.

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { Fault } from "#kernel";
import { type Codec, plainCodec } from "#apiserver/registry";
import type { ApiServerFaultCode } from "./faults.ts";

/** The first byte of a sealed value; plain JSON begins with a brace. */
const sealMark = 1;
const nonceBytes = 12;
const tagBytes = 16;

/** A codec that seals what stands below the prefixes. */
export function sealingCodec(key: Uint8Array, prefixes: readonly string[]): Codec {
  return {
    encode: (place, text) => (prefixes.some((prefix) => place.startsWith(prefix)) ? seal(key, place, text) : text),
    decode: (place, value) => plainCodec.decode(place, value[0] === sealMark ? open(key, place, value) : value),
  };
}

function seal(key: Uint8Array, place: string, plain: Uint8Array): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(place));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.from([sealMark]), nonce, cipher.getAuthTag(), body]);
}

function open(key: Uint8Array, place: string, value: Uint8Array): Uint8Array {
  const nonce = value.subarray(1, 1 + nonceBytes);
  const tag = value.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(place)).setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(value.subarray(1 + nonceBytes + tagBytes)), decipher.final()]);
  } catch (cause) {
    throw new Fault<ApiServerFaultCode>({
      code: "cannot-unseal",
      disposition: "stall",
      at: place,
      message: "a stored Secret cannot be decrypted",
      hint: "the key file pki/encryption.key of the data folder is not the one it was written with",
      cause,
    });
  }
}
