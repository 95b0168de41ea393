import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "#kernel";
import { difference, without } from "./json-difference.ts";

const long = "x".repeat(99);

describe("difference of two values", () => {
  it.each<[string, Json, Json, string[]]>([
    ["nothing", { a: 1 }, { a: 1 }, []],
    ["a changed text", { a: { b: "x".repeat(20) } }, { a: { b: "y", c: 1 } }, ['replace /a {"b":"y","c":1}']],
    ["what is missing and what is too much", { a: 1, b: long }, { b: long, c: 3 }, ["remove /a", "add /c 3"]],
    [
      "a shorter list",
      { l: ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 2] },
      { l: ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] },
      ["remove /l/1"],
    ],
    ["a longer list", [1], [1, 2], ["add /- 2"]],
    ["keys with slashes", { "a/b~c": 1 }, { "a/b~c": 2 }, ["replace /a~1b~0c 2"]],
    ["another type", { a: 1 }, { a: "1" }, ['replace /a "1"']],
  ])("is %s", (_, from, to, expected) => {
    const told = difference(from, to).map((each) =>
      [each.op, each.path, ...("value" in each ? [JSON.stringify(each.value)] : [])].join(" "),
    );
    expect(told).toEqual(expected);
  });

  it("leaves out what pointers name, and minds none that lead nowhere", () => {
    const value: JsonObject = { spec: { replicas: 3, list: [{ a: 1, b: 2 }, 5] } };
    expect(
      without(value, ["/spec/replicas", "/spec/list/0/a", "/spec/list/-1", "/none/at/all", "/spec/list/x"]),
    ).toEqual({
      spec: { list: [{ b: 2 }] },
    });
    expect(value).toEqual({ spec: { replicas: 3, list: [{ a: 1, b: 2 }, 5] } });
  });
});
