// Texts of objects to bytes and back. What is stored has no resourceVersion: that is the revision of the write itself.

import { decodeJson, decodeUtf8, type Manifest } from "#kernel";

export type Codec = {
  /** `text` is JSON. */
  encode(key: string, text: string): Uint8Array;
  decode(key: string, value: Uint8Array): Manifest;
};

export const plainCodec: Codec = {
  encode: (_key, text) => Buffer.from(text),
  decode: (_key, value) => decodeJson(decodeUtf8(value)) as unknown as Manifest,
};
