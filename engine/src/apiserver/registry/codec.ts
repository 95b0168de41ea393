// Texts of objects to what is stored and back. What is stored has no resourceVersion: that is the revision of the write itself.

import { decodeJson, decodeUtf8, type Manifest } from "#kernel";

export type Codec = {
  /** `text` is JSON; it may be the result. */
  encode(key: string, text: Uint8Array): Uint8Array;
  decode(key: string, value: Uint8Array): Manifest;
};

export const plainCodec: Codec = {
  encode: (_key, text) => text,
  decode: (_key, value) => decodeJson(decodeUtf8(value)) as unknown as Manifest,
};
