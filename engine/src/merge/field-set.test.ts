import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "#kernel";
import {
  decodeFieldsV1,
  empty,
  encodeFieldsV1,
  type FieldSet,
  fieldSetOf,
  formatPath,
  setOfPaths,
} from "./field-set.ts";

const element = fc.constantFrom("f:a", "f:b", "f:c", 'k:{"name":"x"}', 'v:"y"', "v:1");
const set: fc.Arbitrary<FieldSet> = fc
  .array(fc.array(element, { minLength: 1, maxLength: 4 }), { maxLength: 8 })
  .map((paths) => setOfPaths(paths));

describe("field set", () => {
  it("keeps the laws of sets", () => {
    fc.assert(
      fc.property(set, set, set, (a, b, c) => {
        expect(a.union(b).equals(b.union(a))).toBe(true);
        expect(a.intersection(b).equals(b.intersection(a))).toBe(true);
        expect(a.union(b.union(c)).equals(a.union(b).union(c))).toBe(true);
        expect(a.intersection(b.union(c)).equals(a.intersection(b).union(a.intersection(c)))).toBe(true);
        expect(a.difference(b).intersection(b).isEmpty).toBe(true);
        expect(a.difference(b).union(a.intersection(b)).equals(a)).toBe(true);
        expect(a.difference(b).size + a.intersection(b).size).toBe(a.size);
        expect(a.recursiveDifference(b).isSubsetOf(a.difference(b))).toBe(true);
        expect(a.union(empty)).toBe(a);
      }),
    );
  });

  it("agrees with sets of path texts", () => {
    const texts = (a: FieldSet): Set<string> => new Set(a.paths().map((path) => path.join("\0")));
    fc.assert(
      fc.property(set, set, (a, b) => {
        const [left, right] = [texts(a), texts(b)];
        expect(texts(a.union(b))).toEqual(new Set([...left, ...right]));
        expect(texts(a.intersection(b))).toEqual(new Set([...left].filter((text) => right.has(text))));
        expect(texts(a.difference(b))).toEqual(new Set([...left].filter((text) => !right.has(text))));
        const isBelow = (text: string): boolean =>
          [...right].some((taken) => text === taken || text.startsWith(`${taken}\0`));
        expect(texts(a.recursiveDifference(b))).toEqual(new Set([...left].filter((text) => !isBelow(text))));
      }),
    );
  });

  it("reads what it writes", () => {
    fc.assert(
      fc.property(set, (a) => {
        expect(decodeFieldsV1(encodeFieldsV1(a))?.equals(a)).toBe(true);
      }),
    );
  });

  it("writes elements in the order of the API server, whatever the order it read", () => {
    const given: JsonObject = {
      'v:"b"': {},
      "f:b": { "f:z": {}, ".": {} },
      'k:{"protocol":"TCP","containerPort":80}': { ".": {} },
      'k:{"containerPort":9,"protocol":"TCP"}': {},
      "f:a": {},
      "v:10": {},
      "v:9": {},
      "i:10": {},
      "i:9": {},
    };
    expect(JSON.stringify(encodeFieldsV1(decodeFieldsV1(given) as FieldSet))).toBe(
      '{"f:a":{},"f:b":{".":{},"f:z":{}},"k:{\\"containerPort\\":9,\\"protocol\\":\\"TCP\\"}":{},' +
        '"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{},"v:9":{},"v:10":{},"v:\\"b\\"":{},"i:9":{},"i:10":{}}',
    );
  });

  it.each([{ x: {} }, { "k:[]": {} }, { "q:a": {} }, { "f:a": 1 }, { "k:{": {} }] as JsonObject[])(
    "refuses %j",
    (given) => {
      expect(decodeFieldsV1(given)).toBeUndefined();
    },
  );

  it("names paths as conflicts do", () => {
    const [path] = setOfPaths([["f:spec", "f:containers", 'k:{"name":"web"}', "f:args", "v:1"]]).paths();
    expect(formatPath(path ?? [])).toBe('.spec.containers[name="web"].args[=1]');
    expect(fieldSetOf(["a", "b"]).has(["f:a", "f:b"])).toBe(true);
  });
});
