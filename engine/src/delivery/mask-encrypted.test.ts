import { describe, expect, it } from "vitest";
import { asManifest, type JsonObject, type Manifest } from "#kernel";
import { maskEncrypted, withLiveForMasked } from "./mask-encrypted.ts";

const encoded = (text: string): string => Buffer.from(text).toString("base64");
const mask = "**SOPS**";

function secret(members: JsonObject): Manifest {
  return asManifest({ apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, ...members });
}

describe("a preview", () => {
  it("masks every value of an encrypted Secret, and leaves its metadata of SOPS out", () => {
    const masked = maskEncrypted(
      secret({ data: { a: "ENC[1]" }, stringData: { b: "ENC[2]" }, sops: { mac: "ENC[3]" } }),
    );
    expect(masked).toEqual(secret({ data: { a: encoded(mask) }, stringData: { b: mask } }));
  });

  it("masks a value that is an encrypted file, and no other", () => {
    const file = encoded('{"data": "ENC[1]", "sops": {}}');
    expect(maskEncrypted(secret({ data: { file, plain: encoded("open") } }))).toEqual(
      secret({ data: { file: encoded(mask), plain: encoded("open") } }),
    );
  });

  it("leaves what is no Secret", () => {
    const object = asManifest({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data: { a: "ENC[" } });
    expect(maskEncrypted(object)).toEqual(object);
  });

  it("counts a masked value as unchanged", () => {
    const desired = secret({ data: { a: encoded(mask), b: encoded("new") } });
    const live = secret({ data: { a: encoded("live"), b: encoded("old") } });
    expect(withLiveForMasked(desired, live)).toEqual(secret({ data: { a: encoded("live"), b: encoded("new") } }));
    expect(withLiveForMasked(desired, undefined)).toEqual(desired);
  });
});
