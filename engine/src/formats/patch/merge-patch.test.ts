import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deepFreeze, equalJson, isObject, type Json, type JsonObject } from "#kernel";
import { applyMergePatch, createMergePatch } from "./merge-patch.ts";

/** The examples of RFC 7386, appendix A. */
const examples: [Json, Json, Json][] = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [
    ["a", "b"],
    ["c", "d"],
    ["c", "d"],
  ],
  [{ a: "b" }, ["c"], ["c"]],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

function hasNull(value: Json): boolean {
  return value === null || (typeof value === "object" && Object.values(value).some(hasNull));
}

/** Lists with nulls below them, as kube-apiserver 1.36 merges them. */
const listed: [Json, Json, Json][] = [
  [{}, { a: [{ b: null, c: 1 }, null] }, { a: [{ c: 1 }, null] }],
  [{ a: [1] }, { a: [{ b: { c: null } }, [{ d: null }]] }, { a: [{ b: {} }, [{}]] }],
  [{ a: { b: 1 } }, { a: [{ b: null }] }, { a: [{ b: null }] }],
];

describe("merge patch", () => {
  it.each([...examples, ...listed])("%j with %j is %j", (document, patch, expected) => {
    expect(applyMergePatch(deepFreeze(document), deepFreeze(patch))).toEqual(expected);
  });

  it("turns one document into another by the patch made from both", () => {
    const object = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(object, object, (a, b) => {
        const [before, after] = JSON.parse(JSON.stringify([a, b])) as [JsonObject, JsonObject];
        fc.pre(!hasNull(after));
        const patch = createMergePatch(before, after) ?? {};
        expect(equalJson(applyMergePatch(before, patch), after)).toBe(true);
        expect(isObject(patch)).toBe(true);
      }),
    );
  });
});
