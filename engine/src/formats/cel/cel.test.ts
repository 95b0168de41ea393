import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { convertSchema, customSchemas } from "#api/crd";
import { deepFreeze, type Json, type JsonObject } from "#kernel";
import { rewriteInitializers } from "./objects.ts";
import { compileCel, evaluateCel, evaluateRule } from "./evaluate.ts";
import { compareSemver, parseSemver, type SemanticVersion } from "./semver.ts";
import { parseQuantity, type Quantity } from "./quantity.ts";

type Recorded = { source: string; properties: JsonObject; self: JsonObject; cases: { rule: string; holds: boolean }[] };

const recorded = JSON.parse(
  readFileSync(new URL("./testdata/kubernetes/recorded.json", import.meta.url), "utf8"),
) as Recorded;
const root = convertSchema({
  type: "object",
  properties: { spec: { type: "object", properties: recorded.properties } },
});
const node = customSchemas.resolve(root.properties?.["spec"] ?? {});

describe("CEL", () => {
  it.each(recorded.cases)("answers as the real server: $rule", ({ rule, holds }) => {
    const result = evaluateRule(rule, { self: deepFreeze(recorded.self) }, { schemas: customSchemas, node });
    expect(result).toEqual({ ok: true, value: holds });
  });

  it.each([
    ["self.missing", "no such key: missing"],
    ["1 +", "Unexpected token: EOF"],
    ["'a' * 2", "no such overload: string * int"],
    ["quantity('x')", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
  ])("says what is wrong with %s", (expression, message) => {
    expect(evaluateCel(expression, { self: {} })).toEqual({ ok: false, message });
  });

  it.each([
    ["has(self.l[0].a)", true],
    ["has(self.l[0].b)", false],
    ["has(self.l[0].a) && !has( self.l[1].a ) && 'has(x[0].y)' != ''", true],
    ["has(self.m['k)'].a)", true],
    ["has(self.l)", true],
  ])("looks through an index: %s", (expression, value) => {
    const self = { l: [{ a: 1 }, {}], m: { "k)": { a: 1 } } };
    expect(evaluateCel(expression, { self })).toEqual({ ok: true, value });
  });

  it("refuses work beyond reason before it starts, and regular expressions never hang", () => {
    const list: Json[] = Array.from({ length: 2000 }, (_, index) => index);
    const nested = "self.all(a, self.all(b, self.all(c, a + b + c > 0)))";
    expect(evaluateCel(nested, { self: list })).toEqual({
      ok: false,
      message: "operation cancelled: actual cost limit exceeded",
    });
    expect(evaluateCel("self.matches('^(a+)+$')", { self: `${"a".repeat(5000)}b` })).toEqual({
      ok: true,
      value: false,
    });
  });

  it("never throws, whatever the expression", () => {
    const part = fc.constantFrom(
      "self",
      ".a",
      "[0]",
      "(",
      ")",
      "'x'",
      "1",
      "==",
      "&&",
      ".all(x, x)",
      "quantity(",
      ".?b",
      "{",
      "}",
      "duration('",
      "')",
      "%",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        expect(typeof evaluateCel(parts.join(" "), { self: { a: [1] } }).ok).toBe("boolean");
      }),
    );
  });

  it.each([
    ["Object{a: x ? y : z, b: {'c': 1}}", `dyn({"a": x ? y : z, "b": {'c': 1}})`],
    [
      "[JSONPatch{op: 'add', path: '/Object{a: 1}', value: Object.spec.x{ }}]",
      `[dyn({"op": 'add', "path": '/Object{a: 1}', "value": dyn({ })})]`,
    ],
    ["MyObject(f(a, b)) + '{'", "MyObject(f(a, b)) + '{'"],
    ["jsonpatch.escapeKey('a/b')", "jsonPatchKey('a/b')"],
  ])("writes initializers as maps: %s", (expression, rewritten) => {
    expect(rewriteInitializers(expression)).toBe(rewritten);
  });

  it("keeps programs", () => {
    expect(compileCel("1 + 1")).toBe(compileCel("1 + 1"));
  });
});

describe("quantities and versions", () => {
  it("orders quantities as numbers", () => {
    const number = fc.integer({ min: -100_000, max: 100_000 });
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [left, right] = [parseQuantity(`${a}m`) as Quantity, parseQuantity(`${b}m`) as Quantity];
        expect(left.compare(right)).toBe(Math.sign(a - b));
        expect((parseQuantity(`${a}k`) as Quantity).integer).toBe(BigInt(a) * 1000n);
      }),
    );
  });

  it("orders versions as semver.org does", () => {
    const ordered = [
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0-rc.1",
      "1.0.0",
      "1.0.1",
      "1.10.0",
    ];
    const versions = ordered.map((text) => parseSemver(text, false) as SemanticVersion);
    expect([...versions].reverse().sort(compareSemver)).toEqual(versions);
  });
});

describe("comprehensions and lists", () => {
  it.each([
    ["[1, 2].all(i, v, v == i + 1)", true],
    ["{'a': 1}.exists(k, v, k == 'a' && v == 1)", true],
    ["[3, 4].transformList(i, v, i == 1, v) == [4]", true],
    ["{'a': 1}.transformMap(k, v, v + 1) == {'a': 2}", true],
    ["[[1], [2]].flatten().sort().reverse() == [2, 1]", true],
    ["lists.range(3).slice(1, 3) == [1, 2]", true],
    ["[1, 1, 2].distinct().first().value() == 1", true],
  ])("has the comprehensions and lists of the real server: %s", (expression, value) => {
    expect(evaluateCel(expression, {})).toEqual({ ok: true, value });
  });
});
