import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, copyJson, decodeJson, encodeJson, equalJson, type Json } from "./json.ts";

describe("json", () => {
  it("keeps integers that a double cannot hold", () => {
    const text =
      '{"max":9223372036854775807,"list":[-9007199254740993,9007199254740992],"float":12345678901234567890.5,"text":"9223372036854775807"}';
    const value = decodeJson(text) as { [key: string]: Json };
    expect(value["max"]).toBe(9223372036854775807n);
    expect(value["list"]).toEqual([-9007199254740993n, 9007199254740992]);
    expect(value["text"]).toBe("9223372036854775807");
    expect(encodeJson({ max: value["max"], list: value["list"] })).toBe(
      '{"max":9223372036854775807,"list":[-9007199254740993,9007199254740992]}',
    );
  });

  it("keeps them wherever in a text they stand", () => {
    for (let before = 0; before < 40; before++) {
      const text = `{"${"k".repeat(before)}":-9007199254740993,"b":1234567890123456,"c":1}`;
      expect(encodeJson(decodeJson(text))).toBe(text);
    }
  });

  it("is not fooled by text that looks like its own mark", () => {
    const value = { a: "\uE000i12345678901234567890", b: 12345678901234567890n };
    expect(decodeJson(encodeJson(value))).toEqual(value);
  });

  it("reads back what it writes, and copies are equal", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.parse(JSON.stringify(value)) as Json;
        expect(equalJson(decodeJson(encodeJson(json)), json)).toBe(true);
        expect(equalJson(copyJson(json), json)).toBe(true);
      }),
    );
  });

  it("gives equal text for equal data, whatever the order of keys", () => {
    expect(canonicalJson({ b: 1, a: { d: [1, { z: 0, y: 0 }], c: 2 } })).toBe(
      '{"a":{"c":2,"d":[1,{"y":0,"z":0}]},"b":1}',
    );
  });
});
