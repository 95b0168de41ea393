// Objects to bytes and back. What is stored has no resourceVersion: that is the revision of the write itself.

import { decodeJson, decodeUtf8, encodeJson, encodeUtf8, type Manifest } from "#kernel";

export type Codec = {
  encode(key: string, object: Manifest): Uint8Array;
  decode(key: string, value: Uint8Array): Manifest;
};

export const plainCodec: Codec = {
  encode: (_key, object) => {
    const { resourceVersion: _, ...metadata } = object.metadata;
    return encodeUtf8(encodeJson({ ...object, metadata }));
  },
  decode: (_key, value) => decodeJson(decodeUtf8(value)) as unknown as Manifest,
};
