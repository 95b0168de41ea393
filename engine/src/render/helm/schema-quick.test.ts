// What the quick check says has to be what the whole validator says; where it says nothing, that one is asked anyway.

import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "#kernel";
import { schemaProblems } from "./json-schema/index.ts";
import { quickCheck } from "./schema-quick.ts";

const values: Json[] = [
  {},
  { a: 1 },
  { a: 1.5 },
  { a: 0 },
  { a: -3 },
  { a: "x" },
  { a: "" },
  { a: "éa" },
  { a: null },
  { a: true },
  { a: [] },
  { a: [1, 1] },
  { a: ["x", { b: 1 }, { b: 1 }] },
  { a: {} },
  { a: { b: 1 } },
  { a: { b: { a: { b: "x" } } } },
  { b: "y", c: 2, d: [3] },
  { a: "x", b: 1, extra: {} },
  { constructor: 1, toString: 2 },
  [],
  null,
  "text",
  3,
];

const schemas: JsonObject[] = [
  { type: "object" },
  { type: ["object", "null"], required: ["a"] },
  ...["null", "boolean", "number", "integer", "string", "array", "object"].map((type) => ({
    properties: { a: { type } },
  })),
  { properties: { a: { type: ["string", "integer"] } }, additionalProperties: false },
  { properties: { a: { minimum: 1, maximum: 1.5 } } },
  { properties: { a: { exclusiveMinimum: 1 } } },
  { properties: { a: { exclusiveMaximum: 1 } } },
  { properties: { a: { minLength: 1, maxLength: 1 } } },
  { properties: { a: { minItems: 1, maxItems: 2 } } },
  { properties: { a: { minProperties: 1, maxProperties: 1 } } },
  { properties: { a: { uniqueItems: true } } },
  { properties: { a: { uniqueItems: false } } },
  { properties: { a: { items: { type: "integer" } } } },
  { properties: { a: { pattern: "^x" } } },
  { properties: { a: { enum: [1, "x", null, { b: 1 }] } } },
  { properties: { a: { const: { b: 1 } } } },
  { patternProperties: { "^[ab]$": { type: "integer" } } },
  { patternProperties: { "^a": true }, additionalProperties: { type: "object" } },
  { anyOf: [{ required: ["a"] }, { required: ["b"] }] },
  { oneOf: [{ required: ["a"] }, { required: ["b"] }] },
  { allOf: [{ required: ["a"] }, { required: ["b"] }] },
  { not: { required: ["a"] } },
  { if: { required: ["b"] }, then: { required: ["c"] }, else: { required: ["a"] } },
  { if: { required: ["a"] }, then: false },
  { required: ["constructor"] },
  { properties: { constructor: { type: "string" } } },
  { $defs: { n: { type: "integer" } }, properties: { a: { $ref: "#/$defs/n" } } },
  { definitions: { "a/b": { type: "string" } }, properties: { a: { $ref: "#/definitions/a~1b" } } },
  { properties: { a: { properties: { b: { $ref: "#" } } } }, type: "object" },
  { properties: { a: true, b: false } },
  {
    title: "t",
    description: "d",
    default: {},
    examples: [1],
    $comment: "c",
    format: "email",
    "x-own": { type: "null" },
  },
];

/** What is left to the whole validator. */
const left: [what: string, schema: Json][] = [
  ["a keyword that is not followed", { dependentRequired: { a: ["b"] } }],
  ["formats where the draft has them checked", { $schema: "http://json-schema.org/draft-07/schema#", format: "email" }],
  ["an unknown type", { type: "nope" }],
  ["what stands beside a reference", { $defs: { a: {} }, properties: { a: { $ref: "#/$defs/a", minimum: 1 } } }],
  ["a reference that leads nowhere", { properties: { a: { $ref: "#/$defs/none" } } }],
  ["a reference to another file", { $ref: "other.json" }],
  ["an $id inside", { properties: { a: { $id: "x" } } }],
  ["a limit that is no number", { minimum: true }],
  ["required as a switch", { properties: { a: { required: true } } }],
  ["properties that are none", { properties: [] }],
  ["a list of schemas for items", { items: [{}] }],
  ["a pattern that does not compile", { pattern: "(" }],
  ["what its metaschema refuses", { required: ["a", "a"] }],
  ["an empty list that draft 4 refuses", { $schema: "http://json-schema.org/draft-04/schema#", required: [] }],
  ["a pattern that Go does not know", { pattern: "(?=a)" }],
  ["annotations of the wrong type", { title: 1 }],
  ["something wrong in what is not reached", { $defs: { a: { type: 3 } } }],
];

describe("the quick check of values", () => {
  it.each(schemas.map((schema) => [JSON.stringify(schema), schema] as const))(
    "of %s is the validator's",
    (_, schema) => {
      const check = quickCheck(schema);
      const whole = (value: Json): boolean => schemaProblems(JSON.stringify(schema), value).length === 0;
      expect(values.map((value) => check?.(value))).toEqual(values.map((value) => whole(value)));
    },
  );

  it.each(left)("says nothing of %s", (_, schema) => {
    expect(quickCheck(schema)).toBeUndefined();
  });

  it("says nothing of a schema that refers to itself without end", () => {
    const check = quickCheck({ $ref: "#" });
    expect(() => check?.({})).toThrow();
  });
});
