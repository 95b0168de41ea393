import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { gunzip, gunzipHere, type Unpacked } from "./archive.ts";

const text = new TextEncoder().encode("apiVersion: v2\nname: web\n".repeat(200));
const packed = new Uint8Array(gzipSync(text));

/** What comes out, or the words of the failure. */
function outcome(run: () => Unpacked): unknown {
  try {
    const { bytes, fault } = run();
    return { bytes: new Uint8Array(bytes), fault };
  } catch (error) {
    return String(error);
  }
}

describe("unpacking gzip", () => {
  const cases: { name: string; bytes: Uint8Array }[] = [
    { name: "a whole archive", bytes: packed },
    { name: "two archives one after the other", bytes: Uint8Array.from([...packed, ...packed]) },
    { name: "an archive with something behind it", bytes: Uint8Array.from([...packed, 0x6a, 0x75]) },
    { name: "an archive that ends early", bytes: packed.subarray(0, packed.length - 20) },
    { name: "no archive", bytes: Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff]) },
  ];
  for (const { name, bytes } of cases)
    it(`is the same by the platform as by our own code: ${name}`, () => {
      expect(outcome(() => gunzip(bytes))).toEqual(outcome(() => gunzipHere(bytes)));
    });
});
