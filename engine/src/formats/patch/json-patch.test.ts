import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deepFreeze, type Json } from "#kernel";
import { applyJsonPatch } from "./json-patch.ts";

type Case = { name: string; doc: Json; patch: Json[]; value?: Json; message?: string };

const cases: Case[] = [
  { name: "adds a member", doc: { a: 1 }, patch: [{ op: "add", path: "/b", value: [1] }], value: { a: 1, b: [1] } },
  {
    name: "adds before an index",
    doc: { a: [1, 3] },
    patch: [{ op: "add", path: "/a/1", value: 2 }],
    value: { a: [1, 2, 3] },
  },
  { name: "adds at the end", doc: { a: [1] }, patch: [{ op: "add", path: "/a/-", value: 2 }], value: { a: [1, 2] } },
  {
    name: "counts a negative index from the end",
    doc: { a: [1, 2] },
    patch: [{ op: "replace", path: "/a/-1", value: 9 }],
    value: { a: [1, 9] },
  },
  {
    name: "reads ~1 and ~0",
    doc: { "x/y": { "~": 1 } },
    patch: [{ op: "remove", path: "/x~1y/~0" }],
    value: { "x/y": {} },
  },
  {
    name: "replaces an absent member as add does",
    doc: {},
    patch: [{ op: "replace", path: "/a", value: 1 }],
    value: { a: 1 },
  },
  {
    name: "moves",
    doc: { a: { b: 1 }, c: {} },
    patch: [{ op: "move", from: "/a/b", path: "/c/d" }],
    value: { a: {}, c: { d: 1 } },
  },
  {
    name: "copies what later changes separately",
    doc: { a: { b: 1 } },
    patch: [
      { op: "add", path: "/a/z", value: 0 },
      { op: "copy", from: "/a", path: "/c" },
      { op: "replace", path: "/c/b", value: 2 },
    ],
    value: { a: { b: 1, z: 0 }, c: { b: 2, z: 0 } },
  },
  {
    name: "holds a test on equal data",
    doc: { a: { x: 1, y: 2 } },
    patch: [{ op: "test", path: "/a", value: { y: 2, x: 1 } }],
    value: { a: { x: 1, y: 2 } },
  },
  {
    name: "holds a test for null on what is absent",
    doc: {},
    patch: [{ op: "test", path: "/a", value: null }],
    value: {},
  },
  { name: "replaces the whole", doc: { a: 1 }, patch: [{ op: "replace", path: "", value: { b: 1 } }], value: { b: 1 } },
  {
    name: "keeps __proto__ as a plain member",
    doc: {},
    patch: [{ op: "add", path: "/__proto__", value: 1 }],
    value: JSON.parse('{"__proto__":1}') as Json,
  },
  {
    name: "fails a test",
    doc: { a: 1 },
    patch: [{ op: "test", path: "/a", value: 2 }],
    message: "testing value /a failed: test failed",
  },
  {
    name: "refuses to remove what is absent",
    doc: {},
    patch: [{ op: "remove", path: "/a" }],
    message: "error in remove for path: '/a': Unable to remove nonexistent key: a: missing value",
  },
  {
    name: "refuses a missing way",
    doc: {},
    patch: [{ op: "add", path: "/a/b", value: 1 }],
    message: 'add operation does not apply: doc is missing path: "/a/b": missing value',
  },
  {
    name: "refuses an index past the end",
    doc: { a: [] },
    patch: [{ op: "replace", path: "/a/0", value: 1 }],
    message: "replace operation does not apply: doc is missing key: /a/0: missing value",
  },
  {
    name: "refuses an index that is none",
    doc: { a: [] },
    patch: [{ op: "add", path: "/a/x", value: 1 }],
    message:
      "error in add for path: '/a/x': value was not a proper array index: 'x': strconv.Atoi: parsing \"x\": invalid syntax",
  },
  {
    name: "refuses an unknown operation",
    doc: {},
    patch: [{ op: "toString", path: "/a" }],
    message: "Unexpected kind: toString",
  },
  {
    name: "refuses an operation without path",
    doc: {},
    patch: [{ op: "remove" }],
    message: "remove operation failed to decode path: missing value",
  },
  {
    name: "goes on in a value that took the document's place, and leaves the patch as it was",
    doc: { x: 1 },
    patch: [
      { op: "replace", path: "", value: { y: 1 } },
      { op: "add", path: "/a", value: 2 },
    ],
    value: { y: 1, a: 2 },
  },
  {
    name: "refuses a move from nowhere",
    doc: {},
    patch: [{ op: "move", from: "/a/b", path: "/c" }],
    message: "move operation does not apply: doc is missing from path: /a/b: missing value",
  },
];

describe("json patch", () => {
  it.each(cases)("$name", ({ doc, patch, value, message }) => {
    const result = applyJsonPatch(deepFreeze(doc), deepFreeze(patch));
    expect(result).toEqual(message === undefined ? { ok: true, value } : { ok: false, message });
  });

  it("never changes the document or the patch, whatever the operations", () => {
    const path = fc.constantFrom("/a", "/a/b", "/l/0", "/l/-", "/l/-1", "", "/x/y");
    const op = fc.constantFrom("add", "remove", "replace", "move", "copy", "test");
    const operation = fc.record({ op, path, from: path, value: fc.jsonValue({ maxDepth: 2 }) });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 8 }), (operations) => {
        const doc = deepFreeze({ a: { b: { c: 1 } }, l: [{ k: 1 }, 2], x: null } as Json);
        applyJsonPatch(doc, deepFreeze(JSON.parse(JSON.stringify(operations)) as Json[]));
      }),
    );
  });
});
